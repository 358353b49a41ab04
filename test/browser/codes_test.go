package browser

import (
	"net/url"
	"testing"
)

// A factory takes any code of up to 4096 bytes, and each must open its site.
func TestEveryCodeOpensItsSite(t *testing.T) {
	for name, c := range map[string]struct{ code, fragment, typed string }{
		"with outer spaces, in the address":           {" k7mf 2qzn ", "%20k7mf%202qzn%20", ""},
		"with outer spaces, typed":                    {" k7mf-2qzn ", "", " k7mf-2qzn "},
		"without them, pasted with some":              {"k7mf-2qzn", "", "\u00a0k7mf-2qzn "},
		"of two lines, in the address":                {"k7mf\n2qzn", "k7mf%0A2qzn", ""},
		"in base64 that nobody escaped":               {"aGFs+G8/Zm9v==", "aGFs+G8/Zm9v==", ""},
		"with spaces, as a form writes them":          {"open sesame + more", url.QueryEscape("open sesame + more"), ""},
		"wrong in the address, and then typed aright": {"k7mf-2qzn", "k7mf-2qzm", "k7mf-2qzn"},
	} {
		t.Run(name, func(t *testing.T) {
			site := StartSiteWithCode(t, program, c.code)
			alice := Owner{Start(t, site.Options).Person(t, "Alice", "en"), site.URL, "en"}
			if status := site.Post(t, "/owner-settings", settings{"secretSignUpCode": c.code, "settings": settings{"name": "Alice"}}); status != 204 {
				t.Fatalf("owner settings: %d", status)
			}
			alice.Open(site.URL + "/#code=" + c.fragment)
			alice.Until("the form", "document.querySelector('#form:not([hidden])')")
			if c.fragment == "" {
				alice.Type("code", c.typed)
			}
			alice.Choose(password)
			if c.fragment != "" && c.typed != "" {
				alice.See("not the sign-up code")
				alice.Type("code", c.typed)
				alice.Press("submit")
			}
			alice.Until("the own page", "document.querySelector('.h-card')")
		})
	}
}
