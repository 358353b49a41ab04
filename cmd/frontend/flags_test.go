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
)

func TestFlags(t *testing.T) {
	got, err := parse([]string{
		"-environment=live", "-listen=:1", "-health-listen=:2", "-metrics-listen=:3", "-tls-cert=c", "-tls-key=k", "-factory-namespace=f",
		"-sites-namespace=s", "-digest-keys=d", "--trusted-proxies=10.0.0.0/8,2001:db8::/32", "-drain=1s", "--log-level=debug",
		"--rdap-bootstrap-url=https://mirror.example/dns.json", "--rdap-server=gent=https://rdap.example/gent", "--rdap-server=co.uk=https://rdap.example:8443/",
		"--das=be=das.example:1", "--das=brussels=das.example:2", "--das-queries-per-minute=50",
	}, io.Discard)
	want := settings{
		environment: v1alpha1.EnvironmentLive, listen: ":1", healthListen: ":2", metricsListen: ":3", tlsCert: "c", tlsKey: "k",
		factoryNamespace: "f", sitesNamespace: "s", digestKeys: "d", trustedProxies: []string{"10.0.0.0/8", "2001:db8::/32"}, drain: time.Second,
		logLevel: slog.LevelDebug,
		sources: sources{
			bootstrap: address(t, "https://mirror.example/dns.json"),
			servers:   map[string]*url.URL{"gent": address(t, "https://rdap.example/gent/"), "co.uk": address(t, "https://rdap.example:8443/")},
			das:       map[string]string{"be": "das.example:1", "brussels": "das.example:2"}, queries: 50,
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, sources{})); err != nil || diff != "" {
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

func TestWhoIsAskedByDefault(t *testing.T) {
	be := map[string]string{"be": "das.dns.be:4343"}
	for _, tc := range []struct {
		args []string
		das  map[string]string
	}{
		{nil, be},
		{[]string{"-das=vlaanderen=das.example:1"}, map[string]string{"be": "das.dns.be:4343", "vlaanderen": "das.example:1"}},
		{[]string{"-das=be=das.example:1"}, map[string]string{"be": "das.example:1"}},
		{[]string{"-das=be="}, map[string]string{}},
		{[]string{"-rdap-server=be=https://rdap.example/"}, map[string]string{}},
		{[]string{"-rdap-server=be=https://rdap.example/", "-das=be="}, map[string]string{}},
	} {
		got, err := parse(append([]string{"-environment=live"}, tc.args...), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.das, got.sources.das); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.args, diff)
		}
		if got := got.sources.bootstrap.String(); got != "https://data.iana.org/rdap/dns.json" {
			t.Errorf("%q: %s", tc.args, got)
		}
	}
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
		{[]string{"-environment=live", "-rdap-bootstrap-url=http://data.iana.org/rdap/dns.json"}, "-rdap-bootstrap-url"},
		{[]string{"-environment=live", "-rdap-bootstrap-url="}, "-rdap-bootstrap-url"},
		{[]string{"-environment=live", "-rdap-bootstrap-url=https://user@data.iana.org/"}, "bootstrap"},
		{[]string{"-environment=live", "-rdap-server=https://rdap.example/"}, "-rdap-server"},
		{[]string{"-environment=live", "-rdap-server=gent=http://rdap.example/"}, "-rdap-server"},
		{[]string{"-environment=live", "-rdap-server=gent=https://a.example/", "-rdap-server=gent=https://b.example/"}, "-rdap-server"},
		{[]string{"-environment=live", "-rdap-server=.Gent=https://rdap.example/"}, "lower case"},
		{[]string{"-environment=live", "-das=das.dns.be:4343"}, "-das"},
		{[]string{"-environment=live", "-das=.be=das.dns.be:4343"}, "-das"},
		{[]string{"-environment=live", "-das=be=das.dns.be"}, "DAS server"},
		{[]string{"-environment=live", "-das=be=das.dns.be:4343", "-das=be=das.dns.be:4344"}, "-das"},
		{[]string{"-environment=live", "-das=be=das.dns.be:4343", "-rdap-server=be=https://rdap.example/"}, "only one"},
		{[]string{"-environment=live", "-das-queries-per-minute=51"}, "51"},
		{[]string{"-environment=live", "-das-queries-per-minute=0"}, "DAS queries"},
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
