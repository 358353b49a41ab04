package indiesite

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestManyWrongCodesSlowEverybodyAndLockOutNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSite(t, rightCode)
		timed := func(code string) (*httptest.ResponseRecorder, time.Duration) {
			start := time.Now()
			w := s.post(withCode(code))
			return w, time.Since(start)
		}
		for range freeWrongCodes {
			w, took := timed("guess")
			wantProblem(t, w, http.StatusForbidden, "wrong-sign-up-code")
			if took != 0 {
				t.Fatalf("held back by %s too early", took)
			}
		}
		for range 100 {
			w, took := timed("guess")
			wantProblem(t, w, http.StatusTooManyRequests, "too-many-wrong-codes")
			if took < firstHold || took > maxHold {
				t.Fatalf("held back by %s", took)
			}
			if after, err := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || after < 1 || after > 120 {
				t.Fatalf("Retry-After is %q", w.Header().Get("Retry-After"))
			}
		}
		w, took := timed(rightCode)
		if w.Code != http.StatusNoContent || took > maxHold {
			t.Fatalf("the right code was answered %d after %s: %s", w.Code, took, w.Body)
		}
		if took < firstHold {
			t.Errorf("the right code was answered after %s: a guesser need not wait for a refusal", took)
		}
		time.Sleep(2 * time.Minute) // of the bubble's time
		if w, took := timed("guess"); w.Code != http.StatusForbidden || took != 0 {
			t.Errorf("after a while: %d after %s", w.Code, took)
		}
	})
}

func TestGuessingInParallelIsNoFasterThan32CodesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSite(t, rightCode)
		for range maxWrongCodes {
			s.post(withCode("guess"))
		}
		const seconds = 60
		end := time.Now().Add(seconds * time.Second)
		const guessers = 4 * maxHeldAttempts
		var (
			judged atomic.Int64
			group  sync.WaitGroup
		)
		for range guessers {
			group.Go(func() {
				for time.Now().Before(end) {
					if w := s.post(withCode("guess")); w.Code != http.StatusTooManyRequests {
						t.Errorf("a guess is answered %d", w.Code)
					}
					if time.Now().Before(end) {
						judged.Add(1)
					}
				}
			})
		}
		synctest.Wait() // all places are taken, and a line stands behind them
		start := time.Now()
		if w, took := s.post(withCode(rightCode)), time.Since(start); w.Code != http.StatusNoContent || took > (guessers/maxHeldAttempts+1)*maxHold {
			t.Errorf("in the midst of it the right code is answered %d after %s", w.Code, took)
		}
		group.Wait()
		if limit := int64(seconds * 32); judged.Load() > limit || judged.Load() < limit*9/10 {
			t.Errorf("%d codes were looked at in %d s, want up to %d", judged.Load(), seconds, limit)
		}
	})
}

func TestOnlyWhereTheLineIsFullIsAnAttemptTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSite(t, rightCode)
		var group sync.WaitGroup
		for range freeWrongCodes { // which are not held
			s.post(withCode("guess"))
		}
		for range maxHeldAttempts + maxLine {
			group.Go(func() { s.post(withCode("guess")) })
		}
		synctest.Wait()
		start := time.Now()
		w := s.post(withCode(rightCode))
		wantProblem(t, w, http.StatusServiceUnavailable, "busy")
		if w.Header().Get("Retry-After") == "" || time.Since(start) != 0 {
			t.Errorf("turned away after %s, Retry-After %q", time.Since(start), w.Header().Get("Retry-After"))
		}
		time.Sleep(firstHold) // of the bubble's time
		synctest.Wait()       // somebody has had their turn
		start = time.Now()
		if w := s.post(withCode(rightCode)); w.Code != http.StatusNoContent || time.Since(start) > (maxLine/maxHeldAttempts+2)*maxHold {
			t.Errorf("the last in line is answered %d after %s", w.Code, time.Since(start))
		}
		group.Wait()
	})
}

func TestWhoeverHangsUpBeforeTheirTurnChangesNothing(t *testing.T) {
	alice := someone('a')
	for name, send := range map[string]func(*testSite, context.Context) *httptest.ResponseRecorder{
		"settings": func(s *testSite, ctx context.Context) *httptest.ResponseRecorder {
			return s.askIn(ctx, http.MethodPost, "/owner-settings", withCode(rightCode))
		},
		"a claim": func(s *testSite, ctx context.Context) *httptest.ResponseRecorder {
			return s.askIn(ctx, http.MethodPost, "/owner", alice.claiming(rightCode))
		},
	} {
		for wrong, patience := range map[int]time.Duration{0: 0, freeWrongCodes + 1: firstHold / 2, maxWrongCodes: maxHold - 1} {
			t.Run(fmt.Sprintf("%s after %d wrong codes", name, wrong), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newTestSite(t, rightCode)
					var group sync.WaitGroup
					for range wrong {
						group.Go(func() { s.post(withCode("guess")) })
					}
					group.Wait()
					ctx, hangUp := context.WithTimeout(t.Context(), patience)
					defer hangUp()
					wantProblem(t, send(s, ctx), http.StatusServiceUnavailable, "busy")
					if _, known := s.store.Settings(); known || s.store.Owned() {
						t.Error("it was acted upon")
					}
					if w := send(s, t.Context()); w.Code >= http.StatusMultipleChoices {
						t.Errorf("for whoever waits it is answered %d", w.Code)
					}
				})
			})
		}
	}
}
