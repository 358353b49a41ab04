package browser

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// forms are the ways in which bytes can be written, so that a secret is found however it was sent.
func forms(needle []byte) [][]byte {
	text := string(needle)
	quoted, _ := json.Marshal(text) // a string can always be
	all := []string{
		text, strings.Trim(string(quoted), `"`), url.QueryEscape(text), url.PathEscape(text),
		hex.EncodeToString(needle), strings.ToUpper(hex.EncodeToString(needle)),
	}
	// Base64 has three ways to write the same bytes, after where they begin; the ends, which depend on the neighbours, are left off.
	for shift := range 3 {
		padded := append(make([]byte, shift), needle...)
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := encoding.EncodeToString(padded)
			if len(encoded) > 8 {
				all = append(all, encoded[4:len(encoded)-4])
			}
		}
	}
	var out [][]byte
	for _, form := range all {
		out = append(out, []byte(form))
	}
	return out
}
