//go:build e2e

package e2e

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/nacl/secretbox"

	"magicwebsitefactory.gent/test/browser"
	"magicwebsitefactory.gent/test/output"
)

// TestAPersonTalksToHallobotAndOwnsTheirSite is the whole way of a person, in a browser: Hallobot's conversation, the new site, a password, and from then on a page
// that only they can change. Chromium verifies the certificates of both, by the authorities that made them.
func TestAPersonTalksToHallobotAndOwnsTheirSite(t *testing.T) {
	w := theWorld
	domain := w.name("an")
	page := w.hallobot(t)
	chromium := browser.Start(t, browser.Options{
		Hosts:       map[string]string{domain: w.route, w.node: strings.TrimPrefix(page, "https://")},
		Authorities: []string{os.Getenv("CALLBACK_CA"), os.Getenv("SITE_CA")},
	})
	person := func(name string) browser.Owner {
		return browser.Owner{Person: chromium.Person(t, name, "nl"), Site: "https://" + domain, Language: "nl"}
	}
	an, passerby, late, elsewhere := person("An"), person("a passer-by"), person("somebody too late"), person("An elsewhere")

	code := talk(an, page, domain)
	an.PressOn("[data-t='ready.go']")
	an.Until("the form for a password", fmt.Sprintf("location.host === %q && document.querySelector('#form:not([hidden])')", domain))
	an.Accessible("site 1 welcome")

	passerby.Welcome("")
	passerby.Type("code", "open-sesame")
	passerby.Choose("een wachtwoord van een ander")
	passerby.Until("that the code is wrong", "document.querySelector('#code-error:not([hidden])')")
	if keys := w.ownerOf(t, domain); keys != nil {
		t.Fatal("a passer-by without the code owns the site")
	}
	late.Welcome(code)

	const password = "zes paarse zwanen op de Leie"
	an.Choose(password)
	an.Until("her own page", `document.querySelector('.h-card') && document.querySelector('a[href="/settings"]')`)
	an.Accessible("site 2 page")
	late.Choose("een wachtwoord van een ander")
	late.Until("that somebody was faster", `document.querySelector('#to-sign-in:not([hidden])')`)
	if status := w.claim(t, domain, code); status != http.StatusForbidden {
		t.Errorf("a second claim with the right code is answered %d", status)
	}

	an.Follow("/settings")
	an.Arrive("/settings")
	an.Edit(map[string]string{"name": "An Peeters", "bio": "Ik teken huizen.\nEn boten.", "colour": "#7a2e5d"})
	an.Accessible("site 3 settings")
	an.SignOut()
	an.See("En boten.")
	elsewhere.Open("https://" + domain + "/sign-in")
	elsewhere.Accessible("site 4 sign-in")
	elsewhere.Try(password + "!")
	elsewhere.Until("that it is not the password", "document.querySelector('#password-error:not([hidden])')")
	elsewhere.SignIn(password)
	elsewhere.Edit(map[string]string{"name": "An"})
	w.shows(t, domain, "En boten.", true)

	derived, private := open(t, w.ownerOf(t, domain), password)
	for _, p := range []browser.Owner{an, passerby, late, elsewhere} {
		for what, secret := range map[string][]byte{"the password": []byte(password), "the derived key": derived, "the private key": private.Seed()} {
			if p.Holds(secret) {
				t.Errorf("%s is in the network log", what)
			}
		}
		if complaints := p.Complaints(); len(complaints) > 0 {
			t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
		}
		for _, host := range p.Hosts() {
			if host != domain && host != strings.TrimPrefix(page, "https://") {
				t.Errorf("somebody else was asked: %s", host)
			}
		}
	}
	if !an.Holds([]byte(code)) || an.Size() == 0 {
		t.Error("the network log does not hold what must have been sent, so that the search in it means nothing")
	}
	w.bought(t, domain, 1)
}

// talk is Hallobot's conversation from hello to the way to the new site. It returns the secret code.
func talk(an browser.Owner, page, domain string) string {
	name := strings.TrimSuffix(domain, ".gent")
	an.Open(page + "/")
	an.Accessible("hallo 1 hello")
	an.PressOn("[data-t='start.button']")
	an.Until("the secret code", "document.querySelector('output.code')?.innerText.length > 20")
	code := strings.Join(strings.Fields(browser.Ask[string](an.Person, "document.querySelector('output.code').innerText")), "")
	an.Accessible("hallo 2 code")
	an.PressOn("[data-t='code.kept']")
	an.Type("name", "unavailable")
	an.Until("✗", "document.getElementById('verdict').dataset.state === 'taken'")
	an.Accessible("hallo 3 taken")
	an.Type("name", name)
	an.Until("✓", "document.getElementById('verdict').dataset.state === 'free'")
	an.Accessible("hallo 4 free")
	an.PressOn("[data-t='name.order']")
	an.Type("owner-name", "An")
	an.Type("owner-bio", "Ik teken huizen.")
	an.Accessible("hallo 5 about you")
	an.PressOn("[data-t='settings.send']")
	an.Until("the way to the site", "document.querySelector(\"[data-t='ready.go']\")")
	an.Accessible("hallo 6 ready")
	return code
}

// hallobot starts hallo serve as bin/demo.env has it, and returns the page's address once it answers.
func (w *world) hallobot(t *testing.T) string {
	t.Helper()
	callback := os.Getenv("CALLBACK")
	origin := callback[:strings.LastIndex(callback, "/")]
	var said output.Buffer
	command := exec.CommandContext(t.Context(), filepath.Join("..", "..", "bin", "hallo"), "serve", "--state", t.TempDir())
	command.Stdout, command.Stderr = &said, &said
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 20 * time.Second
	if err := command.Start(); err != nil {
		t.Fatalf("start hallo serve: %v", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("hallo serve said:\n%s", said.String())
		}
	})
	trust, err := pool(os.Getenv("CALLBACK_CA"))
	if err != nil {
		t.Fatal(err)
	}
	client := w.httpClient(trust, strings.TrimPrefix(origin, "https://"))
	w.eventually(t, "Hallobot's page", 30*time.Second, func() error {
		answer, err := client.Get(origin + "/")
		if err != nil {
			return err
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s", answer.Status)
		}
		return nil
	})
	return origin
}

// ownerKeys is what GET /owner answers.
type ownerKeys struct {
	Salt    string `json:"derivedKeySalt"`
	Nonce   string `json:"encryptedPrivateSigningKeyNonce"`
	Private string `json:"encryptedPrivateSigningKey"`
	Public  string `json:"publicSigningKey"`
}

// ownerOf asks a site for its owner's keys; nil where it has no owner.
func (w *world) ownerOf(t *testing.T, domain string) *ownerKeys {
	t.Helper()
	answer, err := w.httpClient(w.siteTrust, w.route).Get("https://" + domain + "/owner")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	keys := &ownerKeys{}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return nil
	case http.StatusOK:
		if err := json.NewDecoder(answer.Body).Decode(keys); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	t.Fatalf("GET /owner: %s", answer.Status)
	return nil
}

// claim sends somebody else's keys with the code, and returns the answer's status.
func (w *world) claim(t *testing.T, domain, code string) int {
	t.Helper()
	key := func(bytes int) string { return strings.Repeat("ab", bytes) }
	body := fmt.Sprintf(`{"derivedKeySalt":%q,"encryptedPrivateSigningKeyNonce":%q,"encryptedPrivateSigningKey":%q,"publicSigningKey":%q,"secretSignUpCode":%q}`,
		key(16), key(24), key(80), key(32), code)
	answer, err := w.httpClient(w.siteTrust, w.route).Post("https://"+domain+"/owner", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// open opens what the browser stored with the password, as docs/indie-site.md says.
func open(t *testing.T, keys *ownerKeys, password string) (derived []byte, private ed25519.PrivateKey) {
	t.Helper()
	if keys == nil {
		t.Fatal("the site has no owner")
	}
	data := map[string][]byte{}
	for name, text := range map[string]string{"salt": keys.Salt, "nonce": keys.Nonce, "private": keys.Private, "public": keys.Public} {
		decoded, err := hex.DecodeString(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		data[name] = decoded
	}
	derived = argon2.IDKey([]byte(password), data["salt"], 3, 64*1024, 1, 32)
	opened, ok := secretbox.Open(nil, data["private"], (*[24]byte)(data["nonce"]), (*[32]byte)(derived))
	if !ok {
		t.Fatal("the password does not open what the browser stored")
	}
	private = opened
	if !slices.Equal(private.Public().(ed25519.PublicKey), data["public"]) {
		t.Error("the public key is not that of the private key")
	}
	return derived, private
}
