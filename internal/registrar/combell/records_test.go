package combell_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

const hour = time.Hour

func addresses(texts ...string) []netip.Addr {
	all := make([]netip.Addr, 0, len(texts))
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// zone is a name of the account with these records, as "name type ttl content".
func zone(t *testing.T, records ...string) *shop {
	s := newShop(t)
	s.server.Book.GiveToAccount(alice, start.AddDate(1, 0, 0))
	for _, text := range records {
		var r combelltest.Record
		if _, err := fmt.Sscan(text, &r.RecordName, &r.Type, &r.TTL, &r.Content); err != nil {
			t.Fatal(err)
		}
		if r.RecordName == "-" {
			r.RecordName = ""
		}
		s.server.AddRecord(alice, r)
	}
	return s
}

func (s *shop) keeper() registrar.RecordKeeper { return s.account().(registrar.RecordKeeper) }

// records are those of the zone now, and methods the requests that changed something.
func (s *shop) records() (records, methods []string) {
	for _, r := range s.server.Records(alice) {
		records = append(records, fmt.Sprintf("%s %s %d %s", r.RecordName, r.Type, r.TTL, r.Content))
	}
	for _, r := range s.server.Requests() {
		if r.Method != http.MethodGet {
			methods = append(methods, r.Method)
		}
	}
	return records, methods
}

func TestAddressesArePut(t *testing.T) {
	both := addresses("192.0.2.1", "2001:db8::1")
	for name, tc := range map[string]struct {
		zone    []string
		put     []netip.Addr
		want    []string
		methods []string
	}{
		"into an empty zone":                {put: both, want: []string{"@ A 3600 192.0.2.1", "@ AAAA 3600 2001:db8::1"}, methods: []string{"POST", "POST"}},
		"where they are already":            {zone: []string{"@ A 3600 192.0.2.1", "- AAAA 3600 2001:DB8:0::1"}, put: both, want: []string{"@ A 3600 192.0.2.1", " AAAA 3600 2001:DB8:0::1"}},
		"where they are, by the name's own": {zone: []string{"alice.gent A 3600 192.0.2.1"}, put: both[:1], want: []string{"alice.gent A 3600 192.0.2.1"}},
		"given twice, and mapped":           {put: addresses("192.0.2.1", "::ffff:192.0.2.1"), want: []string{"@ A 3600 192.0.2.1"}, methods: []string{"POST"}},
		"with another TTL":                  {zone: []string{"@ A 300 192.0.2.1"}, put: both[:1], want: []string{"@ A 3600 192.0.2.1"}, methods: []string{"PUT"}},
		"instead of the parking page, which goes last": {
			zone: []string{"@ A 3600 198.51.100.9", "@ AAAA 3600 2001:db8::9"}, put: both[:1],
			want: []string{"@ A 3600 192.0.2.1"}, methods: []string{"POST", "DELETE", "DELETE"},
		},
		"where one stands twice": {zone: []string{"@ A 3600 192.0.2.1", "@ A 3600 192.0.2.1"}, put: both[:1], want: []string{"@ A 3600 192.0.2.1"}, methods: []string{"DELETE"}},
		"beside everything else": {
			zone: []string{"www A 60 198.51.100.9", "@ MX 3600 mail.example.org", "@ TXT 3600 192.0.2.1", "sub AAAA 3600 2001:db8::9", "alice.gent.alice.gent A 60 192.0.2.9"}, put: both[:1],
			want: []string{
				"www A 60 198.51.100.9", "@ MX 3600 mail.example.org", "@ TXT 3600 192.0.2.1", "sub AAAA 3600 2001:db8::9", "alice.gent.alice.gent A 60 192.0.2.9", "@ A 3600 192.0.2.1",
			},
			methods: []string{"POST"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := zone(t, tc.zone...)
			for range 2 {
				if err := s.keeper().PutAddresses(t.Context(), alice, tc.put, hour); err != nil {
					t.Fatal(err)
				}
			}
			records, methods := s.records()
			if diff := cmp.Diff(tc.want, records); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.methods, methods); diff != "" {
				t.Errorf("repeated, it changes something: %s", diff)
			}
		})
	}
}

func TestAddressesAreRemoved(t *testing.T) {
	s := zone(t, "@ A 3600 192.0.2.1", "@ A 3600 198.51.100.9", "@ AAAA 60 2001:db8:0::1", "www A 3600 192.0.2.1")
	for range 2 {
		if err := s.keeper().RemoveAddresses(t.Context(), alice, addresses("192.0.2.1", "2001:db8::1")); err != nil {
			t.Fatal(err)
		}
	}
	records, methods := s.records()
	if diff := cmp.Diff([]string{"@ A 3600 198.51.100.9", "www A 3600 192.0.2.1"}, records); diff != "" {
		t.Error(diff)
	}
	if len(methods) != 2 {
		t.Errorf("%v", methods)
	}
}

func TestWhereThereIsNoZoneNothingIsRemovedAndNothingPut(t *testing.T) {
	s := newShop(t)
	if err := s.keeper().RemoveAddresses(t.Context(), alice, addresses("192.0.2.1")); err != nil {
		t.Error(err)
	}
	if err := s.keeper().PutAddresses(t.Context(), alice, addresses("192.0.2.1"), hour); err == nil {
		t.Error("put into nothing")
	}
}

// More than a page, from a server that gives fewer than are asked for.
func TestAllPagesOfAZoneAreRead(t *testing.T) {
	s := zone(t)
	for i := range 130 {
		s.server.AddRecord(alice, combelltest.Record{Type: "A", RecordName: "@", TTL: 3600, Content: fmt.Sprintf("198.51.100.%d", i)})
	}
	if err := s.keeper().PutAddresses(t.Context(), alice, addresses("198.51.100.129"), hour); err != nil {
		t.Fatal(err)
	}
	records, methods := s.records()
	if diff := cmp.Diff([]string{"@ A 3600 198.51.100.129"}, records); diff != "" || slices.Contains(methods, "POST") {
		t.Error(diff, methods)
	}
}

func TestAddressesThatNoRecordCanHoldAreRefusedBeforeAnyCall(t *testing.T) {
	for name, tc := range map[string]struct {
		addresses []netip.Addr
		ttl       time.Duration
	}{
		"none":                       {nil, hour},
		"an address that is none":    {[]netip.Addr{{}}, hour},
		"an address of one link":     {addresses("fe80::1%eth0"), hour},
		"a TTL below what is taken":  {addresses("192.0.2.1"), 59 * time.Second},
		"a TTL above what is taken":  {addresses("192.0.2.1"), 24*hour + time.Second},
		"a TTL of parts of a second": {addresses("192.0.2.1"), 90500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := zone(t, "@ A 3600 192.0.2.1")
			if err := s.keeper().PutAddresses(t.Context(), alice, tc.addresses, tc.ttl); err == nil {
				t.Error("taken")
			}
			if got := s.server.Requests(); len(got) != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestRecordsThatAreLostInTheMiddleAreMendedByTheNextPass(t *testing.T) {
	for _, fault := range []registrartest.Fault{
		registrartest.ResetsBefore, registrartest.ResetsAfter, registrartest.FailsBefore, registrartest.FailsAfter, registrartest.HangsBefore, registrartest.HangsAfter,
		registrartest.Garbles, registrartest.Throttles,
	} {
		for n := range 4 {
			s := zone(t, "@ A 3600 198.51.100.9")
			s.server.BriefHangs = true
			for range n {
				s.server.Faults.Next(combelltest.CallRecords, registrartest.None)
			}
			s.server.Faults.Next(combelltest.CallRecords, fault)
			put := func() error {
				return s.keeper().PutAddresses(t.Context(), alice, addresses("192.0.2.1", "2001:db8::1"), hour)
			}
			err := put()
			if throttled := new(registrar.Throttled); (fault == registrartest.Throttles) != errors.As(err, &throttled) || err != nil && strings.Contains(err.Error(), "other-side") {
				t.Errorf("a server that %s call %d: %v", fault, n, err)
			}
			if records, _ := s.records(); len(records) == 0 {
				t.Errorf("a server that %s call %d: the name leads nowhere", fault, n)
			}
			if err := put(); err != nil {
				t.Errorf("a server that %s call %d: %v", fault, n, err)
			}
			records, _ := s.records()
			slices.Sort(records)
			if diff := cmp.Diff([]string{"@ A 3600 192.0.2.1", "@ AAAA 3600 2001:db8::1"}, records); diff != "" {
				t.Errorf("a server that %s call %d: %s", fault, n, diff)
			}
		}
	}
}

type nameServerKeeper interface {
	PutNameServers(ctx context.Context, domain string, hosts []string) error
}

func TestNameServersArePut(t *testing.T) {
	s := zone(t)
	put := func(hosts ...string) error {
		return s.account().(nameServerKeeper).PutNameServers(t.Context(), alice, hosts)
	}
	for range 2 {
		if err := put("ns2.example.org", "ns1.example.org"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"ns2.example.org", "ns1.example.org"}, s.server.Book.Get(alice).NameServers); diff != "" {
		t.Error(diff)
	}
	if _, methods := s.records(); len(methods) != 1 {
		t.Errorf("it was set %d times", len(methods))
	}
	for name, hosts := range map[string][]string{"none": nil, "one": {"ns1.example.org"}, "one that is none": {"ns1.example.org", "ns2 example"}} {
		if put(hosts...) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// While the pages are read somebody adds a record before all others, so that the last one of a page comes again with the next.
func TestARecordThatMovesToTheNextPageCountsOnce(t *testing.T) {
	s := newShop(t)
	page := func(total int, ids ...int) *says {
		records := make([]string, 0, len(ids))
		for _, id := range ids {
			records = append(records, fmt.Sprintf(`{"id":"1-%d","type":"A","record_name":"@","ttl":3600,"content":"192.0.2.%d"}`, id, id))
		}
		return &says{status: http.StatusOK, body: "[" + strings.Join(records, ",") + "]", header: http.Header{"X-Paging-Totalresults": {fmt.Sprint(total)}}}
	}
	var changed []string
	s.use(transportFunc(func(r *http.Request) (*http.Response, error) {
		switch {
		case r.Method != http.MethodGet:
			changed = append(changed, r.Method+" "+r.URL.Path)
			return (&says{status: http.StatusNoContent}).RoundTrip(r)
		case r.URL.Query().Get("skip") == "0":
			return page(3, 1, 2).RoundTrip(r)
		default:
			return page(4, 2, 3).RoundTrip(r)
		}
	}))
	if err := s.keeper().PutAddresses(t.Context(), alice, addresses("192.0.2.1", "192.0.2.2"), hour); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"DELETE /v2/dns/alice.gent/records/1-3"}, changed); diff != "" {
		t.Error(diff)
	}
}
