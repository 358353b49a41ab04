package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/indiesite"
)

const token = "mwf_token-of-the-test"

// terminal is where a person runs hallo.
type terminal struct {
	variables      map[string]string
	stdout, stderr bytes.Buffer
	// person is true of a terminal that a person reads, and false of a log.
	person bool
}

func (x *terminal) run(ctx context.Context, args ...string) int {
	return run(ctx, args, environment{
		getenv: func(name string) string { return x.variables[name] }, stdout: &x.stdout, stderr: &x.stderr,
		terminal: func(io.Writer) bool { return x.person },
	})
}

// newTerminal has a factory that follows the script, a real site that knows
// the code, and the variables that "make demo" leaves.
func newTerminal(t *testing.T, code string, script hallotest.Script) *terminal {
	t.Helper()
	authority := hallotest.NewAuthority(t)
	factory := hallotest.NewFactory(t, authority, token, script)
	store, err := indiesite.OpenStore(t.TempDir(), clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewUnstartedServer(indiesite.NewHandler(indiesite.Config{
		Code: indiesite.NewCode(code), Store: store, Clock: clock.RealClock{}, Logger: slog.New(slog.DiscardHandler),
	}))
	site.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Certificate("available.gent")}, MinVersion: tls.VersionTLS12}
	site.StartTLS()
	t.Cleanup(site.Close)
	ca, cert, key := authority.Files("127.0.0.1")
	return &terminal{variables: map[string]string{
		"FACTORY_URL": factory.URL, "FACTORY_CA": ca, "FACTORY_TOKEN": token,
		"CALLBACK": "https://" + freeAddress(t) + "/mwf", "CALLBACK_CERT": cert, "CALLBACK_KEY": key,
		"SITE_CA": ca, "ROUTE_ADDRESS": site.Listener.Addr().String(),
	}}
}

// freeAddress is one that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	return socket.Addr().String()
}

func codeFile(t *testing.T, code string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(path, []byte(code+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func script(outcomes ...int) hallotest.Script {
	return hallotest.Script{
		Availability: []hallotest.Reply{{Status: 200, Body: `{"available": true}`}},
		Orders:       []hallotest.Reply{{Status: 201}},
		Outcomes:     outcomes,
	}
}

func TestTheDemosVariablesAreAllThatAClaimNeeds(t *testing.T) {
	for _, dialect := range []string{"bearer", "query-secret"} {
		t.Run(dialect, func(t *testing.T) {
			x := newTerminal(t, "sesame", script(201))
			exit := x.run(t.Context(), "claim", "available.gent", "--code-file", codeFile(t, "sesame"), "--dialect", dialect, "--name", "Alice")
			if exit != hallo.ExitDone {
				t.Fatalf("exit code %d\n%s%s", exit, &x.stdout, &x.stderr)
			}
			if got := strings.Count(x.stdout.String(), "✓"); got != 6 {
				t.Errorf("%d steps went well:\n%s", got, &x.stdout)
			}
			if all := x.stdout.String() + x.stderr.String(); strings.Contains(all, token) || strings.Contains(all, "sesame") {
				t.Errorf("shows a secret:\n%s", all)
			}
		})
	}
}

var generated = regexp.MustCompile(`([a-z2-7]{4}-){5}[a-z2-7]{4}`)

func TestAGeneratedCodeIsShownToThePersonAndNotToALog(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		shows func(*terminal) (person, log string)
	}{
		"for people": {nil, func(x *terminal) (string, string) { return x.stdout.String(), x.stderr.String() }},
		"as JSON":    {[]string{"--json"}, func(x *terminal) (string, string) { return x.stderr.String(), x.stdout.String() }},
	} {
		t.Run(name, func(t *testing.T) {
			// The site knows another code, so that the claim ends after the order.
			x := newTerminal(t, "another", script(201))
			if exit := x.run(t.Context(), append([]string{"claim", "available.gent"}, c.flags...)...); exit != hallo.ExitFailed {
				t.Fatalf("exit code %d\n%s%s", exit, &x.stdout, &x.stderr)
			}
			if person, log := c.shows(x); !generated.MatchString(person) || generated.MatchString(log) {
				t.Errorf("stdout: %s\nstderr: %s", &x.stdout, &x.stderr)
			}
			if !strings.Contains(x.stderr.String(), "--resume") {
				t.Errorf("does not say how to go on: %s", &x.stderr)
			}
		})
	}
}

func TestAnOrderThatMayHaveMetItsOwnFailureIsToldToMayStand(t *testing.T) {
	failing := script(500)
	failing.Orders = []hallotest.Reply{{Lost: true}}
	x := newTerminal(t, "sesame", failing)
	if exit := x.run(t.Context(), "claim", "available.gent"); exit != hallo.ExitFailed {
		t.Fatalf("exit code %d\n%s%s", exit, &x.stdout, &x.stderr)
	}
	if !strings.Contains(x.stderr.String(), "--resume") || !generated.MatchString(x.stdout.String()) {
		t.Errorf("stdout: %s\nstderr: %s", &x.stdout, &x.stderr)
	}
}

func TestAtTheEndAPersonIsToldWhereToGo(t *testing.T) {
	const link = "https://available.gent/#code=open%20sesame"
	for name, c := range map[string]struct {
		flags              []string
		person             bool
		stdout, stderr     string
		notStdout, neither string
	}{
		"on a terminal, with the code":                 {nil, true, link, "", "", ""},
		"in a log, without it":                         {nil, false, "https://available.gent/\n", "", "#code", "sesame"},
		"as JSON on a terminal, beside the output":     {[]string{"--json"}, true, `"step":"page"`, link, "sesame", ""},
		"as JSON in a log, beside the output, no code": {[]string{"--json"}, false, `"step":"page"`, "https://available.gent/\n", "sesame", "sesame"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t, "open sesame", script(201))
			x.person = c.person
			args := append([]string{"claim", "available.gent", "--code-file", codeFile(t, "open sesame")}, c.flags...)
			if exit := x.run(t.Context(), args...); exit != hallo.ExitDone {
				t.Fatalf("exit code %d\n%s%s", exit, &x.stdout, &x.stderr)
			}
			all := x.stdout.String() + x.stderr.String()
			if !strings.Contains(x.stdout.String(), c.stdout) || !strings.Contains(x.stderr.String(), c.stderr) ||
				c.notStdout != "" && strings.Contains(x.stdout.String(), c.notStdout) || c.neither != "" && strings.Contains(all, c.neither) {
				t.Errorf("stdout: %s\nstderr: %s", &x.stdout, &x.stderr)
			}
		})
	}
}

func TestACodeThatIsNotThereIsKeptBeforeItIsOrderedWith(t *testing.T) {
	x := newTerminal(t, "another", script(409))
	path := filepath.Join(t.TempDir(), "code")
	if exit := x.run(t.Context(), "claim", "--code-file", path, "available.gent"); exit != hallo.ExitNotAvailable {
		t.Fatalf("exit code %d\n%s%s", exit, &x.stdout, &x.stderr)
	}
	if kept, err := os.ReadFile(path); err != nil || !generated.Match(kept) {
		t.Errorf("kept %q, %v", kept, err)
	}
	if generated.MatchString(x.stdout.String() + x.stderr.String()) {
		t.Errorf("a code that is in a file is shown:\n%s%s", &x.stdout, &x.stderr)
	}
}

func TestExitCodesTellHowAClaimEnded(t *testing.T) {
	for name, c := range map[string]struct {
		script hallotest.Script
		flags  []string
		exit   int
	}{
		"done":          {script(201), nil, 0},
		"failed":        {script(500), nil, 1},
		"not available": {script(409), nil, 3},
		"timed out":     {script(), []string{"--wait", "1s"}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t, "sesame", c.script)
			args := append([]string{"claim", "--code-file", codeFile(t, "sesame"), "available.gent"}, c.flags...)
			if exit := x.run(t.Context(), args...); exit != c.exit {
				t.Errorf("exit code %d, want %d\n%s%s", exit, c.exit, &x.stdout, &x.stderr)
			}
		})
	}
}

func TestAnAddressThatIsTakenIsNotAMistakeOfUse(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	x := newTerminal(t, "sesame", script(201))
	exit := x.run(t.Context(), "claim", "available.gent", "--listen", socket.Addr().String())
	if exit != hallo.ExitFailed || !strings.Contains(x.stdout.String(), "--listen") {
		t.Errorf("exit code %d\n%s%s", exit, &x.stdout, &x.stderr)
	}
}

func TestMistakesOfUseAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		without string
		says    string
	}{
		"no command":                  {nil, "", "Usage"},
		"an unknown command":          {[]string{"buy"}, "", `unknown command "buy"`},
		"no domain":                   {[]string{"claim"}, "", "give one domain"},
		"two domains":                 {[]string{"claim", "a.gent", "b.gent"}, "", "give one domain"},
		"an unknown flag":             {[]string{"claim", "a.gent", "--token", "x"}, "", "-token"},
		"an unknown dialect":          {[]string{"claim", "a.gent", "--dialect", "morse"}, "", "query-secret"},
		"no factory":                  {[]string{"claim", "a.gent"}, "FACTORY_URL", "--factory"},
		"no token":                    {[]string{"claim", "a.gent"}, "FACTORY_TOKEN", "--token-file"},
		"no callback":                 {[]string{"claim", "a.gent"}, "CALLBACK", "--callback"},
		"no certificate":              {[]string{"claim", "a.gent"}, "CALLBACK_CERT", "--cert"},
		"a plain factory":             {[]string{"claim", "a.gent", "--factory", "http://x"}, "", "https"},
		"a plain callback":            {[]string{"claim", "a.gent", "--callback", "http://x"}, "", "https"},
		"a CA file that is none":      {[]string{"claim", "a.gent", "--factory-ca", os.Args[0]}, "", "no PEM certificate"},
		"a CA file that is missing":   {[]string{"claim", "a.gent", "--site-ca", "/nowhere"}, "", "--site-ca"},
		"a missing token file":        {[]string{"claim", "a.gent", "--token-file", "/nowhere"}, "", "--token-file"},
		"a certificate that is none":  {[]string{"claim", "a.gent", "--cert", "/nowhere"}, "", "--cert"},
		"going on without a code":     {[]string{"claim", "a.gent", "--resume"}, "", "--code-file"},
		"going on with a lost code":   {[]string{"claim", "a.gent", "--resume", "--code-file", "/nowhere"}, "", "/nowhere"},
		"a wait that is over already": {[]string{"claim", "a.gent", "--wait", "0s"}, "", "--wait"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t, "sesame", script(201))
			delete(x.variables, c.without)
			if exit := x.run(t.Context(), c.args...); exit != hallo.ExitUsage || !strings.Contains(x.stderr.String(), c.says) {
				t.Errorf("exit code %d, want %q in:\n%s%s", exit, c.says, &x.stdout, &x.stderr)
			}
		})
	}
}

func TestHelpExplainsEverything(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"claim", "--help"}, {"serve", "--help"}, {"claim", "available.gent", "-h"}, {"--version"}} {
		x := &terminal{}
		if exit := x.run(t.Context(), args...); exit != hallo.ExitDone || x.stdout.Len() == 0 || x.stderr.Len() > 0 {
			t.Errorf("%v: exit code %d\n%s%s", args, exit, &x.stdout, &x.stderr)
		}
	}
}
