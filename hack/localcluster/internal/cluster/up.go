package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/build"
	"magicwebsitefactory.gent/hack/localcluster/internal/config"
	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/pki"
)

// How long a start may take on a busy machine, and a repair before the cluster is begun anew.
const (
	startPatience  = 5 * time.Minute
	repairPatience = 2 * time.Minute
)

// Up makes the cluster run: it leaves a healthy one alone, repairs a broken one, and begins anew
// where that does not help or other binaries run.
func (c *Cluster) Up(ctx context.Context) error {
	if err := host.Check(ctx, false); err != nil {
		return err
	}
	if err := c.Builder.Build(ctx); err != nil {
		return err
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	before, found := readJournal()
	if found && before.Hash == c.Builder.Hash() && whole() {
		if c.settled() && firstProblem(c.Health(ctx)) == nil {
			c.say("the cluster is up")
			return nil
		}
		c.say("repairing the cluster")
		err := c.start(ctx, repairPatience)
		if err == nil || ctx.Err() != nil {
			return err
		}
		c.say("it cannot be repaired (%v): beginning anew", err)
	}
	if err := c.down(ctx); err != nil {
		return fmt.Errorf("clear what is left of a former cluster: %w", err)
	}
	return c.begin(ctx)
}

// whole says whether the state folder holds what a repair goes on from: made anew beside the other,
// certificates and data would not know each other.
func whole() bool { return exists(layout.PKI) && exists(filepath.Join(layout.Etcd, "member")) }

// begin starts a cluster where none is.
func (c *Cluster) begin(ctx context.Context) error {
	if err := host.InstallPackages(ctx, c.Log); err != nil {
		return err
	}
	if err := host.Check(ctx, true); err != nil {
		return err
	}
	if err := c.start(ctx, startPatience); err != nil {
		return fmt.Errorf("%w\nThe logs are in %s; localcluster down clears what was started", err, layout.Logs)
	}
	return nil
}

// start takes every step towards a running cluster; each finds out what is done already.
func (c *Cluster) start(ctx context.Context, patience time.Duration) error {
	if err := host.InstallPackages(ctx, c.Log); err != nil {
		return err
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if err := c.startControlPlane(ctx, patience); err != nil {
		return err
	}
	if err := c.applyAddons(ctx); err != nil {
		return err
	}
	c.say("waiting for the node, DNS, volumes, the ingress controller and the certificate issuer")
	if err := c.awaitHealth(ctx, patience); err != nil {
		return err
	}
	if err := c.writeIssuerCA(ctx); err != nil {
		return err
	}
	if err := c.settle(); err != nil {
		return err
	}
	c.say("the cluster is up: Kubernetes %s, kubeconfig %s", build.KubernetesVersion, layout.Kubeconfig)
	return nil
}

// prepare lays out folders, certificates, configuration, links and the packet filter.
func (c *Cluster) prepare(ctx context.Context) error {
	dirs := []string{
		layout.State, layout.Run, layout.Binaries, layout.Config, layout.Logs, layout.Processes,
		layout.Kubelet, layout.PodLogs, layout.Containerd, layout.Volumes, layout.CNIState,
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the folder %s: %w", dir, err)
		}
	}
	if err := os.MkdirAll(layout.Etcd, 0o700); err != nil {
		return fmt.Errorf("make etcd's folder: %w", err)
	}
	j, err := openJournal(ctx, c.Builder.Hash())
	if err != nil {
		return err
	}
	if err := c.installBinaries(); err != nil {
		return err
	}
	if err := pki.Ensure(layout.PKI, time.Now()); err != nil {
		return err
	}
	changed, err := config.Write(config.ThisMachine(c.image("pause")))
	if err != nil {
		return err
	}
	if changed {
		if err := c.stopComponents(config.Proxy, config.Kubelet, config.Containerd); err != nil {
			return err
		}
	}
	return c.prepareKernel(ctx, &j)
}

func (c *Cluster) prepareKernel(ctx context.Context, j *journal) error {
	controllers, err := host.EnsureCgroups()
	j.addControllers(controllers)
	if err := errors.Join(err, j.save()); err != nil {
		return err
	}
	host.LoadModules(ctx)
	if err := host.AllowForwarding(); err != nil {
		return err
	}
	if err := host.EnsureNodeLink(ctx); err != nil {
		return err
	}
	return host.EnsureFilter(ctx)
}

// installBinaries copies the component binary, so that the cache may be pruned while it runs.
func (c *Cluster) installBinaries() error {
	target := filepath.Join(layout.Binaries, "kube")
	from, err := os.Stat(c.Builder.Binary("kube"))
	if err != nil {
		return fmt.Errorf("find the component binary: %w", err)
	}
	if there, err := os.Stat(target); err != nil || there.Size() != from.Size() {
		if err := copyFile(c.Builder.Binary("kube"), target); err != nil {
			return err
		}
	}
	for _, name := range build.Targets()[0].Links {
		link := filepath.Join(layout.Binaries, name)
		if to, err := os.Readlink(link); err == nil && to == "kube" {
			continue
		}
		_ = os.Remove(link)
		if err := os.Symlink("kube", link); err != nil {
			return fmt.Errorf("link %s: %w", name, err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	return writeFile(to, content, 0o755)
}

// startControlPlane starts every component. The API server must answer before those that would
// otherwise end for want of it.
func (c *Cluster) startControlPlane(ctx context.Context, patience time.Duration) error {
	c.say("starting etcd, the API server and containerd")
	for _, name := range []string{config.Etcd, config.APIServer, config.Containerd} {
		if err := c.processes().Start(config.Component(name)); err != nil {
			return err
		}
	}
	if err := c.importImages(ctx); err != nil {
		return err
	}
	if err := c.awaitAPIServer(ctx, patience); err != nil {
		return err
	}
	c.say("starting the controller manager, the scheduler, the kubelet and kube-proxy")
	for _, name := range []string{config.ControllerManager, config.Scheduler, config.Kubelet, config.Proxy} {
		if err := c.processes().Start(config.Component(name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) awaitAPIServer(ctx context.Context, patience time.Duration) error {
	api, err := newAPIClient()
	if err != nil {
		return err
	}
	return c.await(ctx, "the API server", patience, []string{config.Etcd, config.APIServer}, func(ctx context.Context) error {
		return api.get(ctx, "/readyz", nil)
	})
}

// await repeats attempt until it succeeds. A needed component that ends fails it at once, with the
// end of that component's log.
func (c *Cluster) await(ctx context.Context, what string, patience time.Duration, needed []string, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := attempt(ctx)
		if err == nil {
			return nil
		}
		for _, name := range needed {
			if _, alive := c.processes().Alive(name); !alive {
				return fmt.Errorf("%s ended; its log ends with:\n%s", name, c.processes().LogTail(name, 2000))
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
