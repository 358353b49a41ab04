package serve

import (
	"errors"
	"slices"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

// Phase is where a conversation is.
type Phase string

// The phases, in the order in which a person comes by when all goes well.
const (
	// KeepingCode: the secret sign-up code is shown and has to be kept.
	KeepingCode Phase = "keeping-code"
	// Choosing: a name is asked for. No order is open.
	Choosing Phase = "choosing"
	// Ordering: the order is to be sent, or sent again, until it is answered.
	Ordering Phase = "ordering"
	// Waiting: the factory has taken the order and will call back.
	Waiting Phase = "waiting"
	// Arrived: the site stands and asks who its owner is.
	Arrived Phase = "arrived"
	// Introducing: the owner settings are to be posted to the site.
	Introducing Phase = "introducing"
	// Ready: the owner can go to the site.
	Ready Phase = "ready"
	// Failed: the order came to nothing, or, where MayStand is true, nobody knows.
	Failed Phase = "failed"
	// Stranded: the site stands and does not know this conversation's code.
	Stranded Phase = "stranded"
	// Gone: the conversation was forgotten for another. Its names are kept, as their callbacks may come again.
	Gone Phase = "gone"
)

// maxOrders is how many orders one conversation may place: each may cost money.
const maxOrders = 10

// slowAfter is how long a callback may take before the person may ask again.
const slowAfter = 3 * time.Minute

// What a person may not do now.
var (
	// ErrNotNow says that the conversation is somewhere else.
	ErrNotNow = errors.New("that is not what the conversation is about now")
	// ErrOrderOpen says that another order of this conversation may stand.
	ErrOrderOpen = errors.New("an order for another name may still stand")
	// ErrTooManyOrders says that the conversation has ordered often enough.
	ErrTooManyOrders = errors.New("this conversation has placed as many orders as it may")
)

// Conversation is one person's way to a site. Its methods are the only ways on;
// each leaves it as it was if it returns an error. Answers to what was not asked
// for any more change nothing.
type Conversation struct {
	Phase    Phase     `json:"phase"`
	Language string    `json:"language"` // nl or en
	Code     string    `json:"code"`     // the secret sign-up code
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`

	// Domain is the name of the last order; empty before the first.
	Domain string `json:"domain,omitempty"`
	// Ordered is when each order was placed; sending one again is not another.
	Ordered []time.Time `json:"ordered,omitempty"`
	// Past are the names of orders before the last, whose callbacks may come again.
	Past []string `json:"past,omitempty"`
	// MayStand is true while the factory may have an order without an outcome, so
	// that no other name may be ordered.
	MayStand bool `json:"mayStand,omitempty"`
	// FailedBefore is true if an earlier order for Domain ended in 500, which may
	// be told again.
	FailedBefore bool `json:"failedBefore,omitempty"`
	// FailedPast are those among Past of which the same is true.
	FailedPast []string `json:"failedPast,omitempty"`
	// Trouble is why the work under way takes long; a key of words.
	Trouble string `json:"trouble,omitempty"`
	// Work counts the work that was begun, so that an answer to an earlier one is
	// known by its number.
	Work int `json:"work,omitempty"`

	// Settings are the owner's, once they have said them.
	Settings *hallo.OwnerSettings `json:"settings,omitempty"`
	// Lines are what was said so far; Said counts them, also the forgotten ones.
	Lines []Line `json:"lines"`
	Said  int    `json:"said"`
}

// Begin is a new conversation: Hallobot greets and shows the code.
func Begin(code, language string, now time.Time) Conversation {
	c := Conversation{Phase: KeepingCode, Code: code, Language: language, Created: now, Changed: now}
	c.say("hello")
	c.say("code")
	return c
}

// Open reports whether the factory may have an order of this conversation that
// has no outcome yet. Of one name, only one conversation's order may be open.
func (c *Conversation) Open() bool {
	return c.Phase == Ordering || c.Phase == Waiting || c.MayStand
}

// KeepCode tells that the person has the code.
func (c *Conversation) KeepCode(now time.Time) error {
	if c.Phase != KeepingCode {
		return nil // said already, in another tab
	}
	c.Phase, c.Changed = Choosing, now
	c.answer("kept")
	c.say("ask-name")
	return nil
}

// Order places an order. To place the same one twice is to place it once.
// failedBefore says that an order of anybody's for the name ended in 500, which
// may be told again.
func (c *Conversation) Order(domain string, failedBefore bool, now time.Time) error {
	switch {
	case c.Open() && c.Domain != domain:
		return ErrOrderOpen
	case c.Phase == Ordering || c.Phase == Waiting:
		return nil
	case c.Phase != Choosing && c.Phase != Failed:
		return ErrNotNow
	case len(c.Ordered) >= maxOrders:
		return ErrTooManyOrders
	}
	if c.Domain != domain {
		c.leaveName()
		c.Domain = domain
	}
	c.FailedBefore = c.FailedBefore || failedBefore
	c.place("chose", now)
	return nil
}

// AskAgain sends the order for the name again, after a failure, or when the
// callback takes long.
func (c *Conversation) AskAgain(now time.Time) error {
	switch {
	case c.Phase == Ordering:
		return nil
	case c.Phase == Stranded:
		c.begin(Introducing, now)
		return nil
	case c.Phase != Failed && !c.Slow(now):
		return ErrNotNow
	case len(c.Ordered) >= maxOrders:
		return ErrTooManyOrders
	}
	c.place("again", now)
	return nil
}

// Slow reports whether the callback takes so long that the person may ask again.
func (c *Conversation) Slow(now time.Time) bool {
	return c.Phase == Waiting && now.Sub(c.Changed) >= slowAfter
}

func (c *Conversation) place(line string, now time.Time) {
	c.Ordered = append(slices.Clone(c.Ordered), now)
	c.answerName(line)
	c.sayName("ordering")
	c.begin(Ordering, now)
}

// leaveName forgets what is known of the name and expects late callbacks for it.
func (c *Conversation) leaveName() {
	if c.Domain != "" && !slices.Contains(c.Past, c.Domain) {
		c.Past = append(slices.Clone(c.Past), c.Domain)
	}
	if c.FailedBefore && !slices.Contains(c.FailedPast, c.Domain) {
		c.FailedPast = append(slices.Clone(c.FailedPast), c.Domain)
	}
	c.FailedBefore = false
}

// begin starts work that has to be done outside.
func (c *Conversation) begin(phase Phase, now time.Time) {
	c.Phase, c.Changed, c.Trouble = phase, now, ""
	c.Work++
}

// ChooseAnother asks for another name after a failure.
func (c *Conversation) ChooseAnother(now time.Time) error {
	switch {
	case c.Phase == Choosing:
		return nil
	case c.Phase != Failed:
		return ErrNotNow
	case c.MayStand:
		return ErrOrderOpen
	}
	c.Phase, c.Changed = Choosing, now
	c.answer("another-name")
	c.say("ask-name")
	return nil
}

// Customise keeps what the owner says about themselves. Once the site stands, it
// is told at once.
func (c *Conversation) Customise(settings hallo.OwnerSettings, now time.Time) error {
	switch c.Phase {
	case Ordering, Waiting, Arrived, Introducing:
	default:
		return ErrNotNow
	}
	c.Settings = &settings
	c.add(Line{Who: Person, Says: "settings", Name: settings.Name})
	if c.Phase == Ordering || c.Phase == Waiting {
		c.say("settings-kept")
		return nil
	}
	c.say("introducing")
	c.begin(Introducing, now)
	return nil
}

// Speak sets the language.
func (c *Conversation) Speak(language string) { c.Language = language }

// Resume is what a new process does first: it cannot know what the one before
// has sent.
func (c *Conversation) Resume() {
	if c.Phase == Ordering {
		c.MayStand = true
	}
}

// remains are what is kept of a conversation that nobody goes on with. A callback
// whose answer was lost comes again for a month, until it is answered 200.
func (c *Conversation) remains() Conversation {
	return Conversation{
		Phase: Gone, Created: c.Created, Changed: c.Changed,
		Domain: c.Domain, Ordered: c.Ordered, Past: c.Past, FailedBefore: c.FailedBefore, FailedPast: c.FailedPast,
	}
}
