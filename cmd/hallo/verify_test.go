package main

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

// newVerification has a factory that keeps the contract but for the flaw, and the variables that "make demo" leaves.
func newVerification(t *testing.T, flaw hallotest.Flaw) *terminal {
	t.Helper()
	return newVerificationOf(t, hallotest.ModelConfig{Flaw: flaw})
}

func newVerificationOf(t *testing.T, model hallotest.ModelConfig) *terminal {
	t.Helper()
	authority := hallotest.NewAuthority(t)
	callback := "https://" + freeAddress(t) + "/mwf"
	model.Tokens, model.Callback, model.Trust = []string{token}, callback, authority
	factory := hallotest.NewModel(t, model)
	ca, cert, key := authority.Files("127.0.0.1")
	return &terminal{variables: map[string]string{
		"FACTORY_URL": factory.URL, "FACTORY_CA": ca, "FACTORY_TOKEN": token, "CALLBACK": callback, "CALLBACK_CERT": cert, "CALLBACK_KEY": key,
	}}
}

func TestAFactoryIsVerified(t *testing.T) {
	slash := hallotest.Flaw{Claims: func(c *hallotest.Claims) { c.Callback = false }}
	for name, c := range map[string]struct {
		flaw hallotest.Flaw
		args []string
		exit int
		says string
	}{
		"everything is kept":    {hallotest.Flaw{}, []string{"--orders", "--quiet=300ms"}, hallo.ExitDone, " 0 broken, 0 optional ones absent"},
		"a sentence is broken":  {slash, []string{"--orders", "--only", "100-106"}, hallo.ExitFailed, "✗ 106 query-secret  Any other claim → 409: with another callback."},
		"nothing is ordered":    {slash, nil, hallo.ExitDone, "; 0 orders of new names"},
		"as JSON":               {hallotest.Flaw{}, []string{"--json", "--only", "30", "--dialect", "bearer"}, hallo.ExitDone, `{"number":30,"section":"names","dialect":"bearer"`},
		"all checks are listed": {hallotest.Flaw{}, []string{"--list"}, hallo.ExitDone, "needs --other-token-file"},
		"it is put off for ever": {hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					w.Header().Set("Retry-After", "60")
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				next.ServeHTTP(w, r)
			})
		}}, []string{"--only", "57", "--timeout", "1s"}, hallo.ExitFailed, "0 broken, 0 optional ones absent, 1 skipped (1 of them for want of time)"},
		"time is up before all is there": {hallotest.Flaw{}, []string{"--wait", "1ns"}, hallo.ExitTimeout, ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := newVerification(t, c.flaw)
			junit := filepath.Join(t.TempDir(), "junit.xml")
			exit := x.run(t.Context(), append([]string{"verify", x.variables["FACTORY_URL"], "--junit", junit}, c.args...)...)
			if exit != c.exit || !strings.Contains(x.stdout.String(), c.says) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", exit, c.exit, c.says, &x.stdout, &x.stderr)
			}
			text, err := os.ReadFile(junit)
			if wants := name != "all checks are listed"; (err == nil) != wants || wants && !strings.Contains(string(text), "<testsuites ") {
				t.Errorf("JUnit's file: %v\n%s", err, text)
			}
			if strings.Contains(x.stdout.String()+x.stderr.String()+string(text), token) {
				t.Error("the token is shown")
			}
		})
	}
}

// Leave to order is not enough at a live factory: nothing is ordered, and nothing is broken for that.
func TestALiveFactoryIsOrderedNothing(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		exit int
		says []string
	}{
		"with leave to order":        {[]string{"--orders"}, hallo.ExitDone, []string{" 0 broken, 0 optional ones absent", "; 0 orders of new names", "--name-pattern"}},
		"as what is no test factory": {[]string{"--orders", "--test-factory"}, hallo.ExitFailed, []string{"✗  34 bearer", "; 0 orders of new names"}},
		"with names to order":        {[]string{"--orders", "--name-pattern", "verify-*.example", "--only", "1-73,100-110,130-136"}, hallo.ExitDone, []string{" 0 broken, 0 optional ones absent", "; 2 orders of new names"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := newVerificationOf(t, hallotest.ModelConfig{Suffix: "example"})
			exit := x.run(t.Context(), append([]string{"verify", "--quiet=300ms"}, c.args...)...)
			for _, says := range c.says {
				if exit != c.exit || !strings.Contains(x.stdout.String(), says) {
					t.Errorf("exit code %d, want %d and %q\n%s%s", exit, c.exit, says, &x.stdout, &x.stderr)
				}
			}
		})
	}
}

// junitReport is what programs read off JUnit's XML.
type junitReport struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Cases []struct {
			Name  string `xml:"name,attr"`
			Error *struct {
				Message string `xml:"message,attr"`
			} `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// What exit code 1 rests on stands in what is kept of a verification: an older report must not stand for one that could not be made.
func TestReportsSayWhyNothingIsKnown(t *testing.T) {
	busy := hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/domain/hello world" {
				w.Header().Set("Retry-After", "3600")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
	for name, c := range map[string]struct {
		flaw   hallotest.Flaw
		args   []string
		exit   int
		errors int
		says   string
		line   string
	}{
		"nobody is there":             {hallotest.Flaw{}, []string{"https://127.0.0.1:1"}, hallo.ExitFailed, 1, "the factory cannot be reached", `"error":"the factory cannot be reached`},
		"time is up":                  {hallotest.Flaw{}, []string{"--wait", "1ns"}, hallo.ExitTimeout, 1, "--wait 1ns", `"error":"`},
		"the trust cannot be read":    {hallotest.Flaw{}, []string{"--factory-ca", "/nowhere"}, hallo.ExitUsage, 1, "--factory-ca", `"error":"--factory-ca`},
		"a flag is missing":           {hallotest.Flaw{}, []string{"--name-pattern", "verify-*.example"}, hallo.ExitUsage, 1, "--orders", `"error":"--name-pattern`},
		"nobody can listen there":     {hallotest.Flaw{}, []string{"--orders", "--listen", "192.0.2.1:1"}, hallo.ExitFailed, 1, "--listen", `"error":"listen`},
		"the token is not known":      {hallotest.Flaw{}, []string{"--token-file", "another"}, hallo.ExitFailed, 1, "does not let the token in", `"error":"the factory does not let the token in`},
		"the factory asks for a wait": {busy, []string{"--only", "32"}, hallo.ExitFailed, 2, "come later", `"busy":2`},
	} {
		t.Run(name, func(t *testing.T) {
			x := newVerification(t, c.flaw)
			t.Chdir(t.TempDir())
			for path, text := range map[string]string{"junit.xml": "<testsuites tests=\"1\"/>", "another": "mwf_token-of-elsewhere"} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			exit := x.run(t.Context(), append([]string{"verify", "--json", "--junit", "junit.xml"}, c.args...)...)
			text, err := os.ReadFile("junit.xml")
			var report junitReport
			if exit != c.exit || err != nil || xml.Unmarshal(text, &report) != nil || report.Errors != c.errors || report.Tests < c.errors || report.Failures > 0 {
				t.Fatalf("exit code %d, want %d; %+v\n%s\n%s", exit, c.exit, report, text, &x.stderr)
			}
			for _, made := range report.Suites[0].Cases {
				if made.Error == nil || !strings.Contains(made.Error.Message, c.says) {
					t.Errorf("%q does not say %q: %+v", made.Name, c.says, made.Error)
				}
			}
			lines := strings.Split(strings.TrimSpace(x.stdout.String()), "\n")
			if last := lines[len(lines)-1]; !json.Valid([]byte(last)) || !strings.HasPrefix(last, `{"summary":`) || !strings.Contains(last, c.line) {
				t.Errorf("%s does not say %s", last, c.line)
			}
		})
	}
}

func TestMistakesInVerifyingAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		without string
		says    string
	}{
		"two factories":              {[]string{"https://a", "https://b"}, "", "one factory URL"},
		"no factory":                 {nil, "FACTORY_URL", "$FACTORY_URL"},
		"a plain factory":            {[]string{"http://x"}, "", "https"},
		"no token":                   {nil, "FACTORY_TOKEN", "--token-file"},
		"orders without a callback":  {[]string{"--orders"}, "CALLBACK", "--callback"},
		"orders without a key":       {[]string{"--orders"}, "CALLBACK_KEY", "--key"},
		"a certificate that is none": {[]string{"--orders", "--cert", "/nowhere"}, "", "--cert"},
		"a pattern for a test":       {[]string{"--orders", "--test-factory", "--name-pattern", "verify-*.example"}, "", "names of its own"},
		"a report to nowhere":        {[]string{"--junit", "/nowhere/junit.xml"}, "", "--junit"},
		"a pattern without orders":   {[]string{"--name-pattern", "verify-*.example"}, "", "--orders"},
		"a pattern of nothing":       {[]string{"--orders", "--name-pattern", "verify.example"}, "", "asterisk"},
		"a check that there is not":  {[]string{"--only", "7"}, "", "--list"},
		"an unknown dialect":         {[]string{"--dialect", "morse"}, "", "query-secret"},
		"a missing file":             {[]string{"--other-token-file", "/nowhere"}, "", "--other-token-file"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newVerification(t, hallotest.Flaw{})
			delete(x.variables, c.without)
			if exit := x.run(t.Context(), append([]string{"verify"}, c.args...)...); exit != hallo.ExitUsage || !strings.Contains(x.stderr.String(), c.says) {
				t.Errorf("exit code %d, want %q in:\n%s%s", exit, c.says, &x.stdout, &x.stderr)
			}
		})
	}
}
