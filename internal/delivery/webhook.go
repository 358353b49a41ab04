package delivery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// The headers of Standard Webhooks 1.0.0.
const (
	headerWebhookID        = "webhook-id"
	headerWebhookTimestamp = "webhook-timestamp"
	headerWebhookSignature = "webhook-signature"
)

const (
	// WebhookKeyPrefix begins every webhook key in its written form.
	WebhookKeyPrefix = "whsec_"
	// MinWebhookKey is how many bytes a webhook key has at least.
	MinWebhookKey = 24
	// MaxWebhookKey is how many bytes a webhook key has at most.
	MaxWebhookKey = 64
)

// Webhook makes a callback a Standard Webhook 1.0.0: what it says stands in its body too, and the body is signed.
type Webhook struct {
	// ID is the same in all attempts to tell of one outcome. It has no full stop, which separates the parts of what is signed.
	ID string
	// Body is sent, and signed, as it is here.
	Body []byte
	// Keys that sign; more than one while a key is being changed.
	Keys []WebhookKey
}

// Format prints the ID only: fmt does not ask the keys how they want to be printed when it meets them behind a pointer, with a verb that this has not.
func (w Webhook) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "webhook "+w.ID) }

// message is the body of a signed callback.
type message struct {
	Type      string      `json:"type"`
	Timestamp string      `json:"timestamp"`
	Data      messageData `json:"data"`
}

type messageData struct {
	Domain string               `json:"domain"`
	Status v1alpha1.OutcomeCode `json:"status"`
}

// messageTypes are the event types, by outcome.
var messageTypes = map[v1alpha1.OutcomeCode]string{
	v1alpha1.OutcomeCreated: "site.created",
	v1alpha1.OutcomeTaken:   "site.taken",
	v1alpha1.OutcomeFailed:  "site.failed",
}

// NewWebhook returns the webhook that tells of an outcome, in the words of the order: the acceptance, which is the site's UID and the attempt, is its ID.
func NewWebhook(uid, domainAsSent string, outcome v1alpha1.Outcome, keys []WebhookKey) (*Webhook, error) {
	kind, ok := messageTypes[outcome.Code]
	if !ok {
		return nil, fmt.Errorf("there is no webhook for the outcome %d", outcome.Code)
	}
	if uid == "" || strings.Contains(uid, ".") {
		return nil, errors.New("a webhook's ID needs a UID without full stops")
	}
	body, err := json.Marshal(message{
		Type:      kind,
		Timestamp: outcome.Time.UTC().Format(time.RFC3339),
		Data:      messageData{Domain: domainAsSent, Status: outcome.Code},
	})
	if err != nil {
		return nil, fmt.Errorf("build a webhook's body: %w", err)
	}
	return &Webhook{ID: fmt.Sprintf("%s-%d", uid, outcome.Attempt), Body: body, Keys: keys}, nil
}

// sign puts the webhook's headers on a request: the time is that of the attempt.
func (w *Webhook) sign(header http.Header, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	signatures := make([]string, 0, len(w.Keys))
	for _, key := range w.Keys {
		mac := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(mac, "%s.%s.%s", w.ID, timestamp, w.Body) // a hash takes everything
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	header.Set("Content-Type", "application/json")
	header.Set(headerWebhookID, w.ID)
	header.Set(headerWebhookTimestamp, timestamp)
	header.Set(headerWebhookSignature, strings.Join(signatures, " "))
}

// WebhookKey signs callbacks. It prints as nothing, however it is printed.
type WebhookKey []byte

// Format hides the key, also from verbs that are none.
func (WebhookKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the key.
func (WebhookKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// ParseWebhookKey reads a key in its written form: whsec_ and the base64, with its padding, of 24 to 64 bytes. The error is a clause that goes on from the
// key's name, and never repeats any part of it.
func ParseWebhookKey(text string) (WebhookKey, error) {
	encoded, ok := strings.CutPrefix(text, WebhookKeyPrefix)
	switch {
	case text == "":
		return nil, errors.New("is empty")
	case strings.HasSuffix(text, "\n"):
		return nil, errors.New("ends in a line break")
	case !ok:
		return nil, errors.New("does not begin with " + WebhookKeyPrefix)
	case strings.ContainsAny(encoded, "\r\n"): // which the decoder skips
		return nil, errors.New("has a line break after " + WebhookKeyPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, errors.New("is not base64, of the standard alphabet and with its padding, after " + WebhookKeyPrefix)
	}
	if len(key) < MinWebhookKey || len(key) > MaxWebhookKey {
		return nil, fmt.Errorf("has %d bytes, and must have %d to %d", len(key), MinWebhookKey, MaxWebhookKey)
	}
	return key, nil
}

// MadeFrom says whether the key is a token, also in its written form, or a token's SHA-256: who is shown the token could then sign.
func (w WebhookKey) MadeFrom(token string) bool {
	if token == "" {
		return false
	}
	sum := sha256.Sum256([]byte(token))
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(token, WebhookKeyPrefix))
	return string(w) == token || err == nil && slices.Equal(w, decoded) ||
		slices.Equal(w, sum[:]) || string(w) == TokenDigest(token)
}
