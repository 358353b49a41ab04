package indiesite

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var ownerDocument = `{"version": 1, "updated": "2026-11-22T10:00:00Z", "derivedKeySalt": "` + strings.Repeat("00", saltSize) +
	`", "encryptedPrivateSigningKeyNonce": "` + strings.Repeat("11", nonceSize) + `", "encryptedPrivateSigningKey": "` +
	strings.Repeat("22", encryptedPrivateSize) + `", "publicSigningKey": "` + strings.Repeat("33", publicKeySize) + `"}`

// person is an owner's browser, as far as the site can tell.
type person struct {
	keys    OwnerKeys
	private ed25519.PrivateKey
}

// someone is the same person for the same seed.
func someone(seed byte) person {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
	return person{private: private, keys: OwnerKeys{
		DerivedKeySalt:                  strings.Repeat("a0", saltSize),
		EncryptedPrivateSigningKeyNonce: strings.Repeat("b1", nonceSize),
		EncryptedPrivateSigningKey:      strings.Repeat("c2", encryptedPrivateSize),
		PublicSigningKey:                hex.EncodeToString(private[ed25519.SeedSize:]),
	}}
}

func (p person) sign(host, challenge string) string {
	return hex.EncodeToString(ed25519.Sign(p.private, []byte("indie-site sign-in\n"+host+"\n"+challenge)))
}

// claiming is the body of POST /owner; members may change or, with "", leave out some.
func (p person) claiming(code string, members ...string) string {
	body := map[string]string{
		"derivedKeySalt":                  p.keys.DerivedKeySalt,
		"encryptedPrivateSigningKeyNonce": p.keys.EncryptedPrivateSigningKeyNonce,
		"encryptedPrivateSigningKey":      p.keys.EncryptedPrivateSigningKey,
		"publicSigningKey":                p.keys.PublicSigningKey,
		"secretSignUpCode":                code,
	}
	for i := 0; i+1 < len(members); i += 2 {
		body[members[i]] = members[i+1]
	}
	for name, value := range body {
		if value == "" {
			delete(body, name)
		}
	}
	document, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(document)
}

func ownedSite(t *testing.T, p person) *testSite {
	t.Helper()
	s := newTestSite(t, rightCode)
	if err := s.store.Claim(p.keys); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhoeverHasTheCodeOwnsTheSiteOnceAndForEver(t *testing.T) {
	alice, mallory := someone('a'), someone('m')
	for name, code := range map[string]string{"with a sign-up code": rightCode, "where there is none": ""} {
		t.Run(name, func(t *testing.T) {
			s := newTestSite(t, code)
			w := s.ask(http.MethodPost, "/owner", alice.claiming(code))
			if w.Code != http.StatusCreated || w.Header().Get("Location") != "/owner" {
				t.Fatalf("answered %d: %s", w.Code, w.Body)
			}
			wantKeys(t, w.Body.Bytes(), alice.keys)
			for again, body := range map[string]string{
				"somebody else, with the code": mallory.claiming(code),
				"the owner":                    alice.claiming(code),
				"a wrong code":                 mallory.claiming("guess"),
				"no code":                      mallory.claiming(""),
				"no JSON":                      `derivedKeySalt=00`,
				"nothing":                      ``,
				"far too much":                 strings.Repeat("x", maxBody+1),
			} {
				t.Run("then "+again, func(t *testing.T) {
					wantProblem(t, s.ask(http.MethodPost, "/owner", body), http.StatusForbidden, "already-owned")
				})
			}
			s.restart(t)
			wantProblem(t, s.ask(http.MethodPost, "/owner", mallory.claiming(code)), http.StatusForbidden, "already-owned")
			wantKeys(t, s.ask(http.MethodGet, "/owner", "").Body.Bytes(), alice.keys)
		})
	}
}

func wantKeys(t *testing.T, body []byte, want OwnerKeys) {
	t.Helper()
	var got OwnerKeys
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAClaimThatIsNotAsItShouldBeIsRefusedAndTheSiteStaysFree(t *testing.T) {
	p := someone('a')
	for name, c := range map[string]struct {
		body   string
		status int
		kind   string
		says   string
	}{
		"a wrong code":              {p.claiming("guess"), 403, "wrong-sign-up-code", ""},
		"no code":                   {p.claiming(""), 403, "wrong-sign-up-code", "secretSignUpCode is missing"},
		"an empty code":             {`{"secretSignUpCode": ""}`, 403, "wrong-sign-up-code", "secretSignUpCode is missing"},
		"a wrong code, wrong keys":  {p.claiming("guess", "derivedKeySalt", "x"), 403, "wrong-sign-up-code", ""},
		"spellings that differ":     {p.claiming("guess", "secretSignupCode", rightCode), 400, "malformed", "differ"},
		"a code that is a number":   {`{"secretSignUpCode": 5}`, 400, "malformed", "secretSignUpCode must be a string"},
		"not JSON":                  {`derivedKeySalt=00`, 400, "malformed", "JSON object"},
		"a list":                    {`[]`, 400, "malformed", "JSON object"},
		"something behind it":       {p.claiming(rightCode) + "{}", 400, "malformed", "nothing after"},
		"a key twice":               {`{"publicSigningKey": "00", ` + p.claiming(rightCode)[1:], 400, "malformed", "publicSigningKey"},
		"keys in other case":        {p.claiming(rightCode, "publicSigningKey", "", "PublicSigningKey", p.keys.PublicSigningKey), 400, "invalid-key", "publicSigningKey"},
		"no salt":                   {p.claiming(rightCode, "derivedKeySalt", ""), 400, "invalid-key", "derivedKeySalt must be 16 bytes"},
		"a salt one byte short":     {p.claiming(rightCode, "derivedKeySalt", p.keys.DerivedKeySalt[2:]), 400, "invalid-key", "derivedKeySalt must be 16 bytes"},
		"a salt one digit longer":   {p.claiming(rightCode, "derivedKeySalt", p.keys.DerivedKeySalt+"0"), 400, "invalid-key", "32 lower-case hexadecimal digits"},
		"a salt in capitals":        {p.claiming(rightCode, "derivedKeySalt", strings.ToUpper(p.keys.DerivedKeySalt)), 400, "invalid-key", "lower-case"},
		"a nonce that is not hex":   {p.claiming(rightCode, "encryptedPrivateSigningKeyNonce", strings.Repeat("zz", nonceSize)), 400, "invalid-key", "encryptedPrivateSigningKeyNonce must be 24 bytes"},
		"an encrypted seed":         {p.claiming(rightCode, "encryptedPrivateSigningKey", strings.Repeat("00", 48)), 400, "invalid-key", "encryptedPrivateSigningKey must be 80 bytes"},
		"a public key with a break": {p.claiming(rightCode, "publicSigningKey", p.keys.PublicSigningKey[:63]+"\n"), 400, "invalid-key", "publicSigningKey must be 32 bytes"},
		"a body too large":          {p.claiming(rightCode, "more", strings.Repeat("x", claimBody)), 413, "too-large", "8192"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestSite(t, rightCode)
			problem := wantProblem(t, s.ask(http.MethodPost, "/owner", c.body), c.status, c.kind)
			if !strings.Contains(problem.Detail, c.says) {
				t.Errorf("says %q, want %q in it", problem.Detail, c.says)
			}
			if s.store.Owned() {
				t.Error("the site has an owner")
			}
			if told := fmt.Sprint(problem) + s.log.String(); strings.Contains(told, rightCode) || strings.Contains(told, "guess") {
				t.Errorf("a code is in the answer or the log: %s", told)
			}
			if w := s.ask(http.MethodPost, "/owner", p.claiming(rightCode)); w.Code != http.StatusCreated {
				t.Errorf("the owner is answered %d: %s", w.Code, w.Body)
			}
		})
	}
}

func TestWhoeverHasTheCodeInTheOlderSpellingOwnsTheSiteToo(t *testing.T) {
	s := newTestSite(t, rightCode)
	body := someone('a').claiming("", "secretSignupCode", rightCode, "unknown", "here")
	if w := s.ask(http.MethodPost, "/owner", body); w.Code != http.StatusCreated {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
}

func TestGuessesAtOwningAndAtSettingsAreSlowedTogether(t *testing.T) {
	s := newTestSite(t, rightCode)
	for i := range freeWrongCodes + 1 {
		guess := func() *httptest.ResponseRecorder { return s.post(withCode("guess")) }
		if i%2 == 0 {
			guess = func() *httptest.ResponseRecorder {
				return s.ask(http.MethodPost, "/owner", someone('m').claiming("guess"))
			}
		}
		w := guess()
		if i < freeWrongCodes {
			wantProblem(t, w, http.StatusForbidden, "wrong-sign-up-code")
		} else {
			wantProblem(t, w, http.StatusTooManyRequests, "too-many-wrong-codes")
		}
	}
	if w := s.ask(http.MethodPost, "/owner", someone('a').claiming(rightCode)); w.Code != http.StatusCreated {
		t.Errorf("the owner is answered %d after that", w.Code)
	}
}

func TestOfManyWhoClaimAtOnceOneOwnsTheSite(t *testing.T) {
	s := newTestSite(t, rightCode)
	var group sync.WaitGroup
	owners := make(chan person, 20)
	for i := range 20 {
		group.Go(func() {
			p := someone(byte(i + 1))
			switch w := s.ask(http.MethodPost, "/owner", p.claiming(rightCode)); w.Code {
			case http.StatusCreated:
				owners <- p
			case http.StatusForbidden:
			default:
				t.Errorf("answered %d: %s", w.Code, w.Body)
			}
		})
	}
	group.Wait()
	if len(owners) != 1 {
		t.Fatalf("%d were told that they own the site", len(owners))
	}
	s.restart(t)
	if keys, _ := s.store.Owner(); keys != (<-owners).keys {
		t.Error("another one owns it than was told")
	}
}

func TestTheOwnersKeysAreReadByEachTheirAddress(t *testing.T) {
	p := someone('a')
	free, owned := newTestSite(t, rightCode), ownedSite(t, p)
	for path, want := range map[string]map[string]string{
		"/owner": {
			"derivedKeySalt": p.keys.DerivedKeySalt, "encryptedPrivateSigningKeyNonce": p.keys.EncryptedPrivateSigningKeyNonce,
			"encryptedPrivateSigningKey": p.keys.EncryptedPrivateSigningKey, "publicSigningKey": p.keys.PublicSigningKey,
		},
		"/owner/encrypted-private-signing-key": {
			"derivedKeySalt": p.keys.DerivedKeySalt, "encryptedPrivateSigningKeyNonce": p.keys.EncryptedPrivateSigningKeyNonce,
			"encryptedPrivateSigningKey": p.keys.EncryptedPrivateSigningKey,
		},
		"/owner/public-signing-key": {"publicSigningKey": p.keys.PublicSigningKey},
	} {
		wantProblem(t, free.ask(http.MethodGet, path, ""), http.StatusNotFound, "not-claimed")
		w := owned.ask(http.MethodGet, path, "")
		var got map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: answered %d %q", path, w.Code, w.Body)
		}
		if diff := cmp.Diff(want, got); diff != "" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s\n%s", path, w.Header().Get("Content-Type"), diff)
		}
	}
	for _, site := range []*testSite{free, owned} {
		wantProblem(t, site.ask(http.MethodGet, "/owner/private-signing-key", ""), http.StatusNotFound, "not-found")
	}
}

func TestOwnerSettingsAreClosedOnceTheSiteHasAnOwner(t *testing.T) {
	s := newTestSite(t, rightCode)
	if w := s.post(withCode(rightCode)); w.Code != http.StatusNoContent {
		t.Fatalf("before: %d", w.Code)
	}
	if w := s.ask(http.MethodPost, "/owner", someone('a').claiming(rightCode)); w.Code != http.StatusCreated {
		t.Fatalf("claiming: %d", w.Code)
	}
	for name, body := range map[string]string{
		"other settings with the code": `{"secretSignUpCode": "open-sesame", "settings": {"name": "Mallory"}}`,
		"the same settings again":      withCode(rightCode),
		"a wrong code":                 withCode("guess"),
		"no JSON":                      `name=Mallory`,
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, s.post(body), http.StatusForbidden, "already-owned")
			if got, _ := s.store.Settings(); got.Name != "Alice" {
				t.Errorf("the name is %q now", got.Name)
			}
		})
	}
	if err := s.store.Introduce(Settings{Name: "Mallory"}); !errors.Is(err, ErrOwned) {
		t.Errorf("settings that were under way when the site got its owner: %v", err)
	}
}

func TestASiteThatCannotKeepItsOwnerDoesNotSayThatItHasOne(t *testing.T) {
	s := newTestSite(t, rightCode)
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s.ask(http.MethodPost, "/owner", someone('a').claiming(rightCode)), http.StatusInternalServerError, "storage")
	if s.store.Owned() {
		t.Error("it believes to have an owner")
	}
	wantProblem(t, s.ask(http.MethodGet, "/owner", ""), http.StatusNotFound, "not-claimed")
}

func TestTheOwnersFileIsForItsUserOnly(t *testing.T) {
	s := ownedSite(t, someone('a'))
	info, err := os.Stat(filepath.Join(s.dir, ownerFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
