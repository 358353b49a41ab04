package main

import (
	"context"

	"github.com/coredns/coredns/coremain"

	// The plugins that the Corefile names. The whole list brings cloud SDKs that nobody needs here.
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

// runCoreDNS runs the cluster's DNS server. It handles signals itself and ends the process.
func runCoreDNS(context.Context) error {
	coremain.Run()
	return nil
}
