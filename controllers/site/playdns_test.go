package site

import (
	"context"
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
)

// playedDNS is one name server that takes updates, one Registrar that keeps records, and what the authoritative servers answer.
type playedDNS struct {
	// zones are what each publisher was told last, by name.
	zones map[string][]netip.Addr
	// answers are what the authoritative servers say; where lags is not set, they follow at once.
	answers []netip.Addr
	lags    bool
	// silent is why no authoritative server answers, refuses why no publisher does anything.
	silent, refuses error
	// puts, removes and asked count calls.
	puts, removes, asked int
	keys                 []string
}

func newPlayedDNS() *playedDNS { return &playedDNS{zones: map[string][]netip.Addr{}} }

func (p *playedDNS) services() DNS {
	return DNS{
		Names: p,
		Zone: func(z dns.Zone) dns.Publisher {
			p.keys = append(p.keys, z.Key.String())
			return &playedPublisher{p, z.Server + "/" + z.Name}
		},
		Registrar: func(_ context.Context, name string) (dns.Publisher, error) { return &playedPublisher{p, name}, nil },
	}
}

func (p *playedDNS) Ask(context.Context, string) (dns.Answers, error) {
	p.asked++
	if p.silent != nil {
		return nil, p.silent
	}
	return dns.Answers{{Server: "ns1.gent", At: netip.MustParseAddr("198.51.100.1"), Addresses: p.answers, Missing: len(p.answers) == 0}}, nil
}

type playedPublisher struct {
	*playedDNS
	place string
}

func (p *playedPublisher) PutAddresses(_ context.Context, _ string, addresses []netip.Addr, _ time.Duration) error {
	p.puts++
	if p.refuses != nil {
		return p.refuses
	}
	p.zones[p.place] = addresses
	if !p.lags {
		p.answers = addresses
	}
	return nil
}

func (p *playedPublisher) RemoveAddresses(_ context.Context, _ string, addresses []netip.Addr) error {
	p.removes++
	if p.refuses != nil {
		return p.refuses
	}
	p.zones[p.place] = slices.DeleteFunc(slices.Clone(p.zones[p.place]), func(a netip.Addr) bool { return slices.Contains(addresses, a) })
	if !p.lags {
		p.answers = p.zones[p.place]
	}
	return nil
}

// publishedBy makes a class of which a member of dns publishes the names.
func publishedBy(dns v1alpha1.SiteDNS) v1alpha1.SiteClassSpec {
	class := fullClass()
	class.DNS = dns
	return class
}

const theServer = "198.51.100.53:53"

func byUpdates() v1alpha1.SiteDNS {
	return v1alpha1.SiteDNS{RFC2136: &v1alpha1.RFC2136DNS{Server: theServer, Zone: "gent", TSIGSecretRef: v1alpha1.LocalReference{Name: "tsig"}}}
}

func byRegistrar() v1alpha1.SiteDNS {
	return v1alpha1.SiteDNS{Registrar: &v1alpha1.RegistrarDNS{}}
}

func byExternalDNS() v1alpha1.SiteDNS {
	return v1alpha1.SiteDNS{ExternalDNS: &v1alpha1.ExternalDNS{}}
}

func (w *world) hasKey() {
	w.t.Helper()
	w.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "tsig", Namespace: factoryNamespace}, Data: map[string][]byte{
		"name": []byte("factory"), "algorithm": []byte("hmac-sha256"), "secret": []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))),
	}})
}

// registeredBy takes a site of such a class to where its name is ours and its pod runs.
func (w *world) registeredBy(dns v1alpha1.SiteDNS) {
	w.t.Helper()
	w.hasClass(publishedBy(dns))
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.podIsReady()
	w.reconcile()
}

// standingBy is a site of such a class that went all the way.
func (w *world) standingBy(dns v1alpha1.SiteDNS) {
	w.t.Helper()
	w.registeredBy(dns)
	w.certificateIsIssued()
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.callbackFroze(v1alpha1.OutcomeCreated, true)
	w.reconcile()
}

func (w *world) expectDNS(status metav1.ConditionStatus, reason, says string) {
	w.t.Helper()
	w.expect(v1alpha1.ConditionDNSPublished, status, reason)
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionDNSPublished); c != nil && !strings.Contains(c.Message, says) {
		w.t.Errorf("DNSPublished says %q, want something with %q", c.Message, says)
	}
}
