package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	miekg "github.com/miekg/dns"
)

// Reason says why a name server did not do what it was asked for.
type Reason string

// The reasons of a [Failure].
const (
	// ReasonUnresolved: the server is a host name that does not resolve.
	ReasonUnresolved Reason = "Unresolved"
	// ReasonUnreachable: no connection could be made.
	ReasonUnreachable Reason = "Unreachable"
	// ReasonTimeout: no answer in time.
	ReasonTimeout Reason = "Timeout"
	// ReasonBroken: what came is no DNS message, or none that fits the question.
	ReasonBroken Reason = "BrokenAnswer"
	// ReasonKeyUnknown: the server knows no TSIG key of that name (BADKEY).
	ReasonKeyUnknown Reason = "KeyUnknown"
	// ReasonKeyWrong: the signature does not fit the server's key of that name (BADSIG).
	ReasonKeyWrong Reason = "KeyWrong"
	// ReasonClock: the clocks of both sides are too far apart for TSIG (BADTIME).
	ReasonClock Reason = "ClockSkew"
	// ReasonUnsigned: the answer bears no signature that fits, so it may be anybody's.
	ReasonUnsigned Reason = "Unsigned"
	// ReasonRefused: the server's policy does not allow it (REFUSED).
	ReasonRefused Reason = "Refused"
	// ReasonNotAuthoritative: the server does not decide over the zone (NOTAUTH, NOTZONE, or an answer without authority).
	ReasonNotAuthoritative Reason = "NotAuthoritative"
	// ReasonServerFailure: the server has trouble of its own (SERVFAIL).
	ReasonServerFailure Reason = "ServerFailure"
	// ReasonNotImplemented: the server takes no updates at all (NOTIMP).
	ReasonNotImplemented Reason = "NotImplemented"
	// ReasonRejected: some other response code.
	ReasonRejected Reason = "Rejected"
	// ReasonAlias: a CNAME stands at the name, beside which nothing else may stand (RFC 2181, section 10.1).
	ReasonAlias Reason = "Alias"
	// ReasonOutsideZone: the name does not lie in the zone.
	ReasonOutsideZone Reason = "OutsideZone"
	// ReasonChanging: somebody else changes the records all the time.
	ReasonChanging Reason = "Changing"
	// ReasonNoServers: the name servers of the zone cannot be found.
	ReasonNoServers Reason = "NoServers"
)

var sentences = map[Reason]string{
	ReasonUnresolved:       "its name does not resolve",
	ReasonUnreachable:      "no connection could be made",
	ReasonTimeout:          "there was no answer in time",
	ReasonBroken:           "the answer is not one to the question",
	ReasonKeyUnknown:       "it does not know the TSIG key of that name (BADKEY)",
	ReasonKeyWrong:         "the TSIG signature does not fit its key of that name: secret or algorithm differ (BADSIG)",
	ReasonClock:            "its clock and this one are more than five minutes apart (BADTIME)",
	ReasonUnsigned:         "the answer bears no TSIG signature that fits",
	ReasonRefused:          "it refuses this, by its policy for the zone or the key (REFUSED)",
	ReasonNotAuthoritative: "it has no authority over the zone (NOTAUTH)",
	ReasonServerFailure:    "it has trouble of its own (SERVFAIL)",
	ReasonNotImplemented:   "it takes no dynamic updates (NOTIMP)",
	ReasonAlias:            "a CNAME stands at the name, beside which there can be no addresses",
	ReasonOutsideZone:      "the name does not lie in the zone that is updated",
	ReasonChanging:         "somebody else changes the records at the same time, again and again",
	ReasonNoServers:        "the zone's name servers could not be found",
}

// Failure is why something could not be published, or asked. Its text is made of fixed sentences and the server's address, so that it is the same for
// the same state, and carries neither a secret nor what a stranger's server said.
type Failure struct {
	Reason Reason
	// Server is the address, or the name, of the name server; empty where none was asked.
	Server string
	// Code is the response code, with ReasonRejected.
	Code int
}

func (f *Failure) Error() string {
	sentence := sentences[f.Reason]
	if f.Reason == ReasonRejected {
		sentence = fmt.Sprintf("it answered with the response code %d", f.Code)
		if name, ok := miekg.RcodeToString[f.Code]; ok {
			sentence = "it answered " + name
		}
	}
	if f.Server == "" {
		return sentence
	}
	return "name server " + f.Server + ": " + sentence
}

// unreached classifies what came of a connection.
func unreached(err error) Reason {
	var resolving *net.DNSError
	var network *net.OpError
	switch {
	case errors.As(err, &resolving):
		return ReasonUnresolved
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return ReasonTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReasonUnreachable
	case errors.As(err, &network):
		return ReasonUnreachable
	default:
		return ReasonBroken
	}
}

// rejected classifies a response code other than NOERROR.
func rejected(code int) Reason {
	switch code {
	case miekg.RcodeRefused:
		return ReasonRefused
	case miekg.RcodeNotAuth, miekg.RcodeNotZone:
		return ReasonNotAuthoritative
	case miekg.RcodeServerFailure:
		return ReasonServerFailure
	case miekg.RcodeNotImplemented:
		return ReasonNotImplemented
	default:
		return ReasonRejected
	}
}
