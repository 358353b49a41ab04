package indiesite

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on owner settings, in characters (Unicode code points) after leading
// and trailing space is taken off.
const (
	MaxNameLength = 80
	MaxBioLength  = 2000
)

// DefaultColour is the page's colour until the owner chooses one.
const DefaultColour = "#0b5c4a"

// Settings are what an owner tells the site about themselves. Each is
// optional; posting settings replaces all of them.
type Settings struct {
	// Name is shown as the page's heading; one line.
	Name string `json:"name,omitempty"`
	// Bio is shown as plain text; line breaks are kept.
	Bio string `json:"bio,omitempty"`
	// Colour is the page's colour as #rrggbb.
	Colour string `json:"colour,omitempty"`
	// Background is a second colour, #rrggbb, behind the page's text.
	Background string `json:"background,omitempty"`
	// Language is that of the page's own words, "nl" or "en".
	Language string `json:"language,omitempty"`
}

// InvalidSettingError says which setting was refused and what is allowed. It
// never repeats the value.
type InvalidSettingError struct {
	// Field is the setting's name as in the JSON document.
	Field string
	// Allowed completes the sentence "<field> must be".
	Allowed string
}

// withoutControls is known to the page's script too.
const withoutControls = "text without control characters"

// Error says in one sentence what is allowed.
func (e *InvalidSettingError) Error() string {
	return fmt.Sprintf("settings.%s must be %s", e.Field, e.Allowed)
}

var colourPattern = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// Line ends come in many kinds: the break that Word writes within a paragraph is
// a vertical tab, and what was copied from elsewhere has those of Unicode
// (UAX #14). In a name, for which a browser has a field of one line, they cannot
// be seen and are spaces.
var (
	lineEnds       = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
	unseenLineEnds = strings.NewReplacer("\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ")
)

// Normalised returns the settings as they are kept: outer space off, line ends
// as \n, colour in lower case. A value outside its limits is an
// *InvalidSettingError.
func (s Settings) Normalised() (Settings, error) {
	n := Settings{
		Name:       strings.TrimSpace(unseenLineEnds.Replace(s.Name)),
		Bio:        strings.TrimSpace(lineEnds.Replace(s.Bio)),
		Colour:     strings.ToLower(strings.TrimSpace(s.Colour)),
		Background: strings.ToLower(strings.TrimSpace(s.Background)),
		Language:   strings.TrimSpace(s.Language),
	}
	switch {
	case utf8.RuneCountInString(n.Name) > MaxNameLength || strings.ContainsAny(n.Name, "\r\n"):
		return Settings{}, &InvalidSettingError{"name", fmt.Sprintf("one line of at most %d characters", MaxNameLength)}
	case hasControl(n.Name, ""):
		return Settings{}, &InvalidSettingError{"name", withoutControls}
	case utf8.RuneCountInString(n.Bio) > MaxBioLength:
		return Settings{}, &InvalidSettingError{"bio", fmt.Sprintf("text of at most %d characters", MaxBioLength)}
	case hasControl(n.Bio, "\n\t"):
		return Settings{}, &InvalidSettingError{"bio", withoutControls}
	case n.Colour != "" && !colourPattern.MatchString(n.Colour):
		return Settings{}, &InvalidSettingError{"colour", "a colour written as #rrggbb"}
	case n.Background != "" && !colourPattern.MatchString(n.Background):
		return Settings{}, &InvalidSettingError{"background", "a colour written as #rrggbb"}
	case n.Language != "" && n.Language != "nl" && n.Language != "en":
		return Settings{}, &InvalidSettingError{"language", `"nl" or "en"`}
	}
	return n, nil
}

func hasControl(text, allowed string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune(allowed, r)
	})
}
