package callback

import (
	stdcmp "cmp"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// seen is a callback as the receiver saw it.
type seen struct {
	Method, URI, Authorization, Body string
	Header                           http.Header
}

// wire is a receiver behind real TLS, called by the real client.
type wire struct {
	mu      sync.Mutex
	seen    []seen
	answers []int // one after the other; then 200. 0 hangs until the client gives up.
	server  *httptest.Server
	// location that answers lead to; nowhere if empty.
	location string
}

func newWire(t *testing.T, answers ...int) *wire {
	t.Helper()
	return watchedWire(t, nil, answers...)
}

// watchedWire has somebody watch what becomes of its connections.
func watchedWire(t *testing.T, watch func(net.Conn, http.ConnState), answers ...int) *wire {
	t.Helper()
	w := &wire{answers: answers}
	w.server = httptest.NewUnstartedServer(w)
	w.server.Config.ConnState = watch
	w.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	return w
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.seen = append(w.seen, seen{r.Method, r.RequestURI, r.Header.Get("Authorization"), string(body), r.Header.Clone()})
	code := http.StatusOK
	if len(w.answers) > 0 {
		code, w.answers = w.answers[0], w.answers[1:]
	}
	w.mu.Unlock()
	if code == 0 {
		<-r.Context().Done()
		return
	}
	out.Header().Set("Location", stdcmp.Or(w.location, "https://127.0.0.1:1/stolen"))
	out.WriteHeader(code)
	if code != http.StatusNoContent {
		_, _ = io.WriteString(out, "marked-words of the receiver")
	}
}

func (w *wire) bundle() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.server.Certificate().Raw})
}

// over gives the world the real client, and its Onboarder the receiver's address and trust.
func (w *wire) over(t *testing.T, d v1alpha1.Dialect, edits ...edit) *world {
	t.Helper()
	o := onboarder("hallo", markedToken)
	o.Spec.Callback = v1alpha1.OnboarderCallback{URLPrefixes: []string{w.server.URL}, CABundle: w.bundle()}
	o.Spec.Dialects = []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret}
	world := newWorld(t, o, tokenSecret("hallo", markedToken), site(append(edits, callback(w.server.URL+"/mwf/"), dialect(d))...))
	client, err := delivery.NewClient(delivery.Config{
		Environment: v1alpha1.EnvironmentTest, AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: time.Second, Clock: world.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	world.reconciler.Sender = client
	return world
}

func TestWhatTheReceiverSeesInBothDialects(t *testing.T) {
	for dialect, tc := range map[v1alpha1.Dialect]struct{ authorization, query string }{
		v1alpha1.DialectBearer:      {"Bearer " + markedToken, ""},
		v1alpha1.DialectQuerySecret: {"", "&secret=" + markedToken},
	} {
		for status, ending := range map[string]edit{
			"201": ready, "409": stalled(v1alpha1.ReasonDomainTaken), "500": stalled(v1alpha1.ReasonRegistrationRefused),
		} {
			t.Run(string(dialect)+" "+status, func(t *testing.T) {
				receiver := newWire(t)
				w := receiver.over(t, dialect, ending)
				w.settle()
				want := []seen{{Method: "PATCH", URI: "/mwf/site/Alice.gent?status=" + status + tc.query, Authorization: tc.authorization}}
				if diff := cmp.Diff(want, receiver.seen, cmpopts.IgnoreFields(seen{}, "Header")); diff != "" {
					t.Errorf("the receiver saw something else (-want +got):\n%s", diff)
				}
				w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
				w.pass(40 * 24 * time.Hour)
				if len(receiver.seen) != 1 {
					t.Errorf("after its 200 it was called %d times more", len(receiver.seen)-1)
				}
				w.wantNoSecrets()
			})
		}
	}
}

func TestAnswersOverTheWireAreTriedAgainUntil200(t *testing.T) {
	receiver := newWire(t, 204, 302, 410, 500, 0, 301, 418)
	w := receiver.over(t, v1alpha1.DialectQuerySecret, ready)
	var responses []string
	for range 8 {
		after := w.settle()
		responses = append(responses, w.site().Status.Delivery.LastResponse)
		w.clock.SetTime(w.clock.Now().Add(after))
	}
	want := []string{"204 UnexpectedSuccess", "302 Redirect", "410 ClientError", "500 ServerError", "Timeout", "301 Redirect", "418 ClientError", "200 OK"}
	if diff := cmp.Diff(want, responses); diff != "" {
		t.Errorf("the responses differ (-want +got):\n%s", diff)
	}
	w.pass(40 * 24 * time.Hour)
	if len(receiver.seen) != len(want) {
		t.Errorf("called %d times, want %d", len(receiver.seen), len(want))
	}
	w.wantNoSecrets()
}

func TestAReceiverWhoseCertificateDoesNotVerifyGetsNothing(t *testing.T) {
	receiver := newWire(t)
	w := receiver.over(t, v1alpha1.DialectQuerySecret, ready)
	w.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Spec.Callback.CABundle = nil })
	w.settle()
	if got := w.site().Status.Delivery.LastResponse; got != delivery.ReasonCertificateInvalid || len(receiver.seen) > 0 {
		t.Errorf("the response is %q, and the receiver saw %v", got, receiver.seen)
	}
	w.wantNoSecrets()
}
