package indiesite

import (
	"context"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

func TestAHandfulOfWrongCodesGoesUnpunished(t *testing.T) {
	p := newPace(clocktesting.NewFakeClock(time.Unix(0, 0)))
	for range freeWrongCodes {
		p.wrong()
		if hold, calm := p.slowed(); hold != 0 || calm != 0 {
			t.Fatalf("held back by %s, for %s", hold, calm)
		}
	}
}

func TestFurtherWrongCodesHoldAnswersBackEverLongerUpToTwoSeconds(t *testing.T) {
	p := newPace(clocktesting.NewFakeClock(time.Unix(0, 0)))
	for range freeWrongCodes {
		p.wrong()
	}
	for i, want := range []time.Duration{firstHold, 2 * firstHold, 4 * firstHold, maxHold, maxHold, maxHold} {
		p.wrong()
		if hold, _ := p.slowed(); hold != want {
			t.Errorf("wrong code %d: held back by %s, want %s", freeWrongCodes+i+1, hold, want)
		}
	}
}

func TestCalmReturnsByItselfHoweverManyWrongCodesThereWere(t *testing.T) {
	clk := clocktesting.NewFakeClock(time.Unix(0, 0))
	p := newPace(clk)
	for range 100_000 {
		p.wrong()
	}
	_, calm := p.slowed()
	if longest := 2 * time.Minute; calm <= 0 || calm > longest {
		t.Fatalf("calm returns in %s, want at most %s", calm, longest)
	}
	clk.Step(calm - time.Second)
	if hold, _ := p.slowed(); hold == 0 {
		t.Error("calm a second early")
	}
	clk.Step(time.Second)
	if hold, left := p.slowed(); hold != 0 || left != 0 {
		t.Errorf("still held back by %s, for %s", hold, left)
	}
}

func TestPlacesAreBoundedAndGivenBack(t *testing.T) {
	p := newPace(clocktesting.NewFakeClock(time.Unix(0, 0)))
	for i := range maxHeldAttempts {
		if !p.enter() {
			t.Fatalf("attempt %d was turned away", i+1)
		}
	}
	if p.enter() {
		t.Fatal("one attempt more than there are places was let in")
	}
	p.leave()
	if !p.enter() {
		t.Fatal("a place that was left cannot be taken")
	}
}

func TestAnAnswerIsNotHeldBackForAVisitorWhoHasGone(t *testing.T) {
	p := newPace(clocktesting.NewFakeClock(time.Unix(0, 0)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.wait(ctx, maxHold) // the fake clock stands still: this returns by the context alone
}
