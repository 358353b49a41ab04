package delivery

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// trap listens on loopback, v4 and v6, and counts who comes.
func trap(t *testing.T) (port string, visits *atomic.Int32) {
	t.Helper()
	visits = &atomic.Int32{}
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			conn.Close()
		}
	}()
	_, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, visits
}

func TestForbiddenAddressesAreNeverCalled(t *testing.T) {
	port, visits := trap(t)
	names := map[string]string{
		"loopback.test": "127.0.0.1", "private.test": "192.168.1.1", "metadata.test": "169.254.169.254", "six.test": "::1",
		"mapped.test": "::ffff:127.0.0.1", "unique-local.test": "fd00::1",
	}
	client := newTestClient(t, func(c *Config) {
		c.AllowedNetworks = nil
		c.Timeout = 3 * time.Second
		c.Resolver = resolver(t, names)
	})
	for name, host := range map[string]string{
		"loopback":                         "127.0.0.1",
		"another loopback":                 "127.8.9.10",
		"loopback by name":                 "localhost",
		"loopback in IPv6":                 "[::1]",
		"loopback mapped into IPv6":        "[::ffff:127.0.0.1]",
		"loopback mapped, in hexadecimal":  "[::ffff:7f00:1]",
		"loopback in the old mapping":      "[::127.0.0.1]",
		"loopback behind NAT64":            "[64:ff9b::7f00:1]",
		"loopback behind 6to4":             "[2002:7f00:1::]",
		"loopback as one decimal number":   "2130706433",
		"loopback as one hexadecimal":      "0x7f000001",
		"loopback in octal":                "0177.0.0.1",
		"loopback cut short":               "127.1",
		"any address":                      "0.0.0.0",
		"any address in IPv6":              "[::]",
		"private, class A":                 "10.1.2.3",
		"private, class B":                 "172.16.0.1",
		"private, class C":                 "192.168.0.1",
		"carrier-grade NAT":                "100.64.0.1",
		"link-local":                       "169.254.1.1",
		"metadata":                         "169.254.169.254",
		"metadata in IPv6":                 "[fd00:ec2::254]",
		"unique local":                     "[fd12:3456::1]",
		"link-local in IPv6":               "[fe80::1]",
		"documentation":                    "192.0.2.1",
		"benchmarks":                       "198.18.0.1",
		"multicast":                        "224.0.0.1",
		"multicast in IPv6":                "[ff02::1]",
		"broadcast":                        "255.255.255.255",
		"a name for loopback":              "loopback.test",
		"a name for a private address":     "private.test",
		"a name for the metadata address":  "metadata.test",
		"a name for loopback in IPv6":      "six.test",
		"a name for a mapped address":      "mapped.test",
		"a name for a unique local one":    "unique-local.test",
		"a denied network of the cluster":  "10.244.0.5",
		"an address whose zone is a trick": "[fe80::1%25lo]",
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse("https://" + host + ":" + port + "/site/alice.gent?status=201")
			if err != nil {
				t.Fatal(err)
			}
			answer := client.Send(t.Context(), Request{Target: u, Token: markedToken})
			if answer.Reason != ReasonAddressForbidden && answer.Reason != ReasonNameNotResolved {
				t.Errorf("answered %s", answer)
			}
			isNumber := strings.Trim(host, "0123456789abcdefx.") == "" && net.ParseIP(host) == nil
			if answer.Reason == ReasonNameNotResolved && !isNumber {
				t.Errorf("%s was not even found, so this case shows nothing", host)
			}
		})
	}
	if n := visits.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestAllowedAndDeniedNetworks(t *testing.T) {
	prefixes := func(raw ...string) (result []netip.Prefix) {
		for _, r := range raw {
			result = append(result, netip.MustParsePrefix(r))
		}
		return result
	}
	for name, tc := range map[string]struct {
		allowed, denied []netip.Prefix
		address         string
		ok              bool
	}{
		"the internet is open":                        {nil, nil, "9.9.9.9:443", true},
		"the internet in IPv6 is open":                {nil, nil, "[2620:fe::fe]:443", true},
		"on any port, as the prefixes name it":        {nil, nil, "9.9.9.9:8443", true},
		"a private address is closed":                 {nil, nil, "10.0.0.1:443", false},
		"an allowed one is open":                      {prefixes("10.0.0.0/8"), nil, "10.0.0.1:443", true},
		"its neighbours are closed":                   {prefixes("10.0.0.0/24"), nil, "10.0.1.1:443", false},
		"an allowed one with host bits is masked":     {prefixes("10.0.0.7/24"), nil, "10.0.0.1:443", true},
		"a denied one is closed in its mapped form":   {prefixes("10.0.0.0/8"), prefixes("10.1.0.0/16"), "[::ffff:10.1.0.1]:443", false},
		"an allowed unique local address":             {prefixes("fd00::/8"), nil, "[fd00::1]:443", true},
		"denied wins over allowed":                    {prefixes("10.0.0.0/8"), prefixes("10.244.0.0/16"), "10.244.0.1:443", false},
		"denied closes a part of the internet":        {nil, prefixes("9.9.9.0/24"), "9.9.9.9:443", false},
		"denied closes a part of it in IPv6":          {nil, prefixes("2620:fe::/48"), "[2620:fe::fe]:443", false},
		"a zone does not lead around what is denied":  {prefixes("fe80::/10"), prefixes("fe80::/64"), "[fe80::1%eth0]:443", false},
		"what is not an address is closed":            {nil, nil, "hallo.gent:443", false},
		"allowed IPv6 opens no IPv4":                  {prefixes("::/0"), nil, "10.0.0.1:443", false},
		"the default route allowed opens all of IPv4": {prefixes("0.0.0.0/0"), nil, "127.0.0.1:443", true},
	} {
		t.Run(name, func(t *testing.T) {
			guard, err := newGuard(tc.allowed, tc.denied)
			if err != nil {
				t.Fatal(err)
			}
			network := "tcp4"
			if strings.HasPrefix(tc.address, "[") {
				network = "tcp6"
			}
			err = guard.control(network, tc.address, nil)
			if (err == nil) != tc.ok {
				t.Errorf("%s: %v, want allowed %t", tc.address, err, tc.ok)
			}
			if err != nil && !forbidden(err) {
				t.Errorf("%v is not known to come from the guard", err)
			}
		})
	}
}

func TestALiveFactoryAllowsNoPrivateNetworks(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if _, err := NewClient(Config{Environment: v1alpha1.EnvironmentLive, AllowedNetworks: allowed}); err == nil {
		t.Error("a live factory takes allowed networks")
	}
	if _, err := NewClient(Config{Environment: v1alpha1.EnvironmentLive, DeniedNetworks: allowed}); err != nil {
		t.Errorf("a live factory takes no denied networks: %v", err)
	}
	for _, bad := range []netip.Prefix{{}, netip.PrefixFrom(netip.MustParseAddr("::ffff:10.0.0.0"), 104)} {
		if _, err := NewClient(Config{Environment: v1alpha1.EnvironmentTest, AllowedNetworks: []netip.Prefix{bad}}); err == nil {
			t.Errorf("the network %v is taken, and would never match", bad)
		}
	}
}
