// Command web bundles what the Indie Site's pages run in the browser: it reads the folder's src and node_modules and writes its
// dist, with the digest of each file's content in its name. The same sources always give the same files, byte for byte.
package main

import (
	"flag"
	"fmt"
	"os"
)

const usage = `web bundles DIR/src with the packages in DIR/node_modules into DIR/dist.

Usage:

  web DIR
`

func main() {
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	files, err := bundle(dir)
	if err != nil {
		return err
	}
	return replace(dir, files)
}
