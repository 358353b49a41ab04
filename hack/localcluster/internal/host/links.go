package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// EnsureNodeLink makes the link that carries the node's address, and the routes to the services and the pods.
//
// It is a bridge without ports: not every kernel has dummy links. The route lets this machine reach
// a service address even where it has no default route; the packet filter redirects it from there.
// A pod has a route of its own while it is there; what is sent to one that is gone ends at this
// link, where else it would leave by the default route, and a stranger might answer.
func EnsureNodeLink(ctx context.Context) error {
	if _, err := Run(ctx, "ip", "link", "show", layout.NodeLink); err != nil {
		if _, err := Run(ctx, "ip", "link", "add", layout.NodeLink, "type", "bridge"); err != nil {
			return fmt.Errorf("add the node's link: %w", err)
		}
	}
	steps := [][]string{
		{"link", "set", layout.NodeLink, "up"},
		{"address", "replace", layout.NodeAddress + "/32", "dev", layout.NodeLink},
		{"route", "replace", layout.ServiceCIDR, "dev", layout.NodeLink, "src", layout.NodeAddress},
		{"route", "replace", layout.PodCIDR, "dev", layout.NodeLink, "src", layout.NodeAddress},
	}
	for _, step := range steps {
		if _, err := Run(ctx, "ip", step...); err != nil {
			return fmt.Errorf("set up the node's link: %w", err)
		}
	}
	return nil
}

// RemoveLinks deletes the node's link and every link that leads to a pod.
func RemoveLinks(ctx context.Context) error {
	routes, err := readRoutes(ctx)
	if err != nil {
		return err
	}
	pods := netip.MustParsePrefix(layout.PodCIDR)
	for _, route := range routes {
		if prefix, ok := route.prefix(); ok && pods.Contains(prefix.Addr()) && strings.HasPrefix(route.Dev, "veth") {
			// The kernel deletes it by itself with the pod's namespace, perhaps just now.
			_, _ = Run(ctx, "ip", "link", "delete", route.Dev)
		}
	}
	if _, err := net.InterfaceByName(layout.NodeLink); err != nil {
		return nil //nolint:nilerr // there is no such link, so nothing is to be deleted
	}
	if _, err := Run(ctx, "ip", "link", "delete", layout.NodeLink); err != nil {
		return fmt.Errorf("delete the node's link: %w", err)
	}
	return nil
}

// A route is what ip -json route says about one.
type route struct {
	Dst string `json:"dst"`
	Dev string `json:"dev"`
}

func (r route) prefix() (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(r.Dst); err == nil {
		return prefix, true
	}
	if address, err := netip.ParseAddr(r.Dst); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	return netip.Prefix{}, false // "default"
}

func readRoutes(ctx context.Context) ([]route, error) {
	output, err := Run(ctx, "ip", "-json", "-4", "route", "show", "table", "all")
	if err != nil {
		return nil, fmt.Errorf("list the routes: %w", err)
	}
	var routes []route
	if strings.TrimSpace(output) == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(output), &routes); err != nil {
		return nil, fmt.Errorf("read the list of routes: %w", err)
	}
	return routes, nil
}
