package hallo

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/callbackurl"
)

const (
	maxFuzzed   = 8 << 10 // bytes
	fuzzedToken = "mwf_marked-secret"
)

// FuzzCallback lets strangers send anything to the receiver: it takes an outcome only where the contract has it in every part, and keeps no credential.
func FuzzCallback(f *testing.F) {
	const bearer, path = "Authorization: Bearer " + fuzzedToken, "/mwf/site/Alice.gent?status=201"
	for _, seed := range []struct{ method, target, header string }{
		{"PATCH", path, bearer}, {"PATCH", path, "authorization: bearer " + fuzzedToken}, {"PATCH", path, bearer + "\r\n" + bearer}, {"PATCH", path, "Authorization: \r\n" + bearer},
		{"PATCH", path, bearer + "\r\nAuthorization: Basic x"}, {"PATCH", path + "&secret=" + fuzzedToken, ""}, {"PATCH", path + "&secret=" + fuzzedToken, bearer},
		{"PATCH", path + "&secret=" + fuzzedToken + "&secret=x", ""}, {"PATCH", path + "&secret=x;secret=" + fuzzedToken, ""}, {"POST", path, bearer}, {"PATCH", path, bearer + " "},
		{"PATCH", "/mwf/site/Alice%2Egent?status=409", bearer}, {"PATCH", "/mwf/site/alice.gent?status=409", bearer}, {"PATCH", "/mwf//site/Alice.gent?status=500", bearer},
		{"PATCH", "/mwf/site/Alice.gent/?status=500", bearer}, {"PATCH", "/mwf/site/../site/Alice.gent?status=500", bearer}, {"PATCH", "https://hallo.gent/mwf/site/Alice.gent?status=500", bearer},
		{"PATCH", path + "&status=500", bearer}, {"PATCH", "/mwf/site/Alice.gent?status=0201", bearer}, {"PATCH", "/mwf/site/Alice.gent?status=201&%zz", bearer}, {"PATCH", "*", bearer},
		{"PATCH", path + "#status=500", bearer}, {"PATCH", "/mwf/site/Alice.gent?Status=201", bearer},
	} {
		f.Add(seed.method, seed.target, seed.header, "", false)
		f.Add(seed.method, seed.target, seed.header, `{"type":"site.created"}`, true)
	}
	f.Fuzz(func(t *testing.T, method, target, header, body string, older bool) {
		if len(method)+len(target)+len(header)+len(body) > maxFuzzed {
			return
		}
		text := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: hallo.gent\r\nContent-Length: %d\r\n%s\r\n\r\n%s", method, target, len(body), header, body)
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return // which net/http answers by itself
		}
		dialect := Bearer
		if older {
			dialect = QuerySecret
		}
		receiver, err := NewReceiver(ReceiverConfig{Callback: "https://hallo.gent/mwf", Token: fuzzedToken, Dialect: dialect})
		if err != nil {
			t.Fatal(err)
		}
		told := receiver.Expect("Alice.gent")
		want := contractual(r, dialect)
		w := httptest.NewRecorder()
		receiver.ServeHTTP(w, r)
		call := receiver.Calls()[0]
		if (w.Code == http.StatusOK) != (want != 0) || (len(told) == 1) != (want != 0) || call.Outcome != want {
			t.Fatalf("%q: answered %d (%s), outcome %d, want %d", text, w.Code, call.Reason, call.Outcome, want)
		}
		for _, shown := range slices.Concat(call.Header["Authorization"], call.Query["secret"], []string{call.Reason, call.Domain, w.Body.String()}) {
			if strings.Contains(shown, "marked-secret") {
				t.Fatalf("%q is kept as %+v", text, call)
			}
		}
	})
}

var (
	bearerOnly = regexp.MustCompile(`\A(?i:bearer) ` + fuzzedToken + `\z`)
	statusOnly = regexp.MustCompile(`\A(201|409|500)\z`)
)

// contractual is the outcome that a request tells by the letter of the contract; zero where it is not a callback.
func contractual(r *http.Request, dialect Dialect) int {
	query, err := url.ParseQuery(r.URL.RawQuery)
	headers := slices.DeleteFunc(slices.Clone(r.Header["Authorization"]), func(v string) bool { return v == "" })
	segment, inside := strings.CutPrefix(r.URL.EscapedPath(), "/mwf/site/")
	domain, unescapeErr := url.PathUnescape(segment)
	switch {
	case err != nil || unescapeErr != nil || !inside || domain != "Alice.gent" || r.Method != http.MethodPatch || len(query["status"]) != 1 || !statusOnly.MatchString(query["status"][0]):
		return 0
	case dialect == Bearer && (len(headers) != 1 || r.Header.Get("Authorization") != headers[0] || !bearerOnly.MatchString(headers[0]) || query.Has("secret")):
		return 0
	case dialect == QuerySecret && (len(headers) != 0 || len(query["secret"]) != 1 || query["secret"][0] != fuzzedToken):
		return 0
	}
	return map[string]int{"201": 201, "409": 409, "500": 500}[query["status"][0]]
}

// FuzzTheWay calls a receiver as the factory would: whatever callback and domain the factory takes, the call arrives.
func FuzzTheWay(f *testing.F) {
	f.Add("https://hallo.gent/mwf", "Alice.gent", 201)
	f.Add("https://hallo.gent:8443", "a-b.GENT.", 409)
	f.Add("https://[::1]/a%2Cb/caf%C3%A9", "alice.gent", 500)
	f.Add("https://hallo.gent/a%20b;c=%3F", "alice.gent", 201)
	f.Fuzz(func(t *testing.T, callback, domain string, code int) {
		if len(callback)+len(domain) > maxFuzzed {
			return
		}
		if normal, err := callbackurl.Parse(callback); err != nil || normal != callback {
			return // a receiver is given the form that it is called by
		}
		target, err := callbackurl.Target(callback, domain, v1alpha1.OutcomeCode(code))
		if err != nil || code != 201 && code != 409 && code != 500 {
			return
		}
		receiver, err := NewReceiver(ReceiverConfig{Callback: callback, Token: fuzzedToken})
		if err != nil {
			t.Fatalf("the factory takes %q, and the receiver does not: %v", callback, err)
		}
		receiver.Expect(domain)
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(
			"PATCH " + target.RequestURI() + " HTTP/1.1\r\nHost: " + target.Host + "\r\nAuthorization: Bearer " + fuzzedToken + "\r\n\r\n")))
		if err != nil {
			t.Fatalf("%s cannot be read: %v", target, err)
		}
		w := httptest.NewRecorder()
		receiver.ServeHTTP(w, r)
		if call := receiver.Calls()[0]; w.Code != http.StatusOK || call.Domain != domain || call.Outcome != code {
			t.Fatalf("%s is answered %d: %+v", target, w.Code, call)
		}
		address, err := CallbackAddress(callback)
		if err != nil || strings.TrimSuffix(address, ":443") != strings.TrimSuffix(target.Host, ":443") {
			t.Fatalf("the receiver of %q listens at %q, %v", callback, address, err)
		}
	})
}

// FuzzAnswer looks for an answer of a factory or site that is misread, or that puts a secret or a control character on a person's terminal.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []struct{ body, secret, retryAfter string }{
		{`{"available":true}`, "", "5"}, {`{"available":false,"more":[]}`, "", "0"}, {`{"Available":true}`, "", "-1"}, {`{"available":true,"available":false}`, "", "soon"}, {`{"available":null}`, "", "1e3"},
		{`{"available":"true"}`, "", "Sun, 22 Nov 2026 11:00:00 GMT"}, {`{"available":true} x`, "", "99999999999999999999"}, {`true`, "", "61"}, {`null`, "", ""},
		{`{"title":"No","detail":"your token marked-secret is unknown"}`, "marked-secret", ""}, {`{"title":"\u001b[2Jmarked\tsecret","detail":""}`, "marked secret", ""},
		{`{"title":"` + strings.Repeat("x", 295) + `marked-secret"}`, "marked-secret", ""}, {`{"title":5}`, "marked-secret", ""}, {"{\"title\":\"marked\xffsecret\"}", "marked\xffsecret", ""},
	} {
		f.Add([]byte(seed.body), seed.secret, seed.retryAfter)
	}
	yes, no := regexp.MustCompile(`"available"[ \t\r\n]*:[ \t\r\n]*true`), regexp.MustCompile(`"available"[ \t\r\n]*:[ \t\r\n]*false`)
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte, secret, wish string) {
		if len(body)+len(secret)+len(wish) > maxFuzzed {
			return
		}
		// Keys may be written with escapes, which the patterns leave alone.
		if available, err := parseAvailable(body); err == nil && !strings.Contains(string(body), `\`) && (available && !yes.Match(body) || !available && !no.Match(body)) {
			t.Fatalf("%q is read as %t", body, available)
		}
		text := problemText(body, secret)
		if utf8.RuneCountInString(text) > 301 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("%q is shown as %q", body, text)
		}
		if len(secret) >= 8 && !strings.ContainsAny(secret, "()") && strings.Contains(text, secret) {
			t.Fatalf("%q is shown as %q, with the secret %q", body, text, secret)
		}
		after := retryAfter(http.Header{"Retry-After": {wish}}, now)
		pause := Retry{First: time.Second, Longest: 10 * time.Second, Random: func() float64 { return 0.5 }}.pause(1, after)
		if after < 0 || pause < time.Second || pause > maxRetryAfter {
			t.Fatalf("Retry-After: %q makes a pause of %s", wish, pause)
		}
	})
}
