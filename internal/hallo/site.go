package hallo

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// OwnerSettings introduce an owner to their site.
type OwnerSettings struct {
	Name   string `json:"name,omitempty"`
	Bio    string `json:"bio,omitempty"`
	Colour string `json:"colour,omitempty"` // #rrggbb
	// Background is a second colour, #rrggbb.
	Background string `json:"background,omitempty"`
	Language   string `json:"language,omitempty"` // nl or en
}

// SiteConfig says how a new site is reached.
type SiteConfig struct {
	// Domain is the site's, as a person may have typed it.
	Domain string
	// Trust is what its certificate is verified against; nil for the system's.
	Trust *x509.CertPool
	// Address is host:port to connect to instead of resolving the domain.
	Address string
	// Retry is for what may pass: a new route does not reach every router at
	// once, so that 404 is among it.
	Retry Retry
}

// Site is a client of one Indie Site.
type Site struct {
	config SiteConfig
	url    string
	client *http.Client
}

// NewSite makes no connection.
func NewSite(config SiteConfig) *Site {
	host := strings.ToLower(strings.TrimSuffix(config.Domain, "."))
	return &Site{config: config, url: "https://" + host + "/", client: newClient(config.Trust, config.Address)}
}

// URL is the address of the site's page.
func (s *Site) URL() string { return s.url }

// OwnerURL is where the owner goes to take the site over. The code is in its
// fragment, which no browser sends anywhere: for the owner's eyes alone.
func (s *Site) OwnerURL(code string) string {
	return s.url + "#code=" + strings.ReplaceAll(url.QueryEscape(code), "+", "%20")
}

// alreadyOwned ends the type of the problem that an owned site answers with.
const alreadyOwned = "/already-owned"

// Introduce posts the owner settings with the sign-up code. ErrAlreadyOwned is
// the site's answer once it has its owner.
func (s *Site) Introduce(ctx context.Context, code string, settings OwnerSettings) error {
	body, err := json.Marshal(map[string]any{"secretSignUpCode": code, "settings": settings})
	if err != nil {
		return fmt.Errorf("encode owner settings: %w", err)
	}
	_, err = s.ask(ctx, http.MethodPost, "owner-settings", body, code)
	if refused, ok := errors.AsType[*StatusError](err); ok && refused.Status == http.StatusForbidden && strings.HasSuffix("/"+refused.Type, alreadyOwned) {
		err = ErrAlreadyOwned
	}
	if err != nil {
		return fmt.Errorf("post owner settings to %s: %w", s.url, err)
	}
	return nil
}

// Shows fetches the page and returns an error unless it answers 200 and shows
// the text.
func (s *Site) Shows(ctx context.Context, text string) error {
	page, err := s.ask(ctx, http.MethodGet, "", nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.url, err)
	}
	if !strings.Contains(html.UnescapeString(string(page)), text) {
		return errors.New(s.url + " answers, but does not show the owner's name")
	}
	return nil
}

func (s *Site) ask(ctx context.Context, method, path string, body []byte, secrets ...string) ([]byte, error) {
	var page []byte
	err := s.config.Retry.do(ctx, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
		if err != nil {
			return fmt.Errorf("make request: %w", err)
		}
		if body != nil {
			request.Header.Set("Content-Type", "application/json")
		}
		got, err := send(s.client, request)
		if err != nil {
			return err
		}
		if got.status == http.StatusOK || method == http.MethodPost && got.status/100 == 2 {
			page = got.body
			return nil
		}
		refused := &StatusError{Status: got.status, Type: problemType(got.body), Problem: problemText(got.body, secrets...)}
		if got.status == http.StatusNotFound || got.status == http.StatusTooManyRequests || got.status >= 500 {
			return &temporaryError{err: refused, after: retryAfter(got.header, s.config.Retry.Clock.Now())}
		}
		return refused
	})
	return page, err
}
