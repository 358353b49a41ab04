package indiesite

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"k8s.io/utils/clock"
)

const (
	maxFuzzed = 8 << 10 // bytes
	// marked stands in seeds wherever a secret would, and must be in no error.
	marked = "marked-secret"
)

// members reads an object as JavaScript would: with its keys as they are.
func members(document []byte) map[string]json.RawMessage {
	object := map[string]json.RawMessage{}
	_ = json.Unmarshal(document, &object) // what is no object has no members
	return object
}

func text(document json.RawMessage) string {
	var s string
	_ = json.Unmarshal(document, &s) // what is no string says nothing
	return s
}

// FuzzOwnerSettings looks for a body that is read otherwise than by its keys, for settings that are kept although they are none, and for errors that repeat what
// was sent.
func FuzzOwnerSettings(f *testing.F) {
	for _, seed := range []string{
		`{"secretSignUpCode":"marked-secret","settings":{"name":"Alice","bio":"a\r\nb","colour":"#0B5C4A","background":"#FFEEDD","language":"nl"}}`,
		`{"owner-settings":{"secretSignupCode":"marked-secret","name":"<script>"}}`,
		`{"secretSignUpCode":"marked-secret","secretSignupCode":"marked-secret","settings":{"secretSignUpCode":"marked-secret"}}`,
		`{"secretSignUpCode":"","settings":{"secretSignUpCode":"marked-secret"}}`, `{"secretSignUpCode":"a","settings":{"secretSignUpCode":"b"}}`,
		`{"SecretSignUpCode":"marked-secret","Settings":{"Name":"x"}}`, `{"secretSignUpCode":"marked-secret","secretSignUpCode":"x","settings":{}}`,
		`{"settings":{},"owner-settings":{}}`, `{"settings":null,"owner-settings":null}`, `{"settings":"marked-secret"}`, `{"secretSignUpCode":["marked-secret"]}`,
		`{"secretSignUpCode":"\ud800","settings":{"name":"\u0000"}}`, `"marked-secret"`, `{"marked-secret":1,"marked-secret":2}`, `{} marked-secret`, "{\"settings\":{\"name\":\"\xff\"}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > maxFuzzed {
			return
		}
		secret, settings, err := parseOwnerSettings(body)
		if err != nil {
			if strings.Contains(err.Error(), marked) || secret != "" || settings != (Settings{}) {
				t.Fatalf("%q, %+v and the error %v", secret, settings, err)
			}
			return
		}
		outer := members(body)
		inner := members(outer["settings"])
		if len(inner) == 0 {
			inner = members(outer["owner-settings"])
		}
		if want := settingsIn(inner); settings != want {
			t.Fatalf("%q is read as %+v, want %+v", body, settings, want)
		}
		found := 0
		for _, object := range []map[string]json.RawMessage{outer, inner} {
			for _, spelling := range []string{"secretSignUpCode", "secretSignupCode"} {
				switch text(object[spelling]) {
				case "":
				case secret:
					found++
				default:
					t.Fatalf("%q is taken with the code %q, and has another", body, secret)
				}
			}
		}
		if secret == "" || found == 0 {
			t.Fatalf("%q is taken with the code %q", body, secret)
		}
		checkKept(t, settings)
	})
}

func settingsIn(object map[string]json.RawMessage) Settings {
	return Settings{
		Name: text(object["name"]), Bio: text(object["bio"]), Colour: text(object["colour"]),
		Background: text(object["background"]), Language: text(object["language"]),
	}
}

func checkKept(t *testing.T, settings Settings) {
	t.Helper()
	kept, err := settings.Normalised()
	if err != nil {
		if strings.Contains(err.Error(), marked) || kept != (Settings{}) {
			t.Fatalf("%+v: %+v and the error %v", settings, kept, err)
		}
		return
	}
	if again, err := kept.Normalised(); err != nil || again != kept {
		t.Fatalf("%+v is kept as %+v, and that as %+v, %v", settings, kept, again, err)
	}
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if strings.ContainsFunc(kept.Name+kept.Bio, control) || strings.ContainsAny(kept.Name, "\n\t") || utf8.RuneCountInString(kept.Name) > 80 || utf8.RuneCountInString(kept.Bio) > 2000 {
		t.Fatalf("%+v is kept", kept)
	}
	isColour := regexp.MustCompile(`\A(#[0-9a-f]{6})?\z`).MatchString
	if !isColour(kept.Colour) || !isColour(kept.Background) || !strings.Contains("nl en ", kept.Language+" ") {
		t.Fatalf("%+v is kept", kept)
	}
}

// FuzzInstaller looks for a file from which the wrong code would be read, or from which an error or a print shows the code.
func FuzzInstaller(f *testing.F) {
	for _, seed := range []string{
		`{"secretSignUpCode":"marked-secret","secretSignupCode":"marked-secret"}`, `{"secretSignUpCode":"marked-secret"}`, `{"secretSignupCode":"marked-secret","x":[{}]}`,
		`{"secretSignUpCode":"marked-secret","secretSignupCode":"another"}`, `{"secretSignUpCode":"marked-secret","secretSignUpCode":"x"}`, `{"secretsignupcode":"marked-secret"}`,
		`{"secretSignUpCode":""}`, `{"secretSignUpCode":null}`, `{"secretSignUpCode":5}`, `"marked-secret"`, `{"secretSignUpCode":"marked-secret"`, `marked-secret`, `{}`, `null`, ``,
		`{"secretSignUpCode":"\u003cmarked-secret\u003e"}`, "{\"secretSignUpCode\":\"marked-secret\"}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxFuzzed {
			return
		}
		code, err := parseInstaller(data)
		if err != nil {
			if code.IsSet() || code.Matches("") || strings.Contains(err.Error(), marked) {
				t.Fatalf("%q gives a code and the error %v", data, err)
			}
			return
		}
		object := members(data)
		one, other := text(object["secretSignUpCode"]), text(object["secretSignupCode"])
		if one == "" {
			one = other
		}
		if one == "" || other != "" && other != one || !code.IsSet() || !code.Matches(one) || code.Matches(one+"\x00") || code.Matches("") {
			t.Fatalf("the wrong code is read from %q", data)
		}
		if printed := fmt.Sprintf("%v %+v %s %q", code, code, code, code); strings.Contains(printed, marked) {
			t.Fatalf("a code is printed as %s", printed)
		}
	})
}

var firstLine = regexp.MustCompile(`\A:root \{ --accent: #[0-9a-f]{6}; --on-accent: #(000000|ffffff); \}\n`)

// FuzzState looks for a file, as a restored or edited volume might hold it, with which the site starts and then cannot show its pages.
func FuzzState(f *testing.F) {
	for _, seed := range []string{
		`{"version":1,"updated":"2026-11-22T10:00:00Z","settings":{"name":"Alice","bio":"a\nb","colour":"#0b5c4a","language":"nl"}}`, `{"version":1}`,
		`{"version":1,"settings":{"colour":"red"}}`, `{"version":1,"settings":{"colour":"#fff; } body { display: none"}}`, `{"version":1,"settings":{"colour":"#é0000"}}`,
		`{"version":1,"settings":{"language":"fr"}}`, `{"version":1,"settings":{"colour":"#0b5c4a","background":"#ffeedd"}}`, `{"version":1,"settings":{"background":"#ffeedd}"}}`, `{"version":1,"settings":{"name":"\u0000 "}}`, `{"version":2,"settings":{}}`, `{"version":1,"settings":{"name":5}}`, `{}`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxFuzzed {
			return
		}
		path := filepath.Join(t.TempDir(), stateFile)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		held, err := readState(path)
		if err != nil {
			return
		}
		checkKept(t, held.Settings)
		site := NewHandler(Config{Store: &Store{held: held}, Logger: slog.New(slog.DiscardHandler), Clock: clock.RealClock{}})
		for _, target := range []string{"/", "/style.css", "/favicon.svg"} {
			w := httptest.NewRecorder()
			site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://alice.gent"+target, nil))
			if w.Code != http.StatusOK || target == "/style.css" && !firstLine.Match(w.Body.Bytes()) {
				t.Fatalf("with %q, %s answers %d: %.200s", data, target, w.Code, w.Body)
			}
		}
	})
}
