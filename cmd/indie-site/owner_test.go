package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const code = "sesame"

// volume is what a site has to itself: an installer file, and a data directory that only it may write.
type volume struct{ home, data string }

func newVolume(t *testing.T) volume {
	t.Helper()
	v := volume{home: sharedDir(t), data: filepath.Join(sharedDir(t), "data")}
	if err := os.Mkdir(v.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(v.data, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(v.home, ".indie"), 0o755); err != nil {
		t.Fatal(err)
	}
	installer := filepath.Join(v.home, ".indie", "installer-secret.json")
	content := fmt.Sprintf(`{"secretSignUpCode":%q,"secretSignupCode":%q}`, code, code)
	if err := os.WriteFile(installer, []byte(content), 0o644); err != nil { //nolint:gosec // read by another user
		t.Fatal(err)
	}
	return v
}

func (v volume) start(t *testing.T) running {
	t.Helper()
	return start(t, command(t, v.home, "--listen", "127.0.0.1:0", "--data-dir", v.data))
}

// kill ends the site as a crash would.
func (r running) kill(t *testing.T) {
	t.Helper()
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.Wait() // killed
}

// person is an owner's browser.
type person struct {
	private ed25519.PrivateKey
	cookie  *http.Cookie
}

func someone(seed byte) *person {
	return &person{private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))}
}

func (p *person) claiming() string {
	return fmt.Sprintf(`{"secretSignUpCode":%q,"derivedKeySalt":%q,"encryptedPrivateSigningKeyNonce":%q,"encryptedPrivateSigningKey":%q,"publicSigningKey":%q}`,
		code, strings.Repeat("00", 16), strings.Repeat("11", 24), strings.Repeat("22", 80), p.publicKey())
}

func (p *person) publicKey() string { return hex.EncodeToString(p.private[ed25519.SeedSize:]) }

// ask answers as the person's browser would be answered. An error means that there was no answer.
func (p *person) ask(t *testing.T, method, url string, body []byte) (status int, answer string, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if p.cookie != nil {
		request.AddCookie(p.cookie)
	}
	client := http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	for _, cookie := range response.Cookies() {
		p.cookie = cookie
	}
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

// signIn proves the key.
func (p *person) signIn(t *testing.T, site running) error {
	t.Helper()
	var given struct{ Challenge string }
	status, answer, err := p.ask(t, http.MethodPost, site.url+"/session/challenge", nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(answer), &given); err != nil {
		t.Fatalf("a challenge: %d %s", status, answer)
	}
	signature := ed25519.Sign(p.private, []byte("indie-site sign-in\n127.0.0.1\n"+given.Challenge))
	status, answer, err = p.ask(t, http.MethodPost, site.url+"/session",
		fmt.Appendf(nil, `{"challenge":%q,"signature":"%x"}`, given.Challenge, signature))
	if err == nil && status != http.StatusNoContent {
		t.Fatalf("signing in: %d %s", status, answer)
	}
	return err
}

// owned is a site whose owner is signed in.
type owned struct {
	running
	owner *person
}

func newOwned(t *testing.T, site running) owned {
	t.Helper()
	o := owned{site, someone('a')}
	o.introduce(t)
	if status, answer := o.as(t, http.MethodPost, "/owner", []byte(o.owner.claiming())); status != http.StatusCreated {
		t.Fatalf("claiming: %d %s", status, answer)
	}
	if err := o.owner.signIn(t, o.running); err != nil {
		t.Fatal(err)
	}
	return o
}

// introduce posts the owner settings.
func (r running) introduce(t *testing.T) {
	t.Helper()
	body := fmt.Sprintf(`{"secretSignUpCode":%q,"settings":{"name":"Alice"}}`, code)
	if status, answer := ask(t, http.MethodPost, r.url+"/owner-settings", body); status != http.StatusNoContent {
		t.Fatalf("owner settings: %d %s", status, answer)
	}
}

func (o owned) as(t *testing.T, method, path string, body []byte) (int, string) {
	t.Helper()
	status, answer, err := o.owner.ask(t, method, o.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}
