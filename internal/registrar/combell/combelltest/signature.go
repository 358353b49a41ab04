package combelltest

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // Combell's signature has the body's MD5 in it
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how old a signature may be.
const maxSkew = 5 * time.Minute

// authorized checks the signature, by the rules as the API's documentation has them, and takes each nonce once.
func (s *Server) authorized(r *http.Request, body string) bool {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	parts := strings.Split(rest, ":")
	if scheme != "hmac" || len(parts) != 4 || parts[0] != s.key {
		return false
	}
	unix, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil || s.clock.Now().Sub(time.Unix(unix, 0)).Abs() > maxSkew {
		return false
	}
	input := parts[0] + strings.ToLower(r.Method) + encoded(strings.ToLower(r.URL.RequestURI())) + parts[3] + parts[2]
	if body != "" {
		sum := md5.Sum([]byte(body)) //nolint:gosec // see the import
		input += base64.StdEncoding.EncodeToString(sum[:])
	}
	mac := hmac.New(sha256.New, []byte(s.secret))
	mac.Write([]byte(input))
	if base64.StdEncoding.EncodeToString(mac.Sum(nil)) != parts[1] {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if parts[2] == "" || s.nonces[parts[2]] {
		return false
	}
	s.nonces[parts[2]] = true
	return true
}

// encoded is URL encoding with capital hexadecimal digits.
func encoded(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func (s *Server) send(w http.ResponseWriter, answer reply) {
	for name, values := range answer.header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(answer.status)
	if text, ok := answer.body.(string); ok {
		_, _ = w.Write([]byte(text))
		return
	}
	_ = json.NewEncoder(w).Encode(answer.body)
}
