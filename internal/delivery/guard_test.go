package delivery

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

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

func networks(raw ...string) (result []netip.Prefix) {
	for _, r := range raw {
		result = append(result, netip.MustParsePrefix(r))
	}
	return result
}

func TestAllowedAndDeniedNetworks(t *testing.T) {
	prefixes := networks
	for name, tc := range map[string]struct {
		allowed, denied []netip.Prefix
		address         string
		ok              bool
	}{
		"the internet is open":                             {nil, nil, "9.9.9.9:443", true},
		"the internet in IPv6 is open":                     {nil, nil, "[2620:fe::fe]:443", true},
		"on any port, as the prefixes name it":             {nil, nil, "9.9.9.9:8443", true},
		"a private address is closed":                      {nil, nil, "10.0.0.1:443", false},
		"an allowed one is open":                           {prefixes("10.0.0.0/8"), nil, "10.0.0.1:443", true},
		"its neighbours are closed":                        {prefixes("10.0.0.0/24"), nil, "10.0.1.1:443", false},
		"an allowed one with host bits is masked":          {prefixes("10.0.0.7/24"), nil, "10.0.0.1:443", true},
		"a denied one is closed in its mapped form":        {prefixes("10.0.0.0/8"), prefixes("10.1.0.0/16"), "[::ffff:10.1.0.1]:443", false},
		"an allowed unique local address":                  {prefixes("fd00::/8"), nil, "[fd00::1]:443", true},
		"denied wins over allowed":                         {prefixes("10.0.0.0/8"), prefixes("10.244.0.0/16"), "10.244.0.1:443", false},
		"denied closes a part of the internet":             {nil, prefixes("9.9.9.0/24"), "9.9.9.9:443", false},
		"denied closes a part of it in IPv6":               {nil, prefixes("2620:fe::/48"), "[2620:fe::fe]:443", false},
		"a zone does not lead around what is denied":       {prefixes("fe80::/10"), prefixes("fe80::/64"), "[fe80::1%eth0]:443", false},
		"metadata is closed though its network is allowed": {prefixes("169.254.0.0/16"), nil, "169.254.169.254:443", false},
		"also where everything is allowed":                 {prefixes("0.0.0.0/0"), nil, "168.63.129.16:443", false},
		"also in IPv6":                                     {prefixes("fd00::/8"), nil, "[fd00:ec2::254]:443", false},
		"what is not an address is closed":                 {nil, nil, "hallo.gent:443", false},
		"allowed IPv6 opens no IPv4":                       {prefixes("::/0"), nil, "10.0.0.1:443", false},
		"the default route allowed opens all of IPv4":      {prefixes("0.0.0.0/0"), nil, "127.0.0.1:443", true},
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
