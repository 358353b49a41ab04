package hallo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzSignature compares what is believed for its signature with what Standard Webhooks 1.0.0 has: the signature is over the ID, the time and the body as they came,
// the time is about now, and the body says what the URL says.
func FuzzSignature(f *testing.F) {
	const at, body = "1795341600", `{"type":"site.created","timestamp":"2026-11-22T10:00:00Z","data":{"domain":"Alice.gent","status":201}}`
	for _, seed := range []struct{ id, timestamp, signature, body string }{
		{"6f0e5b0c-1", at, "", body}, {"6f0e5b0c-1", at, "v1a,xyz v2,abc", body}, {"", at, "", body}, {"a.b", at, "", body}, {"6f0e5b0c-1", "1795341900", "", body}, {"6f0e5b0c-1", "1795341901", "", body},
		{"6f0e5b0c-1", "9223372036854775807", "", body}, {"6f0e5b0c-1", "-1795341600", "", body}, {"6f0e5b0c-1", "+1795341600", "", body}, {"6f0e5b0c-1", at + ".0", "", body},
		{"6f0e5b0c-1", at, "", strings.Replace(body, "201", "409", 1)}, {"6f0e5b0c-1", at, "", body + body}, {"6f0e5b0c-1", at, "", `{"data":null}`}, {"6f0e5b0c-1", at, "v1,", ""},
	} {
		f.Add(seed.id, seed.timestamp, seed.signature, []byte(seed.body), true)
		f.Add(seed.id, seed.timestamp, seed.signature, []byte(seed.body), false)
	}
	key := []byte(strings.Repeat("k", 32))
	s, err := newSignature("whsec_" + base64.StdEncoding.EncodeToString(key))
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1795341600, 0)
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte, signed bool) {
		if len(id)+len(timestamp)+len(signature)+len(body) > maxFuzzed {
			return
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		right := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		if signed {
			signature = strings.TrimSpace(signature + " " + right)
		}
		header := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		seconds, err := strconv.ParseInt(timestamp, 10, 64)
		inTime := err == nil && strconv.FormatInt(seconds, 10) == timestamp && seconds >= now.Unix()-300 && seconds <= now.Unix()+300
		var told struct {
			Data struct {
				Domain string
				Status int
			}
		}
		fits := json.Unmarshal(body, &told) == nil && told.Data.Domain == "Alice.gent" && told.Data.Status == 201
		want := id != "" && inTime && fits && slices.Contains(strings.Split(signature, " "), right)
		if got := s.check(header, now, "Alice.gent", 201, body); (got == nil) != want {
			t.Fatalf("%q with %q: %v, want %t", header, body, got, want)
		}
	})
}
