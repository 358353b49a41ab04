package callback

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

func request(name string) ctrl.Request {
	return ctrl.Request{NamespacedName: client.ObjectKey{Namespace: sitesNamespace, Name: name}}
}

func named(name string) edit {
	return func(s *v1alpha1.IndieSite) { s.Name, s.Spec.Domain, s.Spec.Callback.Domain = name, name, name }
}

func dialect(d v1alpha1.Dialect) edit {
	return func(s *v1alpha1.IndieSite) { s.Spec.Callback.Dialect = d }
}

func TestACallbackThatTheOnboarderDoesNotAllowNeverGetsTheToken(t *testing.T) {
	for name, edits := range map[string][]edit{
		"another host":                 {callback("https://evil.example/mwf")},
		"another path":                 {callback("https://hallo.gent/other")},
		"half a path segment":          {callback("https://hallo.gent/mwf-evil")},
		"another port":                 {callback("https://hallo.gent:8443/mwf")},
		"plain HTTP":                   {callback("http://hallo.gent/mwf")},
		"the host as user info":        {callback("https://hallo.gent@evil.example/mwf")},
		"dots that lead out":           {callback("https://hallo.gent/mwf/../evil")},
		"encoded dots":                 {callback("https://hallo.gent/mwf/%2e%2e/evil")},
		"a domain that leads out":      {func(s *v1alpha1.IndieSite) { s.Spec.Callback.Domain = ".." }},
		"another site's domain":        {func(s *v1alpha1.IndieSite) { s.Spec.Callback.Domain = "bob.gent" }},
		"a dialect that is not opt-in": {dialect(v1alpha1.DialectQuerySecret)},
		"no callback":                  {func(s *v1alpha1.IndieSite) { s.Spec.Callback = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, site(append(edits, ready)...))
			w.settle()
			w.wantCalls(0)
			w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonCallbackRefused)
			w.wantEvents(v1alpha1.ReasonCallbackRefused, 1)
			w.wantQuiet()
			w.pass(24 * time.Hour)
			w.wantCalls(0)
			w.wantHeld(true)
			w.wantNoSecrets()
		})
	}
}

func TestARefusedCallbackGoesOutOnceTheOnboarderAllowsIt(t *testing.T) {
	w := newWorld(t, site(callback("https://hallo.gent/other"), ready))
	w.settle()
	w.clock.SetTime(start.Add(time.Hour))
	w.changeOnboarder(func(o *v1alpha1.Onboarder) {
		o.Spec.Callback.URLPrefixes = append(o.Spec.Callback.URLPrefixes, "https://hallo.gent/other")
	})
	w.settle()
	w.wantCalls(1)
	w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
}

func TestPrefixesAreCheckedAtEachDelivery(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.always(delivery.Answered(503, 0))
	w.settle()
	w.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Spec.Callback.URLPrefixes = []string{"https://new.hallo.gent"} })
	w.clock.SetTime(start.Add(time.Hour))
	w.settle()
	w.wantCalls(1)
	w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonCallbackRefused)
	if d := w.site().Status.Delivery; d.Attempts != 1 {
		t.Errorf("a refusal was counted: %+v", d)
	}
}

func TestDeliveryWaitsForAnOnboarderThatIsNotReady(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.Onboarder){
		"not Ready": func(o *v1alpha1.Onboarder) {
			apimeta.SetStatusCondition(&o.Status.Conditions, metav1.Condition{Type: "Ready", Status: "False", Reason: v1alpha1.ReasonTokenShared, ObservedGeneration: 1})
		},
		"not judged":               func(o *v1alpha1.Onboarder) { o.Status.Conditions = nil },
		"changed and not yet seen": func(o *v1alpha1.Onboarder) { o.Generation = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			o := onboarder("hallo", markedToken)
			change(o)
			w := newWorld(t, o, site(ready))
			w.settle()
			w.wantCalls(0)
			w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonOnboarderNotReady)
			w.wantEvents(v1alpha1.ReasonOnboarderNotReady, 1)
			w.wantQuiet()

			w.clock.SetTime(start.Add(10 * 24 * time.Hour))
			w.changeOnboarder(func(o *v1alpha1.Onboarder) {
				o.Status = onboarder("hallo", markedToken).Status
				o.Status.Conditions[0].ObservedGeneration = o.Generation
			})
			w.settle()
			w.wantCalls(1)
			w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
		})
	}
}

func TestWhatWaitsForItsOnboarderIsGivenUpAfterThirtyDays(t *testing.T) {
	w := newWorld(t, site(ready, func(s *v1alpha1.IndieSite) { s.Spec.OnboarderName = ptr.To("nobody") }))
	w.settle()
	w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonOnboarderNotReady)
	w.wantHeld(true)
	w.pass(30*24*time.Hour - time.Second)
	w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonOnboarderNotReady)
	w.pass(time.Second)
	w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonExhausted)
	w.wantEvents(v1alpha1.ReasonExhausted, 1)
	w.wantHeld(false)
	w.wantCalls(0)
	w.wantQuiet()
}

func TestWhichTokenGoesOut(t *testing.T) {
	with := func(data map[string]string) *corev1.Secret {
		s := tokenSecret("hallo", "")
		s.Data = map[string][]byte{}
		for k, v := range data {
			s.Data[k] = []byte(v)
		}
		return s
	}
	for name, tc := range map[string]struct {
		secret *corev1.Secret
		want   delivery.Secret // empty: none
	}{
		"the onboarder's own":                      {with(map[string]string{"token": markedToken}), markedToken},
		"the one for callbacks, where it is there": {with(map[string]string{"token": markedToken, "callback-token": "marked-callback"}), "marked-callback"},
		"never the previous one":                   {with(map[string]string{"token": markedToken, "previous-token": "marked-previous"}), markedToken},
		"none that the status does not know yet":   {with(map[string]string{"token": "marked-but-changed-a-moment-ago"}), ""},
		"none where the key is missing":            {with(nil), ""},
		"none that no header can carry":            {with(map[string]string{"token": markedToken, "callback-token": "marked\nsecret"}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.secret, site(ready))
			after := w.settle()
			if tc.want == "" {
				w.wantCalls(0)
				if after != statusPause {
					t.Errorf("it is looked at again after %s, want %s", after, statusPause)
				}
			} else {
				w.wantCalls(1)
				if got := w.receiver.calls[0].Token; got != tc.want {
					t.Errorf("another token went out")
				}
			}
			w.wantNoSecrets()
		})
	}
	t.Run("none where there is no Secret", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.delete(tokenSecret("hallo", markedToken))
		w.settle()
		w.wantCalls(0)
	})
}

func TestEachOnboarderGetsItsOwnToken(t *testing.T) {
	other := "marked-secret-of-other-0123456789"
	o := onboarder("other", other)
	o.Spec.Dialects = []v1alpha1.Dialect{v1alpha1.DialectQuerySecret}
	o.Spec.Callback.CABundle = []byte("the bundle of other")
	w := newWorld(t, o, tokenSecret("other", other), site(ready), site(ready, named("bob.gent"), callback("https://other.gent/mwf"), dialect(v1alpha1.DialectQuerySecret),
		func(s *v1alpha1.IndieSite) { s.Spec.OnboarderName = ptr.To("other") }),
		// carol.gent was ordered by other, with a callback to hallo
		site(ready, named("carol.gent"), func(s *v1alpha1.IndieSite) { s.Spec.OnboarderName = ptr.To("other") }))
	for _, name := range []string{"alice.gent", "bob.gent", "carol.gent"} {
		if _, err := w.reconcileSite(name); err != nil {
			t.Fatal(err)
		}
	}
	w.wantCalls(2)
	for _, call := range w.receiver.calls {
		isOther := call.Target.Host == "other.gent"
		if isOther != (call.Token == delivery.Secret(other)) || isOther != (string(call.CABundle) == "the bundle of other") || isOther != (call.Dialect == v1alpha1.DialectQuerySecret) {
			t.Errorf("%s was called with what is the other's: %s, %q", call.Target.Host, call.Dialect, call.CABundle)
		}
		if strings.Contains(call.Target.String(), "secret") {
			t.Errorf("the URL holds the secret before it is sent")
		}
	}
}
