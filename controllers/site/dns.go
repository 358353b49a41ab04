package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/reach"
	"magicwebsitefactory.gent/internal/resources"
)

const (
	// publishTime bounds one call to a name server or registrar.
	publishTime = 30 * time.Second
	// repairAfter is how long records that were put are given to reach every server before it is looked whether they have to be put again.
	repairAfter = time.Minute
	// withdrawTime is how long a site that is deleted is held back for its records, as for its onboarder.
	withdrawTime = time.Hour
)

// DNS is how the duty publishes names and asks for them.
type DNS struct {
	// Names asks the authoritative name servers; nil for [dns.Resolver] with the machine's own recursive resolvers.
	Names interface {
		Ask(ctx context.Context, domain string) (dns.Answers, error)
	}
	// Zone gives who changes a zone; nil for the zone itself, over the network.
	Zone func(dns.Zone) dns.Publisher
	// Registrar gives who keeps the records at a Registrar.
	Registrar func(ctx context.Context, name string) (dns.Publisher, error)
}

// records is what the steps of DNS find.
type records struct {
	want        []netip.Addr // by putRecords and ensureEndpoint, in order
	hostName    string       // the route is known by a host name alone
	noEndpoints bool         // by ensureEndpoint: the cluster does not know the kind
	trouble     string       // why publishing did not succeed
	look        *look        // by askServers: what the authoritative servers said last; nil while they are not asked
	owed        string       // by withdraw: what could not be withdrawn yet, and why
}

// lookup is what the process remembers of a site's records.
type lookup struct {
	uid   types.UID
	look  *look
	put   try // to publish
	clear try // to withdraw
}

// try is the last try to change records.
type try struct {
	what    string // what it was to say
	at      time.Time
	due     time.Time // when it is tried again, where it did not succeed
	trouble string    // empty where it succeeded
}

// look is what the authoritative servers said when they were asked last.
type look struct {
	about    string // the addresses that were wanted then, and what else the answer depends on
	due      time.Time
	agreed   bool
	differed bool // somebody answered something else, which publishing again may mend
	failures int  // in a row, since they agreed
	message  string
	asked    []string // the servers, by name
	// contradiction is why nothing that is published will make them agree, where it is known.
	contradiction string
}

func (r *Reconciler) lookup(s *scope) lookup {
	last, ok := r.lookups.get(client.ObjectKeyFromObject(s.site))
	if !ok || last.uid != s.site.UID {
		return lookup{uid: s.site.UID}
	}
	return last
}

func (r *Reconciler) remember(s *scope, l lookup) {
	r.lookups.put(client.ObjectKeyFromObject(s.site), l)
}

// findAddresses fills in what the records are to lead to.
func (s *scope) findAddresses() {
	s.records.want, s.records.hostName = nil, ""
	var host string
	for _, address := range s.addresses() {
		at, err := reach.ParseAddress(address)
		if err != nil {
			continue // the probe says so
		}
		name, _, err := net.SplitHostPort(at)
		if err != nil {
			continue
		}
		if ip, err := netip.ParseAddr(name); err == nil {
			s.records.want = append(s.records.want, ip.Unmap())
		} else {
			host = name
		}
	}
	if s.records.want = dns.Sorted(s.records.want); len(s.records.want) == 0 {
		s.records.hostName = host
	}
}

// wanted is the mark that the SiteClass asks for, where the factory publishes records itself; nil where it does not, or nothing can be published yet.
func (s *scope) wanted() *mark {
	m := &mark{Addresses: s.records.want, TTL: resources.TTLSeconds(s.class)}
	switch {
	case len(s.records.want) == 0:
		return nil
	case s.class.DNS.RFC2136 != nil:
		m.RFC2136 = s.class.DNS.RFC2136
	case s.class.DNS.Registrar != nil:
		m.Registrar = s.domain.Spec.RegistrarName
	default:
		return nil
	}
	return m
}

// putRecords publishes what the SiteClass asks for, where it is not yet.
func (r *Reconciler) putRecords(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !resources.ManagesDNS(s.class) {
		return duty.Continue(), nil
	}
	want := s.wanted()
	if want == nil {
		return duty.Continue(), nil
	}
	marks := marksOf(s.site)
	before := markAt(marks, want.place())
	if before != nil && before.Published && before.says(want) {
		return duty.Continue(), nil
	}
	intent := *want
	intent.Addresses = union(before, want.Addresses)
	if before == nil || before.Published || !before.says(&intent) {
		if err := r.writeMarks(ctx, s, withMark(marks, intent)); err != nil || s.gone {
			return duty.Stop(), err
		}
	}
	outcome, done, err := r.put(ctx, s, want)
	if err != nil || !done {
		return outcome, err
	}
	want.Published = true
	if err := r.writeMarks(ctx, s, withMark(marksOf(s.site), *want)); err != nil || s.gone {
		return duty.Stop(), err
	}
	return outcome, nil
}

// repairRecords publishes again what the authoritative servers do not say any more: somebody has changed it.
func (r *Reconciler) repairRecords(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.records.look == nil || !s.records.look.differed {
		return duty.Continue(), nil
	}
	want := s.wanted()
	if last := r.lookup(s).put; want == nil || (last.trouble == "" && s.now.Sub(last.at) < repairAfter) {
		return duty.Continue(), nil
	}
	outcome, _, err := r.put(ctx, s, want)
	return outcome, err
}

// put publishes, unless it was tried just now.
func (r *Reconciler) put(ctx context.Context, s *scope, want *mark) (outcome duty.Outcome, done bool, err error) {
	memory := r.lookup(s)
	what := fmt.Sprint(want.place(), want.Addresses, want.TTL)
	if last := memory.put; last.what == what && last.trouble != "" {
		if rest := last.due.Sub(s.now); rest > 0 {
			s.records.trouble = last.trouble
			return duty.ContinueAfter(rest), false, nil
		}
	}
	if !r.places().TryAcquire(1) {
		s.unasked, s.records.trouble = true, memory.put.trouble
		return duty.ContinueAfter(busyAfter), false, nil
	}
	defer r.places().Release(1)
	trouble, after, err := r.attempt(ctx, want, func(ctx context.Context, p dns.Publisher) error {
		return p.PutAddresses(ctx, s.site.Spec.Domain, want.Addresses, time.Duration(want.TTL)*time.Second)
	})
	if err != nil {
		return duty.Stop(), false, err
	}
	wait := max(after, s.dnsPause())
	memory.put = try{what: what, at: s.now, due: s.now.Add(wait), trouble: trouble}
	r.remember(s, memory)
	if s.records.trouble = trouble; trouble == "" {
		return duty.Continue(), true, nil
	}
	return duty.ContinueAfter(wait), false, nil
}

// attempt makes one call to whoever publishes the records of a mark. Trouble is why it did not succeed, for people; an error is one of the API server, or of
// a manager that stops.
func (r *Reconciler) attempt(ctx context.Context, m *mark, call func(context.Context, dns.Publisher) error) (trouble string, after time.Duration, err error) {
	publisher, err := r.publisher(ctx, m)
	if err == nil {
		within, cancel := context.WithTimeout(ctx, publishTime)
		defer cancel()
		err = call(within, publisher)
	}
	var waiting *duty.Waiting
	var slip *readError
	switch {
	case err == nil:
		return "", 0, nil
	case ctx.Err() != nil:
		return "", 0, ctx.Err()
	case errors.As(err, &slip):
		return "", 0, err
	case errors.As(err, &waiting):
		after = waiting.After
	}
	return shorten(err.Error()), after, nil
}

// readError is one of reading from the API server, which says nothing about the records.
type readError struct{ error }

func (e *readError) Unwrap() error { return e.error }

func (r *Reconciler) publisher(ctx context.Context, m *mark) (dns.Publisher, error) {
	if m.RFC2136 == nil {
		if r.DNS.Registrar == nil {
			return nil, errors.New("this factory keeps no records at Registrars")
		}
		return r.DNS.Registrar(ctx, m.Registrar)
	}
	key := client.ObjectKey{Namespace: r.FactoryNamespace, Name: m.RFC2136.TSIGSecretRef.Name}
	secret, err := fetch(ctx, r.Reader, key, &corev1.Secret{})
	switch {
	case err != nil:
		return nil, &readError{err}
	case secret == nil:
		return nil, fmt.Errorf("there is no Secret %s with the TSIG key", key.Name)
	}
	tsig, err := dns.ParseKey(secret.Data)
	if err != nil {
		return nil, fmt.Errorf("the TSIG key in Secret %s: %w", key.Name, err)
	}
	zone := dns.Zone{Server: m.RFC2136.Server, Name: m.RFC2136.Zone, Key: tsig, Clock: r.Clock}
	if r.DNS.Zone != nil {
		return r.DNS.Zone(zone), nil
	}
	return &zone, nil
}

// ensureEndpoint makes the DNSEndpoint where external-dns publishes, and takes it away where it does not any more.
func (r *Reconciler) ensureEndpoint(ctx context.Context, s *scope) (duty.Outcome, error) {
	if resources.ManagesDNS(s.class) {
		s.findAddresses()
	}
	if _, err := r.observeEndpoint(ctx, s); err != nil {
		return duty.Stop(), err
	}
	switch {
	case s.class.DNS.ExternalDNS == nil:
		return remove(ctx, r, s, s.endpoint)
	case s.records.noEndpoints:
		return duty.ContinueAfter(noCertManagerAfter), nil
	case len(s.records.want) == 0:
		return duty.Continue(), nil
	}
	endpoint, err := ensure(ctx, r, s, resources.DNSEndpoint(s.site, s.class, s.records.want), s.endpoint, empty(resources.DNSEndpointKind))
	if apimeta.IsNoMatchError(err) {
		s.records.noEndpoints = true
		return duty.ContinueAfter(noCertManagerAfter), nil
	}
	s.endpoint = endpoint
	return duty.Continue(), err
}

// observeEndpoint reads the DNSEndpoint. Where the kind came after the manager, it is looked for only for a SiteClass that asks for it.
func (r *Reconciler) observeEndpoint(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !r.endpointsWatched && (s.class == nil || s.class.DNS.ExternalDNS == nil) {
		return duty.Continue(), nil
	}
	key := client.ObjectKey{Namespace: s.site.Namespace, Name: names.Child(s.site.Spec.Domain)}
	endpoint, err := fetch(ctx, r.untyped(r.endpointsWatched), key, empty(resources.DNSEndpointKind))
	if apimeta.IsNoMatchError(err) {
		s.records.noEndpoints = true
		return duty.Continue(), nil
	}
	s.endpoint = endpoint
	return duty.Continue(), err
}

// dnsPause is how long to wait before something about the records is tried again that has not come about: longer and longer, from when it first could
// have, or since when it is not so any more. Once the outcome is frozen nobody waits for it.
func (s *scope) dnsPause() time.Duration {
	since := trueSince(s.site, v1alpha1.ConditionDomainRegistered, s.now)
	if c := find(s.before.Status.Conditions, v1alpha1.ConditionDNSPublished); isTrue(c) {
		since = s.now
	} else if c != nil && c.LastTransitionTime.After(since) {
		since = c.LastTransitionTime.Time
	}
	if s.outcome() == nil {
		return pause(s.now.Sub(since))
	}
	return pauseWithin(s.now.Sub(since), slowVisit)
}
