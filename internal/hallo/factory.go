package hallo

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	kjson "sigs.k8s.io/json"
)

// FactoryConfig says where a factory is and how to be known there.
type FactoryConfig struct {
	// URL is the factory's address, https.
	URL string
	// Trust is what its certificate is verified against; nil for the system's.
	Trust *x509.CertPool
	// Token is this onboarder's.
	Token string
	// Dialect is the one to speak; Bearer if empty.
	Dialect Dialect
	// Retry is for what may pass: a lost answer, 429, 500, 502, 503, 504.
	Retry Retry
}

// Factory is a client of one factory's HTTP API.
type Factory struct {
	config FactoryConfig
	base   string // without a slash at its end
	client *http.Client
}

// NewFactory checks the configuration; it makes no connection.
func NewFactory(config FactoryConfig) (*Factory, error) {
	base, err := httpsURL(config.URL)
	if err != nil {
		return nil, fmt.Errorf("factory: %w", err)
	}
	if config.Token == "" {
		return nil, errors.New("factory: the token is missing")
	}
	if config.Dialect == "" {
		config.Dialect = Bearer
	}
	return &Factory{config: config, base: strings.TrimSuffix(base.String(), "/"), client: newClient(config.Trust, "")}, nil
}

// Dialect is the one that is spoken.
func (f *Factory) Dialect() Dialect { return f.config.Dialect }

// Available asks whether a new order for the domain would be accepted.
func (f *Factory) Available(ctx context.Context, domain string) (bool, error) {
	var available bool
	err := f.config.Retry.do(ctx, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/v1/domain/"+url.PathEscape(domain), nil)
		if err != nil {
			return fmt.Errorf("make request: %w", err)
		}
		f.config.Dialect.authenticate(request, f.config.Token)
		got, err := send(f.client, request)
		if err != nil {
			return err
		}
		if got.status != http.StatusOK {
			return f.refusal(got)
		}
		available, err = parseAvailable(got.body)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ask for %s: %w", domain, err)
	}
	return available, nil
}

// parseAvailable takes the contract's answer: the key in this case, and once.
func parseAvailable(body []byte) (bool, error) {
	var document struct {
		Available *bool `json:"available"`
	}
	twice, err := kjson.UnmarshalStrict(body, &document, kjson.DisallowDuplicateFields)
	if err != nil || len(twice) > 0 || document.Available == nil {
		return false, errors.New(`answered 200 with something else than {"available": true} or {"available": false}`)
	}
	return *document.Available, nil
}

// Order orders a site. A lost answer is asked for again with the very same
// body, which a factory knows as the same order. ErrNotAvailable is its 409,
// ErrRefused its 400, 401 or other fault found at once.
func (f *Factory) Order(ctx context.Context, order Order) error {
	body, err := f.config.Dialect.body(order, f.config.Token)
	if err != nil {
		return fmt.Errorf("encode order: %w", err)
	}
	tries := 0
	err = f.config.Retry.do(ctx, func(ctx context.Context) error {
		tries++
		got, err := f.post(ctx, body)
		if err != nil || got.status == http.StatusCreated {
			return err
		}
		refusal := f.refusal(got, order.Code)
		if got.status == http.StatusConflict {
			return fmt.Errorf("%w: %w", ErrNotAvailable, refusal)
		}
		if _, temporary := errors.AsType[*temporaryError](refusal); !temporary && tries == 1 {
			return fmt.Errorf("%w: %w", ErrRefused, refusal)
		}
		return refusal
	})
	if err != nil {
		return fmt.Errorf("order %s: %w", order.Domain, err)
	}
	return nil
}

func (f *Factory) post(ctx context.Context, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.base+"/v1/site", bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if f.config.Dialect == Bearer { // the older dialect has it in the body
		f.config.Dialect.authenticate(request, f.config.Token)
	}
	return send(f.client, request)
}

// refusal is the error for an answer; the statuses that may pass are marked.
func (f *Factory) refusal(got answer, secrets ...string) error {
	err := &StatusError{Status: got.status, Type: problemType(got.body), Problem: problemText(got.body, append(secrets, f.config.Token)...)}
	switch got.status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &temporaryError{err: err, after: retryAfter(got.header, f.config.Retry.Clock.Now())}
	}
	return err
}
