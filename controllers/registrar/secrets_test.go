package registrar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

func secret(namespace, name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func at(name string, p v1alpha1.RegistrarProvider) *v1alpha1.Registrar {
	r := selling(name, name+".gent")
	r.Spec.Provider = p
	return r
}

func TestASecretWakesTheRegistrarsThatAreOpenedWithIt(t *testing.T) {
	ref := v1alpha1.LocalReference{Name: "keys"}
	w := newWorld(t, v1alpha1.EnvironmentLive, client.Object(selling("test", "gent")),
		at("combell", v1alpha1.RegistrarProvider{Combell: &v1alpha1.CombellProvider{CredentialsSecretRef: ref}}),
		at("epp", v1alpha1.RegistrarProvider{EPP: &v1alpha1.EPPProvider{CredentialsSecretRef: ref}}),
		at("dnsimple", v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{CredentialsSecretRef: ref}}),
		at("other", v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{CredentialsSecretRef: v1alpha1.LocalReference{Name: "others"}}}),
		at("external", v1alpha1.RegistrarProvider{External: &v1alpha1.ExternalProvider{}}),
	)
	var woken []string
	for _, r := range w.reconciler.opensWith(t.Context(), secret("factory", "keys")) {
		woken = append(woken, r.Name)
	}
	if slices.Sort(woken); !slices.Equal(woken, []string{"combell", "dnsimple", "epp"}) {
		t.Errorf("it wakes %v", woken)
	}
	if got := w.reconciler.opensWith(t.Context(), secret("factory", "nobodys")); len(got) != 0 {
		t.Errorf("a Secret of nobody's wakes %v", got)
	}
	p := w.reconciler.inFactory()
	if p.Create(event.CreateEvent{Object: secret("sites", "keys")}) || !p.Create(event.CreateEvent{Object: secret("factory", "keys")}) {
		t.Error("Secrets count by their namespace")
	}
}

func TestWhatIsSaidOfAnAccountThatCannotBeOpened(t *testing.T) {
	opening := func(err error) error { return fmt.Errorf("open the account of Registrar a: %w", err) }
	for sentence, tc := range map[string]struct {
		err          error
		reason, says string
	}{
		"there is no Secret":             {&registrar.CredentialsError{Err: &registrar.MissingSecretError{Secret: "keys"}}, v1alpha1.ReasonSecretMissing, "there is no Secret keys"},
		"a key is missing":               {&registrar.CredentialsError{Err: &registrar.MissingSecretError{Secret: "keys", Key: "token"}}, v1alpha1.ReasonSecretMissing, "the Secret keys has no key token"},
		"a key cannot work":              {&registrar.CredentialsError{Err: errors.New("tls.key does not fit tls.crt")}, v1alpha1.ReasonCredentialsRefused, "tls.key does not fit tls.crt"},
		"the API server does not answer": {errors.New("https://10.0.0.1 timed out"), v1alpha1.ReasonProviderUnreachable, "the account could not be opened"},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := openingProblem(opening(tc.err))
			if p.reason != tc.reason || !strings.Contains(p.message, tc.says) || p.retry == 0 || strings.Contains(p.message, "10.0.0.1") {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestTheLastErrorStandsInTheStatus(t *testing.T) {
	for sentence, tc := range map[string]struct {
		check        error
		reason, says string
	}{
		"a token of another account":    {&registrar.CredentialsError{Err: errors.New("it is the token of another account")}, v1alpha1.ReasonCredentialsRefused, "credentials: it is the token of another account"},
		"a server that is broken":       {errors.New("ask whose token it is: status 503"), v1alpha1.ReasonProviderUnreachable, "did not answer: ask whose token it is: status 503"},
		"a suffix that is not sold":     {&registrar.SpecError{Field: "spec.suffixes", Problem: "not sold"}, v1alpha1.ReasonInvalid, "spec.suffixes: not sold"},
		"an error over many lines":      {errors.New("one\n  two"), v1alpha1.ReasonProviderUnreachable, "one two"},
		"an error that does not end":    {errors.New(strings.Repeat("x", 10_000)), v1alpha1.ReasonProviderUnreachable, "xxx"},
		"to be left alone is no matter": {&registrar.Throttled{RetryAfter: 123, Err: errors.New("429")}, v1alpha1.ReasonProviderUnreachable, "the provider asks to come back later"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "gent"))
			w.check = tc.check
			if got := w.reconcile("a"); got.RequeueAfter == 0 {
				t.Error("it is not tried again")
			}
			w.expect("a", metav1.ConditionFalse, tc.reason)
			if m := w.get("a").Status.Conditions[0].Message; !strings.Contains(m, tc.says) || len(m) > 400 {
				t.Errorf("it says %q", m)
			}
		})
	}
}
