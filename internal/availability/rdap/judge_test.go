package rdap

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
	"magicwebsitefactory.gent/internal/names"
)

func published(t testing.TB, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "published", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func judged(code int, header http.Header, body string, name names.Name) (availability.Verdict, string) {
	return judge(answerOf(reply{code: code, header: header, body: []byte(body)}), name)
}

func rdapHeader(mediaType string) http.Header {
	header := http.Header{"Access-Control-Allow-Origin": {"*"}}
	if mediaType != "" {
		header.Set("Content-Type", mediaType)
	}
	return header
}

func TestPublishedAnswersOfRegistries(t *testing.T) {
	for _, tc := range []struct {
		file string
		code int
		name names.Name
		want availability.Verdict
	}{
		{"verisign-example.com.json", 200, "example.com", availability.Taken},
		{"centralnic-nic.xyz.json", 200, "nic.xyz", availability.Taken},
		{"nominet-bbc.co.uk.json", 200, "bbc.co.uk", availability.Taken},
		{"cznic-example.cz.json", 200, "example.cz", availability.Taken},
		{"identitydigital-google.info.json", 200, "google.info", availability.Taken},
		{"google-web.dev.json", 200, "web.dev", availability.Taken},
		{"afnic-lemonde.fr.json", 200, "lemonde.fr", availability.Taken},
		{"flexireg-home.moscow.json", 200, "home.moscow", availability.Taken},
		{"rfc9083-section5.3.json", 200, "xn--fo-5ja.example", availability.Taken},
		{"identitydigital-google.info.json", 200, "ns1.google.com", availability.Unknown},
		{"afnic-lemonde.fr.json", 404, "lemonde.fr", availability.Unknown},
		{"afnic-help.json", 200, "nic.fr", availability.Unknown},
		{"verisign-example.com.json", 200, "example.org", availability.Unknown},
		{"cznic-nameserver-ns2.pipni.cz.json", 200, "ns2.pipni.cz", availability.Unknown},
		{"verisign-example.com.json", 404, "example.com", availability.Unknown},
		{"pir-404.json", 404, "alice.org", availability.Available},
		{"pir-404.json", 200, "alice.org", availability.Unknown},
		{"centralnic-404.json", 404, "alice.gent", availability.Available},
		{"nominet-404.json", 404, "alice.co.uk", availability.Available},
		{"nicmx-404.json", 404, "alice.mx", availability.Available},
		{"ripe-501.json", 404, "alice.gent", availability.Unknown},
		{"ripe-501.json", 501, "alice.gent", availability.Unknown},
		{"rfc9083-figure28.json", 404, "alice.gent", availability.Unknown},
	} {
		verdict, reason := judged(tc.code, rdapHeader(rdaptest.MediaType), published(t, tc.file), tc.name)
		if verdict != tc.want || (reason == "") != (verdict != availability.Unknown) {
			t.Errorf("%s with %d, asked about %s: %s (%s), want %s", tc.file, tc.code, tc.name, verdict, reason, tc.want)
		}
	}
}

func TestPublishedAnswersToHelp(t *testing.T) {
	for file, want := range map[string]bool{
		"afnic-help.json": true, "rfc9083-section7.json": true,
		"verisign-example.com.json": false, "identitydigital-google.info.json": false, "pir-404.json": false, "centralnic-404.json": false,
		"ripe-501.json": false, "rfc9083-figure28.json": false, "iana-dns.json": false,
	} {
		a := answerOf(reply{code: http.StatusOK, header: rdapHeader(rdaptest.MediaType), body: []byte(published(t, file))})
		if got := isHelp(a); got != want {
			t.Errorf("%s: %v", file, got)
		}
		if a.code = http.StatusNotFound; isHelp(a) {
			t.Errorf("%s with 404 is taken for help", file)
		}
	}
}

func TestWhatA404Means(t *testing.T) {
	rdap, plain := rdapHeader(rdaptest.MediaType), http.Header{}
	for why, tc := range map[string]struct {
		header http.Header
		body   string
		want   availability.Verdict
	}{
		"an error object": {rdap, `{"errorCode":404}`, availability.Available},
		"an error object with a parameter in its type":    {rdapHeader("application/rdap+json; charset=utf-8"), `{"errorCode":404}`, availability.Available},
		"an error object of another type":                 {rdapHeader("application/json"), `{"errorCode":404}`, availability.Available},
		"conformance and no code":                         {rdap, `{"rdapConformance":["rdap_level_0"],"title":"Not Found"}`, availability.Available},
		"nothing, of RDAP's type, as Verisign sends":      {rdap, "", availability.Available},
		"nothing but the header of RFC 7480, section 5.6": {rdapHeader(""), "", availability.Available},
		"white space only":                                {rdap, "\r\n", availability.Available},
		"nothing at all, as of a load balancer":           {plain, "", availability.Unknown},
		"nothing, as a web page":                          {rdapHeader("text/html"), "", availability.Unknown},
		"nothing, as JSON of somebody":                    {rdapHeader("application/json"), "", availability.Unknown},
		"a web page":                                      {rdapHeader("text/html"), "<h1>Not Found</h1>", availability.Unknown},
		"a web page that says that it is RDAP":            {rdap, "<h1>Not Found</h1>", availability.Unknown},
		"JSON of a gateway":                               {rdapHeader("application/json"), `{"message":"no Route matched with those values"}`, availability.Unknown},
		"an error of another code":                        {rdap, `{"errorCode":429}`, availability.Unknown},
		"an error with a code of another sort":            {rdap, `{"errorCode":[404]}`, availability.Unknown},
		"the record of a domain":                          {rdap, `{"errorCode":404,"objectClassName":"domain"}`, availability.Unknown},
		"an error about a name that is there":             {rdap, `{"errorCode":404,"objectClassName":"error","ldhName":"alice.gent"}`, availability.Unknown},
		"an error about a name in letters":                {rdap, `{"errorCode":404,"unicodeName":"alice.gent"}`, availability.Unknown},
		"an error in keys of another case":                {rdap, `{"ERRORCODE":404}`, availability.Unknown},
		"half an error":                                   {rdap, `{"errorCode":404`, availability.Unknown},
		"an error and more":                               {rdap, `{"errorCode":404}{}`, availability.Unknown},
		"JSON that is no object":                          {rdap, `404`, availability.Unknown},
		"null":                                            {rdap, `null`, availability.Unknown},
	} {
		if verdict, reason := judged(http.StatusNotFound, tc.header, tc.body, "alice.gent"); verdict != tc.want {
			t.Errorf("%s: %s (%s), want %s", why, verdict, reason, tc.want)
		}
	}
}

func TestWhatA200Means(t *testing.T) {
	for body, want := range map[string]availability.Verdict{
		`{"objectClassName":"domain","ldhName":"alice.gent"}`:                           availability.Taken,
		`{"objectClassName":"domain","ldhName":"ALICE.GENT."}`:                          availability.Taken,
		`{"objectClassName":"domain","unicodeName":"alice.gent"}`:                       availability.Taken,
		`{"objectClassName":"domain","ldhName":"bob.gent"}`:                             availability.Unknown,
		`{"objectClassName":"domain","ldhName":"bob.gent","unicodeName":"alice.gent"}`:  availability.Unknown,
		`{"objectClassName":"domain"}`:                                                  availability.Unknown,
		`{"objectClassName":"nameserver","ldhName":"alice.gent"}`:                       availability.Unknown,
		`{"domainSearchResults":[{"objectClassName":"domain","ldhName":"alice.gent"}]}`: availability.Unknown,
		`{"errorCode":404}`:                        availability.Unknown,
		`{"objectClassName":"domain","ldhName":1}`: availability.Unknown,
		`<html>alice.gent</html>`:                  availability.Unknown,
		``:                                         availability.Unknown,
	} {
		if verdict, _ := judged(http.StatusOK, rdapHeader(rdaptest.MediaType), body, "alice.gent"); verdict != want {
			t.Errorf("%s: %s, want %s", body, verdict, want)
		}
	}
}

func TestOtherCodesMeanNothing(t *testing.T) {
	for _, code := range []int{201, 204, 206, 300, 302, 400, 401, 403, 410, 418, 422, 451, 500, 501, 502, 504, 599} {
		for _, body := range []string{`{"errorCode":404}`, `{"objectClassName":"domain","ldhName":"alice.gent"}`} {
			if verdict, reason := judged(code, rdapHeader(rdaptest.MediaType), body, "alice.gent"); verdict != availability.Unknown || !strings.HasPrefix(reason, "answered ") {
				t.Errorf("%d %s: %s (%s)", code, body, verdict, reason)
			}
		}
	}
}
