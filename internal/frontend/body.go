package frontend

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	strictjson "sigs.k8s.io/json"

	"magicwebsitefactory.gent/internal/callbackurl"
	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/names"
)

const (
	maxBody = 1 << 20 // bytes
	// maxCode in bytes: the code stands twice in a Secret.
	maxCode = 4 << 10
)

// readBody reads a body of up to 1 MiB. On an error it gives what came until then, and a little more than 1 MiB, as the secret may come late.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody+64<<10))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || len(body) > maxBody:
		return body, malformed("It has more than 1 MiB.")
	case err != nil:
		return body, malformed("It did not come whole.")
	}
	return body, nil
}

// secretIn finds the secret in a body of the older dialect before the body is judged: also where it is broken further on, too long or has
// other faults, so that these are told to those who may know only. Where there are several, the first counts.
func secretIn(body []byte) string {
	decoder := strictjson.NewDecoderCaseSensitivePreserveInts(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return ""
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return ""
		}
		var value json.RawMessage // as it is: a number that no float holds is no reason to know nobody
		if err := decoder.Decode(&value); err != nil {
			return ""
		}
		var secret string
		if key == "secret" && json.Unmarshal(value, &secret) == nil {
			return secret
		}
	}
	return ""
}

// request is the body of POST /v1/site in either dialect. Pointers tell what is missing from what is empty.
type request struct {
	Domain          *string `json:"domain"`
	Callback        *string `json:"callback"`
	InstallerSecret *string `json:"installerSecret"`
	OwnerSettings   *struct {
		SecretSignUpCode *string `json:"secretSignUpCode"`
	} `json:"owner-settings"`
}

// decode reads a body strictly: well-formed, and the right types. Unknown fields are ignored, and keys count in the exact case only.
func decode(body []byte) (*request, error) {
	if err := wellFormed(body); err != nil {
		return nil, err
	}
	var decoded request
	var wrongType *json.UnmarshalTypeError
	err := strictjson.UnmarshalCaseSensitivePreserveInts(body, &decoded)
	switch {
	case errors.As(err, &wrongType):
		return nil, invalidField("#/"+strings.ReplaceAll(wrongType.Field, ".", "/"), "It has the wrong type: owner-settings is an object, all else are strings.")
	case err != nil:
		return nil, malformed("It cannot be read.")
	}
	return &decoded, nil
}

// orderIn turns a body into an order of the caller.
func orderIn(body []byte, who caller) (orders.Order, error) {
	decoded, err := decode(body)
	if err != nil {
		return orders.Order{}, err
	}
	order := orders.Order{Dialect: who.dialect}
	if order.Domain, order.DomainAsSent, err = decoded.domain(); err != nil {
		return orders.Order{}, err
	}
	if order.Callback, err = decoded.callback(who); err != nil {
		return orders.Order{}, err
	}
	if order.Code, err = decoded.code(); err != nil {
		return orders.Order{}, err
	}
	return order, nil
}

func (b *request) domain() (names.Name, string, error) {
	const field = "#/domain"
	if b.Domain == nil {
		return "", "", invalidField(field, "The field domain is missing.")
	}
	name, err := names.Normalise(*b.Domain)
	var told *names.Error
	switch {
	case errors.Is(err, names.ErrNotSold):
		return "", "", orders.ErrNotSold
	case errors.As(err, &told):
		return "", "", invalidField(field, "The field domain is not a domain name: it "+told.Reason+".")
	case err != nil:
		return "", "", err
	}
	return name, *b.Domain, nil
}

func (b *request) callback(who caller) (string, error) {
	const field = "#/callback"
	if b.Callback == nil {
		return "", invalidField(field, "The field callback is missing.")
	}
	url, err := callbackurl.Parse(*b.Callback)
	var told *callbackurl.Error
	switch {
	case errors.As(err, &told):
		return "", invalidField(field, "The field callback "+told.Problem+".")
	case err != nil:
		return "", err
	case !callbackurl.Allowed(url, who.onboarder.Spec.Callback.URLPrefixes):
		return "", invalidField(field, "The field callback lies outside the URLs that this factory may call you back at.")
	}
	return url, nil
}

// code takes the sign-up code of either dialect.
func (b *request) code() (string, error) {
	const field = "#/installerSecret"
	var given []string
	if b.InstallerSecret != nil && *b.InstallerSecret != "" {
		given = append(given, *b.InstallerSecret)
	}
	if b.OwnerSettings != nil && b.OwnerSettings.SecretSignUpCode != nil && *b.OwnerSettings.SecretSignUpCode != "" {
		given = append(given, *b.OwnerSettings.SecretSignUpCode)
	}
	switch {
	case len(given) == 0:
		return "", invalidField(field, "The sign-up code is missing: send installerSecret, or owner-settings with secretSignUpCode.")
	case len(given) == 2 && given[0] != given[1]:
		return "", invalidField(field, "There are two different sign-up codes, in installerSecret and in owner-settings.")
	case len(given[0]) > maxCode:
		return "", invalidField(field, "The sign-up code has more than 4096 bytes.")
	}
	return given[0], nil
}
