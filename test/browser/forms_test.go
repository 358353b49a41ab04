package browser

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"testing"
)

func TestASecretIsFoundHoweverItWasSent(t *testing.T) {
	secret := `zes "paarse" zwänen & 1 % op de Leie`
	quoted, err := json.Marshal(map[string]string{"password": secret})
	if err != nil {
		t.Fatal(err)
	}
	for how, said := range map[string]string{
		"as it is":                   "before " + secret + " after",
		"in JSON":                    string(quoted),
		"in an address":              "https://alice.gent/?p=" + url.QueryEscape(secret) + "&x=1",
		"in a path":                  "https://alice.gent/" + url.PathEscape(secret),
		"in hex":                     "x" + hex.EncodeToString([]byte(secret)),
		"in base64":                  base64.StdEncoding.EncodeToString([]byte(secret)),
		"in base64, one byte later":  base64.StdEncoding.EncodeToString([]byte("x" + secret + "yz")),
		"in base64, two bytes later": base64.RawURLEncoding.EncodeToString([]byte("xy" + secret + "z")),
	} {
		if !holds([]byte(said), []byte(secret)) {
			t.Errorf("%s it is not found", how)
		}
	}
	if holds([]byte("something else that is long enough, with zwänen on the Leie"), []byte(secret)) {
		t.Error("it is found where it is not")
	}
}
