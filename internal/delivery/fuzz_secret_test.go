package delivery

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Ways to print something, right and wrong ones. Only %p asks no type how it wants to be printed, and go vet finds that one.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% X", "%d", "%t", "%z"}

// FuzzToken looks for a token that is taken and then does not arrive as it is, and for ways to print one.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{
		markedToken, "ethical-design", "", " ", "token\n", "token\r\n", "to ken", "tok\x00en", "tokén", "\x7f", "%zz%20+&=#;", `"\`, "token\r\nHost: evil.example", strings.Repeat("x", MaxToken+1),
	} {
		f.Add(seed)
	}
	visible := regexp.MustCompile(`\A[\x21-\x7e]+\z`)
	target := &url.URL{Scheme: "https", Host: "hallo.gent", Path: "/mwf/site/Alice.gent", RawQuery: "status=201"}
	client, err := NewClient(Config{Environment: v1alpha1.EnvironmentLive})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if len(token) > 2*MaxToken {
			return
		}
		err := CheckToken(token)
		if (err == nil) != (visible.MatchString(token) && len(token) <= MaxToken) {
			t.Fatalf("CheckToken(%q): %v", token, err)
		}
		for _, form := range verbs {
			if got := fmt.Sprintf(form, Secret(token)); got != hidden {
				t.Fatalf("%s prints %q of %q", form, got, token)
			}
		}
		for _, dialect := range []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret} {
			request, rerr := client.request(t.Context(), Request{Target: target, Dialect: dialect, Token: Secret(token)})
			if (rerr == nil) != (err == nil) {
				t.Fatalf("%q as %s: %v", token, dialect, rerr)
			}
			if rerr == nil {
				checkArrival(t, request, dialect, token)
			}
		}
	})
}

// checkArrival reads a request as the receiver would.
func checkArrival(t *testing.T, request *http.Request, dialect v1alpha1.Dialect, token string) {
	t.Helper()
	var wire bytes.Buffer
	if err := request.Write(&wire); err != nil {
		t.Fatalf("%q cannot be sent as %s: %v", token, dialect, err)
	}
	seen, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("%q as %s cannot be read: %v", token, dialect, err)
	}
	header, query := "Bearer "+token, url.Values{"status": {"201"}}
	if dialect == v1alpha1.DialectQuerySecret {
		header, query = "", url.Values{"status": {"201"}, "secret": {token}}
	}
	if got := seen.Header.Get("Authorization"); got != header || seen.URL.Query().Encode() != query.Encode() || seen.Host != "hallo.gent" || len(seen.Header) > 3 {
		t.Fatalf("%q as %s arrives as %q in %q, at %s: %v", token, dialect, got, seen.URL.RawQuery, seen.Host, seen.Header)
	}
}

// FuzzWebhookKey looks for a key that is taken although another reader of Standard Webhooks would make something else of it, and for ways to print one.
func FuzzWebhookKey(f *testing.F) {
	encode := func(n int) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, n)) }
	for _, seed := range []string{
		WebhookKeyPrefix + encode(24), WebhookKeyPrefix + encode(32), WebhookKeyPrefix + encode(64), WebhookKeyPrefix + encode(23), WebhookKeyPrefix + encode(65),
		WebhookKeyPrefix + encode(24) + "\n", WebhookKeyPrefix + encode(24)[:16] + "\r\n" + encode(24)[16:], WebhookKeyPrefix + strings.TrimRight(encode(25), "="),
		WebhookKeyPrefix + strings.ReplaceAll(encode(24), "+", "-"), "WHSEC_" + encode(24), encode(24), "whpk_" + encode(24), "", WebhookKeyPrefix, WebhookKeyPrefix + WebhookKeyPrefix + encode(24),
		WebhookKeyPrefix + strings.Repeat("A", 33) + "B==", // padding that hides bits
	} {
		f.Add(seed)
	}
	problems := regexp.MustCompile(`\A(is empty|ends in a line break|does not begin with whsec_|has a line break after whsec_|is not base64, of the standard alphabet and with its padding, after whsec_|has [0-9]+ bytes, and must have 24 to 64)\z`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1024 {
			return
		}
		key, err := ParseWebhookKey(text)
		if err != nil {
			if key != nil || !problems.MatchString(err.Error()) {
				t.Fatalf("%q is refused by: %v", text, err)
			}
			return
		}
		if back := WebhookKeyPrefix + base64.StdEncoding.EncodeToString(key); back != text || len(key) < 24 || len(key) > 64 {
			t.Fatalf("%q is read as the key of %q", text, back)
		}
		for _, form := range verbs {
			if got := fmt.Sprintf(form, key); got != hidden {
				t.Fatalf("%s prints %q of %q", form, got, text)
			}
		}
		if !key.MadeFrom(string(key)) || !key.MadeFrom(base64.StdEncoding.EncodeToString(key)) || !key.MadeFrom(text) || key.MadeFrom("") {
			t.Fatalf("%q is not known to be its own token", text)
		}
		checkSignature(t, key)
	})
}

// checkSignature signs as a receiver of Standard Webhooks 1.0.0 would.
func checkSignature(t *testing.T, key WebhookKey) {
	t.Helper()
	outcome := v1alpha1.Outcome{Attempt: 2, Code: v1alpha1.OutcomeCreated, Time: metav1.NewTime(start)}
	webhook, err := NewWebhook("6f0e5b0c", "Alice.gent", outcome, []WebhookKey{key})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	webhook.sign(header, start.Add(time.Minute))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "." + string(webhook.Body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); header.Get("webhook-signature") != want {
		t.Fatalf("signed %q, want %q", header.Get("webhook-signature"), want)
	}
}
