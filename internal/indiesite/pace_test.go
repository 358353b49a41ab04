package indiesite

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"
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

// turn waits until it is this attempt's turn: for a place, and then in it.
func (p *pace) turn(ctx context.Context) (hold, calm time.Duration, err error) {
	if err := p.place(ctx); err != nil {
		return 0, 0, err
	}
	if hold, calm, err = p.hold(ctx); err != nil {
		p.leave()
	}
	return hold, calm, err
}

func TestARightCodeIsNotCountedAsAWrongOne(t *testing.T) {
	p := newPace(clocktesting.NewFakeClock(time.Unix(0, 0)))
	for range 3 * maxWrongCodes {
		if hold, _, err := p.turn(t.Context()); hold != 0 || err != nil {
			t.Fatalf("held back by %s, %v", hold, err)
		}
		p.right()
		p.leave()
	}
}

func TestAttemptsMadeAllAtOnceAreHeldAsLongAsOneByOne(t *testing.T) {
	oneByOne := newPace(clocktesting.NewFakeClock(time.Unix(0, 0)))
	var want []time.Duration
	for range maxHeldAttempts {
		hold, _ := oneByOne.wrong()
		want = append(want, hold)
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPace(clock.RealClock{})
		var (
			start = time.Now()
			mu    sync.Mutex
			got   []time.Duration
			group sync.WaitGroup
		)
		for range maxHeldAttempts {
			group.Go(func() {
				hold, _, err := p.turn(t.Context())
				if took := time.Since(start); err != nil || took != hold {
					t.Errorf("held for %s instead of %s, %v", took, hold, err)
				}
				mu.Lock()
				defer mu.Unlock()
				got = append(got, hold)
			})
		}
		group.Wait()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error("all at once (+), one by one (-):", diff)
		}
	})
}

func TestAttemptsThatFindAllPlacesTakenHaveTheirTurnsInTheOrderInWhichTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(clock.RealClock{})
		const attempts = 10 * maxHeldAttempts
		var (
			mu    sync.Mutex
			turns []int
			group sync.WaitGroup
			start = time.Now()
		)
		for range maxWrongCodes {
			p.wrong()
		}
		for i := range attempts {
			group.Go(func() {
				if _, _, err := p.turn(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				turns = append(turns, i/maxHeldAttempts) // those in places at the same time end at the same time
				mu.Unlock()
				p.leave()
			})
			synctest.Wait() // it stands in line
		}
		group.Wait()
		if !slices.IsSorted(turns) {
			t.Errorf("turns were taken in this order: %v", turns)
		}
		if took, want := time.Since(start), attempts/maxHeldAttempts*maxHold; took != want {
			t.Errorf("all had their turns within %s, want %s", took, want)
		}
	})
}

func TestWhoeverHangsUpHasNoTurnAndLeavesTheirPlaceToTheNext(t *testing.T) {
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	calm := newPace(clocktesting.NewFakeClock(time.Unix(0, 0)))
	if _, _, err := calm.turn(gone); err == nil {
		t.Error("whoever had gone before had a turn")
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPace(clock.RealClock{})
		for range maxWrongCodes {
			p.wrong()
		}
		ctx, hangUp := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 3 * maxHeldAttempts { // in places and in line
			group.Go(func() {
				if _, _, err := p.turn(ctx); err == nil {
					t.Error("whoever hung up while waiting had a turn")
				}
			})
		}
		synctest.Wait()
		hangUp()
		group.Wait()
		start := time.Now()
		if hold, _, err := p.turn(t.Context()); err != nil || time.Since(start) != maxHold || hold != maxHold {
			t.Errorf("the next is held for %s, %v", time.Since(start), err)
		}
	})
}

func TestNoMoreThan32CodesASecondAreLookedAtWhateverAClientDoes(t *testing.T) {
	const seconds = 20
	for name, patience := range map[string]func(i int) time.Duration{
		"all wait for their turn":         func(int) time.Duration { return time.Hour },
		"all hang up at once":             func(int) time.Duration { return 0 },
		"all hang up just before":         func(int) time.Duration { return maxHold - 1 },
		"one in ten waits for their turn": func(i int) time.Duration { return time.Duration(i%10) * maxHold / 9 * 5 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPace(clock.RealClock{})
				var (
					end      = time.Now().Add(seconds * time.Second)
					lookedAt atomic.Int64
					group    sync.WaitGroup
				)
				for i := range 5 * maxHeldAttempts {
					group.Go(func() {
						for time.Now().Before(end) {
							ctx, hangUp := context.WithTimeout(t.Context(), patience(i))
							if _, _, err := p.turn(ctx); err == nil {
								if time.Now().Before(end) {
									lookedAt.Add(1)
								}
								p.leave()
							}
							hangUp()
							time.Sleep(10 * time.Millisecond) // of the bubble's time: to connect again
						}
					})
				}
				group.Wait()
				const most = 32*seconds + freeWrongCodes + 4 // of which four are held for less than two seconds
				if n := lookedAt.Load(); n > most {
					t.Errorf("%d codes were looked at in %d s, want at most %d", n, seconds, most)
				}
			})
		})
	}
}
