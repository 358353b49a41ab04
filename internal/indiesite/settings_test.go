package indiesite

import (
	"errors"
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
