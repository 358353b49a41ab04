package hallo_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/hallo"
)

const (
	keyBytes    = "a key of twenty-four bytes"
	signedBody  = `{"type":"site.created","timestamp":"2026-05-04T12:00:00Z","data":{"domain":"Alice.gent","status":201}}`
	signedID    = "6f1ed002-1"
	otherSigned = `{"type":"site.failed","timestamp":"2026-05-04T12:00:00Z","data":{"domain":"Alice.gent","status":500}}`
)

var signedAt = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// signatureOf signs by hand.
func signatureOf(key, id string, at time.Time, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestOnlyASignedCallIsTakenWhereAKeyIsGiven(t *testing.T) {
	good := signatureOf(keyBytes, signedID, signedAt, signedBody)
	for name, c := range map[string]struct {
		id, signature, body string
		at                  time.Time
		want                int
		reason              string
	}{
		"signed":                           {signedID, good, signedBody, signedAt, 200, ""},
		"signed by another key too":        {signedID, signatureOf("another key", signedID, signedAt, signedBody) + " " + good, signedBody, signedAt, 200, ""},
		"signed by another key":            {signedID, signatureOf("another key", signedID, signedAt, signedBody), signedBody, signedAt, 401, "webhook-signature"},
		"not signed":                       {"", "", "", time.Time{}, 401, "webhook-timestamp"},
		"without an ID":                    {"", good, signedBody, signedAt, 401, "webhook-signature"},
		"with a changed body":              {signedID, good, otherSigned, signedAt, 401, "webhook-signature"},
		"with another's ID":                {"another", good, signedBody, signedAt, 401, "webhook-signature"},
		"with another time":                {signedID, good, signedBody, signedAt.Add(time.Second), 401, "webhook-signature"},
		"played again six minutes later":   {signedID, signatureOf(keyBytes, signedID, signedAt.Add(-6*time.Minute), signedBody), signedBody, signedAt.Add(-6 * time.Minute), 401, "6m0s off"},
		"of six minutes ahead":             {signedID, signatureOf(keyBytes, signedID, signedAt.Add(6*time.Minute), signedBody), signedBody, signedAt.Add(6 * time.Minute), 401, "6m0s off"},
		"of four minutes ago":              {signedID, signatureOf(keyBytes, signedID, signedAt.Add(-4*time.Minute), signedBody), signedBody, signedAt.Add(-4 * time.Minute), 200, ""},
		"with the body of another outcome": {signedID, signatureOf(keyBytes, signedID, signedAt, otherSigned), otherSigned, signedAt, 401, "something else than its URL"},
		"with a body that is no JSON":      {signedID, signatureOf(keyBytes, signedID, signedAt, "201"), "201", signedAt, 401, "something else than its URL"},
	} {
		t.Run(name, func(t *testing.T) {
			receiver := newReceiver(t, hallo.ReceiverConfig{
				WebhookKey: "whsec_" + base64.StdEncoding.EncodeToString([]byte(keyBytes)), Clock: clocktesting.NewFakePassiveClock(signedAt),
			})
			told := receiver.Expect("Alice.gent")
			r := httptest.NewRequest(http.MethodPatch, "https://hallo.test/mwf/site/Alice.gent?status=201", strings.NewReader(c.body))
			r.Header.Set("Authorization", "Bearer "+token)
			if !c.at.IsZero() {
				r.Header.Set("Webhook-Id", c.id)
				r.Header.Set("Webhook-Timestamp", strconv.FormatInt(c.at.Unix(), 10))
				r.Header.Set("Webhook-Signature", c.signature)
			}
			w := httptest.NewRecorder()
			receiver.ServeHTTP(w, r)
			if w.Code != c.want || (len(told) == 1) != (c.want == 200) || !strings.Contains(receiver.Calls()[0].Reason, c.reason) {
				t.Errorf("answered %d, told %d outcomes, %q; want %d, %q", w.Code, len(told), receiver.Calls()[0].Reason, c.want, c.reason)
			}
		})
	}
}

func TestAWebhookKeyThatIsNoneIsRefusedAndNotRepeated(t *testing.T) {
	for _, key := range []string{"marked-key", "whsec_marked!key", base64.StdEncoding.EncodeToString([]byte(keyBytes))} {
		_, err := hallo.NewReceiver(hallo.ReceiverConfig{Callback: "https://hallo.test/mwf", Token: token, WebhookKey: key})
		if err == nil || strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "whsec_ and base64") {
			t.Errorf("%v", err)
		}
	}
}
