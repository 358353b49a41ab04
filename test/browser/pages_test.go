package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func TestEveryPageIsThereInDutch(t *testing.T) {
	site := startSite(t)
	chromium := Start(t, site.Options)
	an := Owner{chromium.Person(t, "An", "nl-BE,nl;q=0.9,en;q=0.5"), site.URL, "nl"}
	dutch := func(where, says string) {
		t.Helper()
		an.See(says)
		if lang := Ask[string](an.Person, "document.documentElement.lang"); lang != "nl" {
			t.Errorf("%s: is in %s", where, lang)
		}
		an.Accessible("nl " + where)
	}
	an.Open(site.URL + "/#code=" + Code) // too early
	an.Until("the code out of the address bar", "!location.hash")
	dutch("waiting", "wacht op zijn eigenaar")
	site.introduce(t, settings{"name": "An", "bio": "Ik teken huizen."})
	an.Until("the form, by itself, with the code known", "document.querySelector('#form:not([hidden])') && document.getElementById('code-field').hidden && !location.hash")
	an.Press("make")
	an.See("Hier is er een")
	dutch("welcome with a made password", "Welkom, An")
	made := Ask[string](an.Person, "document.getElementById('password').value")
	if again := Ask[string](an.Person, "document.getElementById('again').value"); again != made || len(made) != 27 {
		t.Errorf("made %q and %q", made, again)
	}
	an.Press("submit")
	an.Until("the own page", "document.querySelector('.h-card')")
	dutch("page", "Ik teken huizen.")
	an.SignOut()
	an.Open(site.URL + "/sign-in")
	dutch("sign-in", "Aanmelden bij")
	an.Try("dit is het niet")
	dutch("sign-in with an error", "Dit is niet het wachtwoord")
	an.SignIn(made)
	dutch("settings", "Jouw pagina")
	an.Edit(map[string]string{"bio": "Ik teken boten."})
	an.See("Bewaard")
	an.Set("language", "en")
	an.Press("submit")
	an.See("Saved. Everybody can see it now.") // in the language that was chosen
	if site.Holds([]byte(made)) {
		t.Error("the password that was made went over the wire")
	}
	if complaints := an.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
	}
}

func TestWithoutScriptThePersonsPageIsReadAndTheOthersSayWhatTheyNeed(t *testing.T) {
	site := startSite(t)
	chromium := Start(t, site.Options)
	site.introduce(t, settings{"name": "Alice", "bio": "I draw houses."})
	visitor := Owner{chromium.Person(t, "a visitor", "en"), site.URL, "en"}
	visitor.WithoutScript(true)
	visitor.Open(site.URL)
	visitor.See("This page needs JavaScript")
	if Ask[bool](visitor.Person, "document.getElementById('form').checkVisibility()") {
		t.Error("without scripts, there is a form that can do nothing")
	}

	alice := Owner{chromium.Person(t, "Alice", "en"), site.URL, "en"}
	alice.Claim(Code, password)
	visitor.Open(site.URL)
	visitor.See("I draw houses.")
	visitor.Follow("/sign-in")
	visitor.Arrive("/sign-in")
	visitor.See("This page needs JavaScript")
	alice.SignOut()
	alice.Open(site.URL + "/sign-in")
	Ask[any](alice.Person, "Object.defineProperty(navigator, 'cookieEnabled', {value: false}) && 0")
	alice.Try(password)
	alice.See("does not accept cookies")
	alice.SignIn(password)
	alice.WithoutScript(true)
	alice.Open(site.URL + "/settings")
	alice.See("This page needs JavaScript")
}

func TestABrowserThatCannotRunTheScriptsSaysWhatIsMissing(t *testing.T) {
	site := startSite(t)
	site.introduce(t, settings{"name": "Alice"})
	visitor := Owner{Start(t, site.Options).Person(t, "somebody with an old phone", "en"), site.URL, "en"}
	visitor.Welcome("")
	if Ask[bool](visitor.Person, "document.body.innerText.includes('This page needs JavaScript')") {
		t.Error("a browser that can is told that it cannot")
	}
	site.LoseAnswers("GET", Ask[string](visitor.Person, "new URL(document.querySelector('script').src).pathname"))
	visitor.call("forget what was loaded", func() error {
		_, err := chromedp.Call(visitor.ctx, network.ClearBrowserCache, cdp.Empty{})
		return err
	})
	visitor.Open(site.URL)
	visitor.See("from 2023 or later")
	visitor.Accessible("welcome on an old phone")
}

// The search for a violation of the policy would find one.
func TestAViolationOfThePolicyIsNoticed(t *testing.T) {
	site := startSite(t)
	alice := Start(t, site.Options).Person(t, "Alice", "en")
	alice.Open(site.URL)
	Ask[any](alice, "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">') || 0")
	alice.Until("a complaint", "true")
	if complaints := strings.Join(alice.Complaints(), "\n"); !strings.Contains(complaints, "Content Security Policy") {
		t.Errorf("noticed only: %s", complaints)
	}
}
