package rdap

import (
	"net/url"
	"strings"
	"testing"
)

func TestThePublishedBootstrapFile(t *testing.T) {
	services, err := parseBootstrap([]byte(published(t, "iana-dns.json")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"alice.gent":        "https://rdap.centralnic.com/gent/",
		"alice.brussels":    "https://rdap.nic.brussels/",
		"alice.vlaanderen":  "https://rdap.nic.vlaanderen/",
		"alice.co.uk":       "https://rdap.nominet.uk/uk/",
		"alice.com":         "https://rdap.verisign.com/com/v1/",
		"alice.xn--cg4bki":  "https://nic.samsung:8443/rdap/",
		"alice.kg":          "known, without https",
		"alice.music":       "known, without https",
		"alice.be":          "not known",
		"alice.nl":          "not known",
		"gent.example":      "not known",
		"alice.notgent":     "not known",
		"gent.alice.com.be": "not known",
	} {
		servers, known := services.servers(name)
		got := "not known"
		switch {
		case known && len(servers) == 0:
			got = "known, without https"
		case known:
			got = servers[0].String()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestTheLongestSuffixInWholeLabelsCounts(t *testing.T) {
	services, err := parseBootstrap([]byte(`{"version":"1.0","services":[
		[["com"],["https://com.example/"]],
		[["EXAMPLE.com.", "uk"],["http://plain.example/","https://sub.example/base"]],
		[["a.example.com"],["https://a.example/","https://b.example/"]],
		[["com"],["https://second.example/"]],
		[[""],["https://root.example/"]]]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"x.com":           "https://com.example/",
		"b.example.com":   "https://sub.example/base/",
		"example.com":     "https://sub.example/base/",
		"c.a.example.com": "https://a.example/ https://b.example/",
		"ba.example.com":  "https://sub.example/base/",
		"x.co.uk":         "https://sub.example/base/",
		"x.gent":          "https://root.example/",
	} {
		servers, _ := services.servers(name)
		var got []string
		for _, server := range servers {
			got = append(got, server.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestWhatIsNoBootstrapFile(t *testing.T) {
	for why, content := range map[string]string{
		"nothing":                   "",
		"half of it":                `{"version":"1.0","services":[[["gent"],["https://rdap.example/"]]`,
		"a web page":                "<html></html>",
		"another version":           `{"version":"2.0","services":[[["gent"],["https://rdap.example/"]]]}`,
		"no version":                `{"services":[[["gent"],["https://rdap.example/"]]]}`,
		"no services":               `{"version":"1.0"}`,
		"an empty list":             `{"version":"1.0","services":[]}`,
		"a service of three":        `{"version":"1.0","services":[[["gent"],["https://rdap.example/"],[]]]}`,
		"a service of one":          `{"version":"1.0","services":[[["gent"]]]}`,
		"services as an object":     `{"version":"1.0","services":{"gent":"https://rdap.example/"}}`,
		"a suffix as a number":      `{"version":"1.0","services":[[[1],["https://rdap.example/"]]]}`,
		"no suffix that is one":     `{"version":"1.0","services":[[["a b","..","é"],["https://rdap.example/"]]]}`,
		"that of addresses":         `{"version":"1.0","services":[[["192.0.2.0/24"],["https://rdap.example/"]]]}`,
		"a list where an object is": `[]`,
	} {
		if services, err := parseBootstrap([]byte(content)); err == nil {
			t.Errorf("%s: %v", why, services)
		}
	}
}

func TestBaseURLsThatAreAsked(t *testing.T) {
	for base, want := range map[string]string{
		"https://rdap.example/":            "https://rdap.example/",
		"https://rdap.example":             "https://rdap.example/",
		"https://rdap.example/gent":        "https://rdap.example/gent/",
		"https://rdap.example:8443/a%2Fb/": "https://rdap.example:8443/a%2Fb/",
		"http://rdap.example/":             "",
		"//rdap.example/":                  "",
		"rdap.example":                     "",
		"https:///rdap":                    "",
		"https://:443/":                    "",
		"https:rdap.example":               "",
		"https://user@rdap.example/":       "",
		"https://rdap.example/?a=b":        "",
		"https://rdap.example/?":           "",
		"https://rdap.example/#a":          "",
		"https://rdap.example/#":           "",
		"https://rdap.example:port/":       "",
		"":                                 "",
	} {
		server, err := ParseServer(base)
		got := ""
		if err == nil {
			got = server.String()
		}
		if got != want {
			t.Errorf("%q: %q (%v), want %q", base, got, err, want)
		}
	}
}

func TestAnAdminsServersAreChecked(t *testing.T) {
	for suffix, base := range map[string]string{
		"": "https://rdap.example/", ".gent": "https://rdap.example/", "Gent": "https://rdap.example/", "gent.": "https://rdap.example/",
		"gent": "http://rdap.example/", "co.uk": "https://rdap.example/?a",
	} {
		server, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Servers: map[string]*url.URL{suffix: server}}); err == nil {
			t.Errorf("%q: %s was taken", suffix, base)
		}
	}
	if _, err := New(Config{Bootstrap: &url.URL{Scheme: "http", Host: "data.iana.org"}}); err == nil {
		t.Error("a bootstrap file without https was taken")
	}
}
