package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"sync"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Traffic is all that a Person's browser sent and received: addresses, headers and bodies, as Chromium saw them before encryption.
type Traffic struct {
	mu      sync.Mutex
	fetched *sync.Cond // a body is there, or gone
	pending int        // bodies that were asked for; a WaitGroup may not be waited for while it begins to count
	said    [][]byte
	urls    []string
}

func newTraffic() *Traffic {
	l := &Traffic{}
	l.fetched = sync.NewCond(&l.mu)
	return l
}

func (l *Traffic) note(parts ...[]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, parts...)
}

func (l *Traffic) hear(ctx context.Context, event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		l.mu.Lock()
		l.urls = append(l.urls, e.Request.URL)
		l.mu.Unlock()
		l.noteEvent(e)
		for _, entry := range e.Request.PostDataEntries {
			l.note(entry.Bytes)
		}
		if e.Request.HasPostData {
			l.fetch(func() ([]byte, error) {
				answer, err := chromedp.Call(ctx, network.GetRequestPostData, network.GetRequestPostDataParams{RequestID: e.RequestID})
				return answer.PostData, err
			})
		}
	case *network.EventRequestWillBeSentExtraInfo:
		l.noteEvent(e)
	case *network.EventResponseReceivedExtraInfo:
		l.noteEvent(e)
	case *network.EventLoadingFinished:
		l.fetch(func() ([]byte, error) {
			answer, err := chromedp.Call(ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: e.RequestID})
			return answer.Body, err
		})
	}
}

func (l *Traffic) noteEvent(event any) {
	if text, err := json.Marshal(event); err == nil {
		l.note(text)
	}
}

// fetch asks for a body, beside the loop of messages. A body may be gone with its page.
func (l *Traffic) fetch(body func() ([]byte, error)) {
	l.mu.Lock()
	l.pending++
	l.mu.Unlock()
	go func() {
		data, err := body()
		l.mu.Lock()
		defer l.mu.Unlock()
		if err == nil {
			l.said = append(l.said, data)
		}
		l.pending--
		l.fetched.Broadcast()
	}()
}

// whole waits for all bodies that were asked for so far, and locks.
func (l *Traffic) whole() {
	l.mu.Lock()
	for l.pending > 0 {
		l.fetched.Wait()
	}
}

// Holds says whether any of the needles went over the network, as it is or in hex or base64.
func (l *Traffic) Holds(needle []byte) bool {
	l.whole()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.said, func(said []byte) bool { return holds(said, needle) })
}

// Size is how many bytes were written down.
func (l *Traffic) Size() (total int) {
	l.whole()
	defer l.mu.Unlock()
	for _, said := range l.said {
		total += len(said)
	}
	return total
}

// Hosts are those that were asked for anything.
func (l *Traffic) Hosts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var hosts []string
	for _, address := range l.urls {
		if u, err := url.Parse(address); err == nil && u.Scheme != "data" && u.Scheme != "blob" && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

func holds(said, needle []byte) bool {
	for _, form := range forms(needle) {
		if bytes.Contains(said, form) {
			return true
		}
	}
	return false
}
