package combell_test

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
)

// FuzzAnswers gives every call the same answer, whatever it is. None of them may end in a crash, in words of the other side, in a purchase that is said to be what it is not
// known to be, or in a name that is said not to be ours by anything but a clear "there is no such thing".
func FuzzAnswers(f *testing.F) {
	for _, seed := range []struct {
		status   int
		location string
		limits   string
		body     string
	}{
		{200, "", "99", `{"domain_name":"alice.gent","expiration_date":"2027-11-22T12:00:00Z","will_renew":null,"name_servers":[{"name":"ns3.combell.net","ip":null}]}`},
		{200, "", "0", `[{"domain_name":"alice.gent","expiration_date":"2027-11-22T12:00:00+01:00","will_renew":true}]`},
		{200, "", "", `{"id":"5f0c-1","status":"ongoing","completion":{"estimate":"2026-11-22T10:05:00Z"}}`},
		{200, "", "", `{"id":"5f0c-1","status":"cancelled"}`},
		{200, "", "", `{"id":"5f0c-1","status":"failed"}`},
		{201, "", "", `{"id":"5f0c-1","resource_links":["/v2/domains/alice.gent"]}`},
		{201, "/v2/dns/alice.gent/records/1-2", "", ``},
		{200, "", "1e9", `[{"id":"1-2","type":"A","record_name":"@","ttl":3600,"content":"192.0.2.1","priority":10},{"id":"1-3","type":"TXT","record_name":"","ttl":60,"content":"x"}]`},
		{202, "https://api.combell.com/v2/provisioningjobs/5f0c-1", "-1", ``},
		{202, "//provisioningjobs/provisioningjobs/%2e%2e", "0", ``},
		{204, "", "0", ``},
		{400, "", "0", turnedAway},
		{400, "", "", ownWords},
		{404, "", "", ownWords},
		{410, "", "", `{"error_text":""}`},
		{404, "", "", `{"validation_errors":null}`},
		{429, "", "0", ``},
		{503, "", "", `<html>`},
		{200, "", "", `{"domain_name":"alice.gent","expiration_date":"9999-12-31T23:59:59.9999999"}`},
		{200, "", "", "\xff\xfe[{}]"},
	} {
		f.Add(seed.status, seed.location, seed.limits, seed.body)
	}
	// What the other side says is told from our own words by a mark in it.
	const mark = "zqxj"
	words := regexp.MustCompile(`[A-Za-z]{4,}`)
	cluster := newCluster()
	f.Fuzz(func(t *testing.T, status int, location, limits, body string) {
		if status < 200 || status > 599 || len(body) > 1<<16 {
			t.Skip()
		}
		body = strings.ReplaceAll(body, "other-side", mark)
		s := newShopOf(t, cluster)
		s.use(transportFunc(func(r *http.Request) (*http.Response, error) {
			header := http.Header{"Location": {location}, "X-Ratelimit-Remaining": {limits}, "X-Ratelimit-Reset": {limits}, "X-Paging-Totalresults": {limits}}
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}))
		quiet := func(text string) {
			if strings.Contains(text, mark) || location != "" && len(words.FindString(location)) > 12 && strings.Contains(text, location) {
				t.Fatalf("it says %s", text)
			}
		}
		switch r := s.buy().(type) {
		case registrar.Pending:
			if status != http.StatusAccepted || !regexp.MustCompile(`\A[A-Za-z0-9_-]{1,128}\z`).MatchString(r.Reference) {
				t.Fatalf("%d is %+v", status, r)
			}
		case registrar.Rejected:
			if r.Reason.Final() || status < 400 || status > 499 {
				t.Fatalf("%d is %+v", status, r)
			}
			quiet(r.Detail)
		case registrar.Unknown:
			quiet(r.Err.Error())
		default:
			t.Fatalf("%d is %#v", status, r)
		}
		s.clock.SetTime(start.Add(2 * time.Hour))
		for _, reference := range []string{"", "5f0c-1"} {
			got, err := s.account().LookUp(t.Context(), registrar.Query{Domain: alice, OperationID: "op-1", Reference: reference})
			switch {
			case err != nil:
				quiet(err.Error())
				if got != (registrar.Sighting{}) {
					t.Fatalf("%+v beside %v", got, err)
				}
			case got.InAccount == registrar.Yes && status == http.StatusOK && (got.Holding.Expiry.IsZero() || got.Holding.Expiry.Year() >= 1970 && got.Holding.Expiry.Year() <= 3000):
			case got.InAccount == registrar.No && (status == http.StatusNotFound || status == http.StatusGone) && got.Order == registrar.OrderUnanswerable:
			default:
				t.Fatalf("%d is %+v", status, got)
			}
			s.clock.SetTime(s.clock.Now().Add(2 * time.Hour))
		}
		for _, err := range []error{
			s.account().Check(t.Context()),
			s.keeper().PutAddresses(t.Context(), alice, []netip.Addr{netip.MustParseAddr("192.0.2.1")}, time.Hour),
			s.keeper().RemoveAddresses(t.Context(), alice, []netip.Addr{netip.MustParseAddr("192.0.2.1")}),
		} {
			if err != nil {
				quiet(err.Error())
			}
			if credentials := new(registrar.CredentialsError); errors.As(err, &credentials) && status != 401 && status != 403 {
				t.Fatalf("%d is %v", status, err)
			}
		}
	})
}

// FuzzJobs has the account not hold the name, and says of the order whatever it is.
func FuzzJobs(f *testing.F) {
	f.Add(200, `{"id":"5f0c-1","status":"ongoing"}`)
	f.Add(200, `{"id":"5f0c-1","status":"finished"}`)
	f.Add(200, `{"id":"5f0c-1","status":"CANCELLED","completion":null}`)
	f.Add(200, `{"id":"5f0c-1","status":"failed"}`)
	f.Add(201, `{"id":"5f0c-1","resource_links":[]}`)
	f.Add(200, `{"id":"5f0c-1","id":"5f0c-2","status":"ongoing"}`)
	f.Add(404, ``)
	cluster := newCluster()
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		s := newShopOf(t, cluster)
		s.use(transportFunc(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/v2/domains/") {
				return (&says{status: 404, body: ownWords}).RoundTrip(r)
			}
			return (&says{status: status, body: body}).RoundTrip(r)
		}))
		got, err := s.account().LookUp(t.Context(), registrar.Query{Domain: alice, OperationID: "op-1", Reference: "5f0c-1"})
		if err == nil && (got.InAccount != registrar.No || got.Order == registrar.OrderNone || got.Rejection.Reason.Final()) {
			t.Fatalf("%d %s is %+v", status, body, got)
		}
		if (got.Order == registrar.OrderOpen || got.Order == registrar.OrderRejected) && !strings.Contains(strings.ToLower(body), "5f0c-1") {
			// An escape in the text is the only other way to write it.
			if !strings.Contains(body, `\u`) {
				t.Fatalf("%s is about another job, and is %+v", body, got)
			}
		}
	})
}
