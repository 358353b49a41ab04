package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	localcluster "magicwebsitefactory.gent/hack/localcluster"
	"magicwebsitefactory.gent/hack/localcluster/internal/build"
	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

func newBuilder(ctx context.Context) (*build.Builder, error) {
	cache, err := layout.Cache()
	if err != nil {
		return nil, err
	}
	return build.New(ctx, localcluster.Sources, cache, os.Stderr)
}

func buildCommand() command {
	return command{
		name: "build", args: "[--only NAME]", summary: "builds the cluster's binaries into the cache",
		help: "Builds the Kubernetes components, the add-ons and the pod sandbox's process, unless the cache has them.",
		setup: func(flags *flag.FlagSet) runFunc {
			only := flags.String("only", "", "build only `NAME`: kube, addons or pause")
			return func(ctx context.Context, _ []string) error {
				builder, err := newBuilder(ctx)
				if err != nil {
					return err
				}
				var names []string
				if *only != "" {
					names = []string{*only}
				}
				return builder.Build(ctx, names...)
			}
		},
	}
}

func assetsCommand() command {
	return command{
		name: "assets", summary: "prints the folder for KUBEBUILDER_ASSETS",
		help: "Builds the Kubernetes components if need be, and prints the folder with links named etcd, kube-apiserver\n" +
			"and kubectl, which is what envtest wants in KUBEBUILDER_ASSETS. Progress goes to standard error.",
		setup: func(*flag.FlagSet) runFunc {
			return func(ctx context.Context, _ []string) error {
				builder, err := newBuilder(ctx)
				if err != nil {
					return err
				}
				if err := builder.Build(ctx, "kube"); err != nil {
					return err
				}
				fmt.Println(builder.LinksDir())
				return nil
			}
		},
	}
}

func nameServerCommand() command {
	return command{
		name: "nameserver", summary: "installs the name server that tests start",
		help: "Installs Debian's bind9 if it is missing, without starting its service: tests of DNS updates start a named of\n" +
			"their own on loopback. Not as root, or not on Debian, it says that they are left out.",
		setup: func(*flag.FlagSet) runFunc {
			return func(ctx context.Context, _ []string) error {
				if host.HasNameServer() {
					return nil
				}
				if !host.CanInstall() {
					fmt.Fprintln(os.Stderr, "no "+host.NamedPath+" here, which only root can install, and on Debian (apt-get install bind9): the tests with a real name server are left out")
					return nil
				}
				return host.InstallNameServer(ctx, os.Stderr)
			}
		},
	}
}
