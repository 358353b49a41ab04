// Command addons is what runs in the cluster beside Kubernetes itself, in one binary and one image:
// cluster DNS, the ingress controller, the certificate controllers and the volume provisioner.
//
// The first argument names the one to run; the rest is its own command line.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// addons maps a name to what runs it until it fails or ctx ends, with its arguments in os.Args[1:].
var addons = map[string]func(ctx context.Context) error{
	"acmesolver":   runACMESolver,
	"cert-manager": runCertManager,
	"coredns":      runCoreDNS,
	"skipper":      runSkipper,
	"volumes":      runVolumes,
}

func main() {
	if len(os.Args) < 2 || addons[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "usage: addons NAME [FLAG...]\nNames: %s\n", strings.Join(names(), ", "))
		os.Exit(2)
	}
	name := os.Args[1]
	os.Args = os.Args[1:]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := addons[name](ctx); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func names() []string {
	all := make([]string, 0, len(addons))
	for name := range addons {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
