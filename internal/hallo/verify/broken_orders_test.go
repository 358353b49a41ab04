package verify_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"time"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

func rules(change func(*hallotest.Claims)) hallotest.Flaw { return hallotest.Flaw{Claims: change} }

func beginning(prefix string) func(string) bool {
	return func(name string) bool { return strings.HasPrefix(name, prefix) }
}

var raced = regexp.MustCompile(`-[0-5]"`)

var brokenOrders = map[string]broken{
	"orders are not accepted": {ordering(201, 409, beginning("Verify-")), []int{100}, nil},
	"there is no Location":    {answers(func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("Location") }), []int{101}, nil},
	"acceptances may be kept": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == 201 {
			a.Header().Del("Cache-Control")
		}
	}), []int{102}, nil},
	"claimed names are free":                  {available(true, beginning("Verify-")), []int{103, 109}, nil},
	"the same order is another one":           {rules(func(c *hallotest.Claims) { c.Repeats = false }), []int{104, 110, 111, 117, 119}, nil},
	"another code is the same order":          {rules(func(c *hallotest.Claims) { c.Code = false }), []int{105, 110, 116, 118}, nil},
	"another callback is the same order":      {rules(func(c *hallotest.Claims) { c.Callback = false }), []int{106}, nil},
	"another dialect is the same order":       {rules(func(c *hallotest.Claims) { c.Dialect = false }), []int{107}, nil},
	"another onboarder's is the same order":   {rules(func(c *hallotest.Claims) { c.Onboarder = false }), []int{108}, nil},
	"names that others have claimed are free": {rules(func(c *hallotest.Claims) { c.Hidden = false }), []int{109}, nil},
	"capitals are another order":              {ordering(409, 201, func(name string) bool { return strings.HasSuffix(name, ".GENT.") }), []int{110}, nil},
	"a slash at the callback's end is another": {instead(409, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		_, c := orderOf(r)
		return a.Code == 201 && strings.HasSuffix(c, "/in/")
	}), []int{111}, nil},
	"unavailable.gent can be ordered": {ordering(409, 201, beginning("unavailable.gent")), []int{112}, nil},
	"what nobody knows is refused":    {ordering(503, 409, beginning("error.gent")), []int{113}, nil},
	"dear names are sold":             {ordering(409, 201, beginning("premium-")), nil, []int{114}},
	"names below names are sold":      {ordering(409, 201, beginning("www.")), nil, []int{115}},
	"all of a race win": {instead(201, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return a.Code == 409 && raced.MatchString(body(r))
	}), []int{116}, nil},
	"an outcome is sent once only":              {rules(func(c *hallotest.Claims) { c.SentAgain = false }), []int{119}, nil},
	"a name that failed is lost":                {rules(func(c *hallotest.Claims) { c.AfterFailure = false }), []int{120, 121}, nil},
	"a name that failed cannot be ordered anew": {refusingSecond(beginning("setup-fails")), []int{121}, nil},
	"test names do not start over":              {rules(func(c *hallotest.Claims) { c.StartsOver = false }), []int{122}, nil},
}

// refusingSecond answers 409 to the second order of some names.
func refusingSecond(when func(string) bool) hallotest.Flaw {
	var seen sync.Map
	return ordering(201, 409, func(name string) bool {
		if !when(name) {
			return false
		}
		_, again := seen.LoadOrStore(name, true)
		return again
	})
}

// calls changes callbacks.
func calls(change func(*http.Request)) hallotest.Flaw { return hallotest.Flaw{Call: change} }

// also takes a status for a success.
func also(status int) hallotest.Flaw {
	return hallotest.Flaw{Delivered: func(got int) bool { return got == http.StatusOK || got == status }}
}

// told tells something else of some names.
func told(prefix string, outcome int) hallotest.Flaw {
	return hallotest.Flaw{Outcomes: func(name string, right int) []int {
		if strings.HasPrefix(name, prefix) {
			return []int{outcome}
		}
		return []int{right}
	}}
}

type silent struct{}

func (silent) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("says nothing")
}

var brokenCallbacks = map[string]broken{
	"nobody is called back":          {hallotest.Flaw{Client: func(c *http.Client) { c.Transport = silent{} }}, []int{130}, nil},
	"the callback is a POST":         {calls(func(r *http.Request) { r.Method = http.MethodPost }), []int{131}, nil},
	"the path is another":            {calls(func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/site/", "/sites/", 1) }), []int{132, 147}, nil},
	"the name is not as it was sent": {calls(func(r *http.Request) { r.URL.Path = strings.ToLower(r.URL.Path) }), []int{132}, nil},
	"the status is another":          {calls(func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "201", "200", 1) }), []int{133, 145}, nil},
	"there is a body": {calls(func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2
	}), []int{134}, nil},
	"the token is another": {calls(func(r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			r.Header.Set("Authorization", "Bearer "+otherToken)
		}
		r.URL.RawQuery = regexp.MustCompile("secret=.*").ReplaceAllString(r.URL.RawQuery, "secret=x")
	}), []int{135}, nil},
	"there is no token": {calls(func(r *http.Request) {
		r.Header.Del("Authorization")
		r.URL.RawQuery, _, _ = strings.Cut(r.URL.RawQuery, "&")
	}), []int{135}, nil},
	"the token is there in both dialects": {calls(func(r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			r.URL.RawQuery += "&secret=x"
		}
	}), []int{135}, nil},
	"there is more in the query": {calls(func(r *http.Request) { r.URL.RawQuery += "&attempt=1" }), []int{136}, nil},
	"it is told again and again": {hallotest.Flaw{Outcomes: func(_ string, outcome int) []int {
		return []int{outcome, outcome, outcome, outcome, outcome}
	}}, []int{137}, nil},
	"204 is a success":                {also(http.StatusNoContent), []int{138}, nil},
	"302 is a success":                {also(http.StatusFound), []int{139}, nil},
	"410 is final":                    {also(http.StatusGone), []int{140}, nil},
	"500 is final":                    {also(http.StatusInternalServerError), []int{141}, nil},
	"what breaks off is a success":    {also(0), []int{142}, nil},
	"a taken name stands":             {told("taken-at-registration", 201), []int{143}, nil},
	"a failed site stands":            {told("setup-fails", 201), []int{144}, nil},
	"a slow site fails":               {told("slow", 500), []int{145}, nil},
	"pauses do not grow":              {hallotest.Flaw{Pauses: []time.Duration{500 * time.Millisecond, 10 * time.Millisecond}}, nil, []int{146}},
	"the dot at the end is taken off": {calls(func(r *http.Request) { r.URL.Path = strings.TrimSuffix(r.URL.Path, ".") }), []int{147}, nil},
	"redirects are followed":          {hallotest.Flaw{Client: func(c *http.Client) { c.CheckRedirect = nil }}, []int{139, 148}, nil},
	"two things are told": {hallotest.Flaw{Outcomes: func(_ string, outcome int) []int {
		return []int{outcome, map[int]int{201: 500, 409: 201, 500: 201}[outcome]}
	}}, []int{149}, nil},
}

func site(change func(*http.Request, *httptest.ResponseRecorder)) hallotest.Flaw {
	return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.HasPrefix(r.URL.Path, "/v1/site/") && isGet(r) {
			change(r, a)
		}
	})
}

var brokenAdditions = map[string]broken{
	"nobody says how far a site is": {site(func(_ *http.Request, a *httptest.ResponseRecorder) { become(a, 404) }), nil, []int{160, 161}},
	"a site is never ready": {site(func(_ *http.Request, a *httptest.ResponseRecorder) {
		text := strings.Replace(a.Body.String(), `"ready"`, `"pending"`, 1)
		a.Body.Reset()
		_, _ = fmt.Fprint(a.Body, text)
	}), nil, []int{161}},
	"a site that nobody ordered is there": {site(func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.HasSuffix(r.URL.Path, ".invalid") {
			become(a, 200)
		}
	}), nil, []int{162}},
	"others see a site": {letIn(func(r *http.Request) bool {
		return isGet(r) && strings.HasPrefix(r.URL.Path, "/v1/site/") && shows(r, otherToken)
	}), nil, []int{163}},
	"requests have no name":              {answers(func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("X-Request-Id") }), nil, []int{164}},
	"nobody says what methods there are": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("Allow") }), nil, []int{165}},
	"there is something anywhere":        {instead(200, func(r *http.Request, _ *httptest.ResponseRecorder) bool { return r.URL.Path == "/v1/nothing" }), nil, []int{166}},
	"errors name no field":               {errorsAre(func(d map[string]any) { delete(d, "errors") }), nil, []int{167}},
	"errors have types of their own":     {errorsAre(func(d map[string]any) { d["type"] = fmt.Sprintf("https://example.org/%v", d["status"]) }), nil, []int{168}},
}
