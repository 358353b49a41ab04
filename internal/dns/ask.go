package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	miekg "github.com/miekg/dns"
)

// Answer is what one authoritative server says of a name, at one of its addresses.
type Answer struct {
	// Server is its name, and At the address that was asked.
	Server string
	At     netip.Addr
	// Addresses of the A and AAAA records at the name itself, in order.
	Addresses []netip.Addr
	// Missing is whether it says that there is no such name, and Alias that a CNAME stands there.
	Missing, Alias bool
	// Target is what the CNAME leads to, in lower case and without a trailing dot; with Alias alone. It is whatever the server says.
	Target string
	// Silent is why it says nothing of the name, such as that no answer came; nil where it does. A resolver goes on to the next server then.
	Silent *Failure
}

// Answers are those of all authoritative servers of a name, by their names and addresses.
type Answers []Answer

// Differ says how the servers' answers differ from the addresses that a name is to have, as a clause, and whether any server answered at all. It is empty
// where those that answer agree. A server that is silent is no difference, as the visitor's resolver asks another; but somebody has to answer.
func (a Answers) Differ(want []netip.Addr) (difference string, answered bool) {
	want = Sorted(want)
	var silent *Answer
	for i := range a {
		answer := &a[i]
		if answer.Silent != nil {
			if silent == nil {
				silent = answer
			}
			continue
		}
		answered = true
		if difference == "" && (answer.Alias || !slices.Equal(answer.Addresses, want)) {
			difference = answer.String()
		}
	}
	switch {
	case answered:
		return difference, true
	case silent != nil:
		return silent.String(), false
	}
	return sentences[ReasonNoServers], false
}

// String says who answers what.
func (a *Answer) String() string {
	if a.Silent != nil {
		return a.Silent.Error()
	}
	who := fmt.Sprintf("name server %s (%s) answers ", a.Server, a.At)
	switch {
	case a.Alias:
		return who + "with a CNAME"
	case a.Missing:
		return who + "that there is no such name"
	case len(a.Addresses) == 0:
		return who + "that the name has no addresses"
	}
	return who + Join(a.Addresses)
}

// Ask asks every authoritative server of a name, at each of its addresses, without recursion. It fails where they cannot be found; one that does not answer
// is part of the answers.
func (r *Resolver) Ask(ctx context.Context, domain string) (Answers, error) {
	servers, err := r.zoneServers(ctx, domain)
	if err != nil {
		return nil, err
	}
	for range maxReferrals {
		answers, referral := r.askAll(ctx, servers, domain)
		if referral == nil {
			return answers, nil
		}
		if servers, err = r.resolveAll(ctx, referral.names, referral.glue); err != nil {
			return nil, err
		}
	}
	return nil, &Failure{Reason: ReasonNoServers}
}

// referral says that others decide over the name.
type referral struct {
	names []string
	glue  []miekg.RR
}

// askAll asks all servers at once. Where one of them decides over the name, referrals of others are old; else the first counts.
func (r *Resolver) askAll(ctx context.Context, servers []server, domain string) (Answers, *referral) {
	var answers Answers
	for _, s := range servers {
		if len(s.addresses) == 0 {
			answers = append(answers, Answer{Server: display(s.name), Silent: &Failure{Reason: ReasonUnresolved, Server: display(s.name)}})
		}
		for _, at := range s.addresses {
			answers = append(answers, Answer{Server: display(s.name), At: at})
		}
	}
	referrals := make([]*referral, len(answers))
	var all sync.WaitGroup
	for i := range answers {
		if answers[i].At.IsValid() {
			all.Go(func() { referrals[i] = r.askOne(ctx, &answers[i], domain) })
		}
	}
	all.Wait()
	if i := slices.IndexFunc(referrals, func(found *referral) bool { return found != nil }); i >= 0 &&
		!slices.ContainsFunc(answers, func(a Answer) bool { return a.Silent == nil }) {
		return nil, referrals[i]
	}
	return answers, nil
}

// askOne asks one server at one address for both types of record, and fills the answer in.
func (r *Resolver) askOne(ctx context.Context, answer *Answer, domain string) *referral {
	at := net.JoinHostPort(answer.At.String(), port)
	who := answer.Server + " (" + answer.At.String() + ")"
	for _, rrtype := range types {
		question := new(miekg.Msg).SetQuestion(miekg.Fqdn(domain), rrtype).SetEdns0(udpSize, false)
		question.RecursionDesired = false
		reply, err := r.exchanger().ask(ctx, at, question)
		var found []netip.Addr
		switch {
		case err != nil:
			answer.Silent = &Failure{Reason: reasonOf(err), Server: who}
		case reply.Rcode != miekg.RcodeSuccess && reply.Rcode != miekg.RcodeNameError:
			answer.Silent = &Failure{Reason: rejected(reply.Rcode), Server: who, Code: reply.Rcode}
		case !reply.Authoritative:
			answer.Silent = &Failure{Reason: ReasonNotAuthoritative, Server: who}
			if below := referred(reply, domain); below != nil {
				return below
			}
		case reply.Rcode == miekg.RcodeNameError:
			answer.Missing = true
		default:
			found, answer.Alias = addressesIn(reply, domain, rrtype)
			answer.Addresses = append(answer.Addresses, found...)
			answer.Target = aliasIn(reply, domain)
		}
		if answer.Silent != nil || answer.Missing || answer.Alias {
			answer.Addresses = nil
			return nil
		}
	}
	answer.Addresses = Sorted(answer.Addresses)
	return nil
}

// aliasIn is what a CNAME at the name leads to; empty where there is none.
func aliasIn(reply *miekg.Msg, domain string) string {
	for _, rr := range reply.Answer {
		if cname, ok := rr.(*miekg.CNAME); ok && miekg.CanonicalName(cname.Hdr.Name) == miekg.CanonicalName(domain) {
			return display(miekg.CanonicalName(cname.Target))
		}
	}
	return ""
}

// referred are the servers of the zone below that a reply refers to.
func referred(reply *miekg.Msg, domain string) *referral {
	for _, rr := range reply.Ns {
		cut := rr.Header().Name
		if _, ok := rr.(*miekg.NS); ok && cut != "." && miekg.IsSubDomain(strings.ToLower(cut), miekg.Fqdn(domain)) {
			return &referral{names: nameServers(reply.Ns, cut), glue: reply.Extra}
		}
	}
	return nil
}

func reasonOf(err error) Reason {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure.Reason
	}
	return ReasonBroken
}
