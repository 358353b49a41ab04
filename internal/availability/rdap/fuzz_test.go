package rdap

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// FuzzRDAP looks for an answer that is taken for more than it says. A second reading with another decoder has to agree: Taken needs the name in the answer, and
// Available needs a 404 that does not look like a web page.
func FuzzRDAP(f *testing.F) {
	for _, file := range []string{
		"verisign-example.com.json", "nominet-bbc.co.uk.json", "pir-404.json", "centralnic-404.json", "nicmx-404.json", "ripe-501.json", "rfc9083-section5.3.json",
		"identitydigital-google.info.json", "google-web.dev.json", "afnic-lemonde.fr.json", "afnic-help.json",
	} {
		f.Add(200, "application/rdap+json", "*", published(f, file), "example.com")
		f.Add(404, "application/json; charset=utf-8", "", published(f, file), "alice.gent")
	}
	f.Add(404, "application/rdap+json", "*", "", "alice.gent")
	f.Add(404, "", "*", " ", "alice.gent")
	f.Add(404, "text/html", "", "<html>", "alice.gent")
	f.Add(200, "application/rdap+json", "*", `{"objectClassName":"domain","ldhName":"ALICE.gent."}`, "alice.gent")
	f.Add(404, "application/rdap+json", "*", `{"errorCode":4.04e2}`, "alice.gent")
	f.Fuzz(func(t *testing.T, code int, mediaType, origin, body, raw string) {
		name, err := names.Normalise(raw)
		if err != nil {
			return
		}
		header := http.Header{"Content-Type": {mediaType}, "Access-Control-Allow-Origin": {origin}}
		verdict, reason := judged(code, header, body, name)
		if (verdict == availability.Unknown) != (reason != "") || len(reason) > 60 {
			t.Fatalf("%s (%q)", verdict, reason)
		}
		var object map[string]any
		isObject := json.Unmarshal([]byte(body), &object) == nil && object != nil
		if isHelp(answerOf(reply{code: code, header: header, body: []byte(body)})) {
			conformance, _ := object["rdapConformance"].([]any)
			if code != http.StatusOK || !isObject || len(conformance) == 0 || object["errorCode"] != nil || verdict != availability.Unknown {
				t.Fatalf("%d %q: help, and %s", code, body, verdict)
			}
		}
		switch verdict {
		case availability.Taken:
			ldh, _ := object["ldhName"].(string)
			unicode, _ := object["unicodeName"].(string)
			if code != http.StatusOK || !isObject || !strings.EqualFold(strings.TrimSuffix(ldh, "."), name.String()) && !strings.EqualFold(strings.TrimSuffix(unicode, "."), name.String()) {
				t.Fatalf("%d %q: taken", code, body)
			}
		case availability.Available:
			if code != http.StatusNotFound || strings.TrimSpace(body) != "" && !isObject || object["ldhName"] != nil && object["ldhName"] != "" {
				t.Fatalf("%d %q: available", code, body)
			}
			if strings.TrimSpace(body) == "" && !strings.Contains(strings.ToLower(mediaType), "rdap") && origin != "*" {
				t.Fatalf("%q %q with nothing in it: available", mediaType, origin)
			}
		}
	})
}

// FuzzBootstrap looks for a bootstrap file that sends anybody where nobody should be asked, or for a name to the servers of another suffix.
func FuzzBootstrap(f *testing.F) {
	f.Add(published(f, "iana-dns.json"), "alice.gent")
	f.Add(`{"version":"1.0","services":[[["gent",""],["http://rdap.example","https://user@rdap.example/","https://rdap.example"]]]}`, "alice.gent")
	f.Add(`{"version":"1.0","services":[[["EXAMPLE.com."],["https://rdap.example/?q"]],[["com"],["https://rdap.example/%2e%2e/"]]]}`, "a.example.com")
	f.Add(`{"version":"1.0","services":[[["a..b",".","xn--80adxhks"],["https://[::1]:443/"]]]}`, "x.xn--80adxhks")
	f.Fuzz(func(t *testing.T, content, raw string) {
		services, err := parseBootstrap([]byte(content))
		if (err == nil) != (len(services) > 0) {
			t.Fatalf("%v, %v", services, err)
		}
		name, err := names.Normalise(raw)
		if err != nil {
			return
		}
		servers, known := services.servers(name.String())
		suffixes := 0
		for suffix := range services {
			if suffix == "" || name.String() == suffix || strings.HasSuffix(name.String(), "."+suffix) {
				suffixes++
			}
		}
		if known != (suffixes > 0) || !known && servers != nil {
			t.Fatalf("%s: %v, %v of %v", name, servers, known, services)
		}
		for _, server := range servers {
			asked := server.JoinPath("domain", name.String())
			if asked.Scheme != "https" || asked.Hostname() == "" || asked.User != nil || asked.RawQuery != "" || asked.Fragment != "" ||
				!strings.HasSuffix(asked.Path, "/domain/"+name.String()) {
				t.Fatalf("%s would be asked at %s", name, asked)
			}
			if _, err := http.NewRequestWithContext(t.Context(), http.MethodGet, asked.String(), nil); err != nil {
				t.Fatalf("%s cannot be asked at %s: %v", name, asked, err)
			}
		}
	})
}
