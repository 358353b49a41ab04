package indiesite

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsAreKeptInOneForm(t *testing.T) {
	got, err := Settings{Name: "  Aïcha ", Bio: "one\r\ntwo\rthree\n", Colour: "#F2B705", Language: "nl"}.Normalised()
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{Name: "Aïcha", Bio: "one\ntwo\nthree", Colour: "#f2b705", Language: "nl"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What Word and other programs write between lines, the vertical tab above all, is a line end to whoever pastes it.
func TestEveryKindOfLineEndIsOne(t *testing.T) {
	for name, end := range map[string]string{
		"a line feed": "\n", "as Windows has it": "\r\n", "a carriage return": "\r", "a vertical tab": "\v", "a form feed": "\f",
		"a next line": "\u0085", "a line separator": "\u2028", "a paragraph separator": "\u2029",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Settings{Bio: "one" + end + "two" + end}.Normalised()
			if want := (Settings{Bio: "one\ntwo"}); err != nil || got != want {
				t.Errorf("a bio is kept as %+q, %v", got.Bio, err)
			}
			got, err = Settings{Name: "Alice" + end + "Peeters"}.Normalised()
			if strings.ContainsAny(end, "\r\n") {
				if err == nil {
					t.Errorf("a name of two lines is kept as %+q", got.Name)
				}
			} else if err != nil || got.Name != "Alice Peeters" {
				t.Errorf("a name with what nobody sees in a field of one line is kept as %+q, %v", got.Name, err)
			}
		})
	}
}

func TestSettingsWithinTheirLimitsAreTaken(t *testing.T) {
	for name, settings := range map[string]Settings{
		"none at all":                     {},
		"a name as long as it may be":     {Name: strings.Repeat("é", MaxNameLength)},
		"a bio as long as it may be":      {Bio: strings.Repeat("é", MaxBioLength)},
		"a name of joined emoji":          {Name: "👩‍👩‍👧"},
		"a bio with tabs and blank lines": {Bio: "a\tb\n\nc"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := settings.Normalised(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSettingsBeyondTheirLimitsAreRefusedByNameAndReason(t *testing.T) {
	for name, c := range map[string]struct {
		settings Settings
		says     string
	}{
		"a name one character too long": {Settings{Name: strings.Repeat("é", MaxNameLength+1)}, "settings.name must be one line of at most 80 characters"},
		"a name of two lines":           {Settings{Name: "a\nb"}, "settings.name must be one line of at most 80 characters"},
		"a name with a control":         {Settings{Name: "a\x1bb"}, "settings.name must be text without control characters"},
		"a name with a tab":             {Settings{Name: "a\tb"}, "settings.name must be text without control characters"},
		"a bio one character too long":  {Settings{Bio: strings.Repeat("é", MaxBioLength+1)}, "settings.bio must be text of at most 2000 characters"},
		"a bio with a control":          {Settings{Bio: "a\x00b"}, "settings.bio must be text without control characters"},
		"a bio with one of the C1":      {Settings{Bio: "a\u009bb"}, "settings.bio must be text without control characters"},
		"a colour by name":              {Settings{Colour: "red"}, "settings.colour must be a colour written as #rrggbb"},
		"a short colour":                {Settings{Colour: "#abc"}, "settings.colour must be a colour written as #rrggbb"},
		"a colour with more behind it":  {Settings{Colour: "#aabbcc;}body{display:none"}, "settings.colour must be a colour written as #rrggbb"},
		"a colour with a line break":    {Settings{Colour: "#aabbcc\n}"}, "settings.colour must be a colour written as #rrggbb"},
		"a language not spoken here":    {Settings{Language: "fr"}, `settings.language must be "nl" or "en"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.settings.Normalised()
			if _, ok := errors.AsType[*InvalidSettingError](err); !ok || err.Error() != c.says {
				t.Fatalf("error %v, want %s", err, c.says)
			}
		})
	}
}

func TestTextOnAnyColourCanBeRead(t *testing.T) {
	for value := range 0x1000 {
		colour := "#"
		for shift := 8; shift >= 0; shift -= 4 {
			digit := string("0123456789abcdef"[value>>shift&0xf])
			colour += digit + digit
		}
		back, text := luminance(colour), luminance(textOn(colour))
		if contrast := (max(back, text) + 0.05) / (min(back, text) + 0.05); contrast < 4.5 {
			t.Errorf("%s on %s has contrast %.2f", textOn(colour), colour, contrast)
		}
	}
}

func TestTheOwnerChangesTheSettings(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	cookie := s.signIn(t, alice)
	put := func(body string) *httptest.ResponseRecorder {
		return s.askAs(cookie, http.MethodPut, "/settings", body)
	}
	whole := Settings{Name: "Alice", Bio: "a\nb", Colour: "#0b5c4a", Background: "#ffeedd", Language: "nl"}
	if w := put(`{"name": " Alice ", "bio": "a\r\nb", "colour": "#0B5C4A", "background": "#FFEEDD", "language": "nl", "unknown": 1}`); w.Code != http.StatusNoContent {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		kind   string
		says   string
	}{
		"not JSON":                   {`name=Mallory`, 400, "malformed", "JSON object"},
		"null":                       {`null`, 400, "malformed", "JSON object"},
		"a list":                     {`[]`, 400, "malformed", "JSON object"},
		"a key twice":                {`{"name": "a", "name": "b"}`, 400, "malformed", "name"},
		"a name that is a number":    {`{"name": 1}`, 400, "malformed", "name must be a string"},
		"a background by its name":   {`{"background": "red"}`, 400, "invalid-setting", "settings.background must be a colour written as #rrggbb"},
		"a language not spoken here": {`{"language": "fr"}`, 400, "invalid-setting", "settings.language"},
		"far too much":               {`{"bio": "` + strings.Repeat("x", settingsBody) + `"}`, 413, "too-large", "65536"},
	} {
		t.Run(name, func(t *testing.T) {
			if problem := wantProblem(t, put(c.body), c.status, c.kind); !strings.Contains(problem.Detail, c.says) {
				t.Errorf("says %q, want %q in it", problem.Detail, c.says)
			}
		})
	}
	s.restart(t)
	if got, _ := s.store.Settings(); got != whole {
		t.Errorf("kept %+v", got)
	}
	if w := put(`{}`); w.Code != http.StatusNoContent {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	if got, known := s.store.Settings(); !known || got != (Settings{}) {
		t.Errorf("settings that were left out are kept: %+v", got)
	}
}
