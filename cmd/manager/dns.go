package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/duty"
	registrars "magicwebsitefactory.gent/internal/registrar"
)

// recordsAt gives the duty site who keeps records at a Registrar. It does not know of accounts, and cannot buy.
func recordsAt(c client.Reader, accounts registrars.Source, namespace string) func(context.Context, string) (dns.Publisher, error) {
	return func(ctx context.Context, name string) (dns.Publisher, error) {
		registrar := &v1alpha1.Registrar{}
		err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, registrar)
		if apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("there is no Registrar %s", name)
		}
		if err != nil {
			return nil, fmt.Errorf("read Registrar %s: %w", name, err)
		}
		account, err := accounts.For(ctx, registrar)
		if err != nil {
			return nil, err
		}
		keeper, ok := account.(registrars.RecordKeeper)
		if !ok {
			return nil, fmt.Errorf("the provider of Registrar %s has no name servers", name)
		}
		return patientKeeper{keeper}, nil
	}
}

// patientKeeper says in the duties' own way that an account has to be left alone for a while: without times, which would change a status again and again.
type patientKeeper struct{ registrars.RecordKeeper }

// PutAddresses implements dns.Publisher.
func (k patientKeeper) PutAddresses(ctx context.Context, domain string, addresses []netip.Addr, ttl time.Duration) error {
	return patient(k.RecordKeeper.PutAddresses(ctx, domain, addresses, ttl))
}

// RemoveAddresses implements dns.Publisher.
func (k patientKeeper) RemoveAddresses(ctx context.Context, domain string, addresses []netip.Addr) error {
	return patient(k.RecordKeeper.RemoveAddresses(ctx, domain, addresses))
}

func patient(err error) error {
	var throttled *registrars.Throttled
	if errors.As(err, &throttled) {
		return &duty.Waiting{For: "the registrar's account, which is called as often as it may be", After: throttled.RetryAfter}
	}
	return err
}

// resolvers is a flag of addresses with ports.
type resolvers struct{ list *[]string }

func (r resolvers) String() string {
	if r.list == nil {
		return ""
	}
	return strings.Join(*r.list, ",")
}

// Set adds to what was given before.
func (r resolvers) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		host, port, err := net.SplitHostPort(part)
		if err != nil {
			host, port = strings.Trim(part, "[]"), "53"
		}
		number, badPort := strconv.ParseUint(port, 10, 16)
		if _, err := netip.ParseAddr(host); err != nil || badPort != nil || number == 0 {
			return fmt.Errorf("%q is not an address such as 192.0.2.53 or [2001:db8::53]:5353", part)
		}
		*r.list = append(*r.list, net.JoinHostPort(host, port))
	}
	return nil
}
