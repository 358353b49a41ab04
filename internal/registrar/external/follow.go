package external

import (
	"context"
	"errors"
	"slices"

	"magicwebsitefactory.gent/internal/dns"
)

// maxAliases bounds how many CNAMEs are followed, one after the other. Resolvers give up after about as many.
const maxAliases = 8

var errSilent = errors.New("none of its name servers answers")

// leadsHere says whether a name leads to addresses of ours and to no others: by itself, or by CNAMEs, as a visitor's resolver follows them. It fails where
// that is not known. At each name the authoritative servers are asked anew: what a server adds about names further down may be another's to say.
func (a *account) leadsHere(ctx context.Context, domain string) (bool, error) {
	name, passed := domain, []string{}
	for len(passed) <= maxAliases && !slices.Contains(passed, name) {
		answers, err := a.asker.Ask(ctx, name)
		if err != nil {
			return false, err
		}
		said, err := agreed(answers)
		if err != nil {
			return false, err
		}
		if said.alias == "" {
			return said.here(a), nil
		}
		passed, name = append(passed, name), said.alias
	}
	return false, nil // round in a circle, or without end
}

// saying is what the servers of one name say of it.
type saying struct {
	alias   string       // what its CNAME leads to
	answers []dns.Answer // where it has none, or not all say so
}

// agreed is what all servers that answer say. Where only some of them know of a CNAME, or know of another one, it is just being changed, or half of the visitors
// are led elsewhere.
func agreed(answers dns.Answers) (saying, error) {
	spoken := slices.DeleteFunc(slices.Clone(answers), func(answer dns.Answer) bool { return answer.Silent != nil })
	if len(spoken) == 0 {
		return saying{}, errSilent // silence says neither that the name is here nor that it is not
	}
	if first := spoken[0]; first.Alias && !slices.ContainsFunc(spoken, func(answer dns.Answer) bool { return !answer.Alias || answer.Target != first.Target }) {
		return saying{alias: first.Target}, nil
	}
	return saying{answers: spoken}, nil
}

// here says whether the servers give addresses of ours and no others.
func (s saying) here(a *account) bool {
	return len(s.answers) > 0 && !slices.ContainsFunc(s.answers, func(answer dns.Answer) bool {
		return answer.Alias || answer.Missing || len(answer.Addresses) == 0 || slices.ContainsFunc(answer.Addresses, a.foreign)
	})
}
