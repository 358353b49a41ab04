package serve

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"magicwebsitefactory.gent/internal/hallo"
)

// settingError names the setting that is not as it should be; with "-control"
// behind it, the setting that has a control character.
type settingError string

// Error names it.
func (e settingError) Error() string {
	return fmt.Sprintf("the setting %s is not as it should be", string(e))
}

// What an Indie Site takes at most, in characters.
const (
	maxName = 80
	maxBio  = 2000
)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// breaks are what lines end with elsewhere: pasted text has Word's soft breaks
// (U+000B) in it, which nobody sees and an Indie Site refuses.
var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// checked holds settings to what an Indie Site takes, so that the person hears of
// it while they can still change it.
func checked(settings hallo.OwnerSettings) (hallo.OwnerSettings, error) {
	settings.Name = strings.Join(strings.Fields(settings.Name), " ")
	settings.Bio = strings.TrimSpace(breaks.Replace(settings.Bio))
	switch {
	case hasControl(settings.Name, ""):
		return settings, settingError("name-control")
	case utf8.RuneCountInString(settings.Name) > maxName:
		return settings, settingError("name")
	case hasControl(settings.Bio, "\n\t"):
		return settings, settingError("bio-control")
	case utf8.RuneCountInString(settings.Bio) > maxBio:
		return settings, settingError("bio")
	case settings.Colour != "" && !colour.MatchString(settings.Colour):
		return settings, settingError("colour")
	case settings.Background != "" && !colour.MatchString(settings.Background):
		return settings, settingError("background")
	case settings.Language != "" && settings.Language != "nl" && settings.Language != "en":
		return settings, settingError("language")
	}
	return settings, nil
}

func hasControl(text, allowed string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(allowed, r) })
}
