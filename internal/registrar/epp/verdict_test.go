package epp_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

var transactionPattern = regexp.MustCompile(`<clTRID>([^<]*)</clTRID>`)

const (
	script   = `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0" xmlns:d="urn:ietf:params:xml:ns:domain-1.0">%s</epp>`
	greeting = `<greeting><svID>x</svID><svcMenu><version>1.0</version><lang>en</lang><objURI>urn:ietf:params:xml:ns:domain-1.0</objURI></svcMenu></greeting>`
	free     = `<result code="1000"><msg/></result><resData><d:chkData><d:cd><d:name avail="1">alice.gent</d:name></d:cd></d:chkData></resData>`
	fine     = `<result code="1000"><msg/></result>`
)

// scripted is a server that answers an order, or a renewal, with what it is told: results and data, or a whole frame where it does not begin with a result.
func scripted(t *testing.T, answer string) epp.Dialer {
	held := fmt.Sprintf(`%s<resData><d:infData><d:name>alice.gent</d:name><d:clID>%s</d:clID><d:exDate>2027-11-22T10:00:00Z</d:exDate></d:infData></resData>`, fine, user)
	return scriptedWith(t, held, answer)
}

// scriptedWith also answers info with what it is told. To check it always says that the name is free.
func scriptedWith(t *testing.T, info, answer string) epp.Dialer {
	return func(context.Context, string, *tls.Config) (net.Conn, error) {
		here, there := net.Pipe()
		t.Cleanup(func() { _ = there.Close() })
		go func() {
			say := func(inner string) bool { return eppwire.WriteFrame(there, fmt.Appendf(nil, script, inner)) == nil }
			for ok := say(greeting); ok; {
				payload, err := eppwire.ReadFrame(there)
				if err != nil {
					return
				}
				body := fine
				switch command := string(payload); {
				case strings.Contains(command, "<check>"):
					body = free
				case strings.Contains(command, "<info>"):
					body = info
				case strings.Contains(command, "<create>"), strings.Contains(command, "<renew>"):
					body = answer
				}
				if !strings.HasPrefix(body, "<result") {
					ok = eppwire.WriteFrame(there, []byte(body)) == nil
					continue
				}
				trailer := fmt.Sprintf("<trID><clTRID>%s</clTRID><svTRID>S-1</svTRID></trID>", transactionPattern.FindSubmatch(payload)[1])
				if strings.Contains(body, "<trID>") {
					trailer = ""
				}
				ok = say("<response>" + body + trailer + "</response>")
			}
		}()
		return here, nil
	}
}

func code(n int, inner string) string {
	return fmt.Sprintf(`<result code="%d"><msg>%s</msg>%s</result>`, n, "what-the-other-side-says", inner)
}

const (
	theName     = `<value><d:name>alice.gent</d:name></value>`
	anotherName = `<value><d:name>ns1.alice.gent</d:name></value>`
	aHost       = `<value><d:hostObj>ns1.example.net</d:hostObj></value>`
	aContact    = `<value><d:registrant>REG-1</d:registrant></value>`
	undefined   = `<extValue><value><undef/></value><reason>no</reason></extValue>`
)

func TestWhatAnAnswerToAnOrderMeans(t *testing.T) {
	for name, tc := range map[string]struct{ answer, want string }{
		"carried out":                                 {code(1000, "") + `<resData><d:creData><d:name>alice.gent</d:name><d:exDate>2027-11-22T10:00:00Z</d:exDate></d:creData></resData>`, "done 2027-11-22"},
		"carried out, without data":                   {code(1000, ""), "done 0001-01-01"},
		"carried out for another name":                {code(1000, "") + `<resData><d:creData><d:name>bob.gent</d:name></d:creData></resData>`, "unknown"},
		"accepted":                                    {code(1001, ""), "pending S-1 " + operation + "-c1"},
		"accepted, named by us only":                  {code(1001, "") + `<trID><clTRID>` + operation + `-c1</clTRID></trID>`, "pending " + operation + "-c1"},
		"accepted, under a name beyond bounds":        {code(1001, "") + `<trID><clTRID>` + operation + `-c1</clTRID><svTRID>` + strings.Repeat("x", 65) + `</svTRID></trID>`, "pending " + operation + "-c1"},
		"a success that is none of an order":          {code(1300, ""), "unknown"},
		"exists, in our account by nobody knows what": {code(2302, ""), "postponed"},
		"no credit":                                   {code(2104, ""), "postponed"},
		"a policy against the name":                   {code(2306, theName), "refused"},
		"a policy against the name, and its owner":    {code(2306, theName+aContact), "postponed"},
		"a policy against another name":               {code(2306, anotherName), "postponed"},
		"a policy, without saying against what":       {code(2306, ""), "postponed"},
		"a policy that is undefined":                  {code(2306, undefined), "postponed"},
		"a policy against a contact":                  {code(2306, aContact), "postponed"},
		"a policy against a name server":              {code(2306, aHost), "postponed"},
		"a data policy":                               {code(2308, ""), "postponed"},
		"a data policy against a contact":             {code(2308, aContact), "postponed"},
		"a data policy against the name":              {code(2308, theName), "refused"},
		"the name's syntax":                           {code(2005, theName), "refused"},
		"the name's syntax, in the extended way":      {code(2005, `<extValue>`+theName+`<reason>no</reason></extValue>`), "refused"},
		"a name out of range":                         {code(2004, theName), "refused"},
		"no credit for the name":                      {code(2104, theName), "postponed"},
		"no right to the name":                        {code(2201, theName), "postponed"},
		"the name's status":                           {code(2304, theName), "postponed"},
		"the name's associations":                     {code(2305, theName), "postponed"},
		"the name does not exist":                     {code(2303, theName), "postponed"},
		"the name is missing":                         {code(2003, theName), "postponed"},
		"the name is not in the services":             {code(2307, theName), "postponed"},
		"the name is pending transfer":                {code(2300, theName), "postponed"},
		"the name's password":                         {code(2202, theName), "postponed"},
		"two policies against the name":               {code(2306, theName) + code(2308, theName), "refused"},
		"a policy against the name, and one":          {code(2306, theName) + code(2308, ""), "postponed"},
		"somebody's syntax":                           {code(2005, ""), "postponed"},
		"a range, such as of the price":               {code(2004, ""), "postponed"},
		"a contact that is missing":                   {code(2003, ""), "postponed"},
		"a contact that does not exist":               {code(2303, ""), "postponed"},
		"no right to":                                 {code(2201, ""), "postponed"},
		"an extension that it does not have":          {code(2103, ""), "postponed"},
		"forgot that we logged in":                    {code(2002, ""), "postponed"},
		"a policy and a missing contact":              {code(2306, theName) + code(2003, ""), "postponed"},
		"a policy and an accident":                    {code(2306, theName) + code(2400, ""), "unknown"},
		"an accident":                                 {code(2400, ""), "unknown"},
		"an accident, and goodbye":                    {code(2500, ""), "unknown"},
		"not logged in, and goodbye":                  {code(2501, ""), "postponed"},
		"too many sessions, and goodbye":              {code(2502, ""), "postponed 30s"},
		"a code of its own":                           {code(2399, ""), "unknown"},
		"no code":                                     {`<result><msg/></result>`, "unknown"},
		"an answer to another command":                {code(1000, "") + `<trID><clTRID>mwf-1-1</clTRID><svTRID>S-1</svTRID></trID>`, "unknown"},
		"an answer to nothing":                        {code(1000, "") + `<trID><svTRID>S-1</svTRID></trID>`, "unknown"},
		"a refusal of what it could not read":         {code(2001, "") + `<trID><svTRID>S-1</svTRID></trID>`, "postponed"},
		"a greeting":                                  {fmt.Sprintf(script, greeting), "unknown"},
		"a document type":                             {`<!DOCTYPE epp [<!ENTITY a "b">]>` + fmt.Sprintf(script, "<response>"+code(1000, "")+"</response>"), "unknown"},
		"a page":                                      {`<html><body>502 Bad Gateway</body></html>`, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.spec.Spec.Provider.EPP.Price = &r.spec.Spec.Limits.MaxPrice
			r.restart(epp.WithDialer(scripted(t, tc.answer)))
			result := r.buy(1)
			if got := described(result); got != tc.want {
				t.Errorf("%s, want %s: %+v", got, tc.want, result)
			}
			text := fmt.Sprintf("%+v", result)
			if u, ok := result.(registrar.Unknown); ok {
				text = u.Err.Error()
			}
			explained := strings.Contains(text, "the registry refuses the order: 2")
			if strings.Contains(text, "other-side") != explained || strings.Contains(text, "Gateway") {
				t.Errorf("it quotes the other side, or not where it explains a refusal: %s", text)
			}
		})
	}
}

// The duty keeps at a refusal that is not final: people can mend it, and need the registry's own words for that.
func TestARefusalSaysInTheRegistrysWordsWhatIsToBeMended(t *testing.T) {
	const refused = "the registry refuses the order: 2306 (parameter value policy error)"
	for name, tc := range map[string]struct{ inner, want string }{
		"a message":              {`<msg>Contact REG-1 has no VAT number</msg>`, refused + `: "Contact REG-1 has no VAT number"`},
		"a message and a reason": {`<msg>Policy</msg><extValue>` + aContact + `<reason>No VAT number</reason></extValue>`, refused + `: "Policy; No VAT number"`},
		"no words":               {``, refused},
		"words with the login":   {`<msg>` + user + ` is not accredited</msg>`, refused + `: "[…] is not accredited"`},
		"words with our password in them": {
			`<msg>Wrong: Geheim-Wachtwoord&amp;&lt;1</msg>`, refused + `: "[words about a password, which are not repeated]"`,
		},
		"words with the name's password": {`<msg>Mw1-abcdefgh-ijklmn is weak</msg>`, refused + `: "[…] is weak"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.spec.Spec.Provider.EPP.Price = &r.spec.Spec.Limits.MaxPrice
			r.restart(epp.WithDialer(scripted(t, `<result code="2306">`+tc.inner+`</result>`)))
			if no, ok := r.buy(1).(registrar.Rejected); !ok || no.Reason != registrar.RejectedPostponed || no.Detail != tc.want {
				t.Errorf("%#v, want %s", no, tc.want)
			}
		})
	}
}

func TestWhatAnAnswerToAnExtensionMeans(t *testing.T) {
	for name, tc := range map[string]struct{ answer, want string }{
		"carried out":                    {code(1000, "") + `<resData><d:renData><d:name>alice.gent</d:name><d:exDate>2028-11-22T10:00:00Z</d:exDate></d:renData></resData>`, "done 2028-11-22"},
		"accepted":                       {code(1001, ""), "pending renewal/S-1 " + operation + "-r20271122-1"},
		"not to be renewed":              {code(2105, ""), "refused"},
		"another day":                    {code(2306, ""), "postponed"},
		"its status":                     {code(2304, ""), "postponed"},
		"no credit":                      {code(2104, ""), "postponed"},
		"an accident":                    {code(2400, ""), "unknown"},
		"an accident, and goodbye":       {code(2500, ""), "unknown"},
		"too many sessions, and goodbye": {code(2502, ""), "postponed 30s"},
		"a code of its own":              {code(2399, ""), "unknown"},
		"nonsense":                       {"<", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.spec.Spec.Provider.EPP.Price = &r.spec.Spec.Limits.MaxPrice
			r.restart(epp.WithDialer(scripted(t, tc.answer)))
			seen := r.lookUp(alice, operation, "")
			result := r.account().Renew(t.Context(), registrar.Renewal{
				Domain: alice, ExtendFrom: seen.Holding.Expiry, OperationID: operation, Try: 1, MaxPrice: affordable,
			})
			if got := described(result); got != tc.want {
				t.Errorf("%s, want %s: %+v", got, tc.want, result)
			}
		})
	}
}

func TestWhatAnAnswerToInfoMeans(t *testing.T) {
	data := func(inner string) string { return fine + "<resData><d:infData>" + inner + "</d:infData></resData>" }
	for name, tc := range map[string]struct {
		info       string
		in         registrar.Answer
		registered registrar.Answer
		err        bool
	}{
		"it does not exist":                     {code(2303, ""), registrar.No, registrar.No, false},
		"we may not know, and it is free":       {code(2201, ""), registrar.Unanswerable, registrar.Unanswerable, false},
		"another holds it":                      {data("<d:name>alice.gent</d:name><d:clID>OTHER</d:clID>"), registrar.No, registrar.Yes, false},
		"we hold it":                            {data("<d:name>Alice.Gent</d:name><d:clID>mwf-gent</d:clID>"), registrar.Yes, registrar.Yes, false},
		"nobody is said to hold it":             {data("<d:name>alice.gent</d:name>"), "", "", true},
		"something else is held":                {data("<d:name>bob.gent</d:name><d:clID>" + user + "</d:clID>"), "", "", true},
		"there is no data":                      {fine, "", "", true},
		"an accident":                           {code(2400, ""), "", "", true},
		"too many sessions":                     {code(2502, ""), "", "", true},
		"a date that is none":                   {data("<d:name>alice.gent</d:name><d:clID>" + user + "</d:clID><d:exDate>soon</d:exDate>"), "", "", true},
		"a domain in a namespace of its own":    {fine + `<resData><infData xmlns="urn:x"><name>alice.gent</name></infData></resData>`, "", "", true},
		"we hold it, and a password of another": {data("<d:name>alice.gent</d:name><d:clID>" + user + "</d:clID><d:authInfo><d:pw>2fooBAR</d:pw></d:authInfo>"), registrar.Yes, registrar.Yes, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.restart(epp.WithDialer(scriptedWith(t, tc.info, "")))
			seen, err := r.account().LookUp(t.Context(), registrar.Query{Domain: alice, OperationID: operation})
			if (err != nil) != tc.err || seen.InAccount != tc.in || seen.Registered != tc.registered || seen.OperationID != "" {
				t.Errorf("%+v, %v", seen, err)
			}
		})
	}
}

func described(result registrar.Result) string {
	switch r := result.(type) {
	case registrar.Done:
		return "done " + r.Holding.Expiry.Format("2006-01-02")
	case registrar.Pending:
		return "pending " + r.Reference
	case registrar.Rejected:
		if r.RetryAfter > 0 {
			return string(r.Reason) + " " + r.RetryAfter.String()
		}
		return string(r.Reason)
	default:
		return r.Outcome()
	}
}
