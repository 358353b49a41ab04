package indiesite

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/text/unicode/norm"
)

// vector is a password as it was typed, and what a browser made of it. test/browser holds the browser to the same file.
type vector struct {
	OwnerKeys
	Password, DerivedKey, PrivateSigningKey, Text, Signature string
}

func readVector(t *testing.T) (v vector) {
	t.Helper()
	data, err := os.ReadFile("testdata/owner-keys.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What docs/indie-site.md says of the owner's key, done with libraries that are none of ours.
func TestWhatABrowserStoredOpensOutsideABrowser(t *testing.T) {
	v := readVector(t)
	if err := v.Check(); err != nil {
		t.Fatal(err)
	}
	password := norm.NFKC.String(v.Password)
	if password == v.Password {
		t.Error("the password is one that normalising does not change")
	}
	key := argon2.IDKey([]byte(password), bytesOf(t, v.DerivedKeySalt), 3, 64<<10, 1, 32)
	if hex.EncodeToString(key) != v.DerivedKey {
		t.Errorf("the derived key is %x", key)
	}
	opened, ok := secretbox.Open(nil, bytesOf(t, v.EncryptedPrivateSigningKey), (*[24]byte)(bytesOf(t, v.EncryptedPrivateSigningKeyNonce)), (*[32]byte)(key))
	if !ok {
		t.Fatal("it does not open")
	}
	private := ed25519.PrivateKey(opened)
	if !bytes.Equal(private, bytesOf(t, v.PrivateSigningKey)) || !bytes.Equal(private.Public().(ed25519.PublicKey), bytesOf(t, v.PublicSigningKey)) {
		t.Error("the keys are others")
	}
	if got := hex.EncodeToString(ed25519.Sign(private, []byte(v.Text))); got != v.Signature {
		t.Errorf("the signature is %s", got)
	}
}

func TestTheVectorSignsInHere(t *testing.T) {
	v := readVector(t)
	challenge := v.Text[strings.LastIndex(v.Text, "\n")+1:]
	if !signedBy(v.PublicSigningKey, v.Signature, signInText("alice.gent", challenge)) {
		t.Error("the site does not take the signature")
	}
}

func TestTheDocumentationHasTheVector(t *testing.T) {
	page, err := os.ReadFile("../../docs/indie-site.md")
	if err != nil {
		t.Fatal(err)
	}
	v := readVector(t)
	for _, part := range []string{v.DerivedKey, v.DerivedKeySalt, v.EncryptedPrivateSigningKeyNonce, v.EncryptedPrivateSigningKey, v.PublicSigningKey, v.Signature, v.Password} {
		if !strings.Contains(string(page), part) {
			t.Errorf("it lacks %s", part)
		}
	}
}
