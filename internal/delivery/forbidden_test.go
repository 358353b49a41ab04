package delivery

import (
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"magicwebsitefactory.gent/internal/callbackurl"
)

// forbiddenHosts are what a callback may not lead to, each by a host that does, or would with another resolver. Each is said in a sentence: "… is refused".
var forbiddenHosts = []struct{ what, host string }{
	{"loopback", "127.0.0.1"},
	{"loopback, another of its addresses", "127.8.9.10"},
	{"loopback by its name", "localhost"},
	{"loopback by its name with the root's dot", "localhost."},
	{"loopback in IPv6", "[::1]"},
	{"this host", "0.0.0.0"},
	{"this host, as one zero", "0"},
	{"this host in IPv6", "[::]"},
	{"this network", "0.1.2.3"},

	{"loopback as one decimal number", "2130706433"},
	{"loopback as one hexadecimal number", "0x7f000001"},
	{"loopback as one octal number", "017700000001"},
	{"loopback in octal parts", "0177.0.0.1"},
	{"loopback in hexadecimal parts", "0x7f.0x0.0x0.0x1"},
	{"loopback in parts of all kinds", "0177.0.0x0.1"},
	{"loopback cut short to two parts", "127.1"},
	{"loopback cut short to three parts", "127.0.1"},
	{"loopback with leading zeros", "127.000.000.001"},
	{"loopback with the root's dot", "127.0.0.1."},
	{"loopback in circled digits", "①②⑦.⓪.⓪.①"},
	{"loopback in full-width digits and dots", "１２７。０。０。１"},
	{"the metadata address as one decimal number", "2852039166"},

	{"loopback mapped into IPv6", "[::ffff:127.0.0.1]"},
	{"loopback mapped into IPv6, in hexadecimal", "[::ffff:7f00:1]"},
	{"loopback in the old mapping", "[::127.0.0.1]"},
	{"loopback translated by SIIT", "[::ffff:0:127.0.0.1]"},
	{"loopback behind NAT64", "[64:ff9b::7f00:1]"},
	{"loopback behind a NAT64 of one's own", "[64:ff9b:1::7f00:1]"},
	{"loopback behind 6to4", "[2002:7f00:1::]"},
	{"loopback behind Teredo", "[2001:0:7f00:1::80ff:fffe]"},
	{"a private address mapped into IPv6", "[::ffff:10.0.0.1]"},
	{"a private address behind NAT64", "[64:ff9b::a00:1]"},
	{"a private address behind 6to4", "[2002:a00:1::1]"},
	{"the metadata address mapped into IPv6", "[::ffff:169.254.169.254]"},
	{"the metadata address behind NAT64", "[64:ff9b::a9fe:a9fe]"},
	{"the metadata address behind 6to4", "[2002:a9fe:a9fe::1]"},

	{"a private address of class A", "10.1.2.3"},
	{"a private address of class B", "172.16.0.1"},
	{"a private address of class C", "192.168.0.1"},
	{"an address of carrier-grade NAT", "100.64.0.1"},
	{"a unique local address", "[fd12:3456::1]"},
	{"a site-local address", "[fec0::1]"},
	{"a link-local address", "169.254.1.1"},
	{"a link-local address in IPv6", "[fe80::1]"},
	{"a link-local address with a zone", "[fe80::1%25lo]"},

	{"the metadata of most clouds", "169.254.169.254"},
	{"the metadata of AWS in IPv6", "[fd00:ec2::254]"},
	{"the credentials of AWS containers", "169.254.170.2"},
	{"the credentials of AWS pods", "169.254.170.23"},
	{"the credentials of AWS pods in IPv6", "[fd00:ec2::23]"},
	{"the metadata of Google in IPv6", "[fd20:ce::254]"},
	{"the metadata of OpenStack in IPv6", "[fe80::a9fe:a9fe]"},
	{"the metadata of Alibaba", "100.100.100.200"},
	{"the metadata of Oracle", "192.0.0.192"},
	{"the WireServer of Azure, a public address", "168.63.129.16"},

	{"an address for documentation", "192.0.2.1"},
	{"an address for documentation in IPv6", "[2001:db8::1]"},
	{"an address for benchmarks", "198.18.0.1"},
	{"a multicast address", "224.0.0.1"},
	{"a multicast address in IPv6", "[ff02::1]"},
	{"a reserved address", "240.0.0.1"},
	{"everybody", "255.255.255.255"},

	{"a pod of the cluster, at a public address", "203.0.114.5"},
	{"a Service of the cluster, at a public address in IPv6", "[2a00:1234::a]"},
	{"a pod of the cluster, mapped into IPv6", "[::ffff:203.0.114.5]"},

	{"a name for loopback", "loopback.test"},
	{"a name for loopback in IPv6", "six.test"},
	{"a name for a mapped address", "mapped.test"},
	{"a name for a private address", "private.test"},
	{"a name for a unique local address", "unique-local.test"},
	{"a name for the metadata address", "metadata.test"},
	{"a name for a pod of the cluster", "pod.test"},
	{"a name in capitals with the root's dot", "LOOPBACK.test."},
}

var forbiddenNames = map[string]string{
	"loopback.test": "127.0.0.1", "private.test": "192.168.1.1", "metadata.test": "169.254.169.254", "six.test": "::1",
	"mapped.test": "::ffff:127.0.0.1", "unique-local.test": "fd00::1", "pod.test": "203.0.114.5",
}

// TestForbiddenCallbackTargets shows for each what the rules for callback URLs say of it, and that the client refuses it even where those let it pass, or are
// left out: nothing arrives where something listens on all of this machine's addresses.
func TestForbiddenCallbackTargets(t *testing.T) {
	port, visits := trap(t)
	client := newTestClient(t, func(c *Config) {
		c.AllowedNetworks = nil
		c.DeniedNetworks = networks("203.0.114.0/24", "2a00:1234::/32")
		c.Timeout = 3 * time.Second
		c.Resolver = resolver(t, forbiddenNames)
	})
	var table strings.Builder
	lines := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, row := range forbiddenHosts {
		t.Run(row.what, func(t *testing.T) {
			raw := "https://" + row.host + ":" + port
			normal, refused := callbackurl.Parse(raw)
			if refused == nil {
				raw = normal
			}
			answer := client.Send(t.Context(), Request{Target: mustParse(t, raw+"/site/alice.gent?status=201"), Token: markedToken})
			// A host that no resolver of ours takes for an address is looked up as a name, and there is none.
			unknown := refused != nil && answer.Reason == ReasonNameNotResolved
			if answer.Reason != ReasonAddressForbidden && !unknown {
				t.Errorf("answered %s", answer)
			}
			said := "as a callback it passes"
			if refused != nil {
				said = "as a " + refused.Error()
			}
			fmt.Fprintf(lines, "%s\t%s\tis refused: %s;\t%s\n", row.what, row.host, answer, said)
		})
	}
	if n := visits.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
	_ = lines.Flush()
	t.Logf("what a callback may not lead to, and what stops it:\n%s", table.String())
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestANameThatChangesItsAnswerGainsNothing stands 127.0.0.2 for the internet, and 127.0.0.1 for what must not be called.
func TestANameThatChangesItsAnswerGainsNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		answers [][]string // to one look-up after the other, of IPv4 addresses; the last one from then on
		want    []string   // what comes of one attempt after the other
	}{
		"another address at the next look-up":              {[][]string{{"127.0.0.2"}, {"127.0.0.1"}}, []string{"200 OK", ReasonAddressForbidden}},
		"and back again":                                   {[][]string{{"127.0.0.1"}, {"127.0.0.2"}, {"127.0.0.1"}}, []string{ReasonAddressForbidden, "200 OK", ReasonAddressForbidden}},
		"a second address behind one that does not answer": {[][]string{{"127.0.0.3", "127.0.0.1"}}, []string{ReasonConnectionRefused}},
		"a second address in front of the good one":        {[][]string{{"127.0.0.1", "127.0.0.2"}}, []string{"200 OK"}},
	} {
		t.Run(name, func(t *testing.T) {
			trap := listen(t) // 127.0.0.1
			_, port, err := net.SplitHostPort(trap.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			visits := &atomic.Int32{}
			go func() {
				for {
					conn, err := trap.Accept()
					if err != nil {
						return
					}
					visits.Add(1)
					conn.Close()
				}
			}()
			listener, err := net.Listen("tcp", "127.0.0.2:"+port)
			if err != nil {
				t.Fatal(err)
			}
			_, bundle := receiver(t, answering(200), func(s *httptest.Server) {
				s.Listener.Close()
				s.Listener = listener
			})

			var asked atomic.Int32
			client := newTestClient(t, func(c *Config) {
				c.AllowedNetworks = networks("127.0.0.2/31")
				c.Resolver = resolving(t, func(host string, kind dnsmessage.Type) []string {
					if host != "example.com" || kind != dnsmessage.TypeA {
						return []string{"::ffff:192.0.2.1"} // the name is there, without an address of this family
					}
					return tc.answers[min(int(asked.Add(1)), len(tc.answers))-1]
				})
			})
			for i, want := range tc.want {
				answer := client.Send(t.Context(), Request{Target: target(t, "https://example.com:"+port), Token: markedToken, CABundle: bundle})
				if answer.String() != want {
					t.Errorf("attempt %d: %s, want %s", i+1, answer, want)
				}
			}
			if n := visits.Load(); n > 0 {
				t.Errorf("what must not be called got %d connections", n)
			}
		})
	}
}
