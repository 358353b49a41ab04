package domain

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// delegating is an account that also sets name servers, and its source.
type delegating struct {
	registrar.Registrar
	inner registrar.Source
	err   error
	set   [][]string
	// hook, if set, is what becomes of a call.
	hook func(context.Context) error
}

func (d *delegating) For(ctx context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
	account, err := d.inner.For(ctx, r)
	d.Registrar = account
	return d, err
}

func (d *delegating) PutNameServers(ctx context.Context, _ string, hosts []string) error {
	d.set = append(d.set, hosts)
	if d.hook != nil {
		return d.hook(ctx)
	}
	return d.err
}

// delegated is a name that is ours, at a registrar that sets name servers.
func delegated(t *testing.T) (*world, *delegating) {
	t.Helper()
	w := newWorld(t, order(alice)...)
	d := &delegating{inner: w.source}
	w.source = d
	w.restart()
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	return w, d
}

func (w *world) wantServers(hosts ...string) {
	w.t.Helper()
	w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Spec.NameServers, d.Generation = hosts, d.Generation+1 })
}

func (w *world) expectDelegated(is metav1.ConditionStatus, reason string) {
	w.t.Helper()
	c := apimeta.FindStatusCondition(w.domain(alice).Status.Conditions, v1alpha1.ConditionDelegated)
	if c == nil || c.Status != is || c.Reason != reason {
		w.t.Fatalf("Delegated is %+v, want %s %s", c, is, reason)
	}
}

func TestNameServersAreSetOnceForEachWish(t *testing.T) {
	w, d := delegated(t)
	w.expectNoCondition(alice, v1alpha1.ConditionDelegated)
	w.wantServers("ns1.example.net", "ns2.example.net")
	w.run(alice, time.Minute)
	w.expectDelegated(metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.wantServers("ns2.example.net", "ns1.example.net") // the same ones
	w.run(alice, time.Minute)
	w.restart()
	w.later(14 * time.Hour)
	w.run(alice, time.Minute)
	if len(d.set) != 1 || !slices.Equal(w.domain(alice).Status.NameServers, []string{"ns1.example.net", "ns2.example.net"}) {
		t.Fatalf("set %v; the status says %v", d.set, w.domain(alice).Status.NameServers)
	}
	w.wantServers("ns3.example.net", "ns4.example.net")
	w.run(alice, time.Minute)
	if len(d.set) != 2 || d.set[1][0] != "ns3.example.net" {
		t.Fatalf("set %v", d.set)
	}
	w.wantServers()
	w.run(alice, time.Minute)
	w.expectNoCondition(alice, v1alpha1.ConditionDelegated)
	if len(d.set) != 2 || w.domain(alice).Status.NameServers != nil {
		t.Errorf("set %v; the status says %v", d.set, w.domain(alice).Status.NameServers)
	}
}

func TestNameServersThatAreNotTakenAreTriedAgainAndWriteNothingMeanwhile(t *testing.T) {
	w, d := delegated(t)
	d.err = errors.New("the zone is not there yet")
	w.wantServers("ns1.example.net", "ns2.example.net")
	w.run(alice, time.Minute)
	w.expectDelegated(metav1.ConditionFalse, v1alpha1.ReasonDelegationFailed)
	w.writes = 0
	w.run(alice, 20*time.Minute)
	if w.writes != 0 || len(d.set) < 4 || len(d.set) > 6 {
		t.Errorf("%d writes and %d tries in twenty minutes, want none and one every five", w.writes, len(d.set))
	}
	d.err = nil
	w.later(5 * time.Minute)
	w.run(alice, time.Minute)
	w.expectDelegated(metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestARegistrarThatSetsNoNameServersIsSaidTo(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.run(alice, time.Minute)
	w.wantServers("ns1.example.net", "ns2.example.net")
	w.run(alice, time.Minute)
	w.expectDelegated(metav1.ConditionFalse, v1alpha1.ReasonDelegationUnsupported)
	w.writes = 0
	w.later(14 * time.Hour)
	w.run(alice, time.Minute)
	if w.writes != 0 {
		t.Errorf("%d writes", w.writes)
	}
}

func TestNameServersThatAreNeverTakenAreTriedLessAndLessOften(t *testing.T) {
	w, d := delegated(t)
	d.err = errors.New("no such host")
	w.wantServers("ns1.example.net", "ns2.example.net")
	w.live(2)
	if n := len(d.set); n < 48 || n > 100 {
		t.Errorf("tried %d times in two days", n)
	}
	d.set = nil
	w.wantServers("ns3.example.net", "ns4.example.net")
	w.run(alice, time.Minute)
	if len(d.set) != 1 {
		t.Errorf("other ones are tried %d times at once", len(d.set))
	}
}

func TestOtherNameServersThatAreWishedForWhileAYearIsBoughtAreSetToo(t *testing.T) {
	w, r := expiring(t, 10)
	d := &delegating{inner: w.source}
	w.source = d
	w.restart()
	w.wantServers("ns1.example.net", "ns2.example.net")
	w.onExtension = func() { w.wantServers("ns3.example.net", "ns4.example.net") }
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectRenewal(r, 1)
	w.expectDelegated(metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.run(alice, time.Minute) // as the change of the Domain wakes the duty
	w.expectDelegated(metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if len(d.set) != 2 || d.set[1][0] != "ns3.example.net" {
		t.Errorf("set %v; the status says %v", d.set, w.domain(alice).Status.NameServers)
	}
}

// Both the name servers and the automatic renewal are asked for in vain, and the look-up takes its time.
func TestARegistrarThatIsSilentAboutWhatIsSetStillGetsToExtend(t *testing.T) {
	w, r := expiring(t, 10)
	silent := func(ctx context.Context) error {
		end, _ := ctx.Deadline()
		w.later(time.Until(end))
		return errors.New("no answer in time")
	}
	sight, renew := w.sight, w.renew
	w.sight = func(s registrar.Sighting, err error) (registrar.Sighting, error) {
		w.later(readTimeout - time.Second)
		return sight(s, err)
	}
	w.renew = func(a registrar.Renewal) registrar.Result {
		if !a.ExtendFrom.IsZero() {
			return renew(a)
		}
		w.later(setTimeout)
		return registrar.Unknown{Err: errors.New("no answer in time")}
	}
	w.source = &delegating{inner: w.source, hook: silent}
	w.restart()
	w.wantServers("ns1.example.net", "ns2.example.net")
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectRenewal(r, 1)
}
