package callback

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// thief listens with the same trusted certificate as the onboarder's receiver, and takes everything that it is sent.
type thief struct {
	*wire
	visits atomic.Int32
}

func newThief(t *testing.T) *thief {
	t.Helper()
	f := &thief{}
	f.wire = watchedWire(t, func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.visits.Add(1)
		}
	})
	return f
}

// accomplice is an Onboarder made by hand, for whom the thief is called back; with a status as if it had been judged.
func accomplice(f *thief, secret string) *v1alpha1.Onboarder {
	o := onboarder("other", "marked-secret-of-other-0123456789")
	o.Spec.TokenSecretRef.Name = secret
	o.Spec.Callback = v1alpha1.OnboarderCallback{URLPrefixes: []string{f.server.URL}, CABundle: f.bundle()}
	return o
}

func (f *thief) host() string { return strings.TrimPrefix(f.server.URL, "https://") }

// TestTheTokenNeverLeavesForAHostOutsideThePrefixes makes sites and Onboarders by hand, as somebody might who can do that and wants a token, and lets the real
// client loose on all of this machine's addresses.
func TestTheTokenNeverLeavesForAHostOutsideThePrefixes(t *testing.T) {
	type scene struct {
		*world
		receiver *wire
		thief    *thief
		hallo    string // host and port of the receiver
	}
	at := func(url func(scene) string) func(scene) {
		return func(s scene) { s.change(callback(url(s))) }
	}
	refused, notReady := v1alpha1.ReasonCallbackRefused, v1alpha1.ReasonOnboarderNotReady
	for name, tc := range map[string]struct {
		make   func(scene)
		reason string
	}{
		"another port": {at(func(s scene) string { return "https://" + s.thief.host() + "/mwf" }), refused},
		"another host": {at(func(s scene) string {
			return "https://" + strings.Replace(s.thief.host(), "127.0.0.1", "127.0.0.2", 1) + "/mwf"
		}), refused},
		"the host's name in place of its address": {at(func(s scene) string { return "https://localhost" + s.hallo[strings.Index(s.hallo, ":"):] + "/mwf" }), refused},
		"its address as a number":                 {at(func(s scene) string { return "https://2130706433" + s.hallo[strings.Index(s.hallo, ":"):] + "/mwf" }), refused},
		"the receiver as user info":               {at(func(s scene) string { return "https://" + s.hallo + "@" + s.thief.host() + "/mwf" }), refused},
		"a password":                              {at(func(s scene) string { return "https://hallo:gent@" + s.hallo + "/mwf" }), refused},
		"a backslash behind the receiver":         {at(func(s scene) string { return "https://" + s.hallo + `\@` + s.thief.host() + "/mwf" }), refused},
		"a query that another would take":         {at(func(s scene) string { return "https://" + s.hallo + "/mwf?to=" + s.thief.host() }), refused},
		"a fragment":                              {at(func(s scene) string { return "https://" + s.thief.host() + "#" + s.hallo + "/mwf" }), refused},
		"plain HTTP":                              {at(func(s scene) string { return "http://" + s.hallo + "/mwf" }), refused},
		"another path":                            {at(func(s scene) string { return "https://" + s.hallo + "/other" }), refused},
		"half a path segment":                     {at(func(s scene) string { return "https://" + s.hallo + "/mwfx" }), refused},
		"dots that lead out":                      {at(func(s scene) string { return "https://" + s.hallo + "/mwf/../other" }), refused},
		"encoded dots that lead out":              {at(func(s scene) string { return "https://" + s.hallo + "/mwf/%2e%2e/other" }), refused},
		"dots with a parameter":                   {at(func(s scene) string { return "https://" + s.hallo + "/mwf/..;/other" }), refused},
		"a new line in it":                        {at(func(s scene) string { return "https://" + s.hallo + "/mwf/\r\nHost: " + s.thief.host() }), refused},
		"nothing":                                 {at(func(scene) string { return "" }), refused},
		"a domain that is a path":                 {func(s scene) { s.change(func(i *v1alpha1.IndieSite) { i.Spec.Callback.Domain = "../../other" }) }, refused},
		"a domain that is a host":                 {func(s scene) { s.change(func(i *v1alpha1.IndieSite) { i.Spec.Callback.Domain = "@" + s.thief.host() }) }, refused},
		"another site's domain":                   {func(s scene) { s.change(func(i *v1alpha1.IndieSite) { i.Spec.Callback.Domain = "bob.gent" }) }, refused},
		"a dialect that is not allowed":           {func(s scene) { s.change(dialect(v1alpha1.DialectQuerySecret)) }, refused},
		"no callback at all":                      {func(s scene) { s.change(func(i *v1alpha1.IndieSite) { i.Spec.Callback = nil }) }, refused},
		"prefixes that were taken away since": {func(s scene) {
			s.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Spec.Callback.URLPrefixes = []string{"https://elsewhere.gent"} })
		}, refused},
		"prefixes of another onboarder": {func(s scene) {
			s.create(accomplice(s.thief, "other-token"), tokenSecret("other", "marked-secret-of-other-0123456789"))
			s.change(callback("https://" + s.thief.host() + "/mwf"))
		}, refused},
		"an Onboarder that borrows the Secret, and nobody has judged": {func(s scene) {
			o := accomplice(s.thief, "hallo-token")
			o.Status = v1alpha1.OnboarderStatus{}
			s.create(o)
			s.change(callback("https://"+s.thief.host()+"/mwf"), func(i *v1alpha1.IndieSite) { i.Spec.OnboarderName = ptr.To("other") })
		}, notReady},
		"an Onboarder that was changed, and nobody has judged since": {func(s scene) {
			s.changeOnboarder(func(o *v1alpha1.Onboarder) {
				o.Spec.Callback.URLPrefixes = append(o.Spec.Callback.URLPrefixes, "https://"+s.thief.host())
				o.Generation++
			})
			s.change(callback("https://" + s.thief.host() + "/mwf"))
		}, notReady},
	} {
		t.Run(name, func(t *testing.T) {
			s := scene{receiver: newWire(t), thief: newThief(t)}
			s.world = s.receiver.over(t, v1alpha1.DialectBearer)
			s.hallo = strings.TrimPrefix(s.receiver.server.URL, "https://")
			s.changeOnboarder(func(o *v1alpha1.Onboarder) {
				o.Spec.Callback.URLPrefixes = []string{"https://" + s.hallo + "/mwf"}
				o.Spec.Dialects = []v1alpha1.Dialect{v1alpha1.DialectBearer}
			})
			tc.make(s)
			s.change(ready)
			s.settle()
			s.wantCondition(metav1.ConditionFalse, tc.reason)
			s.pass(48 * time.Hour)
			if s.thief.visits.Load() > 0 || len(s.receiver.seen) > 0 || s.thief.seen != nil {
				t.Errorf("the thief got %d connections, and the receiver %d calls", s.thief.visits.Load(), len(s.receiver.seen))
			}
			if d := s.site().Status.Delivery; d.Attempts != 0 {
				t.Errorf("%d attempts were made", d.Attempts)
			}
			s.wantNoSecrets()
		})
	}
}

// TestARedirectDoesNotTakeTheTokenAlong answers with every redirect there is, to somebody who listens.
func TestARedirectDoesNotTakeTheTokenAlong(t *testing.T) {
	for _, d := range []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret} {
		thief := newThief(t)
		receiver := newWire(t, 300, 301, 302, 303, 305, 307, 308)
		receiver.location = thief.server.URL + "/mwf/site/Alice.gent?status=201"
		w := receiver.over(t, d, ready)
		for range 7 {
			w.clock.SetTime(w.clock.Now().Add(w.settle()))
			if got := w.site().Status.Delivery.LastResponse; !strings.HasSuffix(got, " Redirect") {
				t.Errorf("the response is %q", got)
			}
		}
		if thief.visits.Load() > 0 {
			t.Errorf("the thief got %d connections", thief.visits.Load())
		}
		w.settle()
		w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
	}
}

// TestTheThiefWouldBeHeard shows that the thief above hears whoever calls it: with its address among the prefixes it is told.
func TestTheThiefWouldBeHeard(t *testing.T) {
	thief := newThief(t)
	w := newWire(t).over(t, v1alpha1.DialectBearer, ready)
	w.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Spec.Callback.URLPrefixes = []string{thief.server.URL} })
	w.change(callback(thief.server.URL + "/mwf"))
	w.settle()
	if thief.visits.Load() != 1 || len(thief.seen) != 1 || thief.seen[0].Authorization != "Bearer "+markedToken {
		t.Errorf("the thief got %d connections and saw %v", thief.visits.Load(), thief.seen)
	}
}

func (w *world) create(objects ...client.Object) {
	w.Helper()
	for _, o := range objects {
		if err := w.client.Create(w.Context(), o); err != nil {
			w.Fatal(err)
		}
	}
}
