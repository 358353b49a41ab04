package browser

import (
	"fmt"
	"strings"
	"testing"
)

// owning is somebody signed in at their settings.
func owning(t *testing.T, language string) (*Site, Owner) {
	t.Helper()
	site := startSite(t)
	alice := Owner{Start(t, site.Options).Person(t, "Alice", language), site.URL, language}
	site.introduce(t, settings{"name": "Alice", "bio": "I draw houses.", "colour": "#0b5c4a"})
	alice.Claim(Code, password)
	alice.Open(site.URL + "/settings")
	alice.Arrive("/settings")
	return site, alice
}

func (o Owner) value(id string) string {
	o.t.Helper()
	return Ask[string](o.Person, fmt.Sprintf("document.getElementById(%q).value", id))
}

// endSession is what another window of the same browser does.
func (o Owner) endSession() {
	o.t.Helper()
	if status := Ask[int](o.Person, "fetch('/session', {method: 'DELETE'}).then(answer => answer.status)"); status != 204 {
		o.t.Fatalf("%s: the session does not end: %d", o.name, status)
	}
}

func (o Owner) mayLeave() bool {
	o.t.Helper()
	return Ask[bool](o.Person, "dispatchEvent(new Event('beforeunload', {cancelable: true}))")
}

func TestWhatSomebodyWroteOutlivesTheSession(t *testing.T) {
	_, alice := owning(t, "en")
	const bio = "I draw houses.\nAnd “boats” & <b>bridges</b>."
	alice.Type("name", "Alice Peeters")
	alice.Set("bio", bio)
	alice.Set("colour", "#7a2e5d")
	alice.Set("own-background", "true")
	alice.Set("background", "#102030")
	if alice.mayLeave() {
		t.Error("whoever leaves loses what is not saved, unasked")
	}
	alice.Upload("picture", somePicture(t))
	alice.Until("the picture in the preview", "!document.getElementById('preview-picture').hidden")
	alice.endSession()
	alice.Press("submit")
	alice.See("no longer signed in")
	alice.See("choose the picture again")
	alice.Until("the way to sign in, ready to be followed", "document.activeElement?.getAttribute('href') === '/sign-in'")
	if !alice.mayLeave() {
		t.Error("whoever leaves loses nothing, and is asked all the same")
	}
	alice.Accessible("settings signed out")
	alice.Keys("\r")
	alice.Arrive("/sign-in")
	alice.Try(password)
	alice.Arrive("/settings")
	alice.See("not saved yet")
	for id, want := range map[string]string{"name": "Alice Peeters", "bio": bio, "colour": "#7a2e5d", "background": "#102030"} {
		if got := alice.value(id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	if !Ask[bool](alice.Person, "document.getElementById('own-background').checked && document.getElementById('preview-name').textContent === 'Alice Peeters'") {
		t.Error("the background or the preview does not follow what was kept")
	}
	if alice.mayLeave() {
		t.Error("what came back can be lost unasked")
	}
	alice.Save()
	alice.Type("name", "Mallory")
	alice.Reload()
	alice.Arrive("/settings")
	alice.Until("what was saved, and not what was kept before", "document.getElementById('name').value === 'Alice Peeters' && document.getElementById('preview-side').checkVisibility()")
	if kept := Ask[int](alice.Person, "sessionStorage.length"); kept != 0 {
		t.Errorf("%d things stay in the tab", kept)
	}
}

func TestTheChangesThatSomebodyHasNotSavedAreSaidOnce(t *testing.T) {
	_, alice := owning(t, "en")
	Ask[any](alice.Person, `(window.said = 0, new MutationObserver(() => window.said++).observe(document.getElementById('progress'), {childList: true, characterData: true, subtree: true}), 0)`)
	alice.Type("bio", "Twenty characters it is.")
	alice.See("Not saved yet")
	if said := Ask[int](alice.Person, "new Promise(done => setTimeout(() => done(window.said)))"); said != 1 {
		t.Errorf("it is said %d times", said)
	}
}

func TestTheSettingsPageTakesTheColourThatWasSaved(t *testing.T) {
	_, alice := owning(t, "en")
	alice.Edit(map[string]string{"colour": "#f2b705"})
	shown := Ask[string](alice.Person, "(style => style.getPropertyValue('--accent') + ' under ' + style.color)(getComputedStyle(document.getElementById('submit')))")
	if shown != "#f2b705 under rgb(0, 0, 0)" {
		t.Errorf("the button is %s", shown)
	}
}

func TestAControlCharacterIsCalledThatAndALineEndIsTaken(t *testing.T) {
	_, an := owning(t, "nl")
	an.Set("bio", "Ik teken\x1b huizen.")
	an.Press("submit")
	an.Until("what is wrong, at its field", "document.getElementById('bio-error').textContent.includes('stuurtekens') && document.activeElement.id === 'bio'")
	an.Set("bio", "Ik teken huizen.\vEn boten.\u2028En bruggen.")
	an.Save()
	an.Open(an.Site)
	if bio := Ask[string](an.Person, "document.querySelector('.bio').textContent"); bio != "Ik teken huizen.\nEn boten.\nEn bruggen." {
		t.Errorf("the page says %q", bio)
	}
}

func TestASignInThroughAProxyThatChangesTheHostSaysWhoCanMendIt(t *testing.T) {
	for language, says := range map[string]string{"en": "the Host header", "nl": "de Host-header"} {
		t.Run(language, func(t *testing.T) {
			site, alice := owning(t, language)
			alice.SignOut()
			site.SetHost("indie-site.default.svc")
			alice.Open(site.URL + "/sign-in")
			alice.Try(password)
			alice.See(says)
			if language == "nl" {
				alice.Accessible("nl sign-in through a proxy that changes the host")
			}
			site.SetHost("")
			alice.Try(password)
			alice.Arrive("/settings")
		})
	}
}

func TestABoxThatIsTickedShowsInEveryTheme(t *testing.T) {
	_, alice := owning(t, "en")
	alice.Set("own-background", "true")
	for _, colour := range []string{"#fdfdfd", "#ffff00", "#000000"} {
		alice.Edit(map[string]string{"colour": colour})
		alice.Accessible("settings in " + strings.TrimPrefix(colour, "#"))
		for _, look := range Looks() {
			alice.Look(look)
			if fill, ink := Ask[string](alice.Person, "getComputedStyle(document.getElementById('own-background')).accentColor"),
				Ask[string](alice.Person, "getComputedStyle(document.body).color"); fill != ink {
				t.Errorf("%s, %s: the box is %s on a page with text in %s", colour, look.Name, fill, ink)
			}
		}
	}
}

func TestWhatIsTypedWhileTheSiteSavesIsNotSaved(t *testing.T) {
	_, alice := owning(t, "en")
	alice.Set("name", "Alice Peeters")
	Ask[any](alice.Person, `(document.getElementById('form').requestSubmit(), document.getElementById('name').value = 'Alice Maes',
		document.getElementById('name').dispatchEvent(new Event('input', {bubbles: true})), 0)`)
	alice.Until("the end of saving, and that there is more", "!document.getElementById('form').ariaBusy && document.getElementById('progress').textContent === 'Not saved yet.'")
	if alice.mayLeave() {
		t.Error("what was typed meanwhile is lost unasked")
	}
	alice.Save()
	alice.Open(alice.Site)
	alice.See("Alice Maes")
}

func TestThePreviewIsInSightWhereTheColoursAreChosen(t *testing.T) {
	_, alice := owning(t, "en")
	alice.Set("bio", strings.Repeat("I draw houses, and boats on the Leie.\n", 50))
	type box struct{ Top, Bottom, Left, Right float64 }
	at := func(id string) box {
		return Ask[box](alice.Person, fmt.Sprintf("(({top, bottom, left, right}) => ({top, bottom, left, right}))(document.getElementById(%q).getBoundingClientRect())", id))
	}
	alice.Look(Phone)
	preview, bio, colours := at("preview"), at("bio"), at("own-background")
	if preview.Top < bio.Bottom || preview.Bottom > colours.Top || colours.Bottom-preview.Top > float64(Phone.Height) {
		t.Errorf("on a phone the text is at %v, the preview at %v and the colours at %v", bio, preview, colours)
	}
	alice.Look(Desktop)
	preview, first, last := at("preview-side"), at("picture-label"), at("submit")
	if preview.Left < last.Right || preview.Top != first.Top || preview.Bottom > last.Bottom {
		t.Errorf("on a desktop the fields are from %v to %v, and the preview is at %v", first, last, preview)
	}
	Ask[any](alice.Person, "document.getElementById('submit').scrollIntoView({block: 'end', behavior: 'instant'}) || 0")
	if preview := at("preview"); preview.Top < 0 || preview.Bottom > float64(Desktop.Height) {
		t.Errorf("at the end of the fields, the preview is out of sight at %v", preview)
	}
}
