package combell_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// says has every request answered so; the requests are counted.
type says struct {
	status   int
	body     string
	header   http.Header
	requests int
}

func (s *says) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests++
	header := s.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: s.status, Status: fmt.Sprint(s.status), Header: header, Body: io.NopCloser(strings.NewReader(s.body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

const (
	ownWords   = `{"error_code":"domain_not_found","error_text":"what-the-other-side-says"}`
	turnedAway = `{"validation_errors":[{"error_code":"domain_name_not_available","error_text":"what-the-other-side-says"}]}`
)

func TestWhatAnAnswerToAnOrderMeans(t *testing.T) {
	location := func(l string) http.Header { return http.Header{"Location": {l}} }
	for name, tc := range map[string]struct {
		status int
		body   string
		header http.Header
		want   registrar.Result
	}{
		"accepted":                               {status: 202, header: location("https://api.combell.com/v2/provisioningjobs/5f0c-1"), want: registrar.Pending{Reference: "5f0c-1"}},
		"accepted, with a path only":             {status: 202, header: location("/v2/provisioningjobs/5f0c-1/"), want: registrar.Pending{Reference: "5f0c-1"}},
		"accepted, and nobody knows as what":     {status: 202, want: registrar.Unknown{}},
		"accepted, and called what no path is":   {status: 202, header: location("/v2/provisioningjobs/..%2f..%2fdomains"), want: registrar.Unknown{}},
		"created, which is not documented":       {status: 201, header: location("/v2/provisioningjobs/5f0c-1"), want: registrar.Unknown{}},
		"turned down with validation errors":     {status: 400, body: turnedAway, want: postponed("Combell answers 400 (domain_name_not_available)", 0)},
		"turned down with an error":              {status: 400, body: ownWords, want: postponed("Combell answers 400 (domain_not_found)", 0)},
		"with a code that nobody knows":          {status: 400, body: `{"error_code":"the-key-of-this-account"}`, want: postponed("Combell answers 400", 0)},
		"turned down by something before it":     {status: 400, body: "<html>what-the-other-side-says", want: registrar.Unknown{}},
		"turned down without a word":             {status: 400, want: registrar.Unknown{}},
		"not let in":                             {status: 401, body: ownWords, want: registrar.Rejected{Reason: registrar.RejectedPostponed}},
		"not allowed":                            {status: 403, body: ownWords, want: registrar.Rejected{Reason: registrar.RejectedPostponed}},
		"not let in, without a word":             {status: 401, want: registrar.Unknown{}},
		"not allowed, without a word":            {status: 403, want: registrar.Unknown{}},
		"not there, without a word":              {status: 404, want: registrar.Unknown{}},
		"not let in by something before it":      {status: 401, body: "<html>what-the-other-side-says", want: registrar.Unknown{}},
		"not allowed by something before it":     {status: 403, body: "<html>what-the-other-side-says", want: registrar.Unknown{}},
		"too many":                               {status: 429, header: http.Header{"Retry-After": {"7"}}, want: postponed("", 7*time.Second)},
		"too many, until a date":                 {status: 429, header: http.Header{"Retry-After": {start.Add(9 * time.Second).Format(http.TimeFormat)}}, want: postponed("", 9*time.Second)},
		"too many, until the next interval":      {status: 429, header: http.Header{"X-Ratelimit-Reset": {"11"}}, want: postponed("", 11*time.Second)},
		"too many, for nobody knows how long":    {status: 429, header: http.Header{"Retry-After": {"soon"}}, want: postponed("", time.Minute)},
		"too many, for a year":                   {status: 429, header: http.Header{"Retry-After": {"31536000"}}, want: postponed("", time.Hour)},
		"timed out before it was read":           {status: 408, body: ownWords, want: registrar.Unknown{}},
		"broken":                                 {status: 500, body: ownWords, want: registrar.Unknown{}},
		"away":                                   {status: 503, want: registrar.Unknown{}},
		"somewhere else":                         {status: 307, header: location("https://elsewhere.example/v2/domains/registrations"), want: registrar.Unknown{}},
		"longer than anything that Combell says": {status: 202, body: strings.Repeat(" ", 2<<20), header: location("/v2/provisioningjobs/5f0c-1"), want: registrar.Unknown{}},
	} {
		t.Run(name, func(t *testing.T) {
			s, answer := newShop(t), &says{status: tc.status, body: tc.body, header: tc.header}
			s.use(answer)
			got := s.buy()
			ignore := gocmp.Options{cmpopts.IgnoreFields(registrar.Unknown{}, "Err")}
			if no, ok := tc.want.(registrar.Rejected); ok && no.Detail == "" {
				ignore = append(ignore, cmpopts.IgnoreFields(registrar.Rejected{}, "Detail"))
			}
			if diff := gocmp.Diff(tc.want, got, ignore); diff != "" {
				t.Error(diff)
			}
			if answer.requests != 1 {
				t.Errorf("%d requests went out", answer.requests)
			}
			if text := said(got); strings.Contains(text, apiKey) || strings.Contains(text, "other-side") || strings.Contains(text, "https://") {
				t.Errorf("it says %s", text)
			}
		})
	}
}

func postponed(detail string, after time.Duration) registrar.Rejected {
	return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: detail, RetryAfter: after}
}

func said(r registrar.Result) string {
	if unknown, ok := r.(registrar.Unknown); ok {
		return unknown.Err.Error()
	}
	return fmt.Sprintf("%+v", r)
}

func TestWhatAnAnswerAboutANameMeans(t *testing.T) {
	noon := time.Date(2027, 11, 22, 12, 0, 0, 0, time.UTC)
	ours := func(expiry time.Time, renews *bool) registrar.Sighting {
		return registrar.Sighting{
			InAccount: registrar.Yes, Registered: registrar.Yes, Holding: registrar.Holding{Expiry: expiry, AutoRenew: renews}, NoExtension: "Combell sells no year beforehand",
		}
	}
	fixed := ours(noon, ptr.To(false))
	fixed.NoExtension += ", and does not let automatic renewal be switched now: there is an unpaid invoice for the name, or its renewal is due within a month"
	absent := registrar.Sighting{InAccount: registrar.No}
	for name, tc := range map[string]struct {
		status int
		body   string
		want   registrar.Sighting
		// err is part of an error.
		err string
	}{
		"the account holds it": {body: `{"domain_name":"alice.gent","expiration_date":"2027-11-22T12:00:00Z","will_renew":true,"can_toggle_renew":true,
			"name_servers":[{"name":"ns3.combell.net","ip":"192.0.2.1"}],"registrant":{"first_name":"Anna"}}`, want: ours(noon, ptr.To(true))},
		"it does not renew":                       {body: `{"domain_name":"alice.gent","expiration_date":"2027-11-22T13:00:00+01:00","will_renew":false}`, want: ours(noon, ptr.To(false))},
		"its renewal cannot be switched":          {body: `{"domain_name":"alice.gent","expiration_date":"2027-11-22T12:00:00Z","will_renew":false,"can_toggle_renew":false}`, want: fixed},
		"nobody knows whether it can be switched": {body: `{"domain_name":"alice.gent","expiration_date":"2027-11-22T12:00:00Z","will_renew":false,"can_toggle_renew":null}`, want: ours(noon, ptr.To(false))},
		"nobody knows whether it renews":          {body: `{"domain_name":"alice.gent","expiration_date":"2027-11-22T12:00:00.000","will_renew":null}`, want: ours(noon, nil)},
		"nobody knows when it runs out":           {body: `{"domain_name":"Alice.Gent"}`, want: ours(time.Time{}, nil)},
		"the date stands for none":                {body: `{"domain_name":"alice.gent","expiration_date":"0001-01-01T00:00:00"}`, want: ours(time.Time{}, nil)},
		"there is a field that is new":            {body: `{"domain_name":"alice.gent","dnssec":{"on":true}}`, want: ours(time.Time{}, nil)},
		"the account does not":                    {status: 404, body: ownWords, want: absent},
		"the account does not, without a word":    {status: 404, want: absent},
		"the account does not any more":           {status: 410, body: ownWords, want: absent},
		"a page that something on the way made":   {status: 404, body: "<html>what-the-other-side-says</html>", err: "404"},
		"a route that something on the way lacks": {status: 404, body: `{"message":"no Route matched with those values"}`, err: "404"},
		"it is about another name":                {body: `{"domain_name":"bob.gent"}`, err: "another name"},
		"it is about none":                        {body: `{}`, err: "another name"},
		"no JSON":                                 {body: `<html>`, err: "no sense"},
		"two answers":                             {body: `{"domain_name":"alice.gent"}{"domain_name":"alice.gent"}`, err: "no sense"},
		"a date that is none":                     {body: `{"domain_name":"alice.gent","expiration_date":"tomorrow"}`, err: "date"},
		"no answer":                               {status: 204, err: "204"},
		"not let in":                              {status: 401, err: "refuses the credentials"},
		"not allowed":                             {status: 403, err: "refuses the credentials"},
		"broken":                                  {status: 502, body: "what-the-other-side-says", err: "502"},
		"somewhere else":                          {status: 301, err: "301"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.use(&says{status: cmp.Or(tc.status, 200), body: tc.body, header: http.Header{"Location": {"https://elsewhere.example/"}}})
			got, err := s.account().LookUp(t.Context(), registrar.Query{Domain: alice, OperationID: "op-1"})
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (tc.err == "") || err != nil && (!strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "other-side")) {
				t.Errorf("%v, want %q", err, tc.err)
			}
		})
	}
}

// What a job has come to leads to what the package documentation says. None leads to "there is no order", after which a second one could go out.
func TestWhatTheStateOfAJobMeans(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   registrar.OrderState
		err    bool
	}{
		"ongoing":                         {body: `{"id":"5f0c-1","status":"ongoing","completion":{"estimate":"2026-11-22T10:05:00Z"}}`, want: registrar.OrderOpen},
		"finished":                        {body: `{"id":"5f0c-1","status":"finished"}`, want: registrar.OrderFinished},
		"finished, with links":            {status: 201, body: `{"id":"5f0c-1","resource_links":["/v2/domains/alice.gent"]}`, want: registrar.OrderFinished},
		"cancelled":                       {body: `{"id":"5F0C-1","status":"Cancelled"}`, want: registrar.OrderRejected},
		"failed, which is for support":    {body: `{"id":"5f0c-1","status":"failed"}`, want: registrar.OrderUnanswerable},
		"gone after a while":              {status: 404, body: ownWords, want: registrar.OrderUnanswerable},
		"a state that is not documented":  {body: `{"id":"5f0c-1","status":"paused"}`, err: true},
		"another job's":                   {body: `{"id":"5f0c-2","status":"cancelled"}`, err: true},
		"another job's that has finished": {status: 201, body: `{"id":"5f0c-2"}`, err: true},
		"nonsense":                        {body: `[]`, err: true},
		"broken":                          {status: 500, err: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			job := &says{status: cmp.Or(tc.status, 200), body: tc.body}
			s.use(transportFunc(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/v2/provisioningjobs/5f0c-1" {
					return job.RoundTrip(r)
				}
				return (&says{status: 404, body: ownWords}).RoundTrip(r)
			}))
			got, err := s.account().LookUp(t.Context(), registrar.Query{Domain: alice, OperationID: "op-1", Reference: "5f0c-1"})
			if (err != nil) != tc.err || got.Order != tc.want || err == nil && (got.InAccount != registrar.No || got.Registered != registrar.Unanswerable) {
				t.Errorf("%+v, %v", got, err)
			}
			if got.Order == registrar.OrderRejected && got.Rejection.Reason != registrar.RejectedPostponed {
				t.Errorf("it is final: %+v", got.Rejection)
			}
		})
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAJobThatFinishesBetweenTwoQuestionsIsNoLag(t *testing.T) {
	s := newShop(t)
	s.server.Book.SetPlay(alice, registrartest.IsSlow)
	pending, ok := s.buy().(registrar.Pending)
	if !ok {
		t.Fatalf("%#v", pending)
	}
	inner := s.server.Transport()
	s.use(transportFunc(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/v2/provisioningjobs/") {
			s.server.Book.Finish(alice, true)
		}
		return inner.RoundTrip(r)
	}))
	if got := s.lookUp(pending.Reference); got.InAccount != registrar.Yes {
		t.Errorf("%+v", got)
	}
}

// Two factories with one account may both have had an order accepted. The name that the account then holds is not ours by an order that came to nothing, or is not done.
func TestANameInTheAccountIsOursOnlyByOurOwnOrder(t *testing.T) {
	finished := registrar.Sighting{InAccount: registrar.Yes, Registered: registrar.Yes, NoExtension: "Combell sells no year beforehand"}
	undecidable := registrar.Sighting{Registered: registrar.Yes, Reference: "5f0c-1"}
	open := undecidable
	open.Order = registrar.OrderOpen
	for name, tc := range map[string]struct {
		status int
		body   string
		want   registrar.Sighting
	}{
		"finished":  {200, `{"id":"5f0c-1","status":"finished"}`, finished},
		"gone":      {404, ownWords, finished},
		"ongoing":   {200, `{"id":"5f0c-1","status":"ongoing"}`, open},
		"cancelled": {200, `{"id":"5f0c-1","status":"cancelled"}`, undecidable},
		"failed":    {200, `{"id":"5f0c-1","status":"failed"}`, undecidable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.use(transportFunc(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/v2/provisioningjobs/5f0c-1" {
					return (&says{status: tc.status, body: tc.body}).RoundTrip(r)
				}
				return (&says{status: 200, body: `{"domain_name":"alice.gent"}`}).RoundTrip(r)
			}))
			if diff := gocmp.Diff(tc.want, s.lookUp("5f0c-1")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheCheckTellsCredentialsFromEverythingElse(t *testing.T) {
	for name, tc := range map[string]struct {
		answer      says
		credentials bool
		ok          bool
	}{
		"an empty account":    {answer: says{status: 200, body: "[]"}, ok: true},
		"wrong keys":          {answer: says{status: 401, body: ownWords}, credentials: true},
		"a user that may not": {answer: says{status: 403}, credentials: true},
		"broken":              {answer: says{status: 500}},
		"no list":             {answer: says{status: 200, body: "null"}},
		"nonsense":            {answer: says{status: 200, body: `[{"name":"alice.gent"}]`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.use(&tc.answer)
			err := s.account().Check(t.Context())
			if credentials := new(registrar.CredentialsError); (err == nil) != tc.ok || errors.As(err, &credentials) != tc.credentials {
				t.Errorf("%v", err)
			}
		})
	}
}
