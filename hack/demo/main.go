// Command demo puts the factory on a cluster in its test environment and plays Hallo.gent against it.
//
// make builds what it needs first: the programs, their images, kustomize and the cluster. `demo install` applies the demo
// overlay and the three objects that an admin makes, waits until the factory answers, and writes bin/demo.env, a file to be
// sourced. `demo run` goes on to claim a site and to look at it as a visitor would.
//
// It can be run again at any time, and after a crash of anything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `demo puts the factory on a cluster in its test environment and claims a site as Hallo.gent would.

Usage:

  demo [flags] install   the factory, an Onboarder, a Registrar and a SiteClass; writes demo.env
  demo [flags] run       install, then claim a site and look at it

Flags:

`

// config is the command line.
type config struct {
	action  string        // install or run
	cluster string        // local or current
	info    string        // file with the facts of a cluster that is not the local one
	bin     string        // where make puts what it builds
	overlay string        // the kustomization to install
	domain  string        // the site to claim
	timeout time.Duration // for everything together
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(ctx, cfg, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		stop()
		os.Exit(1)
	}
}

func parse(args []string, output io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&cfg.cluster, "cluster", "local", "`local` for the cluster of make cluster-up, current for the kubectl context at hand")
	flags.StringVar(&cfg.info, "cluster-info", "", "`file` of KEY=value lines about a cluster that is not local; run without it to see the keys")
	flags.StringVar(&cfg.bin, "bin", "bin", "`folder` where make puts what it builds; demo.env and the demo's own files go there too")
	flags.StringVar(&cfg.overlay, "overlay", "config/demo", "kustomization `folder` to install")
	flags.StringVar(&cfg.domain, "domain", "available.gent", "`name` of the site to claim")
	flags.DurationVar(&cfg.timeout, "timeout", 10*time.Minute, "give up after this `time`")
	flags.Usage = func() {
		_, _ = io.WriteString(output, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	cfg.action = flags.Arg(0)
	if flags.NArg() != 1 || (cfg.action != "install" && cfg.action != "run") {
		return cfg, errors.New("say what to do: demo install or demo run")
	}
	if cfg.cluster != "local" && cfg.cluster != "current" {
		return cfg, fmt.Errorf("-cluster %s is not known: local or current", cfg.cluster)
	}
	return cfg, nil
}

func run(ctx context.Context, cfg config, out io.Writer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.timeout, fmt.Errorf("not done within %s", cfg.timeout))
	defer cancel()
	say := newProgress(out)

	d, err := prepare(ctx, cfg, say)
	if err != nil {
		return err
	}
	if err := d.install(ctx); err != nil {
		return err
	}
	if err := d.writeEnvironment(); err != nil {
		return err
	}
	if cfg.action == "install" {
		say.done("The factory answers at %s. Its addresses and keys: . %s", d.factoryURL(), d.environmentPath())
		return nil
	}
	if err := d.claim(ctx); err != nil {
		return err
	}
	return d.show(ctx)
}
