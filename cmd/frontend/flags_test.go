package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability/live"
)

func TestFlags(t *testing.T) {
	got, err := parse([]string{
		"-environment=live", "-listen=:1", "-health-listen=:2", "-metrics-listen=:3", "-tls-cert=c", "-tls-key=k", "-factory-namespace=f",
		"-sites-namespace=s", "-digest-keys=d", "--trusted-proxies=10.0.0.0/8,2001:db8::/32", "-drain=1s", "--log-level=debug",
		"--rdap-bootstrap-url=https://mirror.example/dns.json", "--rdap-server=gent=https://rdap.example/gent", "--das=be=das.example:1", "--das-queries-per-minute=50",
	}, io.Discard)
	want := settings{
		environment: v1alpha1.EnvironmentLive, listen: ":1", healthListen: ":2", metricsListen: ":3", tlsCert: "c", tlsKey: "k",
		factoryNamespace: "f", sitesNamespace: "s", digestKeys: "d", trustedProxies: []string{"10.0.0.0/8", "2001:db8::/32"}, drain: time.Second,
		logLevel: slog.LevelDebug,
		sources: live.Sources{
			Bootstrap: address(t, "https://mirror.example/dns.json"), RDAP: map[string]*url.URL{"gent": address(t, "https://rdap.example/gent/")},
			DAS: map[string]string{"be": "das.example:1"}, Queries: 50,
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{})); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func address(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestFlagsThatCannotBeTakenAreNamed(t *testing.T) {
	for _, tc := range []struct {
		args []string
		says string
	}{
		{nil, "-environment"},
		{[]string{"-environment=prod"}, "-environment"},
		{[]string{"-environment=test", "-sites-namespace=mwf-system"}, "-sites-namespace"},
		{[]string{"-environment=test", "-factory-namespace="}, "-factory-namespace"},
		{[]string{"-environment=test", "-trusted-proxies=10.0.0.1"}, "-trusted-proxies"},
		{[]string{"-environment=test", "-trusted-proxies=10.0.0.0/8, 10.1.0.0/16"}, "-trusted-proxies"},
		{[]string{"-environment=test", "-drain=-1s"}, "-drain"},
		{[]string{"-environment=test", "-log-level=loud"}, "-log-level"},
		{[]string{"-environment=live", "-rdap-server=gent=http://rdap.example/"}, "-rdap-server"},
		{[]string{"-environment=live", "-das=be=das.dns.be"}, "DAS server"},
		{[]string{"-environment=test", "serve"}, "serve"},
		{[]string{"-environment=test", "-no-such-flag"}, "-no-such-flag"},
	} {
		if _, err := parse(tc.args, io.Discard); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q: %v, want an error that names %s", tc.args, err, tc.says)
		}
	}
}

func TestHelpSaysWhatTheProgramIsForAndListsTheFlags(t *testing.T) {
	var out bytes.Buffer
	_, err := parse([]string{"-h"}, &out)
	if !errors.Is(err, flag.ErrHelp) || !strings.HasPrefix(out.String(), "frontend serves the HTTP contract") || !strings.Contains(out.String(), "-digest-keys") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestTheVersionNeedsNoOtherFlag(t *testing.T) {
	if got, err := parse([]string{"--version"}, io.Discard); err != nil || !got.printVersion {
		t.Errorf("--version: printVersion %v, error %v", got.printVersion, err)
	}
}
