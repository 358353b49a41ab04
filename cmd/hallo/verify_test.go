package main

import (
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
	authority := hallotest.NewAuthority(t)
	callback := "https://" + freeAddress(t) + "/mwf"
	factory := hallotest.NewModel(t, hallotest.ModelConfig{Tokens: []string{token}, Callback: callback, Trust: authority, Flaw: flaw})
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
		}}, []string{"--only", "57", "--timeout", "1s"}, hallo.ExitFailed, "0 broken, 0 optional ones absent, 2 skipped"},
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
			if wants := c.exit != hallo.ExitTimeout && name != "all checks are listed"; (err == nil) != wants || wants && !strings.Contains(string(text), "<testsuites ") {
				t.Errorf("JUnit's file: %v\n%s", err, text)
			}
			if strings.Contains(x.stdout.String()+x.stderr.String()+string(text), token) {
				t.Error("the token is shown")
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
