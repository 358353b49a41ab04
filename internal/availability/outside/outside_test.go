package outside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
)

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	control := Dialer(netip.MustParsePrefix("192.168.7.0/24"), netip.MustParsePrefix("fd00:7::/64")).Control
	for address, allowed := range map[string]bool{
		"194.0.6.1:4343": true, "1.1.1.1:443": true, "[2606:4700:4700::1111]:443": true, "192.168.7.1:443": true, "[fd00:7::1]:443": true,
		"127.0.0.1:443": false, "[::1]:443": false, "10.0.0.1:443": false, "172.16.0.1:443": false, "192.168.8.1:443": false, "100.64.0.1:443": false,
		"169.254.169.254:443": false, "168.63.129.16:443": false, "0.0.0.0:443": false, "224.0.0.1:443": false, "255.255.255.255:443": false,
		"192.0.2.1:443": false, "[fe80::1]:443": false, "[fd00:ec2::254]:443": false, "[::ffff:10.0.0.1]:443": false, "[64:ff9b:1::a00:1]:443": false,
		"rdap.example:443": false, "": false,
	} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		if err := control(network, address, nil); (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := control("udp4", "194.0.6.1:4343", nil); err == nil {
		t.Error("UDP was let through")
	}
}

func TestReasonsAreFixedWords(t *testing.T) {
	for want, err := range map[string]error{
		"has an address that must not be called": &net.OpError{Op: "dial", Err: fmt.Errorf("%w: s3cr3t", ssrf.ErrProhibitedIP)},
		"did not answer in time":                 &url.Error{Op: "Get", URL: "https://rdap.example/s3cr3t", Err: context.DeadlineExceeded},
		"has a name that does not resolve":       &net.DNSError{Name: "s3cr3t", Err: "no such host"},
		"broke off the connection":               errors.New("s3cr3t"),
	} {
		if got := Why(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
