package hallo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	kjson "sigs.k8s.io/json"
)

// ErrNoProgress says that the factory does not tell how far a site is: the
// contract does not ask it to.
var ErrNoProgress = errors.New("the factory does not tell how far a site is")

// Progress is how far a site is.
type Progress struct {
	// Reached has the types of the conditions that hold, such as
	// DomainRegistered.
	Reached []string
}

// The conditions that a person hears of, in their usual order.
const (
	DomainRegistered  = "DomainRegistered"
	SiteAvailable     = "SiteAvailable"
	DNSPublished      = "DNSPublished"
	CertificateIssued = "CertificateIssued"
	Reachable         = "Reachable"
)

// Progress asks once how far a site of this onboarder is. Factories of this
// project tell; ErrNoProgress is the answer of one that does not.
func (f *Factory) Progress(ctx context.Context, domain string) (Progress, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/v1/site/"+url.PathEscape(domain), nil)
	if err != nil {
		return Progress{}, fmt.Errorf("make request: %w", err)
	}
	f.config.Dialect.authenticate(request, f.config.Token)
	got, err := send(f.client, request)
	switch {
	case err != nil:
		return Progress{}, fmt.Errorf("ask how far %s is: %w", domain, err)
	case got.status == http.StatusTooManyRequests || got.status >= 500:
		return Progress{}, fmt.Errorf("ask how far %s is: %w", domain, f.refusal(got))
	case got.status != http.StatusOK:
		return Progress{}, fmt.Errorf("ask how far %s is: %w", domain, ErrNoProgress)
	}
	return parseProgress(got.body)
}

func parseProgress(body []byte) (Progress, error) {
	var document struct {
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
			Reason string `json:"reason"`
		} `json:"conditions"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(body, &document); err != nil {
		return Progress{}, ErrNoProgress
	}
	var progress Progress
	for _, c := range document.Conditions {
		if c.Status == "True" && c.Reason != "NotRequested" {
			progress.Reached = append(progress.Reached, c.Type)
		}
	}
	return progress, nil
}
