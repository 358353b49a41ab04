package frontend

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability/testtable"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/orderdigest"
)

const fuzzedToken = "mwf_" + fuzzedMark

// memory is a factory whose cluster is a few variables.
type memory struct {
	orders.Claims
	orders.Books
	client.Reader
	claim  *v1alpha1.IndieSite
	secret *corev1.Secret
}

func (m *memory) Get(_ context.Context, name names.Name) (*v1alpha1.IndieSite, error) {
	if m.claim == nil || m.claim.Name != name.String() {
		return nil, nil
	}
	return m.claim, nil
}

func (m *memory) Create(_ context.Context, claim *v1alpha1.IndieSite) error {
	if m.claim != nil {
		return apierrors.NewAlreadyExists(schema.GroupResource{}, claim.Name)
	}
	m.claim = claim
	return nil
}

func (m *memory) CreateSecret(_ context.Context, secret *corev1.Secret) error {
	m.secret = secret
	return nil
}

func (m *memory) Count(context.Context, string) (int, error) { return 0, nil }

func (m *memory) Domain(context.Context, names.Name) (*v1alpha1.Domain, error) { return nil, nil }

var fuzzedReady = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue}}

func (m *memory) Registrars(context.Context) ([]v1alpha1.Registrar, error) {
	return []v1alpha1.Registrar{{
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}, Suffixes: []string{"gent"},
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
		},
		Status: v1alpha1.RegistrarStatus{Conditions: fuzzedReady},
	}}, nil
}

// onboarders is the cache of them.
type onboarders struct{ client.Reader }

func (onboarders) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*v1alpha1.OnboarderList).Items = []v1alpha1.Onboarder{{
		ObjectMeta: metav1.ObjectMeta{Name: "hallo.gent"},
		Spec: v1alpha1.OnboarderSpec{
			Callback: v1alpha1.OnboarderCallback{URLPrefixes: []string{"https://hallo.gent/mwf"}}, SiteClassName: "indie-site",
			Dialects: []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret},
		},
		Status: v1alpha1.OnboarderStatus{
			Conditions: fuzzedReady, TokenDigests: []v1alpha1.TokenDigest{{Use: v1alpha1.TokenCurrent, SHA256: delivery.TokenDigest(fuzzedToken)}},
		},
	}}
	return nil
}

type fixedKeys struct{ keys *orderdigest.Keys }

func (k fixedKeys) Keys() (*orderdigest.Keys, error) { return k.keys, nil }
func (k fixedKeys) Reload() error                    { return nil }

// FuzzRequest sends anything at all to the front end as it runs, but for the network and the cluster: nobody gets past it without the token in its one place, an answer is
// always one of the contract's, and no secret gets into an answer, a claim or the log.
func FuzzRequest(f *testing.F) {
	const bearer, order = "Authorization: Bearer " + fuzzedToken, `{"domain":"Alice.GENT.","callback":"https://hallo.gent/mwf/","installerSecret":"code-Marked_Secret"}`
	for _, seed := range []struct{ method, target, header, body string }{
		{"GET", "/v1/domain/alice.gent", bearer, ""}, {"GET", "/v1/domain/alice.gent/?secret=" + fuzzedToken, "", ""}, {"GET", "/v1/domain/a%2Fb%2", bearer, ""}, {"GET", "/v1/domain/", bearer, ""},
		{"GET", "/v1/domain/https://Alice.gent/", bearer, ""}, {"GET", "/v1/domain/caf%C3%A9.gent", bearer, ""}, {"GET", "/v1/domain/error.gent", bearer, ""}, {"HEAD", "/v1/domain/unavailable.gent", bearer, ""},
		{"GET", "/v1/domain/..%2f..%2fsite", bearer, ""}, {"GET", "/v1/domain/alice.gent", "authorization:  bearer  " + fuzzedToken + " ", ""}, {"GET", "/v1/domain/alice.gent", bearer + "\r\n" + bearer, ""},
		{"GET", "/v1/domain/alice.gent?secret=" + fuzzedToken, bearer, ""}, {"GET", "/v1/domain/alice.gent?secret=&%zz&secret=" + fuzzedToken + ";x", "", ""}, {"GET", "/v1/domain/alice.gent", "Authorization: Basic " + fuzzedToken, ""},
		{"GET", "/v1/site/alice.gent", bearer, ""}, {"GET", "/v1/site/Marked_Secret?Marked_Secret", bearer, ""}, {"GET", "/" + fuzzedToken, "", ""}, {"DELETE", "/v1/site/alice.gent", bearer, ""}, {"OPTIONS", "*", "", ""},
		{"POST", "/v1/site", bearer, order}, {"POST", "/v1/site/", "", `{"secret":"` + fuzzedToken + `",` + order[1:]}, {"POST", "/v1/site?secret=" + fuzzedToken, "", order}, {"POST", "/v1/site", bearer, order + order},
		{"POST", "/v1/site", bearer, `{"secret":"` + fuzzedToken + `",` + order[1:]}, {"POST", "/v1/site", "", `{"secret":"` + fuzzedToken + `","secret":"x"}`}, {"POST", "/v1/site", bearer, `{"domain":"Marked_Secret"}`},
		{"POST", "/v1/site", bearer + "\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked", "5\r\n{\"a\":\r\n0\r\n\r\n"}, {"POST", "/v1/site", bearer + "\r\nX-Forwarded-For: 198.51.100.1, Marked_Secret", order},
	} {
		f.Add(seed.method, seed.target, seed.header, seed.body)
	}
	keys, err := orderdigest.NewKeys(map[string][]byte{"k1": bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, target, header, body string) {
		if len(method)+len(target)+len(header)+len(body) > maxFuzzed {
			return
		}
		length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
		if strings.Contains(strings.ToLower(header), "transfer-encoding") {
			length = ""
		}
		raw := method + " " + target + " HTTP/1.1\r\nHost: factory.example\r\n" + length + header + "\r\n\r\n" + body
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return // which net/http answers by itself
		}
		sent, bodyErr := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(sent))
		if bodyErr != nil {
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(sent), iotest.ErrReader(bodyErr)))
		}
		r.RemoteAddr = "10.0.0.1:40000"
		r.Header.Del(requestIDHeader) // it is meant to be repeated
		m := &memory{}
		var log bytes.Buffer
		now := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
		server := New(Config{
			Desk: &orders.Desk{
				Claims: m, Books: m, Checker: testtable.Table{}, Known: testtable.Table{}, Keys: fixedKeys{keys}, Clock: now, Random: func() string { return "abcde" },
				Environment: v1alpha1.EnvironmentTest, SitesNamespace: "sites",
			},
			Onboarders: onboarders{}, Environment: v1alpha1.EnvironmentTest, TrustedProxies: []string{"10.0.0.0/8"},
			Log: slog.New(slog.NewJSONHandler(&log, nil)), Clock: now, Metrics: prometheus.NewRegistry(),
		})
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		checkAnswer(t, raw, w)
		if bytes.Contains(log.Bytes(), []byte(fuzzedMark)) || !json.Valid(log.Bytes()) || bytes.Count(log.Bytes(), []byte("\n")) != 1 {
			t.Fatalf("%q: the log says %s", raw, &log)
		}
		if heard := []int{http.StatusOK, http.StatusCreated, http.StatusConflict, http.StatusServiceUnavailable}; slices.Contains(heard, w.Code) && !authentic(r, sent) {
			t.Fatalf("%q: answered %d", raw, w.Code)
		}
		checkClaim(t, raw, w, m)
		if w.Code == http.StatusOK && strings.HasPrefix(target, "/v1/domain/") {
			checkAvailable(t, target, w.Body.String())
		}
	})
}

// checkAnswer holds an answer to the contract: its code, its form, and that it repeats nothing.
func checkAnswer(t *testing.T, raw string, w *httptest.ResponseRecorder) {
	t.Helper()
	if shown := fmt.Sprint(w.Header(), w.Body); strings.Contains(shown, fuzzedMark) {
		t.Fatalf("%q: a secret is in the answer %s", raw, shown)
	}
	var document struct {
		Type   string `json:"type"`
		Status int    `json:"status"`
	}
	switch w.Code {
	case http.StatusOK, http.StatusCreated:
		return
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusServiceUnavailable:
	default:
		t.Fatalf("%q: answered %d: %s", raw, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil || document.Status != w.Code || !strings.HasPrefix(document.Type, problemBase) || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%q: answered %d with %s", raw, w.Code, w.Body)
	}
	if (w.Code == http.StatusUnauthorized) != strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
		t.Fatalf("%q: answered %d with the challenge %q", raw, w.Code, w.Header().Get("WWW-Authenticate"))
	}
}

var rightBearer = regexp.MustCompile(`\A(?i:bearer) +` + fuzzedToken + `\z`)

// authentic says whether a request shows the token once, where the contract has it.
func authentic(r *http.Request, body []byte) bool {
	query, _ := url.ParseQuery(r.URL.RawQuery) // what can be read of it
	secrets := slices.DeleteFunc(query["secret"], func(s string) bool { return s == "" })
	headers := slices.DeleteFunc(slices.Clone(r.Header["Authorization"]), func(s string) bool { return strings.TrimSpace(s) == "" })
	inside := ""
	if r.Method == http.MethodPost {
		inside = text(members(body)["secret"])
	}
	switch {
	case len(headers) == 1 && len(secrets) == 0 && inside == "":
		return rightBearer.MatchString(strings.TrimSpace(headers[0]))
	case len(headers) == 0 && r.Method == http.MethodPost:
		return len(secrets) == 0 && inside == fuzzedToken
	default:
		return len(headers) == 0 && len(secrets) == 1 && secrets[0] == fuzzedToken
	}
}

// checkClaim looks at what an order has left behind.
func checkClaim(t *testing.T, raw string, w *httptest.ResponseRecorder, m *memory) {
	t.Helper()
	if w.Code != http.StatusCreated {
		if m.claim != nil || m.secret != nil {
			t.Fatalf("%q: answered %d, and a claim is there: %+v", raw, w.Code, m.claim)
		}
		return
	}
	claim, err := json.Marshal(m.claim)
	if err != nil || bytes.Contains(claim, []byte(fuzzedMark)) {
		t.Fatalf("%q: the claim is %s, %v", raw, claim, err)
	}
	spec := m.claim.Spec
	if normal, err := names.Normalise(spec.Callback.Domain); err != nil || string(normal) != spec.Domain || m.claim.Name != spec.Domain || w.Header().Get("Location") != "/v1/site/"+spec.Domain {
		t.Fatalf("%q: the claim is %s", raw, claim)
	}
	var file map[string]string
	if err := json.Unmarshal(m.secret.Data[v1alpha1.SecretKeyInstallerFile], &file); err != nil || len(file) != 2 || file["secretSignUpCode"] == "" || file["secretSignUpCode"] != file["secretSignupCode"] {
		t.Fatalf("%q: the installer file is %s", raw, m.secret.Data)
	}
}

// checkAvailable compares the answer about a name with the name that stands in the path.
func checkAvailable(t *testing.T, target, body string) {
	t.Helper()
	path, _, _ := strings.Cut(strings.TrimPrefix(target, "/v1/domain/"), "?")
	typed, err := url.PathUnescape(strings.TrimSuffix(path, "/"))
	name, nameErr := names.Normalise(typed)
	want := err == nil && nameErr == nil && name.SoldUnder([]string{"gent"}) && len(name) <= 190 && name != "unavailable.gent" && !strings.HasPrefix(string(name), "premium-")
	if body != fmt.Sprintf(`{"available":%t}`, want) {
		t.Fatalf("%s: %s", target, body)
	}
}
