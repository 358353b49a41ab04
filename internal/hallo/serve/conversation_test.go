package serve

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"magicwebsitefactory.gent/internal/hallo"
)

var begun = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// event is something that happens to a conversation.
type event func(c *Conversation, now time.Time) error

func does(change func(c *Conversation, now time.Time)) event {
	return func(c *Conversation, now time.Time) error {
		change(c, now)
		return nil
	}
}

var (
	keeps   = event(func(c *Conversation, now time.Time) error { return c.KeepCode(now) })
	again   = event(func(c *Conversation, now time.Time) error { return c.AskAgain(now) })
	another = event(func(c *Conversation, now time.Time) error { return c.ChooseAnother(now) })
	crash   = does(func(c *Conversation, _ time.Time) { c.Resume() })
)

func orders(domain string) event {
	return func(c *Conversation, now time.Time) error { return c.Order(domain, false, now) }
}

func says(name string) event {
	return func(c *Conversation, now time.Time) error {
		return c.Customise(hallo.OwnerSettings{Name: name}, now)
	}
}

func answered(answer Answer) event {
	return does(func(c *Conversation, now time.Time) { c.OrderAnswered(c.Work, answer, now) })
}

func introduced(answer Answer) event {
	return does(func(c *Conversation, now time.Time) { c.Introduced(c.Work, answer, now) })
}

func told(outcome int) event {
	return does(func(c *Conversation, now time.Time) { c.Told(outcome, now) })
}

// after plays events, a second apart, and fails the test if one is refused.
func after(t *testing.T, events ...event) (Conversation, time.Time) {
	t.Helper()
	c, now := Begin("open-sesame", "nl", begun), begun
	for i, e := range events {
		now = now.Add(time.Second)
		if err := e(&c, now); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
	return c, now
}

// ordered is the way to an order that the factory has taken.
func ordered(more ...event) []event {
	return append([]event{keeps, orders("alice.gent"), answered(Accepted)}, more...)
}

func lastSaid(c Conversation) string {
	var keys []string
	for _, line := range slices.Backward(c.Lines) {
		if line.Who != Bot {
			break
		}
		keys = append([]string{line.Says}, keys...)
	}
	return strings.Join(keys, " ")
}

func TestAConversationGoesOn(t *testing.T) {
	for sentence, c := range map[string]struct {
		events []event
		phase  Phase
		says   string
	}{
		"it begins with the code":                                     {nil, KeepingCode, "hello code"},
		"a name is asked for once the code is kept":                   {[]event{keeps}, Choosing, "ask-name"},
		"the code is kept in two tabs":                                {[]event{keeps, keeps}, Choosing, "ask-name"},
		"a name is ordered":                                           {[]event{keeps, orders("alice.gent")}, Ordering, "ordering"},
		"a name is ordered with two clicks":                           {[]event{keeps, orders("alice.gent"), orders("alice.gent")}, Ordering, "ordering"},
		"the factory takes the order":                                 {ordered(), Waiting, "ordering accepted customise"},
		"the owner says who they are before the site is there":        {ordered(says("Alice")), Waiting, "settings-kept"},
		"the owner says it before the order is taken":                 {[]event{keeps, orders("alice.gent"), says("Alice"), answered(Accepted)}, Waiting, "settings-kept accepted"},
		"the site comes after the settings":                           {ordered(says("Alice"), told(201)), Introducing, "settings-kept arrived introducing"},
		"the site comes before the settings":                          {ordered(told(201)), Arrived, "ordering accepted customise arrived who-are-you"},
		"the settings come then":                                      {ordered(told(201), says("Alice")), Introducing, "introducing"},
		"the site takes them":                                         {ordered(says("Alice"), told(201), introduced(Accepted)), Ready, "settings-kept arrived introducing ready"},
		"the site has its owner already, so that is done":             {ordered(says("Alice"), told(201), introduced(Owned)), Ready, "settings-kept arrived introducing owned ready"},
		"the site does not answer yet":                                {ordered(says("Alice"), told(201), introduced(Silent), introduced(Silent)), Introducing, "settings-kept arrived introducing site-silent"},
		"the site answers at last":                                    {ordered(says("Alice"), told(201), introduced(Silent), introduced(Accepted)), Ready, "settings-kept arrived introducing site-silent ready"},
		"the site does not take the settings":                         {ordered(says("Alice"), told(201), introduced(BadSettings)), Arrived, "settings-kept arrived introducing bad-settings"},
		"better settings are said then":                               {ordered(says("Alice"), told(201), introduced(BadSettings), says("A"), introduced(Accepted)), Ready, "introducing ready"},
		"the site knows another code":                                 {ordered(says("Alice"), told(201), introduced(WrongCode)), Stranded, "settings-kept arrived introducing wrong-code"},
		"it is tried again then":                                      {ordered(says("Alice"), told(201), introduced(WrongCode), again, introduced(Accepted)), Ready, "settings-kept arrived introducing wrong-code ready"},
		"the callback comes before the order's answer":                {[]event{keeps, orders("alice.gent"), told(201), answered(Accepted)}, Arrived, "ordering arrived who-are-you"},
		"the callback comes twice":                                    {ordered(told(201), told(201)), Arrived, "ordering accepted customise arrived who-are-you"},
		"the callback comes again when all is done":                   {ordered(says("Alice"), told(201), introduced(Accepted), told(201), told(500)), Ready, "settings-kept arrived introducing ready"},
		"the name is gone when it is ordered":                         {[]event{keeps, orders("alice.gent"), answered(Taken)}, Choosing, "ordering taken"},
		"another name is ordered then":                                {[]event{keeps, orders("alice.gent"), answered(Taken), orders("bob.gent")}, Ordering, "ordering"},
		"the name goes to somebody else later":                        {ordered(told(409)), Choosing, "ordering accepted customise taken"},
		"a callback for the name that was lost changes nothing":       {ordered(told(409), told(409), told(500), told(201)), Choosing, "ordering accepted customise taken"},
		"the factory fails":                                           {ordered(told(500)), Failed, "ordering accepted customise failed"},
		"the same name is tried again after a failure":                {ordered(told(500), again), Ordering, "ordering"},
		"the failure is told again while that is ordered":             {ordered(told(500), again, told(500)), Ordering, "ordering"},
		"the second try fails too":                                    {ordered(told(500), again, answered(Accepted), told(500)), Failed, "ordering accepted customise failed"},
		"another name is chosen after a failure":                      {ordered(told(500), another), Choosing, "ask-name"},
		"another name is chosen in two tabs":                          {ordered(told(500), another, another), Choosing, "ask-name"},
		"the site stands after all":                                   {ordered(told(500), told(201)), Arrived, "ordering accepted customise failed arrived who-are-you"},
		"the failure is told before the order is answered":            {[]event{keeps, orders("alice.gent"), told(500)}, Failed, "ordering failed-meanwhile"},
		"the same name is tried again then, and fails":                {[]event{keeps, orders("alice.gent"), told(500), again, answered(Accepted), told(500), another}, Choosing, "ask-name"},
		"the failure before is told again when nobody answered":       {ordered(told(500), again, answered(GivenUp), told(500)), Failed, "ordering given-up"},
		"the factory refuses the order":                               {[]event{keeps, orders("alice.gent"), answered(Refused)}, Failed, "ordering refused"},
		"the factory does not answer, and it is said once":            {[]event{keeps, orders("alice.gent"), answered(Silent), answered(Silent)}, Ordering, "ordering factory-silent"},
		"the factory answers at last":                                 {[]event{keeps, orders("alice.gent"), answered(Silent), answered(Accepted)}, Waiting, "ordering factory-silent accepted customise"},
		"the factory never answers":                                   {[]event{keeps, orders("alice.gent"), answered(Silent), answered(GivenUp)}, Failed, "ordering factory-silent given-up"},
		"the site comes although the factory never answered":          {[]event{keeps, orders("alice.gent"), answered(GivenUp), told(201)}, Arrived, "ordering given-up arrived who-are-you"},
		"it is told that the order nobody answered has failed":        {[]event{keeps, orders("alice.gent"), answered(GivenUp), told(500)}, Failed, "ordering given-up failed"},
		"hallo crashes while it orders, and the factory refuses then": {[]event{keeps, orders("alice.gent"), crash, answered(Refused)}, Failed, "ordering refused"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, _ := after(t, c.events...)
			if got.Phase != c.phase || lastSaid(got) != c.says {
				t.Errorf("it is %s and says %q, want %s and %q", got.Phase, lastSaid(got), c.phase, c.says)
			}
		})
	}
}

func TestWhatAPersonMayNotDoChangesNothing(t *testing.T) {
	many := []event{keeps}
	for range maxOrders {
		many = append(many, orders("alice.gent"), answered(Taken))
	}
	for sentence, c := range map[string]struct {
		before []event
		does   event
		want   error
	}{
		"ordering before the code is kept":                            {nil, orders("alice.gent"), ErrNotNow},
		"ordering another name while one is ordered":                  {[]event{keeps, orders("alice.gent")}, orders("bob.gent"), ErrOrderOpen},
		"ordering another name while one is made":                     {ordered(), orders("bob.gent"), ErrOrderOpen},
		"ordering another name when nobody knows of the first":        {[]event{keeps, orders("alice.gent"), answered(GivenUp)}, orders("bob.gent"), ErrOrderOpen},
		"turning to another name when nobody knows of the first":      {[]event{keeps, orders("alice.gent"), answered(GivenUp)}, another, ErrOrderOpen},
		"turning away after a crash that may have ordered":            {[]event{keeps, orders("alice.gent"), crash, answered(Refused)}, another, ErrOrderOpen},
		"turning to another name when a failure and an order crossed": {[]event{keeps, orders("alice.gent"), told(500)}, another, ErrOrderOpen},
		"turning away when only an earlier failure was told again":    {ordered(told(500), again, answered(GivenUp), told(500)), another, ErrOrderOpen},
		"ordering another name when the site stands":                  {ordered(told(201)), orders("bob.gent"), ErrNotNow},
		"ordering another name when all is done":                      {ordered(says("A"), told(201), introduced(Accepted)), orders("bob.gent"), ErrNotNow},
		"ordering once more than is allowed":                          {many, orders("alice.gent"), ErrTooManyOrders},
		"asking again soon":                                           {ordered(), again, ErrNotNow},
		"asking again before anything was ordered":                    {[]event{keeps}, again, ErrNotNow},
		"saying who one is before there is an order":                  {[]event{keeps}, says("Alice"), ErrNotNow},
		"saying who one is when the site knows it":                    {ordered(says("A"), told(201), introduced(Accepted)), says("Alice"), ErrNotNow},
		"turning to another name while the site is made":              {ordered(), another, ErrNotNow},
		"being told that a name is taken while another order is open": {ordered(), func(c *Conversation, now time.Time) error { return c.Unavailable("bob.gent", now) }, ErrNotNow},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, now := after(t, c.before...)
			before := got
			if err := c.does(&got, now.Add(time.Second)); !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if diff := cmp.Diff(before, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAfterAWhileOfWaitingThePersonMayAskAgain(t *testing.T) {
	c, now := after(t, ordered()...)
	now = now.Add(slowAfter)
	if err := c.AskAgain(now); err != nil || c.Phase != Ordering || len(c.Ordered) != 2 || !c.MayStand {
		t.Fatalf("%v; it is %+v", err, c)
	}
	c.OrderAnswered(c.Work, Refused, now)
	if c.Phase != Failed || !c.MayStand {
		t.Errorf("a refusal of the repetition makes nobody forget the order itself: %+v", c)
	}
}

func TestAnAnswerToWorkOfEarlierChangesNothing(t *testing.T) {
	c, now := after(t, ordered(told(500), again)...)
	before := c
	c.OrderAnswered(c.Work-1, Taken, now)
	c.Introduced(c.Work, Accepted, now)
	if diff := cmp.Diff(before, c); diff != "" {
		t.Error(diff)
	}
}

// TestMoneyIsSpentOnOneNameAtATime throws everything at a conversation, in any order.
func TestMoneyIsSpentOnOneNameAtATime(t *testing.T) {
	domains := []string{"alice.gent", "bob.gent"}
	answers := []Answer{Accepted, Taken, Refused, Silent, GivenUp}
	introductions := []Answer{Accepted, Owned, WrongCode, BadSettings, Silent}
	words := bothLanguages(t)
	rapid.Check(t, func(t *rapid.T) {
		c, now := Begin("open-sesame", "en", begun), begun
		// open is what the factory may be making, as somebody who sees all would know.
		open := ""
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second)
			before := c
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				_ = c.KeepCode(now)
			case 1, 2:
				_ = c.Order(rapid.SampledFrom(domains).Draw(t, "domain"), rapid.Bool().Draw(t, "failedBefore"), now)
			case 3:
				_ = c.AskAgain(now)
			case 4:
				_ = c.ChooseAnother(now)
			case 5:
				_ = c.Customise(hallo.OwnerSettings{Name: "Alice"}, now)
			case 6:
				answer := rapid.SampledFrom(answers).Draw(t, "answer")
				if c.Phase == Ordering && (answer == Accepted || answer == Silent || answer == GivenUp) {
					open = c.Domain // a lost answer may have been a 201
				}
				if c.Phase == Ordering && answer == Taken {
					open = ""
				}
				c.OrderAnswered(c.Work, answer, now)
			case 7:
				outcome := rapid.SampledFrom([]int{201, 409, 500}).Draw(t, "outcome")
				if c.Told(outcome, now) {
					open = ""
					if before.Phase == Ordering && outcome == 500 {
						open = c.Domain // a repetition that was on its way is a new order
					}
				}
			case 8:
				c.Introduced(c.Work, rapid.SampledFrom(introductions).Draw(t, "introduced"), now)
			case 9:
				if c.Phase == Ordering {
					open = c.Domain // it may have been sent before the crash
				}
				c.Resume()
			}
			if c.Phase == Ordering && open != "" && open != c.Domain {
				t.Fatalf("%s is ordered while %s may be made: %+v", c.Domain, open, c)
			}
			if before.Phase == Ready && c.Phase != Ready {
				t.Fatalf("it was ready and is %s", c.Phase)
			}
			if len(c.Ordered) > maxOrders || len(c.Lines) > maxLines {
				t.Fatalf("%d orders, %d lines", len(c.Ordered), len(c.Lines))
			}
		}
		checkLines(t, c, words)
		var kept Conversation
		if data, err := json.Marshal(c); err != nil || json.Unmarshal(data, &kept) != nil || !cmp.Equal(c, kept) {
			t.Fatalf("it is not what its file says: %v\n%s", err, cmp.Diff(c, kept))
		}
	})
}

func checkLines(t *rapid.T, c Conversation, words map[string]map[string]string) {
	for _, line := range c.Lines {
		key := map[Speaker]string{Bot: "say.", Person: "answer."}[line.Who] + line.Says
		for l, w := range words {
			if w[key] == "" {
				t.Fatalf("there are no words for %s in %s", key, l)
			}
		}
		if strings.Contains(line.Says+line.Domain+line.Name, c.Code) {
			t.Fatalf("a line has the code in it: %+v", line)
		}
	}
}
