package frontend

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/callbackurl"
	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/names"
)

const (
	maxFuzzed = 8 << 10 // bytes
	// fuzzedMark stands in seeds wherever a secret would. It can be in no domain name.
	fuzzedMark = "Marked_Secret"
)

// FuzzOrder looks for bodies that are taken although an order must not be made of them, and for errors that repeat what was sent.
func FuzzOrder(f *testing.F) {
	for _, seed := range []string{
		`{"domain":"alice.gent","callback":"https://hallo.gent/mwf","installerSecret":"code"}`,
		`{"secret":"token","domain":"Alice.GENT.","callback":"https://hallo.gent/mwf/","owner-settings":{"secretSignUpCode":"code","x":[1,{}]}}`,
		`{"domain":"alice.gent","domain":"bob.gent","callback":"https://hallo.gent/mwf","installerSecret":"code"}`,
		`{"Domain":"alice.gent","callback":"https://hallo.gent/mwf/../x","installerSecret":null}`,
		`{"domain":5,"callback":[],"installerSecret":{}}{}`,
		`{"x":{"y":[{"z":1,"z":2}]},"secret":5}`, `[]`, `null`, `{"secret":"`, `{"secret":"a"`, "\xff", `{"domain":"\ud800.gent"}`,
		`{"domain":"Marked_Secret","callback":"https://Marked_Secret@hallo.gent","installerSecret":"Marked_Secret"}`, `{"domain":"a.gent","callback":{"Marked_Secret":1}}`,
		`{"domain":"a.gent","callback":"https://hallo.gent/mwf","installerSecret":"a","owner-settings":{"secretSignUpCode":"b"}}`, `{"owner-settings":{"secretSignUpCode":["Marked_Secret"]}}`,
	} {
		f.Add(seed)
	}
	prefixes := []string{"https://hallo.gent/mwf"}
	who := caller{
		onboarder: &v1alpha1.Onboarder{Spec: v1alpha1.OnboarderSpec{Callback: v1alpha1.OnboarderCallback{URLPrefixes: prefixes}}},
		dialect:   v1alpha1.DialectBearer,
	}
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > maxFuzzed {
			return
		}
		order, err := orderIn([]byte(body), who)
		if err != nil {
			var p *problem
			var not *orders.NotAvailable
			if !errors.As(err, &p) && !errors.As(err, &not) {
				t.Fatalf("an error of no kind: %v", err)
			}
			if strings.Contains(err.Error(), fuzzedMark) || p != nil && strings.Contains(p.field, fuzzedMark) {
				t.Fatalf("the error repeats what was sent: %v", err)
			}
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("taken although it is not JSON: %q", body)
		}
		if name, err := names.Normalise(order.DomainAsSent); err != nil || name != order.Domain {
			t.Fatalf("domain %q of %q", order.Domain, order.DomainAsSent)
		}
		if strings.Trim(order.DomainAsSent, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" {
			t.Fatalf("the kind would not take %q as sent", order.DomainAsSent)
		}
		if !callbackurl.Allowed(order.Callback, prefixes) || order.Code == "" || len(order.Code) > maxCode {
			t.Fatalf("callback %q, code of %d", order.Callback, len(order.Code))
		}
		plain := members([]byte(body))
		inner := members(plain["owner-settings"])
		if text(plain["domain"]) != order.DomainAsSent {
			t.Fatalf("%q is read as an order of %q", body, order.DomainAsSent)
		}
		if url, err := callbackurl.Parse(text(plain["callback"])); err != nil || url != order.Callback {
			t.Fatalf("%q is read as an order for %q", body, order.Callback)
		}
		for _, code := range []string{text(plain["installerSecret"]), text(inner["secretSignUpCode"])} {
			if code != "" && code != order.Code {
				t.Fatalf("%q is read as an order with the code %q", body, order.Code)
			}
		}
	})
}

// members reads an object as JavaScript would: with its keys as they are.
func members(document []byte) map[string]json.RawMessage {
	object := map[string]json.RawMessage{}
	_ = json.Unmarshal(document, &object) // what is no object has no members
	return object
}

func text(document json.RawMessage) string {
	var s string
	_ = json.Unmarshal(document, &s) // what is no string says nothing
	return s
}

// The parts of a string in JSON that begin with a backslash: a whole surrogate pair, any other unit of UTF-16, anything else.
var escapes = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.`)
var surrogate = regexp.MustCompile(`^\\u[dD][89a-fA-F][0-9a-fA-F]{2}$`)

// FuzzBody compares what is well-formed with another reader's opinion, and the secret that is found before a body is judged with the one that is found after.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` {"a":{"k":1},"b":[{"k":1},{"k":1}],"k":2}`, `{"a":1,"\u0061":1}`, `{"x":[{"y":{"k":1,"z":{},"k":1}}]}`, `{"a":"\ud83d\ude00\\ud800\"\u00e9"}`, `{"a":"\ud800"}`, `{"\udc00":1}`,
		`{"secret":"Marked_Secret"}`, `{"Secret":"a","secret":"b"}`, `{"secret":"a","secret":"b"}`, `{"secret":5,"secret":"b"}`, `{"secret":null}`, `{"x":1e999,"secret":"a"`, `{"x":{"secret":"a"}}`,
		`{"secret":"\u0061"}`, `["secret","a"]`, "\ufeff{}", `{"":{"":{"":1}},"a":[[[]]]}`, `{"a":1}{}`, "{\"a\":\"\xff\"}", `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > maxFuzzed {
			return
		}
		err := wellFormed(body)
		if want := isWellFormed(body); (err == nil) != want {
			t.Fatalf("%q is judged as: %v", body, err)
		}
		secret := secretIn(body)
		if err == nil && secret != text(members(body)["secret"]) {
			t.Fatalf("the secret in %q is taken for %q", body, secret)
		}
		if err == nil && len(body) > 1 && secretIn(body[:len(body)-1]) != secret {
			t.Fatalf("the secret in %q is lost with its end", body)
		}
	})
}

func isWellFormed(body []byte) bool {
	if !utf8.Valid(body) || !json.Valid(body) || bytes.TrimSpace(body)[0] != '{' {
		return false
	}
	for _, escape := range escapes.FindAll(body, -1) {
		if surrogate.Match(escape) {
			return false
		}
	}
	return !hasTwins(body)
}

// hasTwins takes valid JSON apart, level by level.
func hasTwins(document []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(document))
	start, err := decoder.Token()
	if err != nil {
		return false // a number too long for a float, and nothing inside
	}
	seen := map[any]bool{}
	for (start == json.Delim('{') || start == json.Delim('[')) && decoder.More() {
		if start == json.Delim('{') {
			key, err := decoder.Token()
			if err != nil || seen[key] {
				return true
			}
			seen[key] = true
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil || hasTwins(value) {
			return true
		}
	}
	return false
}
