package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// maxMemoryForStrangers is what the site may have while strangers do what they can, in kB: well below the limit that a container has.
const maxMemoryForStrangers = 25_000_000 / 1024

// dribble sends requests that never become whole, each on a connection of its own.
func dribble(t *testing.T, site running, number, size int, path string) {
	t.Helper()
	request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: alice.gent\r\nContent-Length: %d\r\n\r\n", path, size)
	request = append(request, bytes.Repeat([]byte(" "), size-1)...)
	dialer := net.Dialer{Timeout: 5 * time.Second}
	for range number {
		connection, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(site.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		if err := connection.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _ = connection.Write(request) // as much as the site takes
	}
}

func TestStrangersDoNotFillTheMemoryOfASiteThatWaitsForItsOwner(t *testing.T) {
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
	t.Logf("after large bodies: %d kB", mostResident(t, site.Process.Pid))
	for _, size := range []int{64 << 10, 60 << 10, 16 << 10, 4 << 10} {
		for _, path := range []string{"/owner", "/owner-settings"} {
			dribble(t, site, 60, size, path)
		}
		for range 20 { // each is taken after all those before it
			if status, _ := ask(t, http.MethodGet, site.url+"/healthz", ""); status != http.StatusOK {
				t.Fatalf("/healthz answers %d", status)
			}
		}
		t.Logf("with bodies of %d bytes that never end: %d kB", size, mostResident(t, site.Process.Pid))
	}
	if most := mostResident(t, site.Process.Pid); most > maxMemoryForStrangers {
		t.Errorf("it had %d kB, want at most %d", most, maxMemoryForStrangers)
	}
}
