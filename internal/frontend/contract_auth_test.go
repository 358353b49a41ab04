package frontend_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// C60: "No usable credential → 401 with WWW-Authenticate: Bearer, before the body is judged."
func TestC60_NoUsableCredentialIs401(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		for name, spoil := range map[string]func(*onboarder){
			"no token":                  func(o *onboarder) { o.token = "" },
			"a wrong token":             func(o *onboarder) { o.token = "wrong" },
			"a longer token":            func(o *onboarder) { o.token += "x" },
			"a shorter token":           func(o *onboarder) { o.token = o.token[:len(o.token)-1] },
			"the digest for a token":    func(o *onboarder) { o.token = strings.Repeat("0", 64) },
			"the token in another case": func(o *onboarder) { o.token = strings.ToUpper(o.token) },
		} {
			nobody := hallo.with(spoil)
			for what, a := range map[string]answer{
				"GET /v1/domain": nobody.available("alice.gent"), "a known name": nobody.available("available.gent"), "GET /v1/site": nobody.get("/v1/site/alice.gent"),
				"POST /v1/site": nobody.order("alice.gent"), "a bad body": nobody.orderWith(map[string]any{"secret": nobody.secretInBody(), "domain": 5}),
			} {
				if a.status != http.StatusUnauthorized || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s, %s: answered %d with %q", name, what, a.status, a.header.Get("WWW-Authenticate"))
				}
			}
		}
		if hallo.claimOf("alice.gent") != nil {
			t.Error("a claim was made")
		}
	})
}

// secretInBody is the token where the dialect has it in the body; nil is no secret.
func (o onboarder) secretInBody() any {
	if o.dialect == v1alpha1.DialectBearer {
		return nil
	}
	return o.token
}

// C61: RFC 6750: the challenge says invalid_token where a token was shown, and nothing where none was; other schemes are no credential.
func TestC61_TheChallenge(t *testing.T) {
	backends(t, func(t *testing.T, begin func(*testing.T, ...option) *world) {
		w := begin(t)
		for authorization, want := range map[string]string{
			"": "Bearer", "Bearer": "Bearer", "Bearer ": "Bearer", "Basic " + haloToken: "Bearer", haloToken: "Bearer", "Token " + haloToken: "Bearer",
			"Bearer wrong": `Bearer error="invalid_token"`, "Bearer " + haloToken + " x": `Bearer error="invalid_token"`,
			"Bearer " + haloToken + "," + haloToken: `Bearer error="invalid_token"`,
		} {
			req := w.request(http.MethodGet, "/v1/domain/alice.gent", "")
			req.Header.Set("Authorization", authorization)
			if a := w.send(req); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") != want {
				t.Errorf("%q: %d with %q, want %q", authorization, a.status, a.header.Get("WWW-Authenticate"), want)
			}
		}
	})
}

// C62: "Two ways to authenticate" at once are 400.
func TestC62_TwoWaysToAuthenticateAre400(t *testing.T) {
	backends(t, func(t *testing.T, begin func(*testing.T, ...option) *world) {
		w := begin(t)
		bearer := onboarder{world: w, token: haloToken, dialect: v1alpha1.DialectBearer, callback: callback, code: code}
		older := bearer.with(func(o *onboarder) { o.dialect = v1alpha1.DialectQuerySecret })
		for name, build := range map[string]func() *http.Request{
			"header and query": func() *http.Request {
				return withHeader(w.request(http.MethodGet, "/v1/domain/alice.gent?secret="+url.QueryEscape(haloToken), ""), haloToken)
			},
			"two headers": func() *http.Request {
				return withHeader(withHeader(w.request(http.MethodGet, "/v1/domain/alice.gent", ""), haloToken), haloToken)
			},
			"two in the query": func() *http.Request {
				return w.request(http.MethodGet, "/v1/domain/alice.gent?secret="+haloToken+"&secret="+haloToken, "")
			},
			"header and query of progress": func() *http.Request {
				return withHeader(w.request(http.MethodGet, "/v1/site/alice.gent?secret="+haloToken, ""), haloToken)
			},
			"header and body": func() *http.Request {
				return withHeader(w.request(http.MethodPost, "/v1/site", older.edit("{", "{ ")), haloToken)
			},
			"header and body of another": func() *http.Request {
				return withHeader(w.request(http.MethodPost, "/v1/site", older.edit("{", "{ ")), otherToken)
			},
			"header and query of an order": func() *http.Request {
				return withHeader(w.request(http.MethodPost, "/v1/site?secret="+haloToken, bearer.edit("{", "{ ")), haloToken)
			},
			"query and body": func() *http.Request {
				return w.request(http.MethodPost, "/v1/site?secret="+haloToken, older.edit("{", "{ "))
			},
		} {
			if a := w.send(build()); a.status != http.StatusBadRequest || !strings.HasSuffix(a.problem(t).Type, "/two-credentials") {
				t.Errorf("%s: answered %d %s", name, a.status, a.body)
			}
		}
		if w.claimOf("alice.gent") != nil {
			t.Error("a claim was made")
		}
		// An empty one is none: some clients always send the parameter.
		for _, req := range []*http.Request{
			withHeader(w.request(http.MethodGet, "/v1/domain/alice.gent?secret=", ""), haloToken),
			withHeader(w.request(http.MethodPost, "/v1/site", bearer.edit("{", `{"secret":"",`)), haloToken),
		} {
			if a := w.send(req); a.status >= 400 {
				t.Errorf("an empty secret beside a good one: %d %s", a.status, a.body)
			}
		}
	})
}

func withHeader(req *http.Request, token string) *http.Request {
	req.Header.Add("Authorization", "Bearer "+token)
	return req
}

// C63: "QuerySecret (older, opt-in per Onboarder)"
func TestC63_ADialectHasToBeAllowed(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		const token = "mwf_one-dialect-" + secretMark
		for _, only := range []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret} {
			name := strings.ToLower(string(only)) + ".example"
			hallo.onboarder(name, func(o *v1alpha1.Onboarder) { o.Spec.Dialects = []v1alpha1.Dialect{only} }, token+string(only))
			someone := hallo.with(func(o *onboarder) { o.token = token + string(only) })
			want, created := http.StatusUnauthorized, http.StatusUnauthorized
			if only == hallo.dialect {
				want, created = http.StatusOK, http.StatusCreated
			}
			someone.mustAnswer(someone.available("alice.gent"), want)
			someone.mustAnswer(someone.order(name[:5]+"x.gent"), created)
			for range 100 { // the token is good, so none of these counts as a guess
				someone.mustAnswer(someone.available("alice.gent"), want)
			}
		}
	})
}

// C64: the older dialect has its token in the query of a GET and in the body of a POST, and nowhere else.
func TestC64_TheOlderDialectInTheWrongPlace(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		bearer := hallo.with(func(o *onboarder) { o.dialect = v1alpha1.DialectBearer })
		hallo.mustAnswer(hallo.send(hallo.request(http.MethodPost, "/v1/site?secret="+haloToken, bearer.edit("{", "{ "))), http.StatusUnauthorized)
		hallo.mustAnswer(hallo.send(hallo.request(http.MethodGet, "/v1/domain/alice.gent", `{"secret":"`+haloToken+`"}`)), http.StatusUnauthorized)
		hallo.mustAnswer(hallo.send(hallo.request(http.MethodGet, "/v1/domain/alice.gent?Secret="+haloToken, "")), http.StatusUnauthorized)
		hallo.mustAnswer(hallo.send(hallo.request(http.MethodPost, "/v1/site", `{"owner-settings":{"secret":"`+haloToken+`"}}`)), http.StatusUnauthorized)
	})
}

// C65: token and previous-token are both taken while a token is being changed; nothing else of an Onboarder that is not Ready.
func TestC65_WhichTokensAreTaken(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		previous := hallo.with(func(o *onboarder) { o.token = oldToken })
		previous.mustBeAvailable("alice.gent", true)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		previous.mustAnswer(previous.order("alice.gent"), http.StatusCreated) // the same onboarder, so the same order

		change := func(f func(*v1alpha1.Onboarder)) {
			var o v1alpha1.Onboarder
			hallo.must(hallo.admin.Get(hallo.Context(), client.ObjectKey{Namespace: hallo.factory, Name: "hallo.gent"}, &o))
			f(&o)
			hallo.must(hallo.admin.Status().Update(hallo.Context(), &o))
		}
		change(func(o *v1alpha1.Onboarder) { o.Status.TokenDigests = o.Status.TokenDigests[:1] })
		previous.mustAnswer(previous.available("bob.gent"), http.StatusUnauthorized)
		hallo.mustBeAvailable("bob.gent", true)
		change(func(o *v1alpha1.Onboarder) {
			meta.SetStatusCondition(&o.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonTokenInvalid})
		})
		hallo.mustAnswer(hallo.available("bob.gent"), http.StatusUnauthorized)
		hallo.other().mustBeAvailable("bob.gent", true)
	})
}

// C66: "a token in two Onboarders" lets neither in.
func TestC66_ATokenOfTwoLetsNeitherIn(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.onboarder("twin.gent", func(*v1alpha1.Onboarder) {}, haloToken)
		hallo.mustAnswer(hallo.available("alice.gent"), http.StatusUnauthorized)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusUnauthorized)
	})
}

// C67: "The token ethical-design is the published mock secret: off by default on test, refused on live."
func TestC67_ThePublishedToken(t *testing.T) {
	for name, tc := range map[string]struct {
		allow bool
		opts  []option
		want  int
	}{
		"off by default on test": {false, nil, http.StatusUnauthorized},
		"on where it is allowed": {true, nil, http.StatusOK},
		"refused on live":        {true, []option{onLive}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(_ *testing.T, hallo onboarder) {
				hallo.onboarder("mock.gent", func(o *v1alpha1.Onboarder) { o.Spec.AllowPublishedToken = tc.allow }, v1alpha1.PublishedToken)
				mock := hallo.with(func(o *onboarder) { o.token = v1alpha1.PublishedToken })
				mock.mustAnswer(mock.available("alice.brussels"), tc.want)
			}, tc.opts...)
		})
	}
}

// C68: "An onboarder over its rate or quota gets 503 with Retry-After"
func TestC68_OverTheRateIs503(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		const token = "mwf_greedy-" + secretMark
		hallo.onboarder("greedy.gent", func(o *v1alpha1.Onboarder) {
			o.Spec.Quota.OrdersPerMinute, o.Spec.Quota.ChecksPerMinute = ptr(int32(3)), ptr(int32(5))
		}, token)
		greedy := hallo.with(func(o *onboarder) { o.token = token })
		for range 5 {
			greedy.mustBeAvailable("alice.gent", true)
		}
		a := greedy.mustAnswer(greedy.available("alice.gent"), http.StatusServiceUnavailable)
		if !strings.HasSuffix(a.problem(t).Type, "/rate-limit") {
			t.Errorf("%s", a.body)
		}
		for _, name := range []string{"a.gent", "b.gent", "c.gent"} {
			greedy.mustAnswer(greedy.order(name), http.StatusCreated)
		}
		greedy.mustAnswer(greedy.order("d.gent"), http.StatusServiceUnavailable)
		hallo.mustBeAvailable("d.gent", true) // nobody else is held up
		hallo.mustAnswer(hallo.order("d.gent"), http.StatusCreated)
	})
}

// C69: the quota of sites, also when orders come at once: none too many, and replays go through.
func TestC69_OverTheQuotaIs503(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		const token, quota = "mwf_modest-" + secretMark, 3
		hallo.onboarder("modest.gent", func(o *v1alpha1.Onboarder) { o.Spec.Quota.Sites = ptr(int32(quota)) }, token)
		modest := hallo.with(func(o *onboarder) { o.token = token })
		names := []string{"a.gent", "b.gent", "c.gent", "d.gent", "e.gent", "f.gent", "g.gent", "h.gent"}
		got := race(len(names), func(i int) answer { return modest.order(names[i]) })
		if diff := cmp.Diff(map[int]int{http.StatusCreated: quota, http.StatusServiceUnavailable: len(names) - quota}, got); diff != "" {
			t.Fatalf("orders at once (-want +got):\n%s", diff)
		}
		again := race(len(names), func(i int) answer { return modest.order(names[i]) })
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("the same orders again (-want +got):\n%s", diff)
		}
		a := modest.mustAnswer(modest.available("new.gent"), http.StatusServiceUnavailable)
		if !strings.HasSuffix(a.problem(t).Type, "/quota") {
			t.Errorf("%s", a.body)
		}
		modest.mustBeAvailable("unavailable.gent", false)
		hallo.mustAnswer(hallo.order("new.gent"), http.StatusCreated)
	})
}

// C70: "429 is for failed authentication only, by address, and never for a valid token."
func TestC70_AGoodTokenGetsThroughAfterAHundredBadOnes(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		guesser := hallo.with(func(o *onboarder) { o.token = "guess" })
		seen := map[int]int{}
		for range 100 {
			a := guesser.available("alice.gent")
			seen[a.status]++
			if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") == "" {
				t.Fatal("429 without Retry-After")
			}
		}
		if seen[http.StatusTooManyRequests] < 50 || seen[http.StatusUnauthorized] < 10 || seen[http.StatusTooManyRequests]+seen[http.StatusUnauthorized] != 100 {
			t.Errorf("the answers were %v", seen)
		}
		guesser.mustAnswer(guesser.order("alice.gent"), http.StatusTooManyRequests)
		hallo.mustBeAvailable("alice.gent", true)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.other().mustAnswer(hallo.other().order("alice.gent"), http.StatusConflict)
	})
}
