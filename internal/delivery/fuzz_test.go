package delivery

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// FuzzRetryAfter compares the wishes of receivers with what RFC 9110, section 10.2.3, has: seconds of any length, or a date.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "120", " 120\t", "86400", "86401", "99999999999999999999999", "-5", "+5", "1.5", "1e3", "0x10", "٣", "120, 5",
		"Sun, 22 Nov 2026 11:00:00 GMT", "Sunday, 22-Nov-26 11:00:00 GMT", "Sun Nov 22 11:00:00 2026", "Fri, 31 Dec 9999 23:59:59 GMT", "Sun, 06 Nov 1994 08:49:37 GMT",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if len(value) > 1024 {
			return
		}
		got := parseRetryAfter(value, start)
		if want := wish(value); got != want {
			t.Fatalf("parseRetryAfter(%q) = %s, want %s", value, got, want)
		}
	})
}

func wish(value string) time.Duration {
	value = strings.TrimSpace(value)
	longest := big.NewInt(int64(MaxRetryAfter / time.Second))
	if seconds, ok := new(big.Int).SetString(value, 10); ok && !strings.ContainsAny(value, "+-_") {
		if seconds.Cmp(longest) > 0 {
			seconds = longest
		}
		return time.Duration(seconds.Int64()) * time.Second
	}
	for _, form := range []string{http.TimeFormat, time.RFC850, time.ANSIC} {
		if date, err := time.Parse(form, value); err == nil {
			return min(max(date.Sub(start), 0), MaxRetryAfter)
		}
	}
	return 0
}

// All that may be kept of an answer.
var kept = regexp.MustCompile(`\A([1-9][0-9]{2} (OK|UnexpectedSuccess|Redirect|ClientError|ServerError|UnknownStatus)|[A-Z][A-Za-z]+)\z`)

// FuzzReceiver lets a receiver answer anything at all, over TLS, to the client that goes out into the world: only an answer of 200 is success, and nothing that it
// says is kept.
func FuzzReceiver(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nstored {\"secret\":\"marked-secret\"}", "HTTP/1.0 200\r\n\r\n",
		"HTTP/1.1 201 Created\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: https://localhost/marked-secret\r\n\r\n",
		"HTTP/1.1 503 marked-secret\r\nRetry-After: 120\r\n\r\n", "HTTP/1.1 410 Gone\r\n\r\n", "HTTP/1.1 999 marked-secret\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 0200 OK\r\n\r\n", "HTTP/2 200\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "200 OK", "", "\x00",
	} {
		f.Add([]byte(seed))
	}
	world := startLiar(f)
	client, err := NewClient(Config{Environment: v1alpha1.EnvironmentTest, AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: 5 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	success := regexp.MustCompile(`(?m)^HTTP/[0-9]\.[0-9] 200( |\r?$)`)
	f.Fuzz(func(t *testing.T, answer []byte) {
		if len(answer) > 8<<10 {
			return
		}
		world.says.Store(&answer)
		got := client.Send(t.Context(), Request{Target: world.url, Token: "marked-secret", CABundle: world.bundle})
		if !kept.MatchString(got.String()) || got.RetryAfter < 0 || got.RetryAfter > MaxRetryAfter {
			t.Fatalf("%q is kept as %q, with a pause of %s", answer, got, got.RetryAfter)
		}
		if got.Success() && !success.Match(answer) {
			t.Fatalf("%q is taken for a success: %s", answer, got)
		}
		switch got.Reason {
		case ReasonRequestInvalid, ReasonAddressForbidden, ReasonNameNotResolved, ReasonConnectionRefused, ReasonCertificateInvalid, ReasonTimeout:
			t.Fatalf("%q is taken for something that did not happen: %s", answer, got)
		}
	})
}

// liar is a receiver that says what it is told to, whatever it is asked, and hangs up.
type liar struct {
	url    *url.URL
	bundle []byte
	says   atomic.Pointer[[]byte]
}

func startLiar(f *testing.F) *liar {
	f.Helper()
	trusted := httptest.NewTLSServer(http.NotFoundHandler())
	f.Cleanup(trusted.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: trusted.TLS.Certificates, NextProtos: []string{"http/1.1"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { listener.Close() })
	l := &liar{bundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate().Raw})}
	if l.url, err = url.Parse("https://" + listener.Addr().String() + "/mwf/site/Alice.gent?status=201"); err != nil {
		f.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = conn.Write(*l.says.Load()) // who asked may have heard enough
			}
			conn.Close()
		}
	}()
	return l
}

// Every range that is not a part of the internet (IANA's registries of special purposes), besides all of IPv6 outside 2000::/3.
var special = func() (prefixes []netip.Prefix) {
	for _, p := range strings.Fields(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
		192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 2001::/23 2001:db8::/32 2002::/16 3fff::/20`) {
		prefixes = append(prefixes, netip.MustParsePrefix(p))
	}
	return prefixes
}()

// Where clouds give credentials to whoever asks from inside: nothing may open these.
var credentials = regexp.MustCompile(`\A(169\.254\.169\.254|169\.254\.170\.2|fd00:ec2::254|168\.63\.129\.16|100\.100\.100\.200|192\.0\.0\.192)\z`)

func onTheInternet(addr netip.Addr) bool {
	for _, p := range special {
		if p.Contains(addr) {
			return false
		}
	}
	return addr.Is4() || addr.Is6() && netip.MustParsePrefix("2000::/3").Contains(addr) && addr.Zone() == ""
}

// FuzzGuard looks for an address, in whatever form it may reach the dialler, that gets past the guard and is neither on the internet nor allowed.
func FuzzGuard(f *testing.F) {
	for _, address := range []string{
		"9.9.9.9:443", "[2620:fe::fe]:8443", "127.0.0.1:443", "[::1]:443", "[::ffff:127.0.0.1]:443", "[::ffff:9.9.9.9]:443", "[64:ff9b::7f00:1]:443", "[2002:7f00:1::]:443",
		"[fe80::1%eth0]:443", "[2620:fe::fe%lo]:443", "169.254.169.254:80", "0.0.0.0:443", "[::]:443", "[::127.0.0.1]:443", "255.255.255.255:1", "hallo.gent:443", "127.1:443", "2130706433:443",
		"10.244.0.1:443", "[fd00:ec2::254]:80", "[ff02::1]:1", "[2001:0:7f00:1::]:443", "192.88.99.1:443",
	} {
		f.Add(address, "10.0.0.0/8", "10.244.0.0/16")
	}
	f.Add("[::ffff:10.244.0.1]:443", "::/0", "10.244.0.0/16")
	f.Add("9.9.9.9:443", "0.0.0.0/0", "9.9.9.9/31")
	f.Fuzz(func(t *testing.T, address, allow, deny string) {
		if len(address) > 512 {
			return
		}
		allowed, err1 := netip.ParsePrefix(allow)
		denied, err2 := netip.ParsePrefix(deny)
		if err1 != nil || err2 != nil || allowed.Addr().Is4In6() || denied.Addr().Is4In6() {
			return
		}
		g, err := newGuard([]netip.Prefix{allowed}, []netip.Prefix{denied})
		if err != nil {
			t.Fatalf("%s and %s are refused: %v", allowed, denied, err)
		}
		to, parseErr := netip.ParseAddrPort(address)
		network := "tcp4"
		if to.Addr().Is6() {
			network = "tcp6"
		}
		err = g.control(network, address, nil)
		bare := to.Addr().WithZone("")
		closed := slices.ContainsFunc(slices.Concat(metadata, []netip.Prefix{denied}), func(p netip.Prefix) bool { return p.Contains(bare.Unmap()) })
		opened := allowed.Contains(bare) && !closed
		open := onTheInternet(to.Addr()) && !closed
		switch {
		case err == nil && credentials.MatchString(bare.Unmap().String()):
			t.Fatalf("%s is let through", address)
		case err != nil && !forbidden(err):
			t.Fatalf("%s is refused by an error that nobody knows: %v", address, err)
		case err == nil && (parseErr != nil || !open && !opened):
			t.Fatalf("%s is let through, with %s allowed and %s denied", address, allowed, denied)
		case err != nil && parseErr == nil && opened && to.Addr().Zone() == "":
			t.Fatalf("%s is refused, with %s allowed and %s denied", address, allowed, denied)
		}
	})
}
