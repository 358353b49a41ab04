package browser

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"
)

const vectorFile = "internal/indiesite/testdata/owner-keys.json"

// A vector is what docs/indie-site.md prints: a password as it was typed, and what a browser made of it.
type vector struct {
	Password   string `json:"password"`
	DerivedKey string `json:"derivedKey"`
	stored
	PrivateSigningKey string `json:"privateSigningKey"`
	Text              string `json:"text"`
	Signature         string `json:"signature"`
}

// workers asks the bundle's own worker, on whatever page may start it.
func workers[T any](p *Person, commands string) T {
	p.t.Helper()
	return Ask[T](p, fmt.Sprintf(`(async () => {
		const worker = new Worker(document.getElementById('welcome').dataset.worker, {type: 'module'})
		const ask = (command, rest) => new Promise((resolve, reject) => {
			worker.onmessage = ({data}) => 'error' in data ? reject(data.error) : resolve(data.result)
			worker.postMessage({id: 0, command, ...rest})
		})
		try { %s } finally { worker.terminate() }
	})()`, commands))
}

// An owner can take the keys to another Indie Site: what one browser stored opens in any other, and with other libraries.
func TestTheBundleKeepsToTheTestVector(t *testing.T) {
	site := startSite(t)
	person := Owner{Start(t, site.Options).Person(t, "somebody", "en"), site.URL, "en"}
	site.introduce(t, settings{"name": "Alice"})
	person.Welcome("")

	file, err := fromRoot(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var kept vector
	if err := json.Unmarshal(data, &kept); err != nil {
		t.Fatal(err)
	}
	signature := workers[string](person.Person, fmt.Sprintf(`const v = %s
		if (!await ask('open', {password: v.password, keys: v})) return 'the password is wrong'
		return await ask('sign', {text: v.text})`, data))
	if signature != kept.Signature {
		t.Errorf("the bundle signs %q", signature)
	}

	typed, err := json.Marshal(kept.Password)
	if err != nil {
		t.Fatal(err)
	}
	made := workers[stored](person.Person, fmt.Sprintf(`return await ask('make', {password: %s})`, typed))
	private := made.open(t, made.derive(t, norm.NFKC.String(kept.Password)))
	if !slices.Equal(private.Public().(ed25519.PublicKey), unhex(t, made.PublicSigningKey)) {
		t.Error("the public key is not that of the private key")
	}
	if made.DerivedKeySalt == kept.DerivedKeySalt || made.PublicSigningKey == kept.PublicSigningKey {
		t.Error("two people have the same salt or the same key")
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		keep(t, file, kept.Password, made)
	}
}

func keep(t *testing.T, file, password string, made stored) {
	t.Helper()
	derived := made.derive(t, norm.NFKC.String(password))
	private := made.open(t, derived)
	text := "indie-site sign-in\n" + Domain + "\n9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	data, err := json.MarshalIndent(vector{password, hex.EncodeToString(derived), made, hex.EncodeToString(private), text,
		hex.EncodeToString(ed25519.Sign(private, []byte(text)))}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}
