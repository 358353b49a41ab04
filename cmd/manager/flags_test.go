package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

func TestFlagsAreHeldToTheEnvironment(t *testing.T) {
	for name, tc := range map[string]struct {
		args    string
		problem string // part of the error; empty for none
	}{
		"test takes private callback networks":       {args: "--environment=test --callback-allow-cidrs=10.0.0.0/8,fd00::/8"},
		"live takes none":                            {args: "--environment=live --callback-allow-cidrs=10.0.0.0/8", problem: "--callback-allow-cidrs"},
		"live as it is":                              {args: "--environment=live"},
		"an environment must be named":               {args: "", problem: "--environment must be live or test"},
		"no third environment":                       {args: "--environment=staging", problem: `not "staging"`},
		"one namespace for both is refused":          {args: "--environment=test --factory-namespace=a --sites-namespace=a", problem: "must differ"},
		"an empty namespace is refused":              {args: "--environment=test --sites-namespace=", problem: "must not be empty"},
		"a network must be one":                      {args: "--environment=test --callback-deny-cidrs=10.0.0.1", problem: "is not a network"},
		"resolvers are addresses":                    {args: "--environment=test --dns-resolvers=192.0.2.53,[2001:db8::53]:5353,2001:db8::53"},
		"a resolver has no name":                     {args: "--environment=test --dns-resolvers=dns.example", problem: "is not an address"},
		"a resolver's port is one":                   {args: "--environment=test --dns-resolvers=192.0.2.53:0", problem: "is not an address"},
		"no workers is no work":                      {args: "--environment=test --site-workers=0", problem: "at least 1"},
		"a short lease is taken":                     {args: "--environment=test --leader-elect --leader-elect-lease-duration=3s --leader-elect-renew-deadline=2s --leader-elect-retry-period=500ms"},
		"a lease is counted in whole seconds":        {args: "--environment=test --leader-elect --leader-elect-lease-duration=2500ms", problem: "--leader-elect-lease-duration"},
		"two must not lead at once":                  {args: "--environment=test --leader-elect --leader-elect-renew-deadline=15s", problem: "--leader-elect-renew-deadline"},
		"a leader must have time to try again":       {args: "--environment=test --leader-elect --leader-elect-retry-period=9s", problem: "--leader-elect-retry-period"},
		"without election no lease is judged":        {args: "--environment=test --leader-elect-retry-period=9s"},
		"registries are said as the front end's are": {args: "--environment=live --rdap-server=gent=https://rdap.example/ --das=be=das.example:1 --das-queries-per-minute=50"},
		"a registry has TLS":                         {args: "--environment=live --rdap-server=gent=http://rdap.example/", problem: "-rdap-server"},
		"and DNS Belgium's service a port":           {args: "--environment=live --das=be=das.example", problem: "DAS server"},
		"arguments that are no flags are an error":   {args: "--environment=test run", problem: `unexpected argument "run"`},
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

func TestNoVerbosityLogsBodiesInWhichSecretsAre(t *testing.T) {
	for flag, most := range map[string]int8{"": 0, "--zap-log-level=debug": 1, "--zap-log-level=7": 7, "--zap-log-level=8": 7, "--zap-log-level=127": 7} {
		cfg, err := parse(append([]string{"--environment=test"}, strings.Fields(flag)...))
		if err != nil {
			t.Fatalf("%s: %v", flag, err)
		}
		var written bytes.Buffer
		logger := zap.New(zap.UseFlagOptions(&cfg.logging), zap.WriteTo(&written))
		for verbosity := range 128 {
			logger.V(verbosity).Info("message", "verbosity", verbosity)
		}
		if got := strings.Count(written.String(), "\n"); got != int(most)+1 {
			t.Errorf("%q: %d verbosities are logged, not %d:\n%s", flag, got, most+1, &written)
		}
	}
}
