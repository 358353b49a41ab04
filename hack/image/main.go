// Command image puts one static binary into a container image and writes that image
// as an OCI archive, without a container registry and without a daemon.
//
// The image has an empty base and a single layer: the binary at /<name>, the public
// certificate authorities, and the account that it runs as. The same binary always gives the same
// archive, byte for byte, and the default tag is taken from the binary's
// SHA-256, so that a Deployment rolls exactly when the program has changed.
//
// On standard output it prints the image's reference and nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(2)
		}
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// options are the command line of this program.
type options struct {
	binary  string // path of the program to put in
	prefix  string // registry and repository in front of the program's name
	name    string // the program's name: last part of the repository, and its path in the image
	tag     string // empty: from the binary's content
	archive string // where to write the OCI archive; empty: nowhere
	push    bool   // also send the image to its registry
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.prefix, "prefix", "magicwebsitefactory.gent", "`registry/path` in front of the image's name")
	flags.StringVar(&o.name, "name", "", "`name` of the image and of the binary in it (default: the binary's file name)")
	flags.StringVar(&o.tag, "tag", "", "`tag` of the image (default: dev- and the first 12 digits of the binary's SHA-256)")
	flags.StringVar(&o.archive, "o", "", "`file` to write the OCI archive to")
	flags.BoolVar(&o.push, "push", false, "push the image to the registry that -prefix names, with the credentials of docker login")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: image [flags] BINARY")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() != 1 {
		return o, fmt.Errorf("one BINARY is needed, got %d arguments", flags.NArg())
	}
	if o.archive == "" && !o.push {
		return o, errors.New("nothing to do: name an archive with -o, or say -push")
	}
	o.binary = flags.Arg(0)
	if o.name == "" {
		o.name = filepath.Base(o.binary)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	program, err := readProgram(o.binary)
	if err != nil {
		return err
	}
	if o.tag == "" {
		o.tag = program.contentTag()
	}
	ref, err := name.NewTag(strings.TrimSuffix(o.prefix, "/")+"/"+o.name+":"+o.tag, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("image reference: %w", err)
	}
	image, err := build(program, o.name)
	if err != nil {
		return fmt.Errorf("build %s: %w", ref, err)
	}
	if o.archive != "" {
		if err := writeArchive(o.archive, image, ref); err != nil {
			return fmt.Errorf("write %s: %w", o.archive, err)
		}
	}
	if o.push {
		if err := remote.Write(ref, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
			return fmt.Errorf("push %s: %w", ref, err)
		}
	}
	fmt.Fprintln(stdout, ref)
	return nil
}
