package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

// Config says which factory is checked, as whom, and how far a check may go.
type Config struct {
	// URL is the factory's, https.
	URL string
	// Trust is what its certificate is verified against; nil for the system's.
	Trust *x509.CertPool
	// Token is an onboarder's, and OtherToken, if given, another one's.
	Token, OtherToken string
	// Dialects to speak, whether or not the factory lets the token in in them. None stands for those in which it does; the token is put into a URL
	// only where the factory was seen to take it as the older one's.
	Dialects []hallo.Dialect

	// Callback is the prefix that the factory allows the onboarder, whole. Without one, fewer checks can be made.
	Callback string
	// CallbackToken is what callbacks carry, if it is not Token: it is never shown.
	CallbackToken string
	// Inbox is served at Callback. Orders need it.
	Inbox *Inbox
	// WebhookKey, if given, is what callbacks are signed with: whsec_ and base64.
	WebhookKey string

	// Orders allows to order sites: on a test factory by its test names, on any other only with a NamePattern. What does not answer the fixed names
	// of a test factory is none.
	Orders bool
	// TestFactory says that the factory is one, so that it is broken if it does not answer those names. It is no leave to order where it does not.
	TestFactory bool
	// NamePattern, such as verify-*.example, makes names to order: random letters and digits take the place of the asterisk. They may cost money.
	NamePattern string
	// Exhaust allows to fail to authenticate until the factory refuses to listen, which may keep others at this address out for a while.
	Exhaust bool
	// Only are the checks to make; all if empty.
	Only Selection

	// Timeout is how long a check may take, besides waiting for callbacks; two minutes if zero.
	Timeout time.Duration
	// Patience is how long a callback is waited for after the last sign of life: the order, or a callback about any other one. At most three times
	// that; three minutes if zero.
	Patience time.Duration
	// Quiet is how long it must be quiet after a callback was answered 200; eight seconds if zero.
	Quiet time.Duration
	// Random is where names and codes come from.
	Random io.Reader
}

// Check says what is wrong with a Config, as far as that can be known before anybody listens.
func (c Config) Check() error {
	base, err := url.Parse(c.URL)
	switch {
	case err != nil || base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return errors.New("the factory must be an https URL without user, query and fragment")
	case c.Token == "":
		return errors.New("the token is missing")
	case c.OtherToken == c.Token:
		return errors.New("the other onboarder's token must be another one")
	case c.Random == nil:
		return errors.New("the randomness is missing")
	case c.TestFactory && c.NamePattern != "":
		return errors.New("a test factory has names of its own to order: give it no name pattern")
	}
	return checkPattern(c.NamePattern)
}

func (c Config) complete() (Config, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	if c.Orders && (c.Inbox == nil || c.Callback == "") {
		return c, errors.New("to order, a callback and somebody who listens there are needed")
	}
	c.URL = strings.TrimRight(c.URL, "/")
	c.Callback = strings.TrimRight(c.Callback, "/")
	c.Timeout, c.Patience, c.Quiet = orElse(c.Timeout, 2*time.Minute), orElse(c.Patience, 3*time.Minute), orElse(c.Quiet, 8*time.Second)
	return c, nil
}

func orElse(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

// checkPattern wants the asterisk in the first label, with a suffix behind it.
func checkPattern(pattern string) error {
	label, suffix, found := strings.Cut(pattern, ".")
	if pattern != "" && (!found || suffix == "" || strings.Count(label, "*") != 1 || strings.Contains(suffix, "*")) {
		return fmt.Errorf("a name pattern has one asterisk, before its first dot, as in verify-*.example")
	}
	return nil
}
