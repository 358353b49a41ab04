package hallo

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// How a claim can end other than well.
var (
	// ErrNotAvailable says that the name cannot be had: the check said so, or
	// the order or its callback was answered 409.
	ErrNotAvailable = errors.New("the name is not available")
	// ErrRefused says that the factory found fault with the order itself, at the
	// first try: no site comes of it.
	ErrRefused = errors.New("the factory refused the order")
	// ErrFactoryFailed says that the callback told 500: the factory took the
	// order and failed for good.
	ErrFactoryFailed = errors.New("the factory could not set up the site")
	// ErrAlreadyOwned says that the site has its owner, who alone may change its
	// settings now. An onboarder is done then.
	ErrAlreadyOwned = errors.New("the site has its owner already")
	// ErrTimeout says that the claim took longer than it may.
	ErrTimeout = errors.New("it took longer than it may")
)

// Exit codes of the hallo command.
const (
	ExitDone         = 0
	ExitFailed       = 1
	ExitUsage        = 2
	ExitNotAvailable = 3
	ExitTimeout      = 4
)

// ExitCode is the exit code for the end of a claim.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrNotAvailable):
		return ExitNotAvailable
	case errors.Is(err, ErrTimeout):
		return ExitTimeout
	}
	return ExitFailed
}

// StatusError is an answer other than the one that was hoped for.
type StatusError struct {
	// Status is the HTTP status code.
	Status int
	// Type is that of a problem document (RFC 9457); empty if there was none.
	Type string
	// Problem is the title and detail of a problem document (RFC 9457),
	// without secrets and unprintable characters; empty if there was none.
	Problem string
}

// Error gives the status and, where there is one, the problem.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Problem != "" {
		text += " (" + e.Problem + ")"
	}
	return text
}

// problemType reads the type off a problem document.
func problemType(body []byte) string {
	var problem struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(body, &problem) != nil {
		return ""
	}
	return scrub(problem.Type)
}

// problemText reads title and detail off a problem document. What a stranger
// wrote is shown to a person on a terminal, so that control characters and any
// of the given secrets are taken out and the rest is cut short.
func problemText(body []byte, secrets ...string) string {
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(body, &problem) != nil {
		return ""
	}
	text := problem.Title
	if problem.Detail != "" {
		text = strings.TrimPrefix(text+": "+problem.Detail, ": ")
	}
	return scrub(text, secrets...)
}

// scrub makes a stranger's text fit to be printed. Secrets are looked for in what is printed, or one with a space would pass with a tab in its place.
func scrub(text string, secrets ...string) string {
	const longest = 300 // characters
	text = printable(text)
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, printable(secret), "(secret)")
		}
	}
	clean := []rune(text)
	if len(clean) > longest {
		clean = append(clean[:longest], '…')
	}
	return string(clean)
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// withoutURL takes the URL out of an HTTP client's error: in the older dialect
// it carries the token.
func withoutURL(err error) error {
	if urlError, ok := errors.AsType[*url.Error](err); ok {
		return urlError.Err
	}
	return err
}

// connectionError classifies what kept an HTTP answer away. A certificate that
// does not verify will not do so at the next try either.
func connectionError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return withoutURL(err)
	}
	return &temporaryError{err: withoutURL(err)}
}
