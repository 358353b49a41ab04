package indiesite

import (
	"bytes"
	"encoding/json"
	"image"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/utils/clock"
)

// FuzzOwner looks for a claim that is read otherwise than by its keys, for keys that are taken and are none, and for errors that repeat what was sent.
func FuzzOwner(f *testing.F) {
	for _, seed := range []string{
		someone('a').claiming("marked-secret"), someone('a').claiming(""), someone('a').claiming("marked-secret", "secretSignupCode", "marked-secret"),
		someone('a').claiming("a", "secretSignupCode", "b"), someone('a').claiming("a", "derivedKeySalt", "marked-secret"),
		someone('a').claiming("a", "publicSigningKey", strings.Repeat("F", 64)), `{"derivedKeySalt":5}`, `{"PublicSigningKey":"00"}`, `{"publicSigningKey":"a","publicSigningKey":"b"}`,
		`{"derivedKeySalt":["marked-secret"]}`, `null`, `[]`, `{} {}`, `{}`, ``, "{\"publicSigningKey\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	lower := regexp.MustCompile(`\A[0-9a-f]*\z`)
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > maxFuzzed {
			return
		}
		secret, keys, err := parseClaim(body)
		if err != nil {
			if strings.Contains(err.Error(), marked) || secret != "" || keys != (OwnerKeys{}) {
				t.Fatalf("%q, %+v and the error %v", secret, keys, err)
			}
			return
		}
		object := members(body)
		want := OwnerKeys{
			DerivedKeySalt: text(object["derivedKeySalt"]), EncryptedPrivateSigningKeyNonce: text(object["encryptedPrivateSigningKeyNonce"]),
			EncryptedPrivateSigningKey: text(object["encryptedPrivateSigningKey"]), PublicSigningKey: text(object["publicSigningKey"]),
		}
		if keys != want {
			t.Fatalf("%q is read as %+v, want %+v", body, keys, want)
		}
		for _, spelling := range []string{"secretSignUpCode", "secretSignupCode"} {
			if given := text(object[spelling]); given != "" && given != secret {
				t.Fatalf("%q is read with the code %q", body, secret)
			}
		}
		if err := keys.Check(); err != nil {
			if strings.Contains(err.Error(), marked) {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		sizes := []int{len(keys.DerivedKeySalt), len(keys.EncryptedPrivateSigningKeyNonce), len(keys.EncryptedPrivateSigningKey), len(keys.PublicSigningKey)}
		all := keys.DerivedKeySalt + keys.EncryptedPrivateSigningKeyNonce + keys.EncryptedPrivateSigningKey + keys.PublicSigningKey
		if sizes[0] != 32 || sizes[1] != 48 || sizes[2] != 160 || sizes[3] != 64 || !lower.MatchString(all) {
			t.Fatalf("%+v are taken for keys", keys)
		}
	})
}

// FuzzOwnerState looks for a file with which a site starts, has an owner, and cannot say whose it is: it would be lost to its owner.
func FuzzOwnerState(f *testing.F) {
	for _, seed := range []string{
		ownerDocument, `{"version":1}`, `{"version":2}`, `{}`, `null`, ``, strings.Replace(ownerDocument, "00", "0", 1), strings.Replace(ownerDocument, "33", "AA", 1),
		strings.Replace(ownerDocument, "publicSigningKey", "PUBLICSIGNINGKEY", 1), strings.Replace(ownerDocument, `"version": 1`, `"version": 1, "version": 2`, 1), ownerDocument + "{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxFuzzed {
			return
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, ownerFile), string(data))
		store, err := OpenStore(dir, clock.RealClock{})
		if err != nil {
			return
		}
		s := &testSite{dir: dir, code: rightCode, log: &bytes.Buffer{}}
		s.restart(t)
		keys, owned := store.Owner()
		w := s.ask(http.MethodGet, "/owner", "")
		if !owned || keys.Check() != nil || w.Code != http.StatusOK {
			t.Fatalf("with %q it starts, owned: %v by %+v, and answers %d", data, owned, keys, w.Code)
		}
		wantKeys(t, w.Body.Bytes(), keys)
		wantProblem(t, s.ask(http.MethodPost, "/owner", someone('m').claiming(rightCode)), http.StatusForbidden, "already-owned")
	})
}

// FuzzSession looks for a request that signs somebody in who does not have the owner's key, and for an error that repeats what was sent.
func FuzzSession(f *testing.F) {
	zeros := strings.Repeat("0", 128)
	for _, seed := range []string{
		`{"challenge":"` + zeros[:64] + `","signature":"` + zeros + `"}`, `{"challenge":"CHALLENGE","signature":"` + zeros + `"}`, `{"challenge":"CHALLENGE","signature":"marked-secret"}`,
		`{"challenge":"marked-secret"}`, `{"challenge":5}`, `{"challenge":"a","challenge":"b"}`, `null`, `[]`, `{}`, ``, `{"challenge":"CHALLENGE"} {}`,
		`{"challenge":"CHALLENGE","signature":"` + someone('m').sign(host, "CHALLENGE") + `"}`,
	} {
		f.Add([]byte(seed), sessionCookie+"=x; a=b")
	}
	f.Fuzz(func(t *testing.T, body []byte, cookies string) {
		if len(body)+len(cookies) > maxFuzzed {
			return
		}
		store := &Store{clock: clock.RealClock{}, owner: &ownerState{OwnerKeys: someone('a').keys}}
		s := &testSite{Handler: NewHandler(Config{Store: store, Logger: slog.New(slog.DiscardHandler), Clock: clock.RealClock{}})}
		challenge := s.newChallenge(t)
		signed := bytes.ReplaceAll(body, []byte("CHALLENGE"), []byte(challenge))
		w := s.ask(http.MethodPost, "/session", string(signed))
		if w.Code != http.StatusBadRequest && w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" || strings.Contains(w.Body.String(), marked) {
			t.Fatalf("%q is answered %d %v %s", signed, w.Code, w.Header(), w.Body)
		}
		r := httptest.NewRequest(http.MethodPut, "https://alice.gent/settings", strings.NewReader("{}"))
		r.Header.Set("Cookie", cookies)
		w = httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Fatalf("with the cookies %q, settings are answered %d", cookies, w.Code)
		}
	})
}

// FuzzSessionState looks for a file with which a site starts and strangers are signed in, or the owner cannot sign in any more.
func FuzzSessionState(f *testing.F) {
	digest := someone('a').keys.digestOf("token")
	for _, seed := range []string{
		`{"version":1,"sessions":[{"digest":"` + digest + `","expires":"2199-01-01T00:00:00Z"}]}`, `{"version":1,"sessions":[{"digest":"` + digest + `"}]}`,
		`{"version":1,"sessions":[{"digest":"","expires":"2199-01-01T00:00:00Z"}]}`, `{"version":1,"sessions":null}`, `{"version":1,"sessions":[null]}`, `{"version":1}`, `{"version":2}`, `null`, ``,
		`{"version":1,"sessions":[` + strings.Repeat(`{"digest":"`+digest+`","expires":"2000-01-01T00:00:00Z"},`, 30) + `{"digest":"` + digest + `","expires":"9999-12-31T23:59:59+14:00"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxFuzzed {
			return
		}
		alice := someone('a')
		s := ownedSite(t, alice)
		write(t, filepath.Join(s.dir, sessionsFile), string(data))
		if _, err := OpenStore(s.dir, clock.RealClock{}); err != nil {
			return
		}
		s.restart(t)
		if s.store.HasSession("") || s.store.HasSession("another") {
			t.Fatalf("with %q strangers are signed in", data)
		}
		s.wantSignedIn(t, s.signIn(t, alice), true)
		var kept struct{ Sessions []json.RawMessage }
		document, err := os.ReadFile(filepath.Join(s.dir, sessionsFile))
		if err != nil || json.Unmarshal(document, &kept) != nil || len(kept.Sessions) > maxSessions {
			t.Fatalf("with %q %d sessions are kept: %v", data, len(kept.Sessions), err)
		}
	})
}

// FuzzPicture looks for a body that makes the site panic, or that it keeps and could not serve, or with which it would not start again.
func FuzzPicture(f *testing.F) {
	for _, name := range []string{"lossy", "lossless", "lossy-transparent", "lossless-transparent"} {
		data, err := os.ReadFile(filepath.Join("testdata", "pictures", name+".webp"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for orientation := byte(0); orientation < 10; orientation++ {
		f.Add(withOrientation(jpegOf(16, 8), orientation, "remark"))
	}
	f.Add(pngOf(9, 5))
	f.Add(progressive(jpegOf(16, 16)))
	f.Add(claimingSize(10_000, 10_000))
	f.Add([]byte("GIF89a"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxFuzzed {
			return
		}
		if value := orientation(data); value > 8 {
			t.Fatalf("orientation %d", value)
		}
		prepared, err := preparePicture(data)
		if err != nil {
			if _, ours := err.(pictureError); !ours || prepared != nil { //nolint:errorlint // not wrapped
				t.Fatalf("%d bytes and the error %v", len(prepared), err)
			}
			return
		}
		kept, format, err := image.DecodeConfig(bytes.NewReader(prepared))
		if err != nil || max(kept.Width, kept.Height) > MaxPictureSide || min(kept.Width, kept.Height) < 1 || format != "jpeg" && format != "png" {
			t.Fatalf("a %s of %d × %d is kept: %v", format, kept.Width, kept.Height, err)
		}
		dir := t.TempDir()
		if err := openStore(t, dir).SavePicture(prepared); err != nil {
			t.Fatal(err)
		}
		if openStore(t, dir).PictureTag() == "" {
			t.Fatal("the picture is gone after a restart")
		}
		if again, err := preparePicture(prepared); err != nil || again == nil {
			t.Fatalf("what is kept would not be taken: %v", err)
		}
	})
}
