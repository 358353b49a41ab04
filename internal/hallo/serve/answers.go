package serve

import (
	"net/http"
	"time"
)

// Answer is what came of an order or of an introduction.
type Answer string

// The answers to an order, and to an introduction.
const (
	// Accepted: the factory has taken the order, or the site its owner settings.
	Accepted Answer = "accepted"
	// Taken: the name cannot be had.
	Taken Answer = "taken"
	// Refused: the factory found fault with the order itself.
	Refused Answer = "refused"
	// Silent: no answer yet. It is asked again.
	Silent Answer = "silent"
	// GivenUp: no answer for so long that it is not asked again by itself.
	GivenUp Answer = "given-up"
	// Owned: the site has its owner already.
	Owned Answer = "owned"
	// WrongCode: the site does not know the code.
	WrongCode Answer = "wrong-code"
	// BadSettings: the site does not take the settings.
	BadSettings Answer = "bad-settings"
)

// OrderAnswered takes the answer to an order that was sent as the given work.
func (c *Conversation) OrderAnswered(work int, answer Answer, now time.Time) {
	if c.Phase != Ordering || c.Work != work {
		return
	}
	switch answer {
	case Accepted:
		c.Phase, c.Changed, c.Trouble, c.MayStand = Waiting, now, "", true
		c.sayName("accepted")
		if c.Settings == nil {
			c.say("customise")
		}
	case Taken:
		c.lose(now)
	case Silent:
		c.MayStand = true
		if c.Trouble == "" {
			c.Trouble = "factory-silent"
			c.say("factory-silent")
		}
	case GivenUp:
		c.MayStand = true
		c.fail("given-up", now)
	case Refused: // an order that was sent before may stand all the same
		c.fail("refused", now)
	}
}

// Told takes a callback's outcome: 201, 409 or 500. Callbacks come again, and
// late; the answer to each is 200 whatever this makes of it.
func (c *Conversation) Told(outcome int, now time.Time) (heeded bool) {
	switch {
	case c.Phase != Ordering && c.Phase != Waiting && c.Phase != Failed:
		return false
	case outcome == http.StatusCreated: // even after a failure: the site stands
		c.arrive(now)
	case c.Phase == Failed && !c.MayStand:
		return false
	case outcome == http.StatusConflict:
		c.lose(now)
	case c.FailedBefore && c.Phase != Waiting:
		return false // the outcome of the order before, told again
	case c.Phase == Ordering: // a repetition that met the failure is a new order, so that this name may be under way again
		c.MayStand, c.FailedBefore = true, true
		c.fail("failed-meanwhile", now)
	default:
		c.MayStand, c.FailedBefore = false, true
		c.fail("failed", now)
	}
	return true
}

func (c *Conversation) arrive(now time.Time) {
	c.MayStand = false
	c.sayName("arrived")
	if c.Settings == nil {
		c.Phase, c.Changed, c.Trouble = Arrived, now, ""
		c.say("who-are-you")
		return
	}
	c.say("introducing")
	c.begin(Introducing, now)
}

func (c *Conversation) lose(now time.Time) {
	c.Phase, c.Changed, c.Trouble, c.MayStand = Choosing, now, "", false
	c.sayName("taken")
}

func (c *Conversation) fail(line string, now time.Time) {
	c.Phase, c.Changed, c.Trouble = Failed, now, ""
	c.sayName(line)
}

// Introduced takes what came of posting the settings as the given work.
func (c *Conversation) Introduced(work int, answer Answer, now time.Time) {
	if c.Phase != Introducing || c.Work != work {
		return
	}
	switch answer {
	case Accepted, Owned:
		c.Phase, c.Changed, c.Trouble = Ready, now, ""
		if answer == Owned {
			c.say("owned")
		}
		c.sayName("ready")
	case BadSettings:
		c.Phase, c.Changed, c.Trouble = Arrived, now, ""
		c.say("bad-settings")
	case WrongCode:
		c.Phase, c.Changed, c.Trouble = Stranded, now, ""
		c.sayName("wrong-code")
	case Silent:
		if c.Trouble == "" {
			c.Trouble = "site-silent"
			c.sayName("site-silent")
		}
	}
}

// Unavailable tells, without the factory being asked, that somebody else's order
// for the name is under way.
func (c *Conversation) Unavailable(domain string, now time.Time) error {
	switch {
	case c.Phase != Choosing && c.Phase != Failed:
		return ErrNotNow
	case c.MayStand:
		return ErrOrderOpen
	}
	c.add(Line{Who: Person, Says: "chose", Domain: domain})
	c.add(Line{Who: Bot, Says: "taken", Domain: domain})
	c.Phase, c.Changed = Choosing, now
	return nil
}
