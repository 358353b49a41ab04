package indiesite

import (
	gojson "encoding/json"
	"errors"
	"fmt"

	kjson "sigs.k8s.io/json"
)

// ownerSettingsRequest is the body of POST /owner-settings. Onboarders call
// the settings "settings" or "owner-settings" and put the code beside or inside
// them, in either spelling. Unknown members are ignored.
type ownerSettingsRequest struct {
	codeFields
	Settings      *settingsMember `json:"settings"`
	OwnerSettings *settingsMember `json:"owner-settings"`
}

type settingsMember struct {
	codeFields
	Settings
}

// parseOwnerSettings returns the code and the settings, not yet checked. Its
// errors name the field and what is allowed, and never quote a value.
func parseOwnerSettings(body []byte) (secret string, settings Settings, err error) {
	var request ownerSettingsRequest
	if err := parseStrict(body, &request); err != nil {
		return "", Settings{}, err
	}
	member, err := request.member()
	if err != nil {
		return "", Settings{}, err
	}
	secret, err = sameCode(request.codeFields, member.codeFields)
	if err != nil {
		return "", Settings{}, err
	}
	return secret, member.Settings, nil
}

// parseStrict reads one JSON object whose keys count once and with their case.
// Its errors name the field and what is allowed, and never quote a value.
func parseStrict(body []byte, into any) error {
	strict, err := kjson.UnmarshalStrict(body, into, kjson.DisallowDuplicateFields)
	if err != nil {
		return explain(err)
	}
	if len(strict) > 0 {
		return errors.New("every key may be given once: " + strict[0].Error())
	}
	return nil
}

func (r ownerSettingsRequest) member() (*settingsMember, error) {
	switch {
	case r.Settings == nil && r.OwnerSettings == nil:
		return nil, errors.New("settings is missing: give an object, such as {\"name\": \"Alice\"}")
	case r.Settings != nil && r.OwnerSettings != nil:
		return nil, errors.New("settings and owner-settings are two names for one object: give one of them")
	case r.Settings != nil:
		return r.Settings, nil
	}
	return r.OwnerSettings, nil
}

func sameCode(beside, inside codeFields) (string, error) {
	outer, err := beside.value()
	if err != nil {
		return "", err
	}
	inner, err := inside.value()
	if err != nil {
		return "", err
	}
	switch {
	case outer == "" && inner == "":
		return "", errors.New("secretSignUpCode is missing: give the sign-up code of this site as a string")
	case outer == "":
		return inner, nil
	case inner == "" || inner == outer:
		return outer, nil
	}
	return "", errors.New("secretSignUpCode is given twice with different values")
}

// explain puts a decoder's error in words without the document's own.
func explain(err error) error {
	if typeError, ok := errors.AsType[*gojson.UnmarshalTypeError](err); ok {
		if typeError.Field == "" {
			return errors.New("the body must be a JSON object")
		}
		return fmt.Errorf("%s must be %s", typeError.Field, jsonKind(typeError.Type.Kind().String()))
	}
	return errors.New("the body must be one JSON object and nothing after it")
}

func jsonKind(goKind string) string {
	if goKind == "string" {
		return "a string"
	}
	return "an object"
}
