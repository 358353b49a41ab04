package combell

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// minTTL and maxTTL are what Combell takes for a record.
	minTTL = 60 * time.Second
	maxTTL = 24 * time.Hour
	// pageSize is how many records are asked for at once, and maxPages after how many pages they are no zone of a site.
	pageSize = 100
	maxPages = 50
	// apex is the name itself.
	apex = "@"
)

// dnsRecord is DnsRecord of the API's description, as far as records of addresses have it.
type dnsRecord struct {
	ID         string `json:"id,omitempty"`
	Type       string `json:"type"`
	RecordName string `json:"record_name"`
	TTL        int    `json:"ttl"`
	Content    string `json:"content"`
}

// address is what the record leads to, if it is an address at the name itself.
func (r dnsRecord) address(domain string) (netip.Addr, bool) {
	if r.RecordName != "" && r.RecordName != apex && !sameName(r.RecordName, domain) {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(strings.TrimSpace(r.Content))
	if err != nil || !strings.EqualFold(r.Type, recordType(address)) {
		return netip.Addr{}, false
	}
	return address, true
}

func recordType(address netip.Addr) string {
	if address.Is4() {
		return "A"
	}
	return "AAAA"
}

// PutAddresses adds and changes records before it takes others away, so that the name leads somewhere all the while.
func (a *account) PutAddresses(ctx context.Context, domain string, addresses []netip.Addr, ttl time.Duration) error {
	wanted, err := canonical(addresses)
	if err != nil {
		return err
	}
	if ttl < minTTL || ttl > maxTTL || ttl%time.Second != 0 {
		return fmt.Errorf("a TTL of %s: Combell takes whole seconds from %s to %s", ttl, minTTL, maxTTL)
	}
	records, err := a.records(ctx, domain)
	if err != nil {
		return err
	}
	for _, change := range changes(records, domain, wanted, int(ttl/time.Second)) {
		if err := a.change(ctx, domain, change); err != nil {
			return err
		}
	}
	return nil
}

// RemoveAddresses takes away what leads to the addresses. Where there is no zone any more there is nothing to take away.
func (a *account) RemoveAddresses(ctx context.Context, domain string, addresses []netip.Addr) error {
	unwanted, err := canonical(addresses)
	if err != nil {
		return err
	}
	records, err := a.records(ctx, domain)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, r := range records {
		if address, ok := r.address(domain); ok && slices.Contains(unwanted, address) {
			if err := a.change(ctx, domain, change{http.MethodDelete, r}); err != nil {
				return err
			}
		}
	}
	return nil
}

var errNoAddress = errors.New("no address, or one that no record can hold")

// canonical is the addresses as records hold them, each once. None is refused, as every record would have to go for it.
func canonical(addresses []netip.Addr) ([]netip.Addr, error) {
	all := make([]netip.Addr, 0, len(addresses))
	for _, address := range addresses {
		if address = address.Unmap(); !address.IsValid() || address.Zone() != "" {
			return nil, errNoAddress
		}
		if !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	if len(all) == 0 {
		return nil, errNoAddress
	}
	return all, nil
}

// change is one call that changes a record.
type change struct {
	method string
	record dnsRecord
}

// changes are what makes the records at the name itself those that are wanted.
func changes(records []dnsRecord, domain string, wanted []netip.Addr, ttl int) []change {
	var put, surplus []change
	missing := slices.Clone(wanted)
	for _, r := range records {
		address, ok := r.address(domain)
		if !ok {
			continue
		}
		at := slices.Index(missing, address)
		if at < 0 {
			surplus = append(surplus, change{http.MethodDelete, r})
			continue
		}
		missing = slices.Delete(missing, at, at+1)
		if r.TTL != ttl {
			r.TTL = ttl
			put = append(put, change{http.MethodPut, r})
		}
	}
	for _, address := range missing {
		put = append(put, change{http.MethodPost, dnsRecord{Type: recordType(address), RecordName: apex, TTL: ttl, Content: address.String()}})
	}
	return append(put, surplus...)
}

func (a *account) change(ctx context.Context, domain string, c change) error {
	target, want := "/dns/"+domain+"/records", http.StatusCreated
	var body any = c.record
	switch c.method {
	case http.MethodPut:
		target, want = target+"/"+c.record.ID, http.StatusNoContent
	case http.MethodDelete:
		target, want, body = target+"/"+c.record.ID, http.StatusNoContent, nil
	}
	got, err := a.call(ctx, c.method, target, body)
	if c.method == http.MethodDelete && missing(err) {
		return nil
	}
	if err == nil && got.status != want && got.status != http.StatusOK {
		err = &statusError{status: got.status}
	}
	if err != nil {
		return fmt.Errorf("%s the %s record of %s: %w", verbs[c.method], c.record.Type, domain, err)
	}
	return nil
}

var verbs = map[string]string{http.MethodPost: "add", http.MethodPut: "change", http.MethodDelete: "remove"}

// records reads all records of a name, page by page. The API's filters are not used: their values are in capitals, and the signature is about a path in
// lower case.
func (a *account) records(ctx context.Context, domain string) ([]dnsRecord, error) {
	if err := checkName(domain); err != nil {
		return nil, err
	}
	var all []dnsRecord
	seen := map[string]bool{}
	for skip, page := 0, 0; page < maxPages; page++ {
		got, err := a.call(ctx, http.MethodGet, "/dns/"+domain+"/records?skip="+strconv.Itoa(skip)+"&take="+strconv.Itoa(pageSize), nil)
		if err != nil {
			return nil, fmt.Errorf("list the records of %s: %w", domain, err)
		}
		records, err := decodeRecords(got.body)
		if err != nil {
			return nil, fmt.Errorf("list the records of %s: %w", domain, err)
		}
		for _, r := range records {
			// Records that are added or removed meanwhile move the others from page to page.
			if !seen[r.ID] {
				seen[r.ID] = true
				all = append(all, r)
			}
		}
		skip += len(records)
		total, err := strconv.Atoi(got.header.Get("X-Paging-TotalResults"))
		if len(records) == 0 || err == nil && skip >= total {
			return all, nil
		}
	}
	return nil, fmt.Errorf("list the records of %s: there are more than %d pages of them", domain, maxPages)
}

// decodeRecords reads a page of records. A record that cannot be named cannot be changed.
func decodeRecords(body []byte) ([]dnsRecord, error) {
	var page []dnsRecord
	if err := unmarshal(body, &page); err != nil {
		return nil, err
	}
	if page == nil {
		return nil, errNonsense
	}
	for _, r := range page {
		if !reference.MatchString(r.ID) || r.Type == "" {
			return nil, fmt.Errorf("%w: a record has no usable id or type", errNonsense)
		}
	}
	return page, nil
}
