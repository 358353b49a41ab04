package eppwire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the RFCs themselves say of their examples, put down by hand: the other messages are in a golden file.
func TestTheExamplesOfTheRFCsSayWhatTheRFCsHaveThemSay(t *testing.T) {
	messages := published(t)
	for name, tc := range map[string]struct {
		read func(r *Response) any
		want string
	}{
		"rfc5730-response-error-values": {blames, "2005, for the name alone: false"},
		"rfc5730-poll-mixed-text":       {queue, `4 12346 2000-06-08T22:10:00Z "Credit balance low. limit: 100 bal: 5"`},
		"rfc5730-poll-data":             {queue, `5 12345 2000-06-08T22:00:00Z "Transfer requested."`},
		"rfc5730-poll-empty":            {func(r *Response) any { return int(r.Code()) }, "1300"},
		"rfc5730-logout":                {func(r *Response) any { return int(r.Code()) }, "1500"},
		"rfc5731-check":                 {free("example.com", "example.net", "example.org"), "[true false true]"},
		"rfc5731-info-authorized":       {shown, "ClientX 1999-04-03T22:00:00Z 2005-04-03 [ns1.example.com ns1.example.net] 2fooBAR false"},
		"rfc5731-info-unauthorized":     {shown, "ClientX - - []  false"},
		"rfc5731-create":                {term, "1000 2001-04-03"},
		"rfc5731-create-pending":        {term, "1001 2001-04-03"},
		"rfc5731-renew":                 {term, "1000 2005-04-03"},
		"rfc5731-poll-pandata": {func(r *Response) any {
			p := r.Data.Pending[0]
			return fmt.Sprint(p.Name.Value, " ", *p.Name.Result, " ", p.Transaction.Client, " ", p.Transaction.Server, " ", day(p.Date))
		}, "example.com true ABC-12345 54321-XYZ 1999-04-04T22:00:00Z (1999-04-04)"},
		"rfc5732-poll-pandata":         {subject, "host-1.0 panData ns1.example.com"},
		"rfc5733-poll-pandata":         {subject, "contact-1.0 panData sh8013"},
		"rfc3915-info-add-period":      {shown, "ClientX 2003-11-26T22:00:00Z 2005-11-26 [ns1.example.com ns1.example.net] 2fooBAR false"},
		"rfc3915-info-redemption":      {func(r *Response) any { return r.Leaving() }, "true"},
		"rfc5910-info-dsdata":          {shown, "ClientX 1999-04-03T22:00:00Z 2005-04-03 [ns1.example.com ns2.example.com] 2fooBAR true"},
		"rfc5910-info-dsdata-with-key": {func(r *Response) any { return r.Extension.Signed() }, "true"},
		"rfc5910-info-keydata":         {func(r *Response) any { return r.Extension.Signed() }, "true"},
		// Of create it tells what two years cost, which is not taken for the price of one.
		"rfc8748-check":  {prices, "[example.com create - example.com renew 1000 USD true example.net create - example.net renew 500 USD false example.xyz create - example.xyz renew -]"},
		"rfc8748-create": {term, "1000 2021-04-03"},
		"rfc8748-renew":  {term, "1000 2024-04-03"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseResponse(messages["rfc/"+name])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, fmt.Sprint(tc.read(r))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func blames(r *Response) any {
	return fmt.Sprint(int(r.Code()), ", for the name alone: ", r.Results[0].BlamesOnly("example.com"))
}

func queue(r *Response) any {
	return fmt.Sprintf("%d %s %s %q", r.Queue.Count, r.Queue.ID, r.Queue.Queued.UTC().Format("2006-01-02T15:04:05Z"), r.Queue.Text)
}

func subject(r *Response) any {
	kind, name := r.Subject()
	return kind + " " + name
}

func free(names ...string) func(*Response) any {
	return func(r *Response) any {
		all := []bool{}
		for _, name := range names {
			is, err := r.Available(name)
			all = append(all, is && err == nil)
		}
		return all
	}
}

func shown(r *Response) any {
	d, err := r.Domain("example.com")
	if err != nil {
		return err
	}
	created, expires := "-", "-"
	if d.Created != nil {
		created = d.Created.UTC().Format("2006-01-02T15:04:05Z")
	}
	if d.Expires != nil {
		expires = d.Expires.Date
	}
	return fmt.Sprint(d.Sponsor, " ", created, " ", expires, " ", d.NameServers(), " ", d.AuthInfo, " ", r.Extension.Signed())
}

func term(r *Response) any {
	got, err := r.Term("example.com")
	if err != nil {
		return err
	}
	return fmt.Sprint(int(r.Code()), " ", got.Expires.Date)
}

func prices(r *Response) any {
	all := []string{}
	for _, name := range []string{"example.com", "example.net", "example.xyz"} {
		for _, command := range []string{PriceOfCreate, PriceOfRenew} {
			told := "-"
			if q, err := r.Quote(name, command); err == nil {
				told = fmt.Sprint(q.Minor, " ", q.Currency, " ", q.Premium)
			}
			all = append(all, name, command, told)
		}
	}
	return "[" + strings.Join(all, " ") + "]"
}
