package rdap

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/utils/clock"
	"sigs.k8s.io/json"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

const (
	// proofFresh is for how long nobody asks a base URL again what it is, and proofStale for how long after that it is still believed to be what it was while
	// it does not answer.
	proofFresh = 24 * time.Hour
	proofStale = 7 * 24 * time.Hour
	// proofPause is the time between two tries.
	proofPause = time.Minute
)

// unproven is why a 404 is not believed.
const unproven = "answered 404, and has not shown that it is an RDAP server"

// proofs keeps which base URLs have shown that there is an RDAP server behind them. A URL with a mistake in it may answer 404 to whatever it is asked, and in
// RDAP's form too, and then every name would be available.
type proofs struct {
	transport transport
	clock     clock.PassiveClock

	probing singleflight.Group
	mu      sync.Mutex
	bases   map[string]proof // no more than an admin and the bootstrap file name
}

// proof is when a base URL has shown it, and until when it is not asked again.
type proof struct {
	shown, again time.Time
	// witness is the name whose record has shown it last, where one has.
	witness names.Name
}

// add notes that a base URL has shown it: by the record of a name, or without one by its help.
func (p *proofs) add(base string, witness names.Name) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	p.bases[base] = proof{shown: now, again: now.Add(proofFresh), witness: cmp.Or(witness, p.bases[base].witness)}
}

// witnesses are the names whose record may show it: the one that has, and the one that registries keep for themselves.
func (p *proofs) witnesses(base string, name names.Name) []names.Name {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := names.Name("nic." + name.Suffix())
	if known := p.bases[base].witness; known != "" && known != own {
		return []names.Name{known, own}
	}
	return []names.Name{own}
}

// fail notes that it has not, by an answer that says that it is something else, or by none.
func (p *proofs) fail(base string, other bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.bases[base]
	if other {
		known.shown, known.witness = time.Time{}, ""
	}
	known.again = p.clock.Now().Add(proofPause)
	p.bases[base] = known
}

// known says whether the base URL is believed, and for how long it is not to be asked again.
func (p *proofs) known(base string) (believed bool, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, known := p.clock.Now(), p.bases[base]
	return now.Before(known.shown.Add(proofFresh + proofStale)), max(known.again.Sub(now), 0)
}

// check says why a 404 of the base URL is not to be believed; nothing where it is. Whoever asks waits only where nothing is known of it yet.
func (p *proofs) check(ctx context.Context, server *url.URL, name names.Name) *availability.UnknownError {
	base, source := server.String(), sourceOf(server)
	believed, pause := p.known(base)
	if pause == 0 {
		probed := p.probing.DoChan(base, func() (any, error) {
			probing, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
			defer cancel()
			p.probe(probing, server, name)
			return nil, nil
		})
		if !believed {
			select {
			case <-probed:
			case <-ctx.Done():
			}
			believed, pause = p.known(base)
		}
	}
	if believed {
		return nil
	}
	return &availability.UnknownError{Source: source, Reason: unproven, RetryAfter: pause}
}

// probe asks for the server's help (RFC 9082, section 3.1.6), which ICANN has every registry of a generic domain give. Some of countries do not: they may show
// the record of a name that they have shown before, or of the one that registries keep for themselves.
func (p *proofs) probe(ctx context.Context, server *url.URL, name names.Name) {
	base := server.String()
	if _, pause := p.known(base); pause > 0 {
		return // since the probe before this one has just ended
	}
	header := func() http.Header { return http.Header{"Accept": {accept}} }
	help, silent := p.transport.get(ctx, "", server.JoinPath("help"), header())
	if silent == nil && isHelp(answerOf(help)) {
		p.add(base, "")
		return
	}
	other := silent == nil && final(help.code)
	for _, witness := range p.witnesses(base, name) {
		record, silent := p.transport.get(ctx, "", server.JoinPath("domain", witness.String()), header())
		if silent == nil && record.code == http.StatusOK && isRecord(record.body, witness) {
			p.add(base, witness)
			return
		}
		other = other && silent == nil && final(record.code)
	}
	p.fail(base, other)
}

// isHelp says whether an answer is an RDAP server's help (RFC 9083, section 7).
func isHelp(a answer) bool {
	var o object
	return a.code == http.StatusOK && json.UnmarshalCaseSensitivePreserveInts(a.body, &o) == nil && len(o.Conformance) > 0 && o.ErrorCode == nil && o.ObjectClassName == ""
}

// final says whether a code is an answer, and not a server's trouble of the moment.
func final(code int) bool { return code < http.StatusInternalServerError }

func sourceOf(server *url.URL) string { return "RDAP server " + server.Host }
