package indiesite

import (
	"errors"
	"net/http"
	"strings"
)

// ownerSettings is how an onboarder introduces the owner. It judges the code
// before the settings, so that a stranger learns nothing about what the site
// takes.
func (s *site) ownerSettings(w http.ResponseWriter, r *http.Request) {
	if s.Store.Owned() {
		problemOwned.write(w)
		return
	}
	if !s.Code.IsSet() {
		problemNoCode.write(w)
		return
	}
	if r.ContentLength < 0 || r.ContentLength > smallBody {
		select {
		case s.large <- struct{}{}:
			defer func() { <-s.large }()
		default:
			busy(w)
			return
		}
	}
	body, ok := readBody(w, r, maxBody)
	if !ok {
		return
	}
	secret, settings, err := parseOwnerSettings(body)
	if err != nil {
		problemMalformed.because(err.Error()).write(w)
		return
	}
	settings, invalid := settings.Normalised() // of which no more is left than is kept, as it may wait long for its turn
	settings = settings.cloned()
	s.admit(w, r, secret, func(w http.ResponseWriter) { s.keepSettings(w, settings, invalid, s.Store.Introduce) })
}

// putSettings is how the owner changes the settings.
func (s *site) putSettings(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r, settingsBody)
	if !ok {
		return
	}
	settings, err := parseSettings(body)
	if err != nil {
		problemMalformed.because(err.Error()).write(w)
		return
	}
	settings, invalid := settings.Normalised()
	s.keepSettings(w, settings, invalid, s.Store.Save)
}

// parseSettings reads the body of PUT /settings. Unknown members are ignored.
func parseSettings(body []byte) (Settings, error) {
	var settings *Settings
	if err := parseStrict(body, &settings); err != nil {
		return Settings{}, err
	}
	if settings == nil {
		return Settings{}, errors.New("the body must be a JSON object")
	}
	return *settings, nil
}

// cloned shares no memory with what the settings were part of.
func (s Settings) cloned() Settings {
	for _, text := range []*string{&s.Name, &s.Bio, &s.Colour, &s.Background, &s.Language} {
		*text = strings.Clone(*text)
	}
	return s
}

// keepSettings answers the request: normalised settings are kept, invalid ones are
// refused.
func (s *site) keepSettings(w http.ResponseWriter, settings Settings, invalid error, save func(Settings) error) {
	if invalid != nil {
		problemSetting.because(invalid.Error()).write(w)
		return
	}
	s.stored(w, save(settings), stateName)
}
