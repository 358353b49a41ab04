package browser

import "net/url"

// An Owner is somebody who may own, or owns, the Indie Site at an address.
type Owner struct {
	*Person
	// Site is the site's address, such as https://alice.gent.
	Site string
	// Language is that of what is expected on the page, "nl" or "en".
	Language string
}

// Welcome arrives as an onboarder sends people, with the code in the fragment; without a code as a passer-by does.
func (o Owner) Welcome(code string) {
	o.t.Helper()
	address := o.Site + "/"
	if code != "" {
		address += "#code=" + url.PathEscape(code)
	}
	o.Open(address)
	o.Until("the form", "document.querySelector('#form:not([hidden])')")
	if Ask[string](o.Person, "location.hash") != "" {
		o.t.Errorf("%s: the code stays in the address bar", o.name)
	}
}

// Choose types a password twice and sends it off.
func (o Owner) Choose(password string) {
	o.t.Helper()
	o.Type("password", password)
	o.Type("again", password)
	o.Press("submit")
}

// Claim makes the site the owner's: from the onboarder's link to the person's own page, signed in.
func (o Owner) Claim(code, password string) {
	o.t.Helper()
	o.Welcome(code)
	o.Choose(password)
	o.Until("the person's own page", "document.querySelector('.h-card') && document.querySelector('a[href=\"/settings\"]')")
}

// SignIn goes to the settings, by way of the page that asks for the password.
func (o Owner) SignIn(password string) {
	o.t.Helper()
	o.Open(o.Site + "/settings")
	o.Arrive("/sign-in")
	o.Try(password)
	o.Arrive("/settings")
}

// Try types a password on the page for signing in.
func (o Owner) Try(password string) {
	o.t.Helper()
	o.Type("password", password)
	o.Press("submit")
}

// SignOut goes back to the page as others see it.
func (o Owner) SignOut() {
	o.t.Helper()
	o.Open(o.Site + "/settings")
	o.Arrive("/settings")
	o.Press("sign-out")
	o.Arrive("/")
}

// Edit changes settings by the IDs of their fields, and saves them.
func (o Owner) Edit(fields map[string]string) {
	o.t.Helper()
	for id, value := range fields {
		o.Set(id, value)
	}
	o.Save()
}

// Save saves the settings.
func (o Owner) Save() {
	o.t.Helper()
	o.Press("submit")
	o.Until("that it is saved", "document.querySelector('#progress[data-tone=good]')")
}
