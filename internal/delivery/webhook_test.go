package delivery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	markedKey   = "whsec_bWFya2VkLWtleS1vZi1oYWxsby0wMTIzNDU2Nzg5"     // marked-key-of-hallo-0123456789
	markedOther = "whsec_bWFya2VkLW90aGVyLWtleS1vZi1oYWxsby0wMTIzNDU2" // marked-other-key-of-hallo-0123456
)

func webhookKeys(t *testing.T, written ...string) (keys []WebhookKey) {
	t.Helper()
	for _, text := range written {
		key, err := ParseWebhookKey(text)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

func webhook(t *testing.T, code v1alpha1.OutcomeCode, written ...string) *Webhook {
	t.Helper()
	outcome := v1alpha1.Outcome{Attempt: 2, Code: code, Time: metav1.NewTime(start.In(time.FixedZone("", 7200)))}
	w, err := NewWebhook("6f1ed002-ab5e-4a8b-8c0a-4a6a9d6a1f3e", "Alice.gent", outcome, webhookKeys(t, written...))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// verify checks a request as the reference implementation of Standard Webhooks does it, which knows a key by its written form.
func verify(t *testing.T, key string, header http.Header, body []byte) error {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	return verifier.Verify(body, header)
}

// TestThePublishedTestVector signs what the reference implementations of Standard Webhooks sign in their tests.
func TestThePublishedTestVector(t *testing.T) {
	w := Webhook{
		ID:   "msg_p5jXN8AQM9LWM0D4loKWxJek",
		Body: []byte(`{"test": 2432232314}`),
		Keys: webhookKeys(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
	}
	header := http.Header{}
	w.sign(header, time.Unix(1614265330, 0))
	want := http.Header{
		"Content-Type":      {"application/json"},
		"Webhook-Id":        {"msg_p5jXN8AQM9LWM0D4loKWxJek"},
		"Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("the headers differ (-want +got):\n%s", diff)
	}
}

func TestTheBodySaysWhatTheURLSays(t *testing.T) {
	for code, want := range map[v1alpha1.OutcomeCode]string{
		201: `{"type":"site.created","timestamp":"2026-05-04T12:00:00Z","data":{"domain":"Alice.gent","status":201}}`,
		409: `{"type":"site.taken","timestamp":"2026-05-04T12:00:00Z","data":{"domain":"Alice.gent","status":409}}`,
		500: `{"type":"site.failed","timestamp":"2026-05-04T12:00:00Z","data":{"domain":"Alice.gent","status":500}}`,
	} {
		w := webhook(t, code, markedKey)
		if string(w.Body) != want || w.ID != "6f1ed002-ab5e-4a8b-8c0a-4a6a9d6a1f3e-2" {
			t.Errorf("%d is %s\n%s, want\n%s", code, w.ID, w.Body, want)
		}
	}
}

func TestAWebhookThatCannotBeIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		uid  string
		code v1alpha1.OutcomeCode
	}{
		"an outcome that there is not":         {"uid", 200},
		"no UID":                               {"", 201},
		"a UID that would break the signature": {"a.b", 201},
	} {
		t.Run(name, func(t *testing.T) {
			if w, err := NewWebhook(tc.uid, "alice.gent", v1alpha1.Outcome{Attempt: 1, Code: tc.code}, nil); err == nil {
				t.Errorf("it is %+v", w)
			}
		})
	}
}

// TestASignedCallbackIsVerifiedByTheReferenceImplementation sends over real TLS, in both dialects and with one key and two.
func TestASignedCallbackIsVerifiedByTheReferenceImplementation(t *testing.T) {
	type request struct{ Method, URI, Authorization, ID, Type, Body string }
	now := time.Now() // the verifier has no clock that could be set
	for name, tc := range map[string]struct {
		dialect       v1alpha1.Dialect
		keys          []string
		uri, bearer   string
		taken, turned []string // keys with which a receiver takes it, and turns it down
	}{
		"Bearer, one key": {
			v1alpha1.DialectBearer, []string{markedKey}, "/mwf/site/Alice.gent?status=201", "Bearer " + markedToken, []string{markedKey}, []string{markedOther},
		},
		"QuerySecret, one key": {
			v1alpha1.DialectQuerySecret, []string{markedKey},
			"/mwf/site/Alice.gent?status=201&secret=marked-secret%2Fwith%2Bcharacters%26that%3Dneed%3Fencoding", "", []string{markedKey}, []string{markedOther},
		},
		"while the key is being changed": {
			v1alpha1.DialectBearer, []string{markedKey, markedOther}, "/mwf/site/Alice.gent?status=201", "Bearer " + markedToken,
			[]string{markedKey, markedOther}, []string{"whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 24)))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var seen request
			var header http.Header
			server, bundle := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				header = r.Header.Clone()
				seen = request{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("Webhook-Id"), r.Header.Get("Content-Type"), string(body)}
			}, nil)
			client := newTestClient(t, func(c *Config) { c.Clock = clocktesting.NewFakePassiveClock(now) })
			w := webhook(t, 201, tc.keys...)
			answer := client.Send(t.Context(), Request{Target: target(t, server.URL), Dialect: tc.dialect, Token: markedToken, CABundle: bundle, Webhook: w})
			if !answer.Success() {
				t.Fatalf("answered %s", answer)
			}
			want := request{"PATCH", tc.uri, tc.bearer, w.ID, "application/json", string(w.Body)}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("the request differs (-want +got):\n%s", diff)
			}
			if got := header.Get("Webhook-Timestamp"); got != strconv.FormatInt(now.Unix(), 10) {
				t.Errorf("the timestamp is %s", got)
			}
			if got := len(strings.Split(header.Get("Webhook-Signature"), " ")); got != len(tc.keys) {
				t.Errorf("%d signatures, want %d", got, len(tc.keys))
			}
			for _, key := range tc.taken {
				if err := verify(t, key, header, []byte(seen.Body)); err != nil {
					t.Errorf("turned down: %v", err)
				}
				if verify(t, key, header, []byte(strings.Replace(seen.Body, "201", "500", 1))) == nil {
					t.Error("a body that was changed on its way is taken")
				}
			}
			for _, key := range tc.turned {
				if verify(t, key, header, []byte(seen.Body)) == nil {
					t.Error("taken with a key that did not sign")
				}
			}
		})
	}
}

func TestEachAttemptHasItsTimeAndAllHaveOneID(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(start)
	var seen []http.Header
	server, bundle := receiver(t, func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, r.Header.Clone()) }, nil)
	client := newTestClient(t, func(c *Config) { c.Clock = clock })
	for range 2 {
		client.Send(t.Context(), Request{Target: target(t, server.URL), Token: markedToken, CABundle: bundle, Webhook: webhook(t, 500, markedKey)})
		clock.SetTime(clock.Now().Add(5 * time.Minute))
	}
	if len(seen) != 2 || seen[0].Get("Webhook-Id") != seen[1].Get("Webhook-Id") {
		t.Fatalf("the IDs differ: %v", seen)
	}
	if seen[0].Get("Webhook-Timestamp") != "1777896000" || seen[1].Get("Webhook-Timestamp") != "1777896300" || seen[0].Get("Webhook-Signature") == seen[1].Get("Webhook-Signature") {
		t.Errorf("the attempts are not told apart: %v", seen)
	}
}

func TestAWebhookWithoutAKeyIsNotSent(t *testing.T) {
	port, visits := trap(t)
	w := webhook(t, 201)
	answer := newTestClient(t, nil).Send(t.Context(), Request{Target: target(t, "https://127.0.0.1:"+port), Token: markedToken, Webhook: w})
	if answer.String() != ReasonRequestInvalid || visits.Load() > 0 {
		t.Errorf("answered %s, with %d visits", answer, visits.Load())
	}
}

func TestWebhookKeysInTheirWrittenForm(t *testing.T) {
	written := func(n int) string {
		return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", n)))
	}
	for name, tc := range map[string]struct{ text, problem string }{
		"24 bytes":                       {written(24), ""},
		"64 bytes":                       {written(64), ""},
		"23 bytes":                       {written(23), "has 23 bytes, and must have 24 to 64"},
		"65 bytes":                       {written(65), "has 65 bytes, and must have 24 to 64"},
		"no bytes":                       {"whsec_", "has 0 bytes, and must have 24 to 64"},
		"nothing":                        {"", "is empty"},
		"no prefix":                      {written(24)[6:], "does not begin with whsec_"},
		"a prefix in capitals":           {"WHSEC_" + written(24)[6:], "does not begin with whsec_"},
		"a private key of the other way": {"whsk_" + written(32)[6:], "does not begin with whsec_"},
		"a line break at the end":        {written(24) + "\n", "ends in a line break"},
		"a line break inside":            {written(24)[:20] + "\n" + written(24)[20:], "has a line break after whsec_"},
		"the alphabet of URLs":           {"whsec_" + base64.URLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 32))), "is not base64, of the standard alphabet"},
		"no padding":                     {strings.TrimRight(written(25), "="), "is not base64, of the standard alphabet and with its padding"},
		"bits left over":                 {written(25)[:6+33] + "x==", "is not base64"},
		"something after it":             {written(24) + " ", "is not base64"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := ParseWebhookKey(tc.text)
			switch {
			case tc.problem == "" && (err != nil || len(key) < MinWebhookKey):
				t.Errorf("refused: %v", err)
			case tc.problem != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.problem)):
				t.Errorf("it is %v, want that it %s", err, tc.problem)
			}
		})
	}
}

func TestAWebhookKeyIsNeverMadeFromAToken(t *testing.T) {
	token := strings.Repeat("ab", 20)
	for name, tc := range map[string]struct {
		key, token string
		want       bool
	}{
		"the token itself":                {token, token, true},
		"what the token is the base64 of": {"random bytes that are a key here", base64.StdEncoding.EncodeToString([]byte("random bytes that are a key here")), true},
		"its digest in hex":               {TokenDigest(token), token, true},
		"another":                         {strings.Repeat("x", 32), token, false},
		"no token":                        {strings.Repeat("x", 32), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := WebhookKey(tc.key).MadeFrom(tc.token); got != tc.want {
				t.Errorf("it is %t, want %t", got, tc.want)
			}
		})
	}
}

func TestSecretsDoNotPrintHoweverTheyArePrinted(t *testing.T) {
	request := Request{Target: target(t, "https://hallo.gent"), Token: markedToken, Webhook: webhook(t, 201, markedKey)}
	var logged strings.Builder
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	logger.Info("x", "token", request.Token, "key", request.Webhook.Keys[0], "request", request)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "token", request.Token, "key", request.Webhook.Keys[0], "webhook", request.Webhook)
	raw, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{logged.String(), string(raw)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%c", "%U", "%b", "%z"} {
		printed = append(printed, fmt.Sprintf(verb, request.Token), fmt.Sprintf(verb, request.Webhook.Keys[0]), fmt.Sprintf(verb, request.Webhook.Keys),
			fmt.Sprintf(verb, *request.Webhook), fmt.Sprintf(verb, request))
	}
	key := string(request.Webhook.Keys[0])
	for _, text := range printed {
		for _, secret := range []string{"marked-", "bWFya2Vk", fmt.Sprintf("%x", "marked-"), fmt.Sprintf("%X", "marked-"), "109 97 114 107", "0x6d, 0x61", key} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret prints: %s", text)
			}
		}
	}
}
