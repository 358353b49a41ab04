package combell

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // Combell's signature has the body's MD5 in it; what keeps the request whole is the HMAC around it, and TLS
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
)

// credentials are the two keys of the Secret.
type credentials struct{ key, secret string }

// authorization is the header of one attempt (section "Authentication" of the API's documentation). The nonce must be new each time. target is the path, from
// /v2 on, with the query, in lower-case ASCII: what else Combell makes of it when it checks the signature is not agreed among its own clients.
func (c credentials) authorization(method, target, body, nonce string, unix int64) string {
	digest := ""
	if body != "" {
		sum := md5.Sum([]byte(body)) //nolint:gosec // see the import
		digest = base64.StdEncoding.EncodeToString(sum[:])
	}
	at := strconv.FormatInt(unix, 10)
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(c.key + strings.ToLower(method) + url.QueryEscape(strings.ToLower(target)) + at + nonce + digest))
	return "hmac " + c.key + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil)) + ":" + nonce + ":" + at
}
