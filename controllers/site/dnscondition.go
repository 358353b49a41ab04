package site

import (
	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/resources"
)

// dnsPublished says what was asked for, and what the authoritative servers answer.
func (s *scope) dnsPublished() state {
	closed := s.closed()
	found := &s.records
	switch {
	case found.owed != "" && closed != nil && closed.reason != v1alpha1.ReasonSuspended:
		return no(closed.reason, "Records that lead here could not be withdrawn yet: %s.", found.owed)
	case s.class == nil:
		return s.classMissing()
	case !resources.ManagesDNS(s.class):
		return yes(v1alpha1.ReasonNotRequested, "The SiteClass leaves DNS to others.")
	case closed != nil && closed.reason != v1alpha1.ReasonSuspended:
		return no(closed.reason, "%s", s.withdrawn())
	case !s.registered():
		return waitingForDomain()
	case found.hostName != "":
		return no(v1alpha1.ReasonRouteHasHostName, "The route is known as %s, and only addresses can stand at the name itself: name them in the SiteClass's route.addresses.",
			shorten(found.hostName))
	case found.noEndpoints:
		return no(v1alpha1.ReasonProgressing, "The cluster has no DNSEndpoints, by which external-dns is asked: its CRD is not installed.")
	case len(found.want) == 0 && s.reachedDNS():
		return no(v1alpha1.ReasonWaitingForRoute, "The route publishes no address, and the SiteClass names none.")
	case found.trouble != "":
		return no(v1alpha1.ReasonPublishingFailed, "%s That could not be published: %s.", s.askedFor(), found.trouble)
	case s.refused != "" && found.look == nil:
		return s.refusal()
	case found.look == nil:
		return no(v1alpha1.ReasonProgressing, "The records are to be published.")
	case found.look.agreed:
		return yes(v1alpha1.ReasonSucceeded, "%s So do the authoritative name servers answer.", s.askedFor())
	}
	if found.look.contradiction != "" {
		return no(v1alpha1.ReasonPublishingFailed, "%s %s %s", s.askedFor(), found.look.contradiction, found.look.message)
	}
	return no(v1alpha1.ReasonAnswersDiffer, "%s %s%s", s.askedFor(), found.look.message, s.unseen())
}

// withdrawn says what is known of the records of a site whose workload goes. Nobody asks the authoritative servers any more: the addresses are no longer the
// site's, and somebody else may have the name lead to them by right.
func (s *scope) withdrawn() string {
	switch {
	case s.marked():
		return "The records that lead here are to be withdrawn."
	case s.class.DNS.ExternalDNS != nil:
		return "No DNSEndpoint asks for records any more. external-dns withdraws them at its own pace, where its policy is sync; nobody asked the name servers whether it has."
	case s.class.DNS.RFC2136 != nil:
		return "The name server that takes the updates has no record any more that the factory published there; nobody asked the zone's other servers whether they follow."
	}
	return "The Registrar has no record any more that the factory published there; nobody asked its name servers whether they follow."
}

// reachedDNS says whether the steps came as far as the route.
func (s *scope) reachedDNS() bool { return s.ingress != nil }

// askedFor says what is to be published, and how.
func (s *scope) askedFor() string {
	how := "a DNSEndpoint"
	if want := s.wanted(); want != nil {
		how = want.place()
	}
	return "Asked for: records that lead to " + dns.Join(s.records.want) + ", by " + how + "."
}

// unseen says whether external-dns has not looked at the DNSEndpoint yet.
func (s *scope) unseen() string {
	if s.class.DNS.ExternalDNS == nil || s.endpoint == nil {
		return ""
	}
	status, _ := s.endpoint.Object["status"].(map[string]any)
	if seen, ok := status["observedGeneration"].(int64); ok && seen >= s.endpoint.GetGeneration() {
		return ""
	}
	return " external-dns has not looked at the DNSEndpoint yet."
}
