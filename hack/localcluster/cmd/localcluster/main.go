// Command localcluster runs a real one-node Kubernetes on this machine, from Go modules and Debian
// packages alone, and takes it down again without a trace.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// A command is one verb of the command line.
type command struct {
	name    string
	args    string
	summary string
	help    string
	setup   func(*flag.FlagSet) runFunc
}

// runFunc runs a command with what is left of its arguments.
type runFunc func(ctx context.Context, args []string) error

// errUnhealthy ends status with a failure after it has said what is wrong.
var errUnhealthy = errors.New("the local cluster is not healthy")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUnhealthy):
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "localcluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		usage(os.Stderr)
		return errors.New("name a command")
	}
	if name := args[0]; name == "help" || name == "-h" || name == "--help" {
		usage(os.Stdout)
		return nil
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:])
		}
	}
	usage(os.Stderr)
	return fmt.Errorf("there is no command %q", args[0])
}

func (c command) run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(os.Stdout)
	flags.Usage = func() {
		fmt.Printf("Usage: localcluster %s\n\n%s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
		flags.PrintDefaults()
	}
	run := func(ctx context.Context, args []string) error { return nil }
	if c.setup != nil {
		run = c.setup(flags)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.args == "" || strings.HasPrefix(c.args, "[-") {
		if flags.NArg() > 0 {
			return fmt.Errorf("%s takes no argument %q", c.name, flags.Arg(0))
		}
	}
	return run(ctx, flags.Args())
}

func usage(w io.Writer) {
	fmt.Fprint(w, "A real one-node Kubernetes on this machine, from Go modules and Debian packages.\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-24s %s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
	}
	fmt.Fprint(w, "\nlocalcluster COMMAND --help says more.\n")
}
