//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

// onboarder is a party that orders sites and is called back, with an Onboarder of its own.
type onboarder struct {
	world    *world
	name     string
	token    string
	dialect  hallo.Dialect
	callback string
	receiver *hallo.Receiver
	factory  *hallo.Factory
	before   func(domain string) // called when a call has come, before it is answered; set before anything is ordered

	mu      sync.Mutex
	answers map[string][]int // by domain: what the next calls are answered, then 200
}

// answerHang stands for no answer at all until the caller hangs up.
const answerHang = -1

// onboarder makes an Onboarder that may use both dialects and speaks the given one, with a listener on this machine.
func (w *world) onboarder(t *testing.T, dialect hallo.Dialect) *onboarder {
	t.Helper()
	return w.onboarderOf(t, dialect, "")
}

// onboarderOf makes an Onboarder whose sites are of a SiteClass; the default one's where the name is empty.
func (w *world) onboarderOf(t *testing.T, dialect hallo.Dialect, class string) *onboarder {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(w.node, "0"))
	if err != nil {
		t.Fatalf("listen where the cluster can reach this machine: %v", err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	o := &onboarder{
		world: w, token: hex.EncodeToString(secret), dialect: dialect,
		name:     "e2e-" + w.run + "-" + hex.EncodeToString(secret[:3]),
		callback: "https://" + listener.Addr().String() + "/in",
		answers:  map[string][]int{},
	}
	if o.receiver, err = hallo.NewReceiver(hallo.ReceiverConfig{Callback: o.callback, Token: o.token, Dialect: dialect, Answer: o.answer}); err != nil {
		t.Fatal(err)
	}
	authority := hallotest.NewAuthority(t)
	server := hallo.Listen(listener, authority.Certificate(w.node), o.receiver, func(note string) { t.Logf("%s: %s", o.name, note) })
	t.Cleanup(server.Close)

	if o.factory, err = hallo.NewFactory(hallo.FactoryConfig{
		URL: w.factoryURL, Trust: w.factoryTrust, Token: o.token, Dialect: dialect, Retry: patient(),
	}); err != nil {
		t.Fatal(err)
	}
	o.create(t, authority.PEM(), class)
	return o
}

// patient is how a good client repeats itself.
func patient() hallo.Retry {
	return hallo.Retry{Tries: 20, First: 100 * time.Millisecond, Longest: 2 * time.Second, Clock: clock.RealClock{}, Random: mathrand.Float64}
}

func (o *onboarder) create(t *testing.T, authority []byte, class string) {
	t.Helper()
	meta := metav1.ObjectMeta{Namespace: o.world.factoryNamespace, Name: o.name}
	secret := &corev1.Secret{ObjectMeta: meta, StringData: map[string]string{v1alpha1.SecretKeyToken: o.token}}
	object := &v1alpha1.Onboarder{ObjectMeta: meta, Spec: v1alpha1.OnboarderSpec{
		TokenSecretRef: v1alpha1.LocalReference{Name: o.name}, SiteClassName: class,
		Callback: v1alpha1.OnboarderCallback{URLPrefixes: []string{o.callback}, CABundle: authority},
		Dialects: []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret},
	}}
	for _, made := range []client.Object{secret, object} {
		if err := o.world.client.Create(t.Context(), made); err != nil {
			t.Fatalf("create %T %s: %v", made, o.name, err)
		}
	}
	o.world.eventually(t, "Onboarder to be Ready and known to the front end", 30*time.Second, func() error {
		if status, body := o.get(t, "/v1/domain/"+o.world.name("nobody-asked")); status != http.StatusOK {
			return fmt.Errorf("front end answers %d: %s", status, body)
		}
		return nil
	})
}

// script makes the next calls for the domain be answered so; after them comes 200.
func (o *onboarder) script(domain string, answers ...int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers[domain] = answers
}

func (o *onboarder) answer(ctx context.Context, call hallo.Call) int {
	if o.before != nil {
		o.before(call.Domain)
	}
	o.mu.Lock()
	script := o.answers[call.Domain]
	next := http.StatusOK
	if len(script) > 0 {
		next, o.answers[call.Domain] = script[0], script[1:]
	}
	o.mu.Unlock()
	if next == answerHang {
		<-ctx.Done()
		return hallo.CutOff
	}
	return next
}

// claim orders a site, as a good client does.
func (o *onboarder) claim(t *testing.T, domain, code string) {
	t.Helper()
	o.receiver.Expect(domain)
	if err := o.factory.Order(t.Context(), hallo.Order{Domain: domain, Callback: o.callback, Code: code}); err != nil {
		t.Fatalf("order %s: %v", domain, err)
	}
}

// told returns the outcomes that the receiver has taken with 200 for the domain.
func (o *onboarder) told(domain string) []int {
	var outcomes []int
	for _, call := range o.calls(domain) {
		if call.Accepted() {
			outcomes = append(outcomes, call.Outcome)
		}
	}
	return outcomes
}

// calls returns every call that came for the domain, taken or not.
func (o *onboarder) calls(domain string) []hallo.Call {
	return slices.DeleteFunc(o.receiver.Calls(), func(c hallo.Call) bool { return c.Domain != domain })
}

// awaitOutcomes waits until the receiver has taken exactly these outcomes for the domain.
func (o *onboarder) awaitOutcomes(t *testing.T, domain string, within time.Duration, want ...int) {
	t.Helper()
	o.world.eventually(t, fmt.Sprintf("callback %v for %s", want, domain), within, func() error {
		if got := o.told(domain); !slices.Equal(got, want) {
			return fmt.Errorf("the receiver has taken %v", got)
		}
		return nil
	})
}

// get asks the factory in the onboarder's dialect and returns status and body.
func (o *onboarder) get(t *testing.T, path string) (int, string) {
	t.Helper()
	return o.do(t, http.MethodGet, path, nil)
}

// post sends an order without repeating itself.
func (o *onboarder) post(t *testing.T, domain, callback, code string) (int, string) {
	t.Helper()
	body := map[string]any{"domain": domain, "callback": callback, "installerSecret": code}
	if o.dialect == hallo.QuerySecret {
		body = map[string]any{"domain": domain, "callback": callback, "secret": o.token, "owner-settings": map[string]string{"secretSignUpCode": code}}
	}
	document, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return o.do(t, http.MethodPost, "/v1/site", document)
}

func (o *onboarder) do(t *testing.T, method, path string, body []byte) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, o.world.factoryURL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case o.dialect == hallo.Bearer:
		request.Header.Set("Authorization", "Bearer "+o.token)
	case method == http.MethodGet:
		request.URL.RawQuery = "secret=" + o.token
	}
	response, err := o.world.httpClient(o.world.factoryTrust, "").Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(answer)
}
