package registrar

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// The calls that can fail, as status.lastError of a Registrar names them.
const (
	CallCheck           = "Check"
	CallLookUp          = "LookUp"
	CallBuy             = "Buy"
	CallRenew           = "Renew"
	CallPutAddresses    = "PutAddresses"
	CallRemoveAddresses = "RemoveAddresses"
	CallPutNameServers  = "PutNameServers"
)

// Failures has the last call of this process to each account that failed, whoever made it, for the duty that writes status. It is safe for use by many goroutines.
type Failures struct {
	news chan event.GenericEvent

	mu sync.Mutex
	// last by the Registrar's UID; see limitedSource.
	last map[types.UID]*failure
}

type failure struct {
	v1alpha1.RegistrarError
	// told is whether there was an event since somebody asked.
	told bool
}

// maxNews are events that nobody has taken yet: more than there are Registrars. One that finds no place is sent with the next failure.
const maxNews = 100

// NewFailures returns one without any.
func NewFailures() *Failures {
	return &Failures{news: make(chan event.GenericEvent, maxNews), last: map[types.UID]*failure{}}
}

// News has an event for a Registrar of which there is a failure that [Failures.Last] has not told yet, one and no more. That of a check is no news, as whoever
// checks an account is told.
func (f *Failures) News() <-chan event.GenericEvent { return f.news }

// Last is the last failure of a Registrar's account, its time in whole seconds as in a status; nil where there was none.
func (f *Failures) Last(uid types.UID) *v1alpha1.RegistrarError {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.last[uid]
	if last == nil {
		return nil
	}
	last.told = false
	return last.DeepCopy()
}

func (f *Failures) note(r *metav1.ObjectMeta, e v1alpha1.RegistrarError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := &failure{RegistrarError: e}
	if before := f.last[r.UID]; before != nil {
		next.told = before.told
	}
	f.last[r.UID] = next
	if next.told || e.Call == CallCheck {
		return
	}
	select {
	case f.news <- event.GenericEvent{Object: &v1alpha1.Registrar{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.Name, UID: r.UID}}}:
		next.told = true
	default:
	}
}

// accountFailures are those of one account. The zero value notes nothing.
type accountFailures struct {
	all       *Failures
	registrar metav1.ObjectMeta
}

func (f *Failures) of(r *v1alpha1.Registrar) accountFailures {
	return accountFailures{all: f, registrar: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.Name, UID: r.UID}}
}

// noted notes an error of a call that went out, and returns it. One that was broken off because we stop says nothing of the provider.
func (a *limitedAccount) noted(ctx context.Context, call string, err error) error {
	if busy := new(Busy); err != nil && !errors.As(err, &busy) {
		a.note(ctx, call, err.Error())
	}
	return err
}

// notedResult notes a result that is no answer, and returns it.
func (a *limitedAccount) notedResult(ctx context.Context, call string, result Result) Result {
	switch r := result.(type) {
	case Rejected:
		if !r.Reason.Final() && r.Reason != RejectedExists {
			a.note(ctx, call, cmp.Or(r.Detail, "it was postponed"))
		}
	case Unknown:
		text := "nobody knows whether it was carried out"
		if r.Err != nil {
			text = r.Err.Error()
		}
		a.note(ctx, call, text)
	}
	return result
}

func (a *limitedAccount) note(ctx context.Context, call, text string) {
	if a.failures.all == nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	a.failures.all.note(&a.failures.registrar, v1alpha1.RegistrarError{
		Time: metav1.NewTime(a.clock.Now().UTC().Truncate(time.Second)), Call: call, Message: InBrief(text),
	})
}

// maxBrief is how much of an error stands in a status.
const maxBrief = 300

// InBrief is what an error says, in one line and cut short, for a status.
func InBrief(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxBrief {
		return string(runes[:maxBrief-1]) + "…"
	}
	return string(runes)
}
