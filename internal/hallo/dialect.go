package hallo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Dialect is the way an onboarder and a factory authenticate to each other;
// the callback comes back in the dialect that the order went out in.
type Dialect string

const (
	// Bearer sends "Authorization: Bearer <token>" both ways. It is the
	// current dialect.
	Bearer Dialect = "bearer"
	// QuerySecret is the older dialect: the token is a query parameter or a
	// member of the body, called "secret".
	QuerySecret Dialect = "query-secret"
)

// ParseDialect takes "bearer" or "query-secret".
func ParseDialect(text string) (Dialect, error) {
	switch d := Dialect(text); d {
	case Bearer, QuerySecret:
		return d, nil
	}
	return "", fmt.Errorf("unknown dialect %q: give %q or %q", text, Bearer, QuerySecret)
}

// authenticate puts the token where the dialect wants it on a GET.
func (d Dialect) authenticate(request *http.Request, token string) {
	if d == QuerySecret {
		request.URL.RawQuery = url.Values{"secret": {token}}.Encode()
		return
	}
	request.Header.Set("Authorization", "Bearer "+token)
}

// Order is what is asked of a factory: a site at Domain, which takes its
// owner's settings with Code, and a call to Callback when it is there.
type Order struct {
	Domain   string
	Callback string
	// Code is the secret sign-up code of the site.
	Code string
}

// body is the document of POST /v1/site in the dialect.
func (d Dialect) body(order Order, token string) ([]byte, error) {
	if d == QuerySecret {
		return json.Marshal(map[string]any{
			"domain":         order.Domain,
			"callback":       order.Callback,
			"secret":         token,
			"owner-settings": map[string]string{"secretSignUpCode": order.Code},
		})
	}
	return json.Marshal(map[string]string{
		"domain":          order.Domain,
		"callback":        order.Callback,
		"installerSecret": order.Code,
	})
}
