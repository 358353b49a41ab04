package eppwire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const ok = `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="1000"><msg>x</msg></result><trID><clTRID>abc</clTRID><svTRID>1</svTRID></trID></response></epp>`

func response(inner string) string {
	return `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0" xmlns:d="urn:ietf:params:xml:ns:domain-1.0"><response>` + inner + `</response></epp>`
}

const done = `<result code="1000"><msg>x</msg></result>`

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	for name, document := range map[string]string{
		"nothing":                                 "",
		"no XML":                                  "HTTP/1.1 400 Bad Request",
		"half a message":                          ok[:len(ok)/2],
		"something after it":                      ok + "<more/>",
		"text after it":                           ok + "more",
		"text before it":                          "more" + ok,
		"a document type":                         `<!DOCTYPE epp [<!ENTITY a "b">]>` + ok,
		"an entity of its own":                    strings.Replace(ok, ">x<", ">&a;<", 1),
		"a processing instruction":                `<?php echo 1 ?>` + ok,
		"one inside":                              strings.Replace(ok, ">x<", "><?xml-stylesheet href='x'?><", 1),
		"another namespace":                       strings.Replace(ok, "epp-1.0", "epp-2.0", 1),
		"no namespace":                            strings.Replace(ok, ` xmlns="urn:ietf:params:xml:ns:epp-1.0"`, "", 1),
		"another character set":                   `<?xml version="1.0" encoding="ISO-8859-1"?>` + ok,
		"two responses":                           strings.Replace(ok, "</epp>", `<response><result code="1000"/></response></epp>`, 1),
		"a greeting beside it":                    strings.Replace(ok, "<response>", "<greeting/><response>", 1),
		"no result":                               response(""),
		"a result without a code":                 response("<result><msg>x</msg></result>"),
		"a code that is none":                     response(`<result code="200"/>`),
		"a code beyond all":                       response(`<result code="3000"/>`),
		"a code in words":                         response(`<result code="OK"/>`),
		"success and failure":                     response(done + `<result code="2400"/>`),
		"two successes":                           response(done + done),
		"a truth that is none":                    response(done + `<resData><d:chkData><d:cd><d:name avail="yes">a.gent</d:name></d:cd></d:chkData></resData>`),
		"a time that is none":                     response(done + `<resData><d:renData><d:name>a.gent</d:name><d:exDate>tomorrow</d:exDate></d:renData></resData>`),
		"elements beyond all depth":               response(done + strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)),
		"an element with attributes beyond all":   response(`<result code="1000"` + manyAttributes(70) + `/>`),
		"ends that do not match their beginnings": strings.Replace(ok, "</msg>", "</message>", 1),
		"undeclared characters":                   strings.Replace(ok, ">x<", ">\x01<", 1),
		"bytes that are no UTF-8":                 strings.Replace(ok, ">x<", ">\xff\xfe<", 1),
	} {
		r, err := ParseResponse([]byte(document))
		var malformed *MalformedError
		if !errors.As(err, &malformed) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if err != nil && (strings.Contains(err.Error(), "stylesheet") || strings.Contains(err.Error(), "message>")) {
			t.Errorf("%s: it quotes the other side: %v", name, err)
		}
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d="1"`, i)
	}
	return b.String()
}

func TestPrefixesDoNotMatterAndNamespacesDo(t *testing.T) {
	for name, tc := range map[string]struct {
		document string
		free     bool
	}{
		"as in the RFC":     {response(done + `<resData><d:chkData><d:cd><d:name avail="1">a.gent</d:name></d:cd></d:chkData></resData>`), true},
		"without prefixes":  {response(done + `<resData><chkData xmlns="urn:ietf:params:xml:ns:domain-1.0"><cd><name avail="true">A.GENT.</name></cd></chkData></resData>`), true},
		"with a byte order": {"\uFEFF" + `<?xml version="1.0" encoding="utf-8"?>` + response(done+`<resData><d:chkData><d:cd><d:name avail=" 1 "> a.gent </d:name></d:cd></d:chkData></resData>`), true},
		"a host, not a name": {
			response(done + `<resData><h:chkData xmlns:h="urn:ietf:params:xml:ns:host-1.0"><h:cd><h:name avail="1">a.gent</h:name></h:cd></h:chkData></resData>`), false,
		},
		"another name":        {response(done + `<resData><d:chkData><d:cd><d:name avail="1">b.gent</d:name></d:cd></d:chkData></resData>`), false},
		"without saying":      {response(done + `<resData><d:chkData><d:cd><d:name>a.gent</d:name></d:cd></d:chkData></resData>`), false},
		"in the wrong places": {response(done + `<d:chkData><d:cd><d:name avail="1">a.gent</d:name></d:cd></d:chkData>`), false},
	} {
		r, err := ParseResponse([]byte(tc.document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if free, err := r.Available("a.gent"); free != tc.free || (err == nil) != tc.free {
			t.Errorf("%s: %t, %v", name, free, err)
		}
	}
}

func TestOfSeveralErrorsTheHighestCounts(t *testing.T) {
	r, err := ParseResponse([]byte(response(`<result code="2005"/><result code="2400"/><result code="2306"/>`)))
	if err != nil || r.Code() != CodeFailed {
		t.Errorf("%v, %v", r, err)
	}
}

func TestCodesSayWhatIsCertain(t *testing.T) {
	for code, want := range map[Code][3]bool{ // success, closing, refusal
		1000: {true, false, false}, 1001: {true, false, false}, 1500: {true, true, false}, 2302: {false, false, true}, 2308: {false, false, true},
		2399: {false, false, false}, 2400: {false, false, false}, 2500: {false, true, false}, 2501: {false, true, false}, 2502: {false, true, false}, 2999: {false, true, false},
	} {
		if got := [3]bool{code.Success(), code.Closing(), code.Refusal()}; got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}

func TestAnErrorBlamesTheNameOnly(t *testing.T) {
	for name, tc := range map[string]struct {
		result string
		only   bool
	}{
		"nothing is blamed":                     {`<result code="2306"><msg/></result>`, false},
		"it is not defined what is":             {`<result code="2306"><extValue><value><undef/></value><reason/></extValue></result>`, false},
		"the name is":                           {`<result code="2306"><value><d:name>A.gent.</d:name></value></result>`, true},
		"the name is, in the extended way":      {`<result code="2306"><extValue><value><d:name> a.gent </d:name></value><reason>no</reason></extValue></result>`, true},
		"its element is, without the name":      {`<result code="2306"><value><d:name/></value></result>`, true},
		"the name and something undefined are":  {`<result code="2306"><value><undef/></value><value><d:name>a.gent</d:name></value></result>`, true},
		"a host of that name is":                {`<result code="2306"><value><d:hostObj>a.gent</d:hostObj></value></result>`, false},
		"the name and the registrant are":       {`<result code="2306"><value><d:name>a.gent</d:name></value><extValue><value><d:registrant/></value><reason/></extValue></result>`, false},
		"another name is":                       {`<result code="2306"><value><d:name>ns1.a.gent</d:name></value></result>`, false},
		"something of no namespace is":          {`<result code="2306"><value><name>a.gent</name></value></result>`, false},
		"the whole command is, the name inside": {`<result code="2306"><value><d:create><d:name>a.gent</d:name></d:create></value></result>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseResponse([]byte(response(tc.result)))
			if err != nil {
				t.Fatal(err)
			}
			if only := r.Results[0].BlamesOnly("a.gent"); only != tc.only {
				t.Errorf("%t", only)
			}
		})
	}
}

func TestWhatAServerSaysOfAResultIsSaidOnce(t *testing.T) {
	r, err := ParseResponse([]byte(response(`<result code="2306"><msg lang="en"> Policy </msg><extValue><value><undef/></value><reason>No VAT
		number</reason></extValue><extValue><value><undef/></value><reason>Policy</reason></extValue></result>`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Results[0].Says(); got != "Policy; No VAT number" {
		t.Errorf("%q", got)
	}
}

func TestWhatAMessageSaysIncludesTheElementsInIt(t *testing.T) {
	for inner, want := range map[string]string{
		" in\n words ": "in words",
		"Low: <limit>100</limit><x:bal xmlns:x='urn:x'><x:eur>5</x:eur></x:bal> now": "Low: limit: 100 bal: eur: 5 now",
		"<![CDATA[<p>]]> &amp; more": "<p> & more",
		"":                           "",
	} {
		r, err := ParseResponse([]byte(response(`<result code="1301"><msg/></result><msgQ count="1" id="1"><msg>` + inner + `</msg></msgQ>`)))
		if err != nil || string(r.Queue.Text) != want {
			t.Errorf("%q: %+v, %v", inner, r, err)
		}
	}
	if r, err := ParseResponse([]byte(response(`<result code="1301"><msg/></result><msgQ count="1" id="1"><msg>a<b></msg></msgQ>`))); err == nil {
		t.Errorf("%+v", r)
	}
}

func TestAMessageIsAboutSomething(t *testing.T) {
	for name, tc := range map[string]struct{ data, kind, about string }{
		"an order's outcome":     {`<d:panData><d:name paResult="0">a.gent</d:name></d:panData>`, "domain-1.0 panData", "a.gent"},
		"a transfer":             {`<d:trnData><d:name>a.gent</d:name><d:trStatus>pending</d:trStatus><d:reID>X</d:reID></d:trnData>`, "domain-1.0 trnData pending", "a.gent"},
		"a name that was made":   {`<d:creData><d:name>a.gent</d:name></d:creData>`, "domain-1.0 creData", "a.gent"},
		"a name that goes on":    {`<d:renData><d:name>a.gent</d:name></d:renData>`, "domain-1.0 renData", "a.gent"},
		"a name that is shown":   {`<d:infData><d:name>a.gent</d:name></d:infData>`, "domain-1.0 infData", "a.gent"},
		"a contact":              {`<c:infData xmlns:c="urn:ietf:params:xml:ns:contact-1.0"><c:id>C-1</c:id></c:infData>`, "contact-1.0 infData", "C-1"},
		"something of its own":   {`<b:pollData xmlns:b="http://www.example/xml/epp/poll-1.0"><b:data>12</b:data></b:pollData>`, "poll-1.0 pollData", ""},
		"something of no schema": {`<balance xmlns="">12</balance>`, "balance", ""},
		"nothing":                {``, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseResponse([]byte(response(`<result code="1301"><msg/></result><msgQ count="1" id="1"><msg> A text </msg></msgQ><resData>` + tc.data + `</resData>`)))
			if err != nil {
				t.Fatal(err)
			}
			if kind, about := r.Subject(); kind != tc.kind || about != tc.about || r.Queue.Text != "A text" {
				t.Errorf("%q, %q, %q", kind, about, r.Queue.Text)
			}
		})
	}
}

func TestTimesAreReadAsRegistriesWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"2027-01-01T00:30:00.0Z":           "2027-01-01T00:30:00Z 2027-01-01",
		" 2027-01-01T00:30:00+01:00 ":      "2026-12-31T23:30:00Z 2027-01-01",
		"2027-01-01T00:30:00.000000+0100":  "2026-12-31T23:30:00Z 2027-01-01",
		"2027-01-01T00:30:00":              "2027-01-01T00:30:00Z 2027-01-01",
		"2027-01-01":                       "2027-01-01T00:00:00Z 2027-01-01",
		"2027-01-01 10:00:00":              "2027-01-01T10:00:00Z 2027-01-01",
		"01-01-2027":                       "",
		"2027-02-30T00:00:00Z":             "",
		"":                                 "",
		"2027-01-01T00:30:00Z and further": "",
	} {
		var d DateTime
		err := d.UnmarshalText([]byte(text))
		if got := d.UTC().Format("2006-01-02T15:04:05Z") + " " + d.Date; (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestAmountsAreExactAndRoundedUp(t *testing.T) {
	for text, want := range map[Token]int64{"10": 1000, "10.5": 1050, "10.50": 1050, "500.000": 50000, "0.001": 1, "10.001": 1001, "-5.00": -500, "-0.001": 0, "+1.00": 100, "0": 0} {
		if got, err := hundredths(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []Token{"", "1e9", "1,50", "1/3", "--1", "0x10", "1_000", "Inf", "9999999999999999", Token(strings.Repeat("1", 50))} {
		if got, err := hundredths(text); err == nil {
			t.Errorf("%s: %d", text, got)
		}
	}
}

func TestWhatAYearCosts(t *testing.T) {
	const year = `<f:period unit="y">1</f:period>`
	general := func(fee string) string {
		return `<f:command name="create">` + year + `<f:fee>` + fee + `</f:fee></f:command>`
	}
	sunrise := func(fee string) string {
		return `<f:command name="create" phase="sunrise">` + year + `<f:fee>` + fee + `</f:fee></f:command>`
	}
	for name, tc := range map[string]struct {
		object string
		want   string
	}{
		"a fee":                       {`<f:command name="create">` + year + `<f:fee>10.00</f:fee></f:command>`, "1000 false"},
		"several, and a credit":       {`<f:command name="create">` + year + `<f:fee>10.00</f:fee><f:fee>2.005</f:fee><f:credit>-1.00</f:credit></f:command>`, "1101 false"},
		"without a period":            {`<f:command name="create"><f:fee>10.00</f:fee></f:command>`, "1000 false"},
		"in months":                   {`<f:command name="create"><f:period unit="m">12</f:period><f:fee>10.00</f:fee></f:command>`, "1000 false"},
		"for two years":               {`<f:command name="create"><f:period unit="y">2</f:period><f:fee>10.00</f:fee></f:command>`, ""},
		"of another command":          {`<f:command name="renew">` + year + `<f:fee>10.00</f:fee></f:command>`, ""},
		"without a fee":               {`<f:command name="create">` + year + `<f:reason>no</f:reason></f:command>`, ""},
		"standard":                    {`<f:class>standard</f:class><f:command name="create">` + year + `<f:fee>10</f:fee></f:command>`, "1000 false"},
		"a tier that is standard":     {`<f:class>Standard Tier</f:class><f:command name="create">` + year + `<f:fee>10</f:fee></f:command>`, "1000 false"},
		"a tier that is not":          {`<f:class>Tier 1</f:class><f:command name="create">` + year + `<f:fee>10</f:fee></f:command>`, "1000 true"},
		"a tier at the standard fee":  {`<f:class>Tier 1</f:class><f:command name="create" standard="1">` + year + `<f:fee>10</f:fee></f:command>`, "1000 false"},
		"premium at the standard fee": {`<f:class>Premium-A</f:class><f:command name="create" standard="1">` + year + `<f:fee>10</f:fee></f:command>`, "1000 true"},
		"a fee that is said not to be the standard one":     {`<f:command name="create" standard="0">` + year + `<f:fee>10</f:fee></f:command>`, "1000 true"},
		"the same in a word":                                {`<f:command name="create" standard="false">` + year + `<f:fee>10</f:fee></f:command>`, "1000 true"},
		"one that is said to be":                            {`<f:command name="create" standard="1">` + year + `<f:fee>10</f:fee></f:command>`, "1000 false"},
		"a class and a fee that contradict each other":      {`<f:class>standard</f:class><f:command name="create" standard="0">` + year + `<f:fee>10</f:fee></f:command>`, "1000 true"},
		"a cheap fee of another phase":                      {sunrise("1") + general("10"), "1000 false"},
		"the same after it":                                 {general("10") + sunrise("1"), "1000 false"},
		"a dear fee of another phase":                       {sunrise("100") + general("10"), "1000 false"},
		"one in the open phase":                             {sunrise("1") + `<f:command name="create" phase="open">` + year + `<f:fee>10</f:fee></f:command>`, "1000 false"},
		"one in a part of the open phase":                   {`<f:command name="create" phase="open" subphase="first">` + year + `<f:fee>1</f:fee></f:command>` + general("10"), "1000 false"},
		"one in a part of nothing":                          {`<f:command name="create" subphase="first">` + year + `<f:fee>1</f:fee></f:command>` + general("10"), "1000 false"},
		"only one of the phase that runs":                   {`<f:command name="create" phase="claims">` + year + `<f:fee>10</f:fee></f:command>`, "1000 false"},
		"the dearer one of two phases that are not open":    {sunrise("10") + `<f:command name="create" phase="claims">` + year + `<f:fee>20</f:fee></f:command>`, "2000 false"},
		"the dearer one of two":                             {general("10") + general("30") + general("20"), "3000 false"},
		"two of which one is not standard":                  {general("10") + `<f:command name="create" standard="0">` + year + `<f:fee>5</f:fee></f:command>`, "1000 true"},
		"two of which one makes no sense":                   {general("10") + general("ten"), ""},
		"one of another phase where the open one says none": {sunrise("10") + `<f:command name="create" phase="open">` + year + `<f:reason>no</f:reason></f:command>`, ""},
		"a fee below zero":                                  {`<f:command name="create">` + year + `<f:fee>-10.00</f:fee></f:command>`, ""},
		"a credit that is none":                             {`<f:command name="create">` + year + `<f:fee>10.00</f:fee><f:credit>1.00</f:credit></f:command>`, ""},
		"more credit than fee":                              {`<f:command name="create">` + year + `<f:fee>1.00</f:fee><f:credit>-2.00</f:credit></f:command>`, ""},
		"a fee that is no number":                           {`<f:command name="create">` + year + `<f:fee>ten</f:fee></f:command>`, ""},
	} {
		document := response(done + `<extension><f:chkData xmlns:f="urn:ietf:params:xml:ns:epp:fee-1.0"><f:currency>EUR</f:currency><f:cd><f:objID>a.gent</f:objID>` + tc.object + `</f:cd></f:chkData></extension>`)
		for _, twist := range []struct {
			name, document string
			known          bool
		}{
			{"", document, tc.want != ""},
			{" of another name", strings.Replace(document, "a.gent", "b.gent", 1), false},
			{" that is not available", strings.Replace(document, "<f:cd>", `<f:cd avail="0">`, 1), false},
			{" in no currency", strings.Replace(document, "EUR", "", 1), false},
		} {
			r, err := ParseResponse([]byte(twist.document))
			if err != nil {
				t.Fatal(err)
			}
			q, err := r.Quote("a.gent", PriceOfCreate)
			got := ""
			if err == nil {
				got = fmt.Sprintf("%d %t", q.Minor, q.Premium)
			}
			if twist.known && got != tc.want || !twist.known && got != "" {
				t.Errorf("%s%s: %q, %v", name, twist.name, got, err)
			}
		}
	}
}

// A name stands in an answer once. Where it stands twice, what is dearer counts, and what cannot be compared is no price.
func TestANameThatIsPricedTwiceCostsWhatIsDearer(t *testing.T) {
	price := func(currency, class, fee string) string {
		return `<f:chkData xmlns:f="urn:ietf:params:xml:ns:epp:fee-1.0"><f:currency>` + currency + `</f:currency><f:cd><f:objID>a.gent</f:objID><f:class>` + class +
			`</f:class><f:command name="create"><f:fee>` + fee + `</f:fee></f:command></f:cd></f:chkData>`
	}
	for name, tc := range map[string]struct{ prices, want string }{
		"in one currency":     {price("EUR", "standard", "5") + price("EUR", "standard", "10"), "1000 EUR false"},
		"in two":              {price("EUR", "standard", "5") + price("USD", "standard", "10"), ""},
		"as one that is dear": {price("EUR", "premium", "5") + price("EUR", "standard", "10"), "1000 EUR true"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseResponse([]byte(response(done + `<extension>` + tc.prices + `</extension>`)))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			q, err := r.Quote("a.gent", PriceOfCreate)
			if err == nil {
				got = fmt.Sprintf("%d %s %t", q.Minor, q.Currency, q.Premium)
			}
			if got != tc.want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
