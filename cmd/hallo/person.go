package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"magicwebsitefactory.gent/internal/hallo"
)

// isTerminal reports whether a person reads there, and not a log.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// tellPerson says how to go on, with the code where it belongs: on the
// terminal of the person whose site it opens, or, if it is in no file,
// wherever they look. Also a claim that ended before its site was there has a
// code: the factory may still build it.
func tellPerson(cfg claimConfig, env environment, c *hallo.Claim, generated bool, err error) {
	out := env.stdout
	if cfg.json {
		out = env.stderr
	}
	switch {
	case err == nil && c.Owned():
		fmt.Fprintf(out, "\n%s has its owner already:\n\n    %s\n", cfg.domain, c.Site.URL())
	case err == nil && env.terminal(out):
		fmt.Fprintf(out, `
%s is ready! Go there and choose a password:

    %s

This address is yours alone: it holds the secret sign-up code, which proves to the site who its owner is.
`, cfg.domain, c.Site.OwnerURL(c.Order.Code))
	case err == nil && !generated:
		fmt.Fprintf(out, "\n%s is ready. It asks its owner for the code in %s:\n\n    %s\n", cfg.domain, cfg.codeFile, c.Site.URL())
	case err == nil:
		tellCode(out, cfg, c)
		fmt.Fprintf(out, "\n%s is ready, and asks for it:\n\n    %s\n", cfg.domain, c.Site.URL())
	case c.Ordered() && !errors.Is(err, hallo.ErrNotAvailable) && (c.Crossed() || !errors.Is(err, hallo.ErrFactoryFailed)):
		if generated {
			tellCode(out, cfg, c)
		}
		fmt.Fprint(env.stderr, "\nThe order may still stand. With the code in a file, go on with: --resume --code-file FILE\n")
	}
}

func tellCode(out io.Writer, cfg claimConfig, c *hallo.Claim) {
	fmt.Fprintf(out, "\nThe secret sign-up code of %s is\n\n    %s\n\nKeep it: it proves to the site who its owner is.\n", cfg.domain, c.Order.Code)
}
