package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

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
