package reach

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// FuzzParseAddress looks for an address that would be dialled in another way than it reads, or that has more than one form.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.1", "192.0.2.1:8443", "2001:db8::1", "[2001:db8::1]", "[2001:DB8:0::1]:8443", "Ingress.example:443", "", "ingress.example:0",
		"[192.0.2.1", "192.0.2.1]", "[::1", "::1]", "[192.0.2.1]:443", "fe80::1%eth0", "fe80::1%a:b]", "ingress.example:08443", "ingress.example:+443",
		"::ffff:192.0.2.1", "[ingress.example]:443", "ingress.example:", ":443", "2130706433", "0x7f.1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1024 {
			return
		}
		at, err := ParseAddress(text)
		if err != nil {
			if at != "" {
				t.Fatalf("ParseAddress(%q) = %q, %v", text, at, err)
			}
			return
		}
		host, port, err := net.SplitHostPort(at)
		if err != nil {
			t.Fatalf("ParseAddress(%q) = %q, which cannot be dialled: %v", text, at, err)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			t.Fatalf("ParseAddress(%q) = %q, with the port %q", text, at, port)
		}
		if addr, err := netip.ParseAddr(host); err == nil {
			if addr.String() != host || addr.Zone() != "" {
				t.Fatalf("ParseAddress(%q) = %q, with an address that has another form", text, at)
			}
		} else if !hostName.MatchString(host) {
			t.Fatalf("ParseAddress(%q) = %q, with something that is no host", text, at)
		}
		if again, err := ParseAddress(at); err != nil || again != at {
			t.Fatalf("ParseAddress(%q) = %q, which becomes %q, %v", text, at, again, err)
		}
		if strings.Count(text, "[") != strings.Count(text, "]") {
			t.Fatalf("ParseAddress(%q) = %q", text, at)
		}
	})
}

var hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// fuzzedCertificate is a CA certificate that never changes, as a corpus has to go on meaning the same.
const fuzzedCertificate = `-----BEGIN CERTIFICATE-----
MIIBBjCBuaADAgECAgEBMAUGAytlcDASMRAwDgYDVQQDEwdUZXN0IENBMCAXDTI2
MDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAwWjASMRAwDgYDVQQDEwdUZXN0IENB
MCowBQYDK2VwAyEArrF3NQ2QRUfMFhqwtLnr8HQcmO8dV4hZNo7LiSU6rZSjMjAw
MA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFIricD2zTdOE/CaShjwLUuwBcLit
MAUGAytlcANBAOahPpkMbCQ8imLxilC98VOU6PZNZMqNYpOB49s6TLhjRdkmlLHt
bUQ6B1uwYpvdVZqGhvMyc3ICPzl412/HeAc=
-----END CERTIFICATE-----
`

// FuzzParseCABundle looks for a bundle of which less is trusted than an admin put into it: what reads PEM skips whatever it does not understand.
func FuzzParseCABundle(f *testing.F) {
	const begin, end = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"
	good := fuzzedCertificate
	f.Add(good)
	f.Add(good + good)
	f.Add("\n" + good + "\r\n\t " + good + "\n")
	f.Add("# the authority of Hallo\n" + good)
	f.Add(good + "and then" + good)
	f.Add(good[:len(good)/2] + "\n" + good)
	f.Add(strings.Replace(good, "\n", "\nA: b\n\n", 1))
	f.Add(begin + end)
	f.Add(begin + "AAAA\n" + end)
	f.Add(strings.ReplaceAll(good, "CERTIFICATE", "TRUSTED CERTIFICATE"))
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 16<<10 {
			return
		}
		certificates, err := ParseCABundle([]byte(text))
		if err != nil {
			if certificates != nil {
				t.Fatalf("%d certificates and yet %v", len(certificates), err)
			}
			return
		}
		if n := strings.Count(text, "-----BEGIN"); n != len(certificates) || n == 0 {
			t.Fatalf("%d certificates are read of %d in:\n%s", len(certificates), n, text)
		}
		var written bytes.Buffer
		for _, c := range certificates {
			if err := pem.Encode(&written, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
				t.Fatal(err)
			}
		}
		if bare(text) != bare(written.String()) {
			t.Fatalf("something is left out of:\n%s", text)
		}
		// Others read the same bundle with this.
		pool, all := x509.NewCertPool(), x509.NewCertPool()
		for _, c := range certificates {
			all.AddCert(c)
		}
		if !pool.AppendCertsFromPEM([]byte(text)) || !pool.Equal(all) {
			t.Fatalf("crypto/x509 trusts something else in:\n%s", text)
		}
	})
}

// bare is a text without the white space and the padding, which PEM does not care about.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n=", r) {
			return -1
		}
		return r
	}, text)
}
