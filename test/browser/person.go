package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A Look is a size of screen and a colour scheme.
type Look struct {
	Name          string
	Width, Height int64
	Dark          bool
}

// Phone and Desktop are the sizes that pages are looked at in.
var (
	Phone   = Look{Name: "phone", Width: 390, Height: 844}
	Desktop = Look{Name: "desktop", Width: 1280, Height: 900}
)

// Looks are all that a page has to be good in.
func Looks() []Look {
	var all []Look
	for _, look := range []Look{Phone, Desktop} {
		dark := look
		dark.Name, dark.Dark = look.Name+"-dark", true
		all = append(all, look, dark)
	}
	return all
}

// patience is for a machine with much else to do: a key is derived in a second on most.
const patience = time.Minute

// Person is somebody at a browser, with a profile of their own.
type Person struct {
	*Traffic
	name string
	t    testing.TB
	ctx  context.Context

	mu         sync.Mutex
	complaints []string
}

// Person returns somebody with a fresh profile, who would read the language, "nl" or "en".
func (b *Browser) Person(t testing.TB, name, language string) *Person {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	p := &Person{name: name, t: t, ctx: ctx, Traffic: newTraffic()}
	p.do("open a window", chromedp.Do(ctx,
		chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error { return nil })))
	p.do("listen", chromedp.Listen(ctx, p.hear))
	p.call("write down the network", func() error { _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); return err })
	p.call("write down complaints", func() error { _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); return err })
	p.call("have a language", func() error {
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
		return err
	})
	p.Look(Desktop)
	return p
}

func (p *Person) do(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, what, err)
	}
}

func (p *Person) call(what string, f func() error) { p.t.Helper(); p.do(what, f()) }

// hear runs within Chromium's loop of messages, so it must not wait for anything.
func (p *Person) hear(event any) {
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		go func() {
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *log.EventEntryAdded:
		// An answer that is no success is written down by the network; whether it should have been one is for the test to say.
		if e.Entry.Source != log.EntrySourceNetwork {
			p.complain("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		p.complain("exception: %s", text(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		p.complain("console.%s: %s", e.Type, text(e.Args))
	default:
		p.Traffic.hear(p.ctx, event)
	}
}

func text(value any) string {
	data, _ := json.Marshal(value) // for people to read, however it ends
	return string(data)
}

func (p *Person) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, fmt.Sprintf(format, args...))
}

// Complaints are what the browser had to say of the pages: violations of their policy, exceptions, and whatever they printed.
func (p *Person) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

// Look changes the size of the screen and the colour scheme.
func (p *Person) Look(look Look) {
	p.t.Helper()
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	p.do("have another screen", chromedp.Do(p.ctx, chromedp.EmulateViewport(look.Width, look.Height)))
	p.call("have another scheme", func() error {
		_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	})
}

// WithoutScript switches JavaScript off or on again for the pages to come.
func (p *Person) WithoutScript(off bool) {
	p.t.Helper()
	p.call("switch JavaScript", func() error {
		_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
		return err
	})
}

// Open goes to an address.
func (p *Person) Open(url string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.do("open "+withoutFragment(url), chromedp.Do(ctx, chromedp.Navigate(url)))
}

// A fragment may hold a sign-up code.
func withoutFragment(url string) string {
	before, _, _ := strings.Cut(url, "#")
	return before
}

// Type replaces the content of the field with that ID, key by key.
func (p *Person) Type(id, text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.do("find "+id, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.ID(id))))
	Ask[any](p, fmt.Sprintf("document.getElementById(%q).select() || 0", id))
	p.do("type into "+id, chromedp.Do(ctx, chromedp.SendKeys(chromedp.ID(id), text)))
}

// Upload gives a file to the file field with that ID.
func (p *Person) Upload(id, file string) {
	p.t.Helper()
	p.do("upload to "+id, chromedp.Do(p.ctx, chromedp.SetUploadFiles(chromedp.ID(id), []string{file})))
}

// Set gives a value to a field that is not typed into, as choosing it would.
func (p *Person) Set(id, value string) {
	p.t.Helper()
	Ask[any](p, fmt.Sprintf(`(() => { const field = document.getElementById(%q)
		if (field.type === 'checkbox') field.checked = %[2]q === 'true'; else field.value = %[2]q
		field.dispatchEvent(new Event('input', {bubbles: true})); return 0 })()`, id, value))
}

// Ask evaluates a JavaScript expression on the page, and awaits it.
func Ask[T any](p *Person, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	p.do("look at the page", err)
	return value
}

// Until waits for a JavaScript expression to be true, also across pages.
func (p *Person) Until(what, expression string) {
	p.t.Helper()
	p.until(what, func(ctx context.Context) bool {
		// While a page makes place for the next, there is nothing to ask.
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && yes
	})
}

func (p *Person) until(what string, happens func(ctx context.Context) bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !happens(ctx) {
		select {
		case <-ctx.Done():
			if dir := os.Getenv(ShotsEnv); dir != "" {
				p.Shot(filepath.Join(dir, "failed.png"))
			}
			p.t.Fatalf("%s: waited in vain for %s; the page is %s and says:\n%s\nThe browser complains: %s", p.name, what, Ask[string](p, "location.pathname"), Ask[string](p, "document.body.innerText"), text(p.Complaints()))
		case <-ticker.C:
		}
	}
}

// Arrive waits until the page at that path is there and can be used.
func (p *Person) Arrive(path string) {
	p.t.Helper()
	p.Until("the page "+path, fmt.Sprintf("location.pathname === %q && document.readyState === 'complete'", path))
}

// See waits until the page shows the text.
func (p *Person) See(text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("%q", text), fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// Shot writes a picture of the whole page, from its top, or what sticks to the window would hang in the middle of it.
func (p *Person) Shot(file string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	Ask[any](p, "scrollTo({top: 0, behavior: 'instant'}) || 0")
	data, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	p.do("take a picture", err)
	p.do("keep a picture", os.WriteFile(file, data, 0o600))
}
