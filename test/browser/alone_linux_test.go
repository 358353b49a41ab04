package browser

import (
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// What happens to this machine's network, where a cluster's pods come and go, does not reach a page.
func TestChromiumHasANetworkOfItsOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a process another network")
	}
	chromium := Start(t, startSite(t).Options)
	chromium.Person(t, "somebody", "en").Open("https://" + Domain + "/")
	network := func(process any) string {
		t.Helper()
		link, err := os.Readlink(fmt.Sprintf("/proc/%v/ns/net", process))
		if err != nil {
			t.Fatal(err)
		}
		return link
	}
	if theirs := network(chromedp.FromContext(chromium.ctx).Browser.Process().Pid); theirs == network("self") {
		t.Errorf("Chromium is in this machine's own network, %s", theirs)
	}
}
