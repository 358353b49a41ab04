package hallo_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo"
)

func newReceiver(t *testing.T, config hallo.ReceiverConfig) *hallo.Receiver {
	t.Helper()
	if config.Callback == "" {
		config.Callback = "https://hallo.test/mwf"
	}
	config.Token = token
	receiver, err := hallo.NewReceiver(config)
	if err != nil {
		t.Fatal(err)
	}
	return receiver
}

func call(receiver http.Handler, method, target, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://hallo.test"+target, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	receiver.ServeHTTP(w, r)
	return w
}

func TestACallbackIsTakenAsTheDialectHasItAndNotOtherwise(t *testing.T) {
	const path = "/mwf/site/Alice.gent?status=201"
	for name, c := range map[string]struct {
		dialect               hallo.Dialect
		method, target, bears string
		want                  int
	}{
		"bearer":                              {hallo.Bearer, "PATCH", path, "Bearer " + token, 200},
		"bearer, in another case":             {hallo.Bearer, "PATCH", path, "bearer " + token, 200},
		"bearer, with no token":               {hallo.Bearer, "PATCH", path, "", 401},
		"bearer, with another token":          {hallo.Bearer, "PATCH", path, "Bearer " + token + "x", 401},
		"bearer, with another scheme":         {hallo.Bearer, "PATCH", path, "Basic " + token, 401},
		"bearer, in the other dialect":        {hallo.Bearer, "PATCH", path + "&secret=" + token, "", 401},
		"bearer, in both dialects":            {hallo.Bearer, "PATCH", path + "&secret=" + token, "Bearer " + token, 401},
		"bearer, with a bad path and token":   {hallo.Bearer, "GET", "/", "Bearer x", 401},
		"query secret":                        {hallo.QuerySecret, "PATCH", path + "&secret=" + token, "", 200},
		"query secret, the other way round":   {hallo.QuerySecret, "PATCH", "/mwf/site/Alice.gent?secret=" + token + "&status=201", "", 200},
		"query secret, empty":                 {hallo.QuerySecret, "PATCH", path + "&secret=", "", 401},
		"query secret, in the other dialect":  {hallo.QuerySecret, "PATCH", path, "Bearer " + token, 401},
		"the domain spelt otherwise":          {hallo.Bearer, "PATCH", "/mwf/site/alice.gent?status=201", "Bearer " + token, 404},
		"a domain that nobody expects":        {hallo.Bearer, "PATCH", "/mwf/site/bob.gent?status=201", "Bearer " + token, 404},
		"a path below the domain":             {hallo.Bearer, "PATCH", "/mwf/site/Alice.gent/?status=201", "Bearer " + token, 404},
		"a path outside the prefix":           {hallo.Bearer, "PATCH", "/site/Alice.gent?status=201", "Bearer " + token, 404},
		"the domain percent-encoded":          {hallo.Bearer, "PATCH", "/mwf/site/Alice%2Egent?status=201", "Bearer " + token, 200},
		"another method":                      {hallo.Bearer, "PUT", path, "Bearer " + token, 405},
		"no status":                           {hallo.Bearer, "PATCH", "/mwf/site/Alice.gent", "Bearer " + token, 400},
		"two statuses":                        {hallo.Bearer, "PATCH", path + "&status=500", "Bearer " + token, 400},
		"a status that means nothing":         {hallo.Bearer, "PATCH", "/mwf/site/Alice.gent?status=200", "Bearer " + token, 400},
		"a query that cannot be read":         {hallo.Bearer, "PATCH", path + "&%zz", "Bearer " + token, 400},
		"a status that only looks like one":   {hallo.Bearer, "PATCH", "/mwf/site/Alice.gent?status=0201", "Bearer " + token, 400},
		"the dialect's default is the bearer": {"", "PATCH", path, "Bearer " + token, 200},
	} {
		t.Run(name, func(t *testing.T) {
			receiver := newReceiver(t, hallo.ReceiverConfig{Dialect: c.dialect})
			told := receiver.Expect("Alice.gent")
			w := call(receiver, c.method, c.target, c.bears)
			if w.Code != c.want {
				t.Errorf("answered %d, want %d", w.Code, c.want)
			}
			if (len(told) == 1) != (c.want == 200) {
				t.Errorf("told %d outcomes", len(told))
			}
			calls := receiver.Calls()
			if len(calls) != 1 || calls[0].Answer != c.want || calls[0].Method != c.method || (calls[0].Reason == "") != (c.want == 200) {
				t.Errorf("the ledger holds %+v", calls)
			}
			if strings.Contains(fmt.Sprintf("%+v", calls), token) {
				t.Errorf("the ledger shows the token: %+v", calls)
			}
		})
	}
}

func TestARefusalSaysWhatWouldBeTaken(t *testing.T) {
	receiver := newReceiver(t, hallo.ReceiverConfig{})
	receiver.Expect("alice.gent")
	if got := call(receiver, "PATCH", "/mwf/site/alice.gent", "").Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate is %q", got)
	}
	if got := call(receiver, "GET", "/mwf/site/alice.gent", "Bearer "+token).Header().Get("Allow"); got != "PATCH" {
		t.Errorf("Allow is %q", got)
	}
}

func TestAnAnswerCanBeScriptedAndOnlyA200IsDelivered(t *testing.T) {
	script := []int{500, 204, 302, 410, hallo.CutOff, 200}
	n := 0
	receiver := newReceiver(t, hallo.ReceiverConfig{Answer: func(_ context.Context, c hallo.Call) int {
		if c.Domain != "alice.gent" || c.Outcome != 409 {
			t.Errorf("asked about %+v", c)
		}
		n++
		return script[n-1]
	}})
	told := receiver.Expect("alice.gent")
	server := httptest.NewTLSServer(receiver)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, want := range script {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, server.URL+"/mwf/site/alice.gent?status=409", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(request)
		if want == hallo.CutOff {
			if err == nil {
				t.Errorf("answered %d, want none", response.StatusCode)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		if response.StatusCode != want {
			t.Errorf("answered %d, want %d", response.StatusCode, want)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 1 {
		t.Errorf("told %d outcomes, want the one that was answered 200", len(told))
	}
	if got := len(receiver.Calls()); got != len(script) {
		t.Errorf("the ledger holds %d calls, want %d", got, len(script))
	}
}

func TestEachDomainHearsItsOwnOutcomes(t *testing.T) {
	receiver := newReceiver(t, hallo.ReceiverConfig{Callback: "https://hallo.test/"})
	alice, bob := receiver.Expect("alice.gent"), receiver.Expect("bob.gent")
	call(receiver, "PATCH", "/site/bob.gent?status=500", "Bearer "+token)
	call(receiver, "PATCH", "/site/alice.gent?status=201", "Bearer "+token)
	if got := <-alice; got.Domain != "alice.gent" || got.Outcome != 201 {
		t.Errorf("alice heard %+v", got)
	}
	if got := <-bob; got.Domain != "bob.gent" || got.Outcome != 500 {
		t.Errorf("bob heard %+v", got)
	}
}

func TestOutcomesThatNobodyReadsDoNotHoldUpTheFactory(t *testing.T) {
	receiver := newReceiver(t, hallo.ReceiverConfig{})
	receiver.Expect("alice.gent")
	for range 5000 {
		if w := call(receiver, "PATCH", "/mwf/site/alice.gent?status=201", "Bearer "+token); w.Code != 200 {
			t.Fatalf("answered %d", w.Code)
		}
	}
	if got := len(receiver.Calls()); got != 4096 {
		t.Errorf("the ledger holds %d calls", got)
	}
}

func TestAReceiverNeedsAnHTTPSCallbackAndAToken(t *testing.T) {
	for _, config := range []hallo.ReceiverConfig{
		{Callback: "http://hallo.test/mwf", Token: token},
		{Callback: "https://user@hallo.test/mwf", Token: token},
		{Callback: "https://hallo.test/mwf?x=1", Token: token},
		{Callback: "https://hallo.test/mwf#x", Token: token},
		{Callback: "hallo.test", Token: token},
		{Callback: "https://hallo.test/mwf"},
	} {
		if _, err := hallo.NewReceiver(config); err == nil {
			t.Errorf("%q with token %q was taken", config.Callback, config.Token)
		}
	}
}

func TestTheListenersAddressComesFromTheCallback(t *testing.T) {
	for callback, want := range map[string]string{
		"https://hallo.gent/mwf":         "hallo.gent:443",
		"https://127.0.0.1:9443":         "127.0.0.1:9443",
		"https://[::1]:9443/mwf/":        "[::1]:9443",
		"https://hallo.gent:8443/a/b/c/": "hallo.gent:8443",
	} {
		if got, err := hallo.CallbackAddress(callback); err != nil || got != want {
			t.Errorf("%s: %q, %v", callback, got, err)
		}
	}
}
