package hallo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// signatureTolerance is how far the time of a signed call may be off, as
// Standard Webhooks' own libraries have it.
const signatureTolerance = 5 * time.Minute

// signature checks calls that are signed as Standard Webhooks 1.0.0 has it.
type signature struct{ webhook *standardwebhooks.Webhook }

// newSignature takes a key in its written form, whsec_ and base64. Its error
// does not repeat any part of it.
func newSignature(key string) (*signature, error) {
	encoded, ok := strings.CutPrefix(key, "whsec_")
	webhook, err := standardwebhooks.NewWebhook(encoded)
	if !ok || err != nil {
		return nil, errors.New("the webhook key must be whsec_ and base64")
	}
	return &signature{webhook}, nil
}

// check returns why a call is not to be believed; nil if it is signed, of about
// now, and its body says what its URL says.
func (s *signature) check(header http.Header, now time.Time, domain string, outcome int, body []byte) error {
	seconds, err := strconv.ParseInt(header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return errors.New("without a webhook-timestamp in seconds")
	}
	if off := now.Sub(time.Unix(seconds, 0)).Abs(); off > signatureTolerance {
		return fmt.Errorf("with a webhook-timestamp that is %s off", off.Round(time.Second))
	}
	if s.webhook.VerifyIgnoringTimestamp(body, header) != nil {
		return errors.New("without a webhook-signature that fits")
	}
	var told struct {
		Data struct {
			Domain string `json:"domain"`
			Status int    `json:"status"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &told); err != nil || told.Data.Domain != domain || told.Data.Status != outcome {
		return errors.New("with a body that says something else than its URL")
	}
	return nil
}
