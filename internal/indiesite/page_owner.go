package indiesite

import "net/http"

// ownerPolicy is for the pages that an owner works with: scripts of our own, a
// worker that compiles WebAssembly, and requests to this site only. Nothing
// inline, and no form is ever sent by the browser itself.
const ownerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
	"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// scriptPolicy is the same for a page with a script but without cryptography.
const scriptPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func allowScript(w http.ResponseWriter) { w.Header().Set("Content-Security-Policy", scriptPolicy) }
func allowKeys(w http.ResponseWriter)   { w.Header().Set("Content-Security-Policy", ownerPolicy) }

// look fills in what the page shows of the site's state.
func (s *site) look(r *http.Request) view {
	settings, _ := s.Store.Settings()
	v := view{Settings: settings, Owned: s.Store.Owned(), SignedIn: s.signedIn(r)}
	if tag := s.Store.PictureTag(); tag != "" {
		v.Picture = "/picture?v=" + tag
	}
	return v
}

// welcomePage asks for a password.
func (s *site) welcomePage(w http.ResponseWriter, r *http.Request, v view) {
	v.Title = titled(v.Words.Welcome.Title, v.Host)
	v.Script = theBundle().paths[scriptWelcome]
	allowKeys(w)
	s.show(w, r, "welcome.html", v)
}

// signInPage asks for the password again. Whoever is signed in already is sent on.
func (s *site) signInPage(w http.ResponseWriter, r *http.Request) {
	v := s.view(r)
	if v.SignedIn {
		http.Redirect(w, r, "/settings", http.StatusSeeOther)
		return
	}
	v.Title = v.Words.SignIn.Title + " " + v.Host
	v.Script = theBundle().paths[scriptSignIn]
	allowKeys(w)
	w.Header().Add("Vary", "Accept-Language, Cookie")
	s.show(w, r, "sign-in.html", v)
}

// settingsPage is for the owner only; whoever calls it has made sure of that.
func (s *site) settingsPage(w http.ResponseWriter, r *http.Request) {
	v := s.view(r)
	v.SignedIn = true
	v.Title = titled(v.Words.Page.Settings, v.Host)
	v.Script = theBundle().paths[scriptSettings]
	allowScript(w)
	w.Header().Add("Vary", "Accept-Language, Cookie")
	s.show(w, r, "settings.html", v)
}
