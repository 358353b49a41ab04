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

func TestSettingsBeyondTheirLimitsAreRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		settings Settings
		field    string
	}{
		"a name one character too long": {Settings{Name: strings.Repeat("é", MaxNameLength+1)}, "name"},
		"a name of two lines":           {Settings{Name: "a\nb"}, "name"},
		"a name with a control":         {Settings{Name: "a\x1bb"}, "name"},
		"a bio one character too long":  {Settings{Bio: strings.Repeat("é", MaxBioLength+1)}, "bio"},
		"a bio with a control":          {Settings{Bio: "a\x00b"}, "bio"},
		"a colour by name":              {Settings{Colour: "red"}, "colour"},
		"a short colour":                {Settings{Colour: "#abc"}, "colour"},
		"a colour with more behind it":  {Settings{Colour: "#aabbcc;}body{display:none"}, "colour"},
		"a colour with a line break":    {Settings{Colour: "#aabbcc\n}"}, "colour"},
		"a language not spoken here":    {Settings{Language: "fr"}, "language"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.settings.Normalised()
			invalid, ok := errors.AsType[*InvalidSettingError](err)
			if !ok || invalid.Field != c.field {
				t.Fatalf("error %v, want one about %s", err, c.field)
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
