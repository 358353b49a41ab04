package dns

import (
	"context"
	"net"
	"strings"
	"time"

	miekg "github.com/miekg/dns"
	"k8s.io/utils/clock"
)

const (
	// tryTime is for one question to one server.
	tryTime = 2 * time.Second
	// udpTries is how often a question goes out over UDP, where packets get lost.
	udpTries = 2
	// updateTime is for one update, which a server writes to its disk before it answers.
	updateTime = 10 * time.Second
	// udpSize is what gets through without being cut up on its way (DNS flag day 2020).
	udpSize = 1232
	// fudge is by how many seconds clocks may differ (RFC 8945, section 10).
	fudge = 300
)

// exchanger sends messages to name servers.
type exchanger struct {
	dial  Dial
	clock clock.PassiveClock
}

func newExchanger(dial Dial, clk clock.PassiveClock) exchanger {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	if clk == nil {
		clk = clock.RealClock{}
	}
	return exchanger{dial, clk}
}

// ask sends a question over UDP, again where no answer comes, and over TCP where the answer is too long.
func (e exchanger) ask(ctx context.Context, server string, question *miekg.Msg) (*miekg.Msg, error) {
	var answer *miekg.Msg
	var err error
	for range udpTries {
		if answer, err = e.once(ctx, "udp", server, question, nil, tryTime); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err == nil && answer.Truncated {
		answer, err = e.once(ctx, "tcp", server, question, nil, tryTime)
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// signed sends a message over TCP, where nothing comes twice, and takes only an answer that bears the same key's signature.
func (e exchanger) signed(ctx context.Context, server string, message *miekg.Msg, key Key) (*miekg.Msg, error) {
	message.SetTsig(key.name, key.algorithm, fudge, e.clock.Now().Unix())
	answer, err := e.once(ctx, "tcp", server, message, key.secrets(), updateTime)
	if answer == nil {
		return nil, err
	}
	tsig := answer.IsTsig()
	switch { // an error of TSIG itself is told without a signature, as there is no common key (RFC 8945, section 5.2)
	case tsig != nil && tsig.Error == miekg.RcodeBadKey:
		return nil, &Failure{Reason: ReasonKeyUnknown, Server: server}
	case tsig != nil && tsig.Error == miekg.RcodeBadSig:
		return nil, &Failure{Reason: ReasonKeyWrong, Server: server}
	case tsig != nil && tsig.Error == miekg.RcodeBadTime:
		return nil, &Failure{Reason: ReasonClock, Server: server}
	case answer.Rcode == miekg.RcodeNotAuth: // whose signature the library does not look at; an error needs none to be one
		return nil, &Failure{Reason: ReasonNotAuthoritative, Server: server}
	case tsig == nil && answer.Rcode != miekg.RcodeSuccess:
		return nil, &Failure{Reason: rejected(answer.Rcode), Server: server, Code: answer.Rcode}
	case tsig == nil || err != nil:
		return nil, &Failure{Reason: ReasonUnsigned, Server: server}
	}
	return answer, nil
}

// once sends a message and reads what comes back. With an error of the signature alone, it returns both.
func (e exchanger) once(ctx context.Context, network, server string, message *miekg.Msg, keys map[string]string, within time.Duration) (*miekg.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := e.dial(ctx, network, server)
	if err != nil {
		return nil, &Failure{Reason: unreached(err), Server: server}
	}
	defer conn.Close()
	c := &miekg.Client{Net: network, Timeout: within, UDPSize: udpSize, TsigSecret: keys}
	answer, _, err := c.ExchangeWithConnContext(ctx, message, &miekg.Conn{Conn: conn, UDPSize: udpSize})
	switch {
	case err != nil && (answer == nil || keys == nil || answer.IsTsig() == nil):
		return nil, &Failure{Reason: unreached(err), Server: server}
	case answer.Id != message.Id || !answer.Response || answer.Opcode != message.Opcode || !sameQuestion(answer, message):
		return nil, &Failure{Reason: ReasonBroken, Server: server}
	}
	return answer, err
}

// sameQuestion says whether an answer repeats the question. An answer to an update, and one that refuses, may leave it out.
func sameQuestion(answer, message *miekg.Msg) bool {
	if len(answer.Question) == 0 {
		return message.Opcode == miekg.OpcodeUpdate || answer.Rcode != miekg.RcodeSuccess
	}
	a, m := answer.Question[0], message.Question[0]
	return len(answer.Question) == 1 && a.Qtype == m.Qtype && a.Qclass == m.Qclass && strings.EqualFold(a.Name, m.Name)
}
