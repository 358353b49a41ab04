package onboarder

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	namespace = "mwf-system"
	goodToken = "marked-token-0123456789abcdef-0123456789"
	nextToken = "marked-other-0123456789abcdef-0123456789"
)

type recorder struct{ events []string }

func (r *recorder) Eventf(_, _ runtime.Object, kind, reason, _, note string, args ...any) {
	r.events = append(r.events, kind+" "+reason+": "+fmt.Sprintf(note, args...))
}

type world struct {
	*testing.T
	client   client.Client
	recorder *recorder
	logs     *bytes.Buffer
	writes   int
	// broken Secrets cannot be read just now.
	broken     map[string]bool
	reconciler *Reconciler
}

func newWorld(t *testing.T, environment v1alpha1.Environment, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	w := &world{T: t, recorder: &recorder{}, logs: &bytes.Buffer{}, broken: map[string]bool{}}
	inner := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1alpha1.Onboarder{}).WithObjects(objects...).Build()
	w.client = interceptor.NewClient(inner, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if w.broken[key.Name] {
				return errors.New("the API server is not there")
			}
			return c.Get(ctx, key, o, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			w.writes++
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	})
	w.reconciler = &Reconciler{
		Client: w.client, Reader: w.client, Clock: clocktesting.NewFakePassiveClock(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)),
		Recorder: w.recorder, Environment: environment, FactoryNamespace: namespace,
	}
	return w
}

func (w *world) reconcile() error {
	logger := funcr.New(func(prefix, args string) { fmt.Fprintln(w.logs, prefix, args) }, funcr.Options{Verbosity: 9})
	_, err := w.reconciler.Reconcile(log.IntoContext(w.Context(), logger), ctrl.Request{})
	return err
}

func (w *world) mustReconcile() {
	w.Helper()
	if err := w.reconcile(); err != nil {
		w.Fatalf("reconcile: %v", err)
	}
}

func (w *world) onboarder(name string) *v1alpha1.Onboarder {
	w.Helper()
	o := &v1alpha1.Onboarder{}
	if err := w.client.Get(w.Context(), client.ObjectKey{Namespace: namespace, Name: name}, o); err != nil {
		w.Fatal(err)
	}
	return o
}

// wantReady wants an Onboarder that lets in exactly the given tokens, first the current one.
func (w *world) wantReady(name string, tokens ...string) {
	w.Helper()
	o := w.onboarder(name)
	var want []v1alpha1.TokenDigest
	for i, token := range tokens {
		sum := sha256.Sum256([]byte(token))
		want = append(want, v1alpha1.TokenDigest{Use: []v1alpha1.TokenUse{v1alpha1.TokenCurrent, v1alpha1.TokenPrevious}[i], SHA256: hex.EncodeToString(sum[:])})
	}
	if diff := cmp.Diff(want, o.Status.TokenDigests); diff != "" || !apimeta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady) {
		w.Fatalf("%s is %+v; digests (-want +got):\n%s", name, o.Status.Conditions, diff)
	}
	if o.Status.ObservedGeneration != o.Generation {
		w.Errorf("the status speaks of generation %d", o.Status.ObservedGeneration)
	}
}

func (w *world) wantNotReady(name, reason, message string) {
	w.Helper()
	o := w.onboarder(name)
	c := apimeta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	if c == nil || c.Status != metav1.ConditionFalse || c.Reason != reason || !strings.Contains(c.Message, message) {
		w.Fatalf("%s is %+v, want %s and %q in its message", name, c, reason, message)
	}
	if len(o.Status.TokenDigests) > 0 {
		w.Fatalf("%s lets somebody in: %v", name, o.Status.TokenDigests)
	}
}

func (w *world) wantNoSecrets() {
	w.Helper()
	list := &v1alpha1.OnboarderList{}
	if err := w.client.List(w.Context(), list); err != nil {
		w.Fatal(err)
	}
	raw, _ := json.Marshal(list)
	for where, text := range map[string]string{"status": string(raw), "log": w.logs.String(), "events": fmt.Sprint(w.recorder.events)} {
		if strings.Contains(text, "marked-") || strings.Contains(text, "bWFya2Vk") { // also in base64
			w.Errorf("a token is in the %s: %s", where, text)
		}
	}
}

type edit func(*v1alpha1.Onboarder)

func onboarder(name string, edits ...edit) *v1alpha1.Onboarder {
	o := &v1alpha1.Onboarder{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Generation: 3},
		Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: name + "-token"},
			Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{"https://" + name + ".gent/mwf"}},
			Dialects:       []v1alpha1.Dialect{v1alpha1.DialectBearer},
		},
	}
	for _, e := range edits {
		e(o)
	}
	return o
}

func prefixes(p ...string) edit {
	return func(o *v1alpha1.Onboarder) { o.Spec.Callback.URLPrefixes = p }
}

func bundle(pem string) edit {
	return func(o *v1alpha1.Onboarder) { o.Spec.Callback.CABundle = []byte(pem) }
}

func allowPublished(o *v1alpha1.Onboarder) { o.Spec.AllowPublishedToken = true }

// tokens takes keys and values in turn.
func tokens(name string, data ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name + "-token", Namespace: namespace}, Data: map[string][]byte{}}
	for i := 0; i < len(data); i += 2 {
		s.Data[data[i]] = []byte(data[i+1])
	}
	return s
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestAnOnboarderIsJudged(t *testing.T) {
	const live, test = v1alpha1.EnvironmentLive, v1alpha1.EnvironmentTest
	cert := certificate(t)
	good := tokens("hallo", "token", goodToken)
	for name, tc := range map[string]struct {
		environment v1alpha1.Environment
		onboarder   *v1alpha1.Onboarder
		secret      *corev1.Secret
		ready       []string
		reason      string
		message     string
	}{
		"a good token lets its holder in":       {live, onboarder("hallo"), good, []string{goodToken}, "", ""},
		"the previous token does too":           {live, onboarder("hallo"), tokens("hallo", "token", nextToken, "previous-token", goodToken), []string{nextToken, goodToken}, "", ""},
		"the same token twice is one":           {live, onboarder("hallo"), tokens("hallo", "token", goodToken, "previous-token", goodToken), []string{goodToken}, "", ""},
		"the token for callbacks lets nobody":   {live, onboarder("hallo"), tokens("hallo", "token", goodToken, "callback-token", nextToken), []string{goodToken}, "", ""},
		"a token of 32 characters on live":      {live, onboarder("hallo"), tokens("hallo", "token", goodToken[:32]), []string{goodToken[:32]}, "", ""},
		"a token of 31 characters on live":      {live, onboarder("hallo"), tokens("hallo", "token", goodToken[:31]), nil, v1alpha1.ReasonTokenInvalid, "token has fewer than 32 characters"},
		"a short token on test":                 {test, onboarder("hallo"), tokens("hallo", "token", "x"), []string{"x"}, "", ""},
		"a short token where nothing is set":    {"", onboarder("hallo"), tokens("hallo", "token", "x"), nil, v1alpha1.ReasonTokenInvalid, "fewer than 32"},
		"a short token for callbacks on live":   {live, onboarder("hallo"), tokens("hallo", "token", goodToken, "callback-token", "x"), nil, v1alpha1.ReasonTokenInvalid, "callback-token has fewer"},
		"a short previous token on live":        {live, onboarder("hallo"), tokens("hallo", "token", goodToken, "previous-token", "x"), nil, v1alpha1.ReasonTokenInvalid, "previous-token has fewer"},
		"no Secret":                             {test, onboarder("hallo"), tokens("other"), nil, v1alpha1.ReasonSecretMissing, "there is no Secret hallo-token"},
		"no key":                                {test, onboarder("hallo"), tokens("hallo", "tokn", goodToken), nil, v1alpha1.ReasonSecretMissing, "has no key token"},
		"an empty token":                        {test, onboarder("hallo"), tokens("hallo", "token", ""), nil, v1alpha1.ReasonSecretMissing, "or an empty one"},
		"an empty previous token":               {test, onboarder("hallo"), tokens("hallo", "token", goodToken, "previous-token", ""), nil, v1alpha1.ReasonTokenInvalid, "previous-token is empty"},
		"an empty token for callbacks":          {test, onboarder("hallo"), tokens("hallo", "token", goodToken, "callback-token", ""), nil, v1alpha1.ReasonTokenInvalid, "callback-token is empty"},
		"a line break at the end":               {test, onboarder("hallo"), tokens("hallo", "token", goodToken+"\n"), nil, v1alpha1.ReasonTokenInvalid, "token ends in a line break"},
		"a space":                               {test, onboarder("hallo"), tokens("hallo", "token", "marked- x"), nil, v1alpha1.ReasonTokenInvalid, "visible ASCII"},
		"the mock token on test when allowed":   {test, onboarder("hallo", allowPublished), tokens("hallo", "token", "ethical-design"), []string{"ethical-design"}, "", ""},
		"the mock token on test otherwise":      {test, onboarder("hallo"), tokens("hallo", "token", "ethical-design"), nil, v1alpha1.ReasonPublishedToken, "allowPublishedToken is not set"},
		"the mock token on live":                {live, onboarder("hallo", allowPublished), tokens("hallo", "token", "ethical-design"), nil, v1alpha1.ReasonPublishedToken, "a live factory does not take"},
		"the mock token as the previous one":    {live, onboarder("hallo", allowPublished), tokens("hallo", "token", goodToken, "previous-token", "ethical-design"), nil, v1alpha1.ReasonPublishedToken, "previous-token"},
		"a prefix with dot segments":            {test, onboarder("hallo", prefixes("https://hallo.gent", "https://hallo.gent/../x")), good, nil, v1alpha1.ReasonInvalid, "spec.callback.urlPrefixes[1]: callback URL must not have the path segments . and .."},
		"a prefix with a host that is a number": {test, onboarder("hallo", prefixes("https://2130706433")), good, nil, v1alpha1.ReasonInvalid, "spec.callback.urlPrefixes[0]"},
		"no prefix":                             {test, onboarder("hallo", prefixes()), good, nil, v1alpha1.ReasonInvalid, "at least one"},
		"a CA bundle":                           {live, onboarder("hallo", bundle(cert+"\n"+cert)), good, []string{goodToken}, "", ""},
		"a CA bundle that is none":              {live, onboarder("hallo", bundle("nonsense")), good, nil, v1alpha1.ReasonInvalid, "spec.callback.caBundle: must hold nothing but certificates"},
		"a CA bundle with something after it":   {live, onboarder("hallo", bundle(cert+"nonsense")), good, nil, v1alpha1.ReasonInvalid, "nothing but certificates"},
		"a CA bundle with a key in it":          {live, onboarder("hallo", bundle(strings.ReplaceAll(cert, "CERTIFICATE", "PRIVATE KEY"))), good, nil, v1alpha1.ReasonInvalid, "nothing but certificates"},
		"a CA bundle that does not parse":       {live, onboarder("hallo", bundle("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")), good, nil, v1alpha1.ReasonInvalid, "nothing but certificates in PEM form: certificate 1 cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.environment, tc.onboarder, tc.secret)
			w.mustReconcile()
			if tc.reason == "" {
				w.wantReady("hallo", tc.ready...)
			} else {
				w.wantNotReady("hallo", tc.reason, tc.message)
			}
			if w.writes != 1 || len(w.recorder.events) != 1 {
				t.Errorf("%d writes and the events %q, want one of each", w.writes, w.recorder.events)
			}
			w.mustReconcile()
			if w.writes != 1 || len(w.recorder.events) != 1 {
				t.Errorf("the second look made %d writes and %d events", w.writes-1, len(w.recorder.events)-1)
			}
			w.wantNoSecrets()
		})
	}
}

func TestATokenInTwoOnboardersSpoilsBoth(t *testing.T) {
	for name, theirs := range map[string]*corev1.Secret{
		"the same token":               tokens("other", "token", goodToken),
		"a token and a previous token": tokens("other", "token", nextToken, "previous-token", goodToken),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("hallo"), tokens("hallo", "token", goodToken),
				onboarder("other"), theirs, onboarder("third"), tokens("third", "token", "marked-third-0123456789abcdef-0123456789"))
			w.mustReconcile()
			w.wantNotReady("hallo", v1alpha1.ReasonTokenShared, "another Onboarder")
			w.wantNotReady("other", v1alpha1.ReasonTokenShared, "another Onboarder")
			w.wantReady("third", "marked-third-0123456789abcdef-0123456789")

			if err := w.client.Delete(t.Context(), onboarder("other")); err != nil {
				t.Fatal(err)
			}
			w.mustReconcile()
			w.wantReady("hallo", goodToken)
			w.wantNoSecrets()
		})
	}
	t.Run("also when the other one is not Ready for another reason", func(t *testing.T) {
		w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("hallo"), tokens("hallo", "token", goodToken),
			onboarder("other", prefixes("https://")), tokens("other", "token", goodToken))
		w.mustReconcile()
		w.wantNotReady("hallo", v1alpha1.ReasonTokenShared, "")
		w.wantNotReady("other", v1alpha1.ReasonInvalid, "urlPrefixes[0]")
	})
	t.Run("also when the other one's Secret cannot be read just now", func(t *testing.T) {
		w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("other"), tokens("other", "token", goodToken))
		w.mustReconcile()
		w.broken["other-token"] = true
		for _, o := range []client.Object{onboarder("hallo"), tokens("hallo", "token", goodToken)} {
			if err := w.client.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.reconcile(); err == nil {
			t.Error("nothing says that a Secret could not be read")
		}
		w.wantNotReady("hallo", v1alpha1.ReasonTokenShared, "")
	})
}

func TestAChangedTokenIsTaken(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("hallo"), tokens("hallo", "token", goodToken))
	w.mustReconcile()
	w.wantReady("hallo", goodToken)
	change := func(secret *corev1.Secret) {
		t.Helper()
		if err := w.client.Update(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		w.mustReconcile()
	}
	change(tokens("hallo", "token", nextToken, "previous-token", goodToken))
	w.wantReady("hallo", nextToken, goodToken)
	change(tokens("hallo", "token", nextToken))
	w.wantReady("hallo", nextToken)
	change(tokens("hallo", "token", "marked-short"))
	w.wantNotReady("hallo", v1alpha1.ReasonTokenInvalid, "fewer than 32")
	if len(w.recorder.events) != 2 {
		t.Errorf("the events are %q, want one for each change of Ready", w.recorder.events)
	}
	w.wantNoSecrets()
}

func TestASecretThatCannotBeReadJustNowChangesNothing(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("hallo"), tokens("hallo", "token", goodToken), onboarder("other"), tokens("other", "token", nextToken))
	w.mustReconcile()
	w.broken["hallo-token"] = true
	if err := w.client.Update(t.Context(), tokens("other", "token", "marked-third-0123456789abcdef-0123456789")); err != nil {
		t.Fatal(err)
	}
	if err := w.reconcile(); err == nil || !strings.Contains(err.Error(), "hallo-token") {
		t.Errorf("the error is %v, want one that names the Secret, so that it is tried again", err)
	}
	w.wantReady("hallo", goodToken)
	w.wantReady("other", "marked-third-0123456789abcdef-0123456789")
}

func TestAConflictWithOneHoldsUpNoOther(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("a"), tokens("a", "token", goodToken), onboarder("b"), tokens("b", "token", nextToken))
	stale := w.onboarder("a")
	w.reconciler.Reader = interceptor.NewClient(w.client.(client.WithWatch), interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			err := c.List(ctx, list, opts...)
			for i := range list.(*v1alpha1.OnboarderList).Items {
				if o := &list.(*v1alpha1.OnboarderList).Items[i]; o.Name == "a" {
					o.ResourceVersion = stale.ResourceVersion
				}
			}
			return err
		},
	})
	changed := stale.DeepCopy()
	changed.Spec.Callback.URLPrefixes = []string{"https://new.a.gent"}
	if err := w.client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	result, err := w.reconciler.Reconcile(t.Context(), ctrl.Request{})
	if err != nil || result.RequeueAfter == 0 {
		t.Errorf("a conflict is %v, %v; want a fresh start soon and no error", result, err)
	}
	w.wantReady("b", nextToken)
	if got := w.onboarder("a").Status; len(got.TokenDigests) > 0 {
		t.Errorf("a status was written that was computed from an old spec: %+v", got)
	}
}

func TestOnlySecretsThatAnOnboarderNamesWakeTheDuty(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentTest, onboarder("hallo"))
	named := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "hallo-token", Namespace: namespace}}
	if got := w.reconciler.ifNamed(t.Context(), named); len(got) != 1 {
		t.Errorf("the Onboarder's Secret wakes %v", got)
	}
	named.Name = "somebody-elses"
	if got := w.reconciler.ifNamed(t.Context(), named); len(got) != 0 {
		t.Errorf("another Secret wakes %v", got)
	}
}
