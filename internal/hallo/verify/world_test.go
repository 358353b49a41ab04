package verify_test

import (
	"crypto/rand"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

const (
	token      = `mwf_token <of> "the" test`
	otherToken = "mwf_token-of-another"
)

// The factories of these tests wait for most of their time, so more of them than there are processors run at once.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

// held are the results of one run.
type held struct {
	results []verify.Result
	summary verify.Summary
}

// with are the checks that ended so, each dialect's by itself: 30, or 30 query-secret.
func (h held) with(verdict verify.Verdict) []string {
	var found []string
	for _, r := range h.results {
		if r.Verdict == verdict {
			found = append(found, name(r))
		}
	}
	return found
}

func name(r verify.Result) string {
	if r.Dialect == hallo.QuerySecret {
		return fmt.Sprintf("%d older", r.Check.Number)
	}
	return fmt.Sprint(r.Check.Number)
}

// numbers are the checks that ended so, in any dialect.
func (h held) numbers(verdict verify.Verdict) []int {
	var found []int
	for _, r := range h.results {
		if r.Verdict == verdict {
			found = append(found, r.Check.Number)
		}
	}
	return slices.Compact(found)
}

// bench is a model of a factory, and the configuration of a check of it.
type bench struct {
	*hallotest.Model
	config verify.Config
}

func newBench(t *testing.T, flaw hallotest.Flaw) *bench {
	t.Helper()
	b := newLiveBench(t, flaw, "")
	b.config.TestFactory = true
	return b
}

// newLiveBench has a live factory that sells names below the suffix.
func newLiveBench(t *testing.T, flaw hallotest.Flaw, suffix string) *bench {
	t.Helper()
	authority := hallotest.NewAuthority(t)
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inbox := verify.NewInbox(token)
	callback := "https://" + socket.Addr().String() + "/in"
	listener := hallo.Listen(socket, authority.Certificate("127.0.0.1"), inbox, func(string) {})
	t.Cleanup(listener.Close)
	b := &bench{Model: hallotest.NewModel(t, hallotest.ModelConfig{
		Tokens: []string{token, otherToken}, Callback: callback, Trust: authority, Flaw: flaw, Suffix: suffix,
	})}
	b.config = verify.Config{
		URL: b.URL, Trust: authority.Pool(), Token: token, OtherToken: otherToken, Callback: callback, Inbox: inbox,
		Orders: true, Exhaust: true, Timeout: 5 * time.Minute, Patience: 8 * time.Second, Quiet: 700 * time.Millisecond, Random: rand.Reader,
	}
	return b
}

func (b *bench) check(t *testing.T) held {
	t.Helper()
	var h held
	var err error
	h.summary, err = verify.Run(t.Context(), b.config, func(r verify.Result) { h.results = append(h.results, r) })
	if err != nil {
		t.Fatal(err)
	}
	return h
}
