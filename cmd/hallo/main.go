// Command hallo is the reference onboarder: it claims a web site at a factory,
// as Hallo.gent does for the people who come there.
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

	"magicwebsitefactory.gent/internal/hallo"
)

const usage = `hallo plays the onboarding site to a Magic Website Factory.

Usage:

  hallo claim <domain> [flags]   claim a site at the domain and introduce its owner
  hallo serve [flags]            a web page on which people claim sites in a conversation
  hallo verify <factory URL>     hold a factory to the HTTP contract
  hallo --version                print the version
  hallo <command> --help         what a command takes

Exit codes:

  0  done
  1  failed: the factory called back with 500, refused the request, or could not be reached
  2  wrong usage
  3  the name is not available
  4  it took longer than --wait
`

// command is one of hallo's; more of them stand beside each other in commands.
type command func(ctx context.Context, args []string, env environment) error

var commands = map[string]command{"claim": claim, "serve": serveHallobot, "verify": verifyFactory}

// environment is what a command sees of the world.
type environment struct {
	getenv         func(string) string
	stdout, stderr io.Writer
	// terminal tells whether a person reads what is written there.
	terminal func(io.Writer) bool
}

// usageError is a mistake in how hallo was called.
type usageError struct{ error }

// version is set when the program is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], environment{getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr, terminal: isTerminal})
	stop()
	os.Exit(code)
}

// run returns the exit code.
func run(ctx context.Context, args []string, env environment) int {
	if len(args) == 0 {
		fmt.Fprint(env.stderr, usage)
		return hallo.ExitUsage
	}
	switch args[0] {
	case "--help", "-help", "-h", "help":
		fmt.Fprint(env.stdout, usage)
		return hallo.ExitDone
	case "--version", "-version", "version":
		fmt.Fprintln(env.stdout, version)
		return hallo.ExitDone
	}
	do, known := commands[args[0]]
	if !known {
		fmt.Fprintf(env.stderr, "hallo: unknown command %q\n\n%s", args[0], usage)
		return hallo.ExitUsage
	}
	err := do(ctx, args[1:], env)
	if errors.Is(err, flag.ErrHelp) {
		return hallo.ExitDone
	}
	if wrong, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(env.stderr, "hallo %s: %s\nhallo %s --help says what it takes\n", args[0], wrong, args[0])
		return hallo.ExitUsage
	}
	return hallo.ExitCode(err)
}
