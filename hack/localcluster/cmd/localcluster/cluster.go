package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"

	"magicwebsitefactory.gent/hack/localcluster/internal/cluster"
	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// simple makes a command without flags.
func simple(name, args, summary, help string, run runFunc) command {
	return command{name: name, args: args, summary: summary, help: help, setup: func(*flag.FlagSet) runFunc { return run }}
}

func upCommand() command {
	return simple("up", "", "starts the cluster, or repairs it",
		"Builds what is missing, installs Debian packages that are missing, and starts the cluster. A healthy cluster is\n"+
			"left alone; a broken one is repaired, or begun anew if that fails or other binaries run.",
		func(ctx context.Context, _ []string) error {
			builder, err := newBuilder(ctx)
			if err != nil {
				return err
			}
			return cluster.New(builder, os.Stderr).Up(ctx)
		})
}

func downCommand() command {
	return simple("down", "", "takes the cluster down and leaves the machine as it was",
		"Ends every process of the cluster and removes its mounts, links, packet filter rules, control groups and files,\n"+
			"also after it was killed. Built binaries and installed packages stay.",
		func(ctx context.Context, _ []string) error { return cluster.New(nil, os.Stderr).Down(ctx) })
}

func statusCommand() command {
	return simple("status", "", "shows what runs and what does not; fails unless all is well",
		"Shows a line for each part of the cluster. The exit code is 0 only if all is well.",
		func(ctx context.Context, _ []string) error {
			if !cluster.Present() {
				fmt.Println("the cluster is down")
				return errUnhealthy
			}
			table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
			healthy := true
			fmt.Fprintln(table, "PART\tSTATE\tDETAIL")
			for _, check := range cluster.New(nil, os.Stderr).Health(ctx) {
				if check.Err != nil {
					healthy = false
					fmt.Fprintf(table, "%s\tbroken\t%v\n", check.Name, check.Err)
				} else {
					fmt.Fprintf(table, "%s\twell\t%s\n", check.Name, check.Detail)
				}
			}
			if err := table.Flush(); err != nil {
				return err
			}
			if !healthy {
				return errUnhealthy
			}
			return nil
		})
}

func loadCommand() command {
	return simple("load", "FILE...", "imports image archives into the cluster",
		"Imports archives in the layout of OCI or of Docker. An image's name is the one that the archive gives it\n"+
			"(io.containerd.image.name or org.opencontainers.image.ref.name); pods use it with imagePullPolicy Never or IfNotPresent.",
		func(ctx context.Context, args []string) error {
			if len(args) == 0 {
				return errors.New("load: name an archive")
			}
			return cluster.New(nil, os.Stderr).Load(ctx, args...)
		})
}

func kubeconfigCommand() command {
	return simple("kubeconfig", "", "prints the path of the admin's kubeconfig",
		"Prints the path of the admin's kubeconfig, which is there while the cluster is.",
		func(context.Context, []string) error {
			fmt.Println(layout.Kubeconfig)
			return nil
		})
}

func infoCommand() command {
	return simple("info", "", "prints addresses and names as KEY=value lines for a shell",
		"Prints what a user of the cluster needs to know, as KEY=value lines that a shell can read.",
		func(context.Context, []string) error {
			for _, line := range [][2]string{
				{"KUBECONFIG", layout.Kubeconfig},
				{"KUBECTL", cluster.Kubectl()},
				{"NODE_ADDRESS", layout.NodeAddress},
				{"ROUTE_SERVICE_IP", layout.RouteAddress},
				{"ROUTE_ADDRESS", fmt.Sprintf("127.0.0.1:%d", layout.RouteNodePort)},
				{"NODEPORT_FRONTEND", fmt.Sprint(layout.FrontEndPort)},
				{"STORAGE_CLASS", layout.StorageClass},
				{"CLUSTER_ISSUER", layout.ClusterIssuer},
				{"CLUSTER_CA_FILE", layout.IssuerCA},
				{"INGRESS_CLASS", layout.IngressClass},
				{"CLUSTER_DNS", layout.DNSAddress},
				{"POD_CIDR", layout.PodCIDR},
				{"SERVICE_CIDR", layout.ServiceCIDR},
			} {
				fmt.Printf("%s=%s\n", line[0], line[1])
			}
			return nil
		})
}

func doctorCommand() command {
	return simple("doctor", "", "says what keeps the cluster from running here, changing nothing",
		"Looks at the platform, rights, control groups, memory, disk, packages, ports and addresses, and says in a\n"+
			"sentence each what is missing and what to do. It changes nothing.",
		func(ctx context.Context, _ []string) error {
			if err := host.Check(ctx, !cluster.Present()); err != nil {
				return err
			}
			if missing := host.MissingPackages(); len(missing) > 0 {
				fmt.Printf("up will install the Debian packages %v\n", missing)
			}
			fmt.Println("the cluster can run here")
			return nil
		})
}
