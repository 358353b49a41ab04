package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Press clicks on the element with that ID.
func (p *Person) Press(id string) { p.t.Helper(); p.PressOn("#" + id) }

// Follow clicks on the link to that path.
func (p *Person) Follow(path string) { p.t.Helper(); p.PressOn(fmt.Sprintf("a[href=%q]", path)) }

// PressOn clicks on the first element that a CSS selector finds, once it rests: while a page still scrolls, a click would miss it.
func (p *Person) PressOn(selector string) {
	p.t.Helper()
	where := fmt.Sprintf("JSON.stringify(document.querySelector(%q)?.getBoundingClientRect() ?? '')", selector)
	before, same := "", 0
	p.until("something that rests at "+selector, func(ctx context.Context) bool {
		now, err := chromedp.Run(ctx, chromedp.Evaluate[string](where))
		if same++; err != nil || now != before || now == `""` {
			before, same = now, 0
		}
		return same == 2
	})
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.do("press on "+selector, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)))
}

// Keys presses keys one after the other, wherever the focus is: "\t" is the tabulator, "\r" the enter key.
func (p *Person) Keys(keys string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.do("press keys", chromedp.Do(ctx, chromedp.KeyEvent(keys)))
}

// Reload loads the page again.
func (p *Person) Reload() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.do("reload", chromedp.Do(ctx, chromedp.Reload()))
}

// emulateNetworkConditions is how every Chromium so far takes the network away; what is to come in its place differs between versions.
// See: https://chromedevtools.github.io/devtools-protocol/tot/Network#method-emulateNetworkConditions
var emulateNetworkConditions = cdp.Command[network.OverrideNetworkStateParams, cdp.Empty]{Method: "Network.emulateNetworkConditions"}

// Offline takes the network away from the page, or gives it back.
func (p *Person) Offline(off bool) {
	p.t.Helper()
	p.call("lose or find the network", func() error {
		_, err := chromedp.Call(p.ctx, emulateNetworkConditions, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1})
		return err
	})
}
