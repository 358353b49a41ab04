package eppwire

import (
	"slices"
	"strings"
)

// Fees are what things cost (RFC 8748, section 5.1.1).
type Fees struct {
	Currency Token       `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 currency"`
	Objects  []FeeObject `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 cd"`
}

// FeeObject is what commands cost for one name.
type FeeObject struct {
	// Available is whether the server tells, which it does unless it says otherwise.
	Available *Bool        `xml:"avail,attr"`
	Name      Token        `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 objID"`
	Class     Token        `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 class"`
	Commands  []FeeCommand `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 command"`
}

// FeeCommand is what one command costs.
type FeeCommand struct {
	Name Token `xml:"name,attr"`
	// Phase, and a part of it, of the launch of a suffix (RFC 8334, section 2.3), in which it costs that. None, or "open", is general registration.
	Phase    Token `xml:"phase,attr"`
	Subphase Token `xml:"subphase,attr"`
	// Standard is whether it costs what it does for other names. Left out it means no by the schema, and nothing in practice, as many servers leave it out.
	Standard *Bool `xml:"standard,attr"`
	Period   struct {
		Value Token `xml:",chardata"`
		Unit  Token `xml:"unit,attr"`
	} `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 period"`
	Fees    []Token `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 fee"`
	Credits []Token `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 credit"`
}

// Quote is what one year of a name costs.
type Quote struct {
	// Minor is the sum of all fees and credits, in hundredths of the currency, rounded up.
	Minor    int64
	Currency string
	// Premium is whether it is not what other names cost.
	Premium bool
}

// NoQuoteError says that a server was asked what a name costs and did not tell.
type NoQuoteError struct{}

func (*NoQuoteError) Error() string { return "the server does not tell the price" }

// Quote is what the answer to a check says that a command costs for a year of a name: a [NoQuoteError] where it does not say. Fees of other phases than that of
// general registration count only where there are no others: then one of them is the phase that runs (RFC 8748, section 3.8). Of several the dearest is it, and
// premium if any of them is.
func (r *Response) Quote(name, command string) (Quote, error) {
	all := r.priced(name, command)
	if general := slices.DeleteFunc(slices.Clone(all), func(p priced) bool { return !p.general() }); len(general) > 0 {
		all = general
	}
	var dearest *Quote
	for _, p := range all {
		if !p.aYear() || len(p.Fees) == 0 {
			continue
		}
		q, err := p.quote(p.currency, p.class)
		switch {
		case err != nil:
			return Quote{}, err
		case dearest == nil:
			dearest = &q
		case dearest.Currency != q.Currency:
			return Quote{}, malformed("prices of one name in two currencies")
		default:
			dearest.Minor, dearest.Premium = max(dearest.Minor, q.Minor), dearest.Premium || q.Premium
		}
	}
	if dearest == nil {
		return Quote{}, &NoQuoteError{}
	}
	return *dearest, nil
}

// priced is a command with what an answer says around it.
type priced struct {
	FeeCommand
	currency, class Token
}

// priced is all that an answer says of what a command costs for a name.
func (r *Response) priced(name, command string) []priced {
	var all []priced
	for _, fees := range r.Extension.Fees {
		for _, object := range fees.Objects {
			if !SameName(object.Name, name) || !object.Available.is(true) {
				continue
			}
			for _, c := range object.Commands {
				if c.Name == Token(command) {
					all = append(all, priced{c, fees.Currency, object.Class})
				}
			}
		}
	}
	return all
}

// general says whether it is what anybody pays once the launch of a suffix is over.
func (c *FeeCommand) general() bool {
	return (c.Phase == "" || c.Phase == "open") && c.Subphase == ""
}

// aYear says whether it is the price of one year, which it is without a period: that was asked for.
func (c *FeeCommand) aYear() bool {
	return c.Period.Value == "" || c.Period.Value == "1" && (c.Period.Unit == "y" || c.Period.Unit == "") || c.Period.Value == "12" && c.Period.Unit == "m"
}

// quote adds everything up. The class counts, and not only what the command says of itself: a premium name may be sold at the standard fee for its first year.
func (c *FeeCommand) quote(currency, class Token) (Quote, error) {
	q := Quote{Currency: string(currency), Premium: !c.ordinary(class)}
	if len(currency) != 3 || strings.ToUpper(string(currency)) != string(currency) {
		return Quote{}, malformed("a price without a currency")
	}
	for _, fee := range c.Fees {
		n, err := hundredths(fee)
		if err != nil {
			return Quote{}, err
		}
		if n < 0 {
			return Quote{}, malformed("a fee below zero")
		}
		q.Minor += n
	}
	for _, credit := range c.Credits {
		n, err := hundredths(credit)
		if err != nil {
			return Quote{}, err
		}
		if n > 0 {
			return Quote{}, malformed("a credit above zero")
		}
		q.Minor += n
	}
	if q.Minor < 0 {
		return Quote{}, malformed("a price below zero")
	}
	return q, nil
}

// ordinary says whether a fee is that of other names. A server that says in so many words that it is not the standard one is believed, whatever the class. Otherwise the class
// decides: "standard" (RFC 8748, section 3.7), or something like "Standard Tier", or none, as it is optional; or one that the server names as it likes while it says that the
// fee is the standard one.
func (c *FeeCommand) ordinary(class Token) bool {
	lower := strings.ToLower(string(class))
	return c.Standard.is(true) && !strings.Contains(lower, "premium") && (lower == "" || strings.HasPrefix(lower, "standard") || c.Standard.is(false))
}
