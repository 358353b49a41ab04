package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestFlagsAreHeldToTheEnvironment(t *testing.T) {
	for name, tc := range map[string]struct {
		args    string
		problem string // part of the error; empty for none
	}{
		"test takes private callback networks":     {args: "--environment=test --callback-allow-cidrs=10.0.0.0/8,fd00::/8"},
		"live takes none":                          {args: "--environment=live --callback-allow-cidrs=10.0.0.0/8", problem: "--callback-allow-cidrs"},
		"live as it is":                            {args: "--environment=live"},
		"an environment must be named":             {args: "", problem: "--environment must be live or test"},
		"no third environment":                     {args: "--environment=staging", problem: `not "staging"`},
		"one namespace for both is refused":        {args: "--environment=test --factory-namespace=a --sites-namespace=a", problem: "must differ"},
		"an empty namespace is refused":            {args: "--environment=test --sites-namespace=", problem: "must not be empty"},
		"a network must be one":                    {args: "--environment=test --callback-deny-cidrs=10.0.0.1", problem: "is not a network"},
		"no workers is no work":                    {args: "--environment=test --site-workers=0", problem: "at least 1"},
		"arguments that are no flags are an error": {args: "--environment=test run", problem: `unexpected argument "run"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(strings.Fields(tc.args))
			switch {
			case tc.problem == "" && err != nil:
				t.Errorf("parse(%s): %v", tc.args, err)
			case tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)):
				t.Errorf("parse(%s): error %v, want one that says %q", tc.args, err, tc.problem)
			}
		})
	}
	if _, err := parse([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}
