package browser

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Options say what is special about the network of a Browser.
type Options struct {
	// Hosts are addresses, host:port, by the domains that lead there. Where there are any, no other domain leads anywhere.
	Hosts map[string]string
	// Trusted are certificates of servers that nobody else trusts.
	Trusted []*x509.Certificate
	// Authorities are files, in PEM, of authorities whose certificates are verified. They need certutil, of the Debian package libnss3-tools.
	Authorities []string
}

// Browser is one Chromium; it ends with the test.
type Browser struct{ ctx context.Context }

// Start starts Chromium. On a Debian without it the test fails and says how it is installed; elsewhere the test is left out.
func Start(t testing.TB, options Options) *Browser {
	t.Helper()
	path := find(t)
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()), // without one, the list of trusted certificates is not heeded
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
	)
	if os.Geteuid() == 0 {
		flags = append(flags, chromedp.NoSandbox) // root has none
	}
	if len(options.Trusted) > 0 {
		flags = append(flags, chromedp.Flag("ignore-certificate-errors-spki-list", pins(options.Trusted)))
	}
	if len(options.Authorities) > 0 {
		flags = append(flags, chromedp.Env("HOME="+trusting(t, options.Authorities)))
	}
	flags = append(flags, reaching(t, options.Hosts)...)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx}
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("no Chromium in PATH, and this is no Debian: the tests in a browser are left out")
	}
	t.Fatal("no Chromium in PATH: apt-get install chromium (make test does so as root)")
	return ""
}

// trusting is a home directory whose user trusts the authorities. Chromium takes them from the database that is there.
func trusting(t testing.TB, authorities []string) string {
	t.Helper()
	home := t.TempDir()
	database := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(database, 0o700); err != nil {
		t.Fatal(err)
	}
	certutil := func(arguments ...string) {
		if output, err := exec.Command("certutil", append(arguments, "-d", "sql:"+database)...).CombinedOutput(); err != nil {
			t.Fatalf("certutil (apt-get install libnss3-tools, which make test-browser does as root): %v\n%s", err, output)
		}
	}
	certutil("-N", "--empty-password")
	for i, file := range authorities {
		certutil("-A", "-n", fmt.Sprintf("authority %d", i), "-t", "C,,", "-i", file)
	}
	return home
}

// pins are what Chromium trusts a certificate by: the SHA-256 digests of the public keys.
func pins(certificates []*x509.Certificate) string {
	var all []string
	for _, certificate := range certificates {
		digest := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
		all = append(all, base64.StdEncoding.EncodeToString(digest[:]))
	}
	return strings.Join(all, ",")
}

// reaching has a Chromium reach the hosts, by a proxy, and nothing else; where there are none, it reaches whatever this machine does.
func reaching(t testing.TB, hosts way) []chromedp.ExecAllocatorOption {
	t.Helper()
	if len(hosts) == 0 {
		return []chromedp.ExecAllocatorOption{chromedp.Flag("no-proxy-server", true)}
	}
	listener, within := alone(t)
	hosts.open(t, listener)
	return []chromedp.ExecAllocatorOption{
		chromedp.ModifyCmdFunc(within),
		chromedp.ProxyServer("http://" + listener.Addr().String()),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"), // which Chromium would otherwise reach without the proxy
	}
}

func loopback(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}
