package cluster

import (
	"context"
	"fmt"
	"net"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/config"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// deployments are the add-ons that must be available.
var deployments = []string{"coredns", "skipper", "volumes", "cert-manager"}

// A Check is one thing that a healthy cluster has.
type Check struct {
	Name   string
	Detail string // what is, if it is well
	Err    error  // what is not
}

// Health looks at everything a user of the cluster relies on. It changes nothing.
func (c *Cluster) Health(ctx context.Context) []Check {
	checks := c.processChecks()
	api, err := newAPIClient()
	if err != nil {
		return append(checks, Check{Name: "API server", Err: err})
	}
	if err := api.get(ctx, "/readyz", nil); err != nil {
		return append(checks, Check{Name: "API server", Err: err})
	}
	checks = append(checks, Check{Name: "API server", Detail: layout.ServerURL()}, nodeCheck(ctx, api))
	for _, name := range deployments {
		checks = append(checks, deploymentCheck(ctx, api, name))
	}
	return append(checks, issuerCheck(ctx, api), routeCheck(ctx))
}

// firstProblem is the first check that fails, or nil.
func firstProblem(checks []Check) error {
	for _, check := range checks {
		if check.Err != nil {
			return fmt.Errorf("%s: %w", check.Name, check.Err)
		}
	}
	return nil
}

func (c *Cluster) processChecks() []Check {
	var checks []Check
	for _, name := range config.Components {
		pid, alive := c.processes().Alive(name)
		check := Check{Name: name, Detail: fmt.Sprintf("process %d", pid)}
		if started, ok := c.processes().Started(name); ok {
			check.Detail += ", up " + time.Since(started).Round(time.Second).String()
		}
		if !alive {
			check.Err = fmt.Errorf("not running; its log is %s", c.processes().LogPath(name))
		}
		checks = append(checks, check)
	}
	return checks
}

func nodeCheck(ctx context.Context, api *apiClient) Check {
	check := Check{Name: "node", Detail: layout.NodeName + " is Ready"}
	var node conditioned
	if check.Err = api.get(ctx, "/api/v1/nodes/"+layout.NodeName, &node); check.Err == nil {
		if status, message := node.condition("Ready"); status != "True" {
			check.Err = fmt.Errorf("not Ready: %s", message)
		}
	}
	return check
}

func deploymentCheck(ctx context.Context, api *apiClient, name string) Check {
	check := Check{Name: name, Detail: "available"}
	var d conditioned
	path := fmt.Sprintf("/apis/apps/v1/namespaces/%s/deployments/%s", layout.AddonNamespace, name)
	if check.Err = api.get(ctx, path, &d); check.Err != nil {
		return check
	}
	switch {
	case d.Status.ObservedGeneration < d.Metadata.Generation:
		check.Err = fmt.Errorf("its change is not seen yet")
	case d.Status.UpdatedReplicas < d.Spec.Replicas || d.Status.AvailableReplicas < d.Spec.Replicas:
		check.Err = fmt.Errorf("%d of %d pods are available", min(d.Status.UpdatedReplicas, d.Status.AvailableReplicas), d.Spec.Replicas)
	}
	return check
}

func issuerCheck(ctx context.Context, api *apiClient) Check {
	check := Check{Name: "certificate issuer", Detail: "ClusterIssuer " + layout.ClusterIssuer + " is Ready"}
	var issuer conditioned
	if check.Err = api.get(ctx, "/apis/cert-manager.io/v1/clusterissuers/"+layout.ClusterIssuer, &issuer); check.Err == nil {
		if status, message := issuer.condition("Ready"); status != "True" {
			check.Err = fmt.Errorf("not Ready: %s", message)
		}
	}
	return check
}

// routeCheck sees that the node port on loopback leads to the ingress controller.
func routeCheck(ctx context.Context) Check {
	address := fmt.Sprintf("127.0.0.1:%d", layout.RouteNodePort)
	check := Check{Name: "route", Detail: "https on " + address}
	dialer := net.Dialer{Timeout: 2 * time.Second}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		check.Err = err
		return check
	}
	connection.Close()
	return check
}

// awaitHealth waits until everything is well. It says what it waits for, and gives up after patience
// or when a component ends.
func (c *Cluster) awaitHealth(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said := time.Now()
	for {
		problem := firstProblem(c.Health(ctx))
		if problem == nil {
			return nil
		}
		if err := firstProblem(c.processChecks()); err != nil {
			return err
		}
		if time.Since(said) > 5*time.Second {
			c.say("waiting: %v", problem)
			said = time.Now()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not healthy after %s: %w", patience, problem)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
