package frontend_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// onboarder speaks to the factory as one does who knows the contract only.
type onboarder struct {
	*world
	token   string
	dialect v1alpha1.Dialect
	// tell is where its calls go, under names that the contract does not speak of.
	callback, code string
}

// both runs a case in both dialects on every cluster.
func both(t *testing.T, run func(t *testing.T, hallo onboarder), opts ...option) {
	t.Helper()
	backends(t, func(t *testing.T, begin func(*testing.T, ...option) *world) {
		for _, dialect := range []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret} {
			t.Run(string(dialect), func(t *testing.T) {
				t.Parallel()
				run(t, onboarder{world: begin(t, opts...), token: haloToken, dialect: dialect, callback: callback, code: code})
			})
		}
	})
}

func (o onboarder) with(change func(*onboarder)) onboarder {
	change(&o)
	return o
}

// other is another onboarder in the same dialect.
func (o onboarder) other() onboarder {
	return o.with(func(o *onboarder) { o.token = otherToken })
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) problem(t *testing.T) (document struct {
	Type, Title, Detail string
	Status              int
	Errors              []struct{ Pointer, Detail string }
}) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &document); err != nil {
		t.Fatalf("%d is no problem document: %q", a.status, a.body)
	}
	return document
}

// send does a request. What every answer has to be is looked at here.
func (w *world) send(req *http.Request) answer {
	w.Helper()
	res, err := w.http.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(body)}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		w.Errorf("%d has Cache-Control %q", a.status, got)
	}
	if a.header.Get("X-Request-Id") == "" {
		w.Errorf("%d has no request ID", a.status)
	}
	if strings.Contains(a.body, secretMark) {
		w.Errorf("a secret is in the answer: %s", a.body)
	}
	if a.status >= 400 && req.Method != http.MethodHead {
		if got := a.header.Get("Content-Type"); got != "application/problem+json" {
			w.Errorf("%d is %q", a.status, got)
		}
		if p := a.problem(w.T); p.Status != a.status || !strings.HasPrefix(p.Type, "https://magicwebsitefactory.gent/problems/") || p.Title == "" {
			w.Errorf("%d with an incomplete problem: %s", a.status, a.body)
		}
	}
	if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
		w.Errorf("503 without Retry-After: %s", a.body)
	}
	w.conform(req, a)
	return a
}

func (w *world) request(method, path, body string) *http.Request {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	return req
}

// get asks with the token in its place.
func (o onboarder) get(path string) answer {
	o.Helper()
	req := o.request(http.MethodGet, path, "")
	if o.dialect == v1alpha1.DialectQuerySecret {
		req.URL.RawQuery = url.Values{"secret": {o.token}}.Encode()
	} else {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	return o.send(req)
}

// available asks about a name as somebody typed it.
func (o onboarder) available(name string) answer {
	o.Helper()
	return o.get("/v1/domain/" + url.PathEscape(name))
}

// fields are the members of an order for a name, in the dialect.
func (o onboarder) fields(domain string) map[string]any {
	fields := map[string]any{"domain": domain, "callback": o.callback}
	if o.dialect == v1alpha1.DialectQuerySecret {
		fields["secret"] = o.token
		fields["owner-settings"] = map[string]any{"secretSignUpCode": o.code}
	} else {
		fields["installerSecret"] = o.code
	}
	return fields
}

// order orders a name.
func (o onboarder) order(domain string) answer {
	o.Helper()
	return o.orderWith(o.fields(domain))
}

func (o onboarder) orderWith(fields map[string]any) answer {
	o.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		o.Fatal(err)
	}
	return o.post(string(body))
}

// post sends a body as it is. In the older dialect it has to hold the secret.
func (o onboarder) post(body string) answer {
	o.Helper()
	req := o.request(http.MethodPost, "/v1/site", body)
	req.Header.Set("Content-Type", "application/json")
	if o.dialect == v1alpha1.DialectBearer {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	return o.send(req)
}

// The expectations below name what came instead.

func (o onboarder) mustAnswer(a answer, status int) answer {
	o.Helper()
	if a.status != status {
		o.Fatalf("answered %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (o onboarder) mustBeAvailable(name string, want bool) {
	o.Helper()
	expected := `{"available":false}`
	if want {
		expected = `{"available":true}`
	}
	if a := o.available(name); a.status != http.StatusOK || a.body != expected || a.header.Get("Content-Type") != "application/json" {
		o.Fatalf("%q: answered %d %s (%s), want 200 %s", name, a.status, a.body, a.header.Get("Content-Type"), expected)
	}
}

// claimOf reads a claim; nil if there is none.
func (w *world) claimOf(name string) *v1alpha1.IndieSite {
	w.Helper()
	var site v1alpha1.IndieSite
	err := w.admin.Get(w.Context(), client.ObjectKey{Namespace: w.sites, Name: name}, &site)
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.must(err)
	return &site
}

func (w *world) mustClaim(name string) *v1alpha1.IndieSite {
	w.Helper()
	site := w.claimOf(name)
	if site == nil {
		w.Fatalf("there is no claim to %s", name)
	}
	return site
}

// secretOf reads the Secret that a claim names; nil if there is none.
func (w *world) secretOf(site *v1alpha1.IndieSite) *corev1.Secret {
	w.Helper()
	var secret corev1.Secret
	err := w.admin.Get(w.Context(), client.ObjectKey{Namespace: w.sites, Name: site.Spec.InstallerSecretRef.Name}, &secret)
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.must(err)
	return &secret
}

func (w *world) count(list client.ObjectList, namespace string) int {
	w.Helper()
	w.must(w.admin.List(w.Context(), list, client.InNamespace(namespace)))
	n := 0
	_ = eachItem(list, func() { n++ })
	return n
}

func eachItem(list client.ObjectList, f func()) error {
	switch l := list.(type) {
	case *corev1.SecretList:
		for range l.Items {
			f()
		}
	case *v1alpha1.IndieSiteList:
		for range l.Items {
			f()
		}
	}
	return nil
}

// end ends the claim's attempt as the factory's manager does: the outcome frozen, and told or not yet.
func (w *world) end(name string, outcome v1alpha1.OutcomeCode, told toldState) {
	w.Helper()
	site := w.mustClaim(name)
	now := metav1.Now()
	site.Status.Outcome = &v1alpha1.Outcome{Attempt: site.Spec.SetupAttempt, Code: outcome, Time: now}
	site.Status.Delivery = &v1alpha1.Delivery{Attempt: site.Spec.SetupAttempt, Attempts: 1, FirstAttemptTime: &now, LastAttemptTime: &now}
	condition := metav1.Condition{Type: v1alpha1.ConditionCallbackDelivered, LastTransitionTime: now, ObservedGeneration: site.Generation}
	switch told {
	case delivered:
		condition.Status, condition.Reason = metav1.ConditionTrue, v1alpha1.ReasonDelivered
		site.Status.Delivery.DeliveredTime = &now
	case givenUp:
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonExhausted
	case delivering:
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonDelivering
		site.Status.Delivery.NextAttemptTime = &now
	}
	site.Status.Conditions = []metav1.Condition{condition}
	w.must(w.admin.Status().Update(w.Context(), site))
}

type toldState int

const (
	delivered toldState = iota
	givenUp
	delivering
)
