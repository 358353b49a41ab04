package browser

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/nacl/secretbox"
)

const password = "zes paarse zwanen op de Leie"

type settings map[string]any

// stored is what GET /owner answers.
type stored struct {
	DerivedKeySalt                  string `json:"derivedKeySalt"`
	EncryptedPrivateSigningKeyNonce string `json:"encryptedPrivateSigningKeyNonce"`
	EncryptedPrivateSigningKey      string `json:"encryptedPrivateSigningKey"`
	PublicSigningKey                string `json:"publicSigningKey"`
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// derive and open are what docs/indie-site.md says, with libraries of others.
func (s stored) derive(t *testing.T, password string) []byte {
	return argon2.IDKey([]byte(password), unhex(t, s.DerivedKeySalt), 3, 64*1024, 1, 32)
}

func (s stored) open(t *testing.T, key []byte) ed25519.PrivateKey {
	t.Helper()
	private, ok := secretbox.Open(nil, unhex(t, s.EncryptedPrivateSigningKey), (*[24]byte)(unhex(t, s.EncryptedPrivateSigningKeyNonce)), (*[32]byte)(key))
	if !ok {
		t.Fatal("the password does not open what the browser stored")
	}
	return ed25519.PrivateKey(private)
}

func somePicture(t *testing.T) string {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 1200, 800))
	for y := range 800 {
		for x := range 1200 {
			picture.Set(x, y, color.RGBA{uint8(x / 5), uint8(y / 4), 140, 255})
		}
	}
	var data bytes.Buffer
	if err := png.Encode(&data, picture); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "me.png")
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAPersonMakesASiteTheirs(t *testing.T) {
	site := startSite(t)
	chromium := Start(t, site.Options)
	person := func(name string) Owner { return Owner{chromium.Person(t, name, "en"), site.URL, "en"} }
	alice, passerby, late, elsewhere := person("Alice"), person("a passer-by"), person("somebody too late"), person("Alice elsewhere")
	everybody := []Owner{alice, passerby, late, elsewhere}

	alice.Open(site.URL)
	alice.See("waiting for its owner")
	alice.Accessible("waiting")
	site.introduce(t, settings{"name": "Alice", "bio": "I draw houses."})
	alice.See("Welcome, Alice") // by itself

	passerby.Welcome("")
	passerby.Accessible("welcome without a code")
	passerby.Type("code", "open sesame")
	passerby.Choose("a password of somebody else")
	passerby.See("This is not the sign-up code")
	passerby.Accessible("welcome with an error")
	if status := site.Get(t, "/owner", &struct{}{}); status != 404 {
		t.Fatalf("a passer-by owns the site: %d", status)
	}

	late.Welcome(Code)
	alice.Welcome(Code)
	alice.Accessible("welcome")
	alice.Choose("too short")
	alice.See("9 characters; it needs at least 12")
	alice.Type("password", password)
	alice.Press("submit")
	alice.See("not the same")
	alice.Claim(Code, password)
	alice.Accessible("own page without a picture")
	late.Choose("a password of somebody else")
	late.See("Somebody has already made this site theirs")
	late.Accessible("welcome too late")
	late.Follow("/sign-in")
	late.Arrive("/sign-in")

	alice.Follow("/settings")
	alice.Arrive("/settings")
	alice.Accessible("settings")
	alice.Upload("picture", somePicture(t))
	alice.Until("the picture in the preview", "!document.getElementById('preview-picture').hidden")
	alice.Edit(map[string]string{"name": "Alice Peeters", "bio": "I draw houses.\nAnd boats.", "colour": "#f2b705", "own-background": "true", "background": "#102030"})
	alice.Accessible("settings saved")
	alice.Open(site.URL)
	alice.Accessible("own page with a picture")
	alice.See("And boats.")
	alice.Until("the picture", "document.querySelector('img.u-photo').naturalWidth === 512")
	alice.Follow("/settings")
	alice.Press("remove-picture")
	alice.Save()
	alice.Upload("picture", somePicture(t))
	alice.Press("remove-picture") // before it was saved
	alice.Save()
	alice.Open(site.URL)
	alice.Until("the monogram in place of the picture", "document.querySelector('.monogram') && !document.querySelector('img')")
	alice.SignOut()
	alice.Until("a way in again", "document.querySelector('a[href=\"/sign-in\"]')")
	alice.Accessible("page")
	alice.Open(site.URL + "/settings")
	alice.Arrive("/sign-in")

	elsewhere.Open(site.URL + "/sign-in")
	elsewhere.Accessible("sign-in")
	elsewhere.Try(password + "!")
	elsewhere.See("This is not the password")
	elsewhere.Accessible("sign-in with an error")
	elsewhere.SignIn(password)

	var keys stored
	if status := site.Get(t, "/owner", &keys); status != 200 {
		t.Fatalf("GET /owner: %d", status)
	}
	derived := keys.derive(t, password)
	private := keys.open(t, derived)
	if !slices.Equal(private.Public().(ed25519.PublicKey), unhex(t, keys.PublicSigningKey)) {
		t.Error("the public key is not that of the private key")
	}
	secrets := map[string][]byte{"the password": []byte(password), "the derived key": derived, "the private key": private.Seed()}
	for name, secret := range secrets {
		if site.Holds(secret) {
			t.Errorf("%s went over the wire", name)
		}
	}
	if !site.Holds(unhex(t, keys.EncryptedPrivateSigningKey)) || !site.Holds([]byte(Code)) {
		t.Error("what must have gone over the wire is not found there, so that the search means nothing")
	}
	for _, p := range everybody {
		for name, secret := range secrets {
			if p.Holds(secret) {
				t.Errorf("%s: %s is in the network log", p.name, name)
			}
		}
		if hosts := p.Hosts(); !slices.Equal(hosts, []string{Domain}) {
			t.Errorf("%s: asked %v", p.name, hosts)
		}
		if complaints := p.Complaints(); len(complaints) > 0 {
			t.Errorf("%s: the browser complains:\n%s", p.name, strings.Join(complaints, "\n"))
		}
	}
	if !alice.Holds([]byte(Code)) || !alice.Holds(unhex(t, keys.EncryptedPrivateSigningKey)) {
		t.Error("what Alice sent is not in her network log")
	}
}

func (s *Site) introduce(t *testing.T, who settings) {
	t.Helper()
	if status := s.Post(t, "/owner-settings", settings{"secretSignUpCode": Code, "settings": who}); status != 204 {
		t.Fatalf("owner settings: %d", status)
	}
}

func TestAnOwnerWhoseAnswerWasLostFindsOutThatTheSiteIsTheirs(t *testing.T) {
	for how, lose := range map[string]func(*Site, string, string){
		"with the connection": (*Site).LoseAnswers, "by the route": (*Site).ReplaceAnswers,
	} {
		t.Run(how, func(t *testing.T) { findsOut(t, lose) })
	}
}

func findsOut(t *testing.T, lose func(site *Site, method, path string)) {
	site := startSite(t)
	alice := Owner{Start(t, site.Options).Person(t, "Alice", "en"), site.URL, "en"}
	site.introduce(t, settings{"name": "Alice"})
	alice.Welcome(Code)
	lose(site, "POST", "/owner")
	alice.Choose(password)
	alice.See("The site cannot be reached")
	if status := site.Get(t, "/owner", &struct{}{}); status != 200 {
		t.Fatalf("the site was not claimed: %d", status)
	}
	if !Ask[bool](alice.Person, "document.getElementById('password').readOnly") {
		t.Error("the password can be changed, though it may be the site's by now")
	}
	lose(site, "GET", "/owner/public-signing-key")
	alice.Press("submit")
	alice.Until("another attempt in vain", "!document.getElementById('form').ariaBusy && document.getElementById('progress').textContent.startsWith('The site cannot be reached')")
	site.LoseAnswers("", "")
	alice.Press("submit")
	alice.Until("the own page, signed in", "document.querySelector('.h-card') && document.querySelector('a[href=\"/settings\"]')")
}

func TestAPersonOnABadLineTriesAgain(t *testing.T) {
	site := startSite(t)
	alice := Owner{Start(t, site.Options).Person(t, "Alice", "en"), site.URL, "en"}
	site.introduce(t, settings{"name": "Alice"})
	alice.Open(site.URL)
	site.LoseAnswers("GET", Ask[string](alice.Person, "document.getElementById('welcome').dataset.worker"))
	elsewhere := Owner{Start(t, site.Options).Person(t, "Alice on the train", "en"), site.URL, "en"}
	elsewhere.Welcome(Code)
	elsewhere.Choose(password)
	elsewhere.See("The site cannot be reached")
	site.LoseAnswers("", "")
	elsewhere.Press("submit")
	elsewhere.Until("the own page", "document.querySelector('.h-card')")
}
