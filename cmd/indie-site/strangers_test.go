package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// strangers is more than the site takes connections.
const strangers = 350

// flood opens a connection for each stranger, who says so much and then waits.
func flood(t *testing.T, site running, request string) (hangUp func()) {
	t.Helper()
	dialer := net.Dialer{Timeout: 5 * time.Second}
	connections := make([]net.Conn, strangers)
	for i := range connections {
		connection, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(site.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		if err := connection.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _ = connection.Write([]byte(request)) // as much as the site takes
		connections[i] = connection
	}
	return func() {
		for _, connection := range connections {
			_ = connection.Close()
		}
	}
}

// tinyFields are header fields that need far more memory than they have bytes.
func tinyFields(bytes int) string {
	var fields strings.Builder
	for i := 0; fields.Len() < bytes; i++ {
		fmt.Fprintf(&fields, "%c%c%c:\n", 'A'+i%26, 'a'+i/26%26, 'a'+i/26/26%26)
	}
	return fields.String()
}

func post(path, fields string, length int, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\nHost: alice.gent\nContent-Length: %d\n%s\n%s", path, length, fields, body)
}

func TestStrangersDoNotFillTheMemoryOfASiteThatWaitsForItsOwner(t *testing.T) {
	guess := fmt.Sprintf(`{"secretSignUpCode": %q, "settings": {"bio": %q}}`, strings.Repeat("x", 500), strings.Repeat(" ", 7000))
	claim := fmt.Sprintf(`{"secretSignUpCode": %q}`, strings.Repeat("x", 3900))
	large := fmt.Sprintf("Accept-Language: %s\n", strings.Repeat("x", 1500))
	unread := fmt.Sprintf("Cookie: %s\n", strings.Repeat("x", 5000))
	path := built(t)
	for name, request := range map[string]string{
		"silence":                              "",
		"headers without an end":               "POST /owner HTTP/1.1\nCookie: " + strings.Repeat("x", 5000),
		"headers of tiny fields":               "POST /owner HTTP/1.1\n" + tinyFields(5500),
		"headers of tiny fields, and a body":   post("/owner", tinyFields(5000), 4000, claim[:3000]),
		"headers of tiny fields, and another":  "GET /healthz HTTP/1.1\nHost: alice.gent\n\nPOST /owner HTTP/1.1\n" + tinyFields(7500),
		"headers that are far too large":       post("/owner", "Cookie: "+strings.Repeat("x", 16<<10)+"\n", 4000, claim[:3000]),
		"claims without an end":                post("/owner", large, 4000, claim[:3900]),
		"claims with cookies, without an end":  post("/owner", unread, 4000, claim[:3900]),
		"settings without an end":              post("/owner-settings", large, 8<<10, strings.Repeat(" ", 8000)),
		"large settings without an end":        post("/owner-settings", large, 64<<10, strings.Repeat(" ", 64000)),
		"bodies of unknown length, and no end": "POST /owner HTTP/1.1\nHost: alice.gent\nTransfer-Encoding: chunked\n\nfa0\n" + claim,
		"wrong codes":                          post("/owner-settings", large, len(guess), guess),
		"wrong claims":                         post("/owner", unread, len(claim), claim),
		"wrong claims and tiny trailers": fmt.Sprintf("POST /owner HTTP/1.1\r\nHost: alice.gent\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n%s\r\n",
			len(claim), claim, strings.ReplaceAll(tinyFields(3900), "\n", "\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			site := newVolume(t).startFrom(t, path)
			for range 2 {
				hangUp := flood(t, site, request)
				wantHealthy(t, site)
				hangUp()
			}
			wantInBounds(t, site)
		})
	}
}

func TestLargeBodiesOfStrangersDoNotFillTheMemory(t *testing.T) {
	site := builtFor(t, newVolume(t))
	long := strings.Repeat(`\u20ac`, (megabyte-200)/6)
	for _, body := range []string{
		fmt.Sprintf(`{"settings": {"bio": %q}}`, strings.Repeat("x", megabyte-200)),
		fmt.Sprintf(`{"secretSignUpCode": "guess", "settings": {"bio": "%s"}}`, long),
		fmt.Sprintf(`{"secretSignUpCode": "%s", "settings": {}}`, long),
	} {
		atOnce(16, func(int) {
			if status, answer := ask(t, http.MethodPost, site.url+"/owner-settings", body); status < http.StatusBadRequest {
				t.Errorf("answered %d %s", status, answer)
			}
		})
	}
	wantInBounds(t, site)
}

func TestAPictureAmongStrangersDoesNotFillTheMemory(t *testing.T) {
	site := newOwned(t, builtFor(t, newVolume(t)))
	noisy := encoded(t, noise(500, 500, false), false)
	if len(noisy) > megabyte {
		t.Fatal("the picture is too large")
	}
	for name, request := range map[string]string{
		"headers of tiny fields": "POST /owner HTTP/1.1\n" + tinyFields(5500),
		"bodies without an end":  post("/session", "", 4000, strings.Repeat(" ", 3900)),
	} {
		hangUp := flood(t, site.running, request)
		wantHealthy(t, site.running) // all the strangers are in
		if status, answer := site.as(t, http.MethodPut, "/picture", noisy); status != http.StatusNoContent {
			t.Errorf("among %s the picture is answered %d %s", name, status, answer)
		}
		hangUp()
	}
	wantInBounds(t, site.running)
}

// wantHealthy asks as a probe does, on a connection of its own each time.
func wantHealthy(t *testing.T, site running) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 5 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.url+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _ = answer.Body.Close(); answer.StatusCode != http.StatusOK {
			t.Fatalf("/healthz answers %d", answer.StatusCode)
		}
	}
}

func wantInBounds(t *testing.T, site running) {
	t.Helper()
	most := mostResident(t, site.Process.Pid)
	if t.Logf("at most: %d kB", most); most > maxMemory {
		t.Errorf("it had %d kB, want at most %d", most, maxMemory)
	}
}
