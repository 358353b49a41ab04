package whole

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// window is how many bytes in a row give a secret away. Anything shorter could be chance.
const window = 12

// marks are the secrets of a test, each unlike anything else, and every piece of every form in which one could get out.
type marks struct {
	mu     sync.RWMutex
	pieces map[[window]byte]string // what the piece is of
}

// secret makes one that a header can carry. Its end is written differently in URLs and in JSON.
func (m *marks) secret(what string) string {
	value := strings.ToLower(rand.Text()) + "+/=&<" + rand.Text()
	m.add(what, value)
	return value
}

// add takes a secret as it is.
func (m *marks) add(what, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pieces == nil {
		m.pieces = map[[window]byte]string{}
	}
	for form, text := range forms(value) {
		for i := 0; i+window <= len(text); i++ {
			piece := [window]byte([]byte(text[i : i+window]))
			if _, known := m.pieces[piece]; !known {
				m.pieces[piece] = what + " (" + form + ")"
			}
		}
	}
}

// forms are the ways in which a value could be written.
func forms(value string) map[string]string {
	sum := sha256.Sum256([]byte(value))
	escaped, _ := json.Marshal(value)
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	all := map[string]string{
		"as it is":          value,
		"reversed":          reversed(value),
		"in upper case":     strings.ToUpper(value),
		"in lower case":     strings.ToLower(value),
		"in a query":        url.QueryEscape(value),
		"in a path":         url.PathEscape(value),
		"in JSON":           string(escaped[1 : len(escaped)-1]),
		"in plain JSON":     strings.Trim(plain.String(), "\"\n"),
		"quoted":            strings.Trim(strconv.QuoteToASCII(value), `"`),
		"in hex":            hex.EncodeToString([]byte(value)),
		"in upper-case hex": strings.ToUpper(hex.EncodeToString([]byte(value))),
		"as bytes":          decimals(value),
		"SHA-256 in hex":    hex.EncodeToString(sum[:]),
		"SHA-256 in base64": base64.StdEncoding.EncodeToString(sum[:]),
	}
	for before := range 3 { // bytes that may stand before it
		whole := []byte(strings.Repeat("\x00", before) + value)
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 for URLs": base64.RawURLEncoding} {
			text := encoding.EncodeToString(whole)
			all[fmt.Sprintf("in %s, %d", name, before)] = text[(before*8+5)/6 : len(text)-1]
		}
	}
	return all
}

// decimals is how fmt prints bytes that it does not know to be text.
func decimals(s string) string {
	numbers := make([]string, 0, len(s))
	for i := range len(s) {
		numbers = append(numbers, strconv.Itoa(int(s[i])))
	}
	return strings.Join(numbers, " ")
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// find returns what of the secrets stands in a text, with what stands around it.
func (m *marks) find(text []byte) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	type leak struct {
		what       string
		begin, end int
	}
	var leaks []leak
	for i := 0; i+window <= len(text); i++ {
		what, known := m.pieces[[window]byte(text[i:i+window])]
		switch {
		case !known:
		case len(leaks) > 0 && i < leaks[len(leaks)-1].end:
			leaks[len(leaks)-1].end = i + window
		default:
			leaks = append(leaks, leak{what, i, i + window})
		}
	}
	shown := bytes.Clone(text)
	for _, l := range leaks {
		copy(shown[l.begin:], bytes.Repeat([]byte("#"), l.end-l.begin))
	}
	var found []string
	for _, l := range leaks {
		found = append(found, l.what+": …"+string(shown[max(0, l.begin-120):min(l.end+60, len(shown))])+"…")
	}
	return found
}

func TestASecretIsFoundHoweverItIsWritten(t *testing.T) {
	m := &marks{}
	value := m.secret("the token")
	for form, text := range forms(value) {
		t.Run(form, func(t *testing.T) {
			for _, part := range []string{text, text[:window], text[len(text)-window:], text[7 : 7+window]} {
				if len(m.find([]byte("something "+part+" something else"))) == 0 {
					t.Errorf("%q is not found", part)
				}
			}
		})
	}
	if found := m.find([]byte("something " + value[:window-1] + " something else")); len(found) > 0 {
		t.Errorf("%d characters are found already: %v", window-1, found)
	}
	for _, innocent := range []string{"", "short", rand.Text() + rand.Text(), strings.Repeat("0 ", 1000)} {
		if found := m.find([]byte(innocent)); len(found) > 0 {
			t.Errorf("%q: found %v", innocent, found)
		}
	}
	if found := m.find([]byte(`{"a":"` + value + `","b":"` + value + `"}`)); len(found) != 2 || len(m.find([]byte(strings.Join(found, "")))) > 0 {
		t.Errorf("two that stand side by side are two, and not repeated: %q", found)
	}
}
