package callback

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var (
	webhookKey = "whsec_" + base64.StdEncoding.EncodeToString([]byte("marked-webhook-key-of-hallo"))
	nextKey    = "whsec_" + base64.StdEncoding.EncodeToString([]byte("marked-next-webhook-key-of-hallo"))
)

// keyed is hallo's Secret with webhook keys, name and value in turn.
func keyed(data ...string) *corev1.Secret {
	s := tokenSecret("hallo", markedToken)
	for i := 0; i < len(data); i += 2 {
		s.Data[data[i]] = []byte(data[i+1])
	}
	return s
}

func (w *world) setSecret(s *corev1.Secret) {
	w.Helper()
	if err := w.client.Update(w.Context(), s); err != nil {
		w.Fatal(err)
	}
}

func (w *world) sign() {
	w.Helper()
	w.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Spec.Callback.Signature = v1alpha1.SignatureStandardWebhooks })
}

// signedBy says whether the reference implementation of Standard Webhooks takes a call with a key.
func signedBy(t *testing.T, call seen, key string) bool {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	return verifier.VerifyIgnoringTimestamp([]byte(call.Body), call.Header) == nil
}

func timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// TestASignedCallbackKeepsTheContract looks at signed calls over real TLS, through failures, restarts, a send-again, a changed key and a new order.
func TestASignedCallbackKeepsTheContract(t *testing.T) {
	for dialect, tc := range map[v1alpha1.Dialect]struct{ authorization, query string }{
		v1alpha1.DialectBearer:      {"Bearer " + markedToken, ""},
		v1alpha1.DialectQuerySecret: {"", "&secret=" + markedToken},
	} {
		t.Run(string(dialect), func(t *testing.T) {
			receiver := newWire(t, 503, 500)
			w := receiver.over(t, dialect, stalled(v1alpha1.ReasonSetupDeadlineExceeded))
			sender := w.reconciler.Sender
			restart := func() { w.restart(); w.reconciler.Sender = sender }
			w.setSecret(keyed("webhook-key", webhookKey))
			w.sign()
			want := func(n int, attempt, status, kind string, keys ...string) {
				t.Helper()
				if len(receiver.seen) != n {
					t.Fatalf("called %d times, want %d", len(receiver.seen), n)
				}
				call := receiver.seen[n-1]
				body := `{"type":"` + kind + `","timestamp":"2026-05-04T12:00:00Z","data":{"domain":"Alice.gent","status":` + status + `}}`
				if call.Method != http.MethodPatch || call.URI != "/mwf/site/Alice.gent?status="+status+tc.query || call.Authorization != tc.authorization {
					t.Errorf("the contract is broken: %s %s, %s", call.Method, call.URI, call.Authorization)
				}
				if call.Header.Get("Webhook-Id") != "uid-of-alice-"+attempt || call.Header.Get("Content-Type") != "application/json" || call.Body != body {
					t.Errorf("the webhook is %v\n%s, want the body\n%s", call.Header, call.Body, body)
				}
				if at := call.Header.Get("Webhook-Timestamp"); at != timestamp(w.clock.Now()) {
					t.Errorf("it is dated %s", at)
				}
				if got := len(strings.Fields(call.Header.Get("Webhook-Signature"))); got != len(keys) {
					t.Errorf("%d signatures, want %d", got, len(keys))
				}
				for _, key := range keys {
					if !signedBy(t, call, key) {
						t.Error("the signature does not verify")
					}
				}
			}
			after := w.settle()
			want(1, "1", "500", "site.failed", webhookKey)

			w.setSecret(keyed("webhook-key", nextKey, "previous-webhook-key", webhookKey)) // taken without a restart
			w.clock.SetTime(w.clock.Now().Add(after))
			after = w.settle()
			want(2, "1", "500", "site.failed", nextKey, webhookKey)

			w.setSecret(keyed("webhook-key", nextKey))
			w.clock.SetTime(w.clock.Now().Add(after))
			restart()
			w.settle()
			want(3, "1", "500", "site.failed", nextKey)
			if signedBy(t, receiver.seen[2], webhookKey) {
				t.Error("the old key signs although it is gone")
			}
			w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)

			w.change(again("please"))
			w.settle()
			want(4, "1", "500", "site.failed", nextKey)

			w.clock.SetTime(start)
			w.orderAgainAndSucceed()
			w.settle()
			want(5, "2", "201", "site.created", nextKey)
			w.wantNoSecrets()
		})
	}
}

func TestWithoutASignatureTheBodyStaysEmpty(t *testing.T) {
	receiver := newWire(t)
	w := receiver.over(t, v1alpha1.DialectBearer, ready)
	w.setSecret(keyed("webhook-key", webhookKey)) // lies ready, and nobody asks for it
	w.settle()
	if len(receiver.seen) != 1 || receiver.seen[0].Body != "" {
		t.Fatalf("the receiver saw %v", receiver.seen)
	}
	for name := range receiver.seen[0].Header {
		if strings.HasPrefix(name, "Webhook-") || name == "Content-Type" {
			t.Errorf("the header %s came along", name)
		}
	}
}

// TestNothingGoesOutUnsignedWhereASignatureIsAskedFor has an Onboarder that is Ready, as nobody has judged yet what was just changed.
func TestNothingGoesOutUnsignedWhereASignatureIsAskedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		secret    *corev1.Secret
		signature v1alpha1.CallbackSignature
	}{
		"no key":                       {keyed(), v1alpha1.SignatureStandardWebhooks},
		"only the previous key":        {keyed("previous-webhook-key", webhookKey), v1alpha1.SignatureStandardWebhooks},
		"an empty key":                 {keyed("webhook-key", ""), v1alpha1.SignatureStandardWebhooks},
		"a key that is none":           {keyed("webhook-key", "marked-nonsense"), v1alpha1.SignatureStandardWebhooks},
		"a previous key that is none":  {keyed("webhook-key", webhookKey, "previous-webhook-key", "marked-nonsense"), v1alpha1.SignatureStandardWebhooks},
		"a signature of a later world": {keyed("webhook-key", webhookKey), "Quantum"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.secret, site(ready))
			w.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Spec.Callback.Signature = tc.signature })
			if after := w.settle(); after != statusPause {
				t.Errorf("it is looked at again after %s, want %s", after, statusPause)
			}
			w.wantCalls(0)
			if d := w.site().Status.Delivery; d.Attempts != 0 {
				t.Errorf("what did not go out was counted: %+v", d)
			}
			w.wantNoSecrets()

			w.setSecret(keyed("webhook-key", webhookKey))
			w.sign()
			w.settle()
			w.wantCalls(1)
			if hook := w.receiver.calls[0].Webhook; hook == nil || len(hook.Keys) != 1 || hook.ID != "uid-of-alice-1" {
				t.Errorf("the call was %v", hook)
			}
		})
	}
}

func TestTheSameKeyTwiceSignsOnce(t *testing.T) {
	w := newWorld(t, keyed("webhook-key", webhookKey, "previous-webhook-key", webhookKey), site(ready))
	w.sign()
	w.settle()
	w.wantCalls(1)
	if keys := w.receiver.calls[0].Webhook.Keys; len(keys) != 1 {
		t.Errorf("%d keys sign", len(keys))
	}
}

func TestEachOutcomeHasItsEventType(t *testing.T) {
	for kind, ending := range map[string]edit{
		"site.created": ready, "site.taken": stalled(v1alpha1.ReasonDomainTaken), "site.failed": stalled(v1alpha1.ReasonRegistrationRefused),
	} {
		w := newWorld(t, keyed("webhook-key", webhookKey), site(ending))
		w.sign()
		w.settle()
		w.wantCalls(1)
		if call := w.receiver.calls[0]; !strings.HasPrefix(string(call.Webhook.Body), `{"type":"`+kind+`"`) || !strings.Contains(call.Target.RawQuery, "status=") {
			t.Errorf("%s: %s with %s", kind, call.Webhook.Body, call.Target.RawQuery)
		}
		w.wantNoSecrets()
	}
}
