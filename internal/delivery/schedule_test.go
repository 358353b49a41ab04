package delivery

import (
	"encoding/json"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const middle = 0.5 // the random number that adds no jitter to the schedule

// stored returns what is left of a state once it was written to the API server and read again, by another process.
func stored(t *testing.T, d v1alpha1.Delivery) v1alpha1.Delivery {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var again v1alpha1.Delivery
	if err := json.Unmarshal(raw, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

// try makes one attempt at the time that the state names, and returns that time and the new state.
func try(t *testing.T, d v1alpha1.Delivery, now time.Time, answer Answer, random float64) (time.Time, v1alpha1.Delivery) {
	t.Helper()
	now = now.Add(Wait(d, now))
	d = stored(t, Begin(d, now, random))
	return now, stored(t, End(d, now, answer, random))
}

func TestTheWholeScheduleSurvivesARestartAtEveryStep(t *testing.T) {
	want := []time.Duration{
		0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
	for range 26 {
		want = append(want, 24*time.Hour)
	}
	d := stored(t, Start(1, start, ""))
	now, last := start, start
	for i, pause := range want {
		if Finished(d) {
			t.Fatalf("given up after %d attempts, want %d", i, len(want))
		}
		now, d = try(t, d, now, Answered(503, 0), middle)
		if got := now.Sub(last); got != pause {
			t.Errorf("attempt %d came %s after the one before, want %s", i+1, got, pause)
		}
		last = now
	}
	if !Exhausted(d) || Delivered(d) || d.Attempts != int32(len(want)) || d.NextAttemptTime != nil {
		t.Errorf("after %d attempts: %+v; want it given up", len(want), d)
	}
	if since := last.Sub(start); since > Lifetime || since < Lifetime-24*time.Hour {
		t.Errorf("the last attempt came %s after the first, want it within the last of 30 days", since)
	}
	if d.LastResponse != "503 ServerError" || !d.FirstAttemptTime.Time.Equal(start) || !d.LastAttemptTime.Time.Equal(last) {
		t.Errorf("the record is %+v", d)
	}
}

func TestPausesFollowScheduleJitterAndTheReceiversWish(t *testing.T) {
	for name, tc := range map[string]struct {
		attempts   int32
		retryAfter time.Duration
		random     float64
		want       time.Duration
	}{
		"5 s after the first attempt":                    {attempts: 1, random: middle, want: 5 * time.Second},
		"a fifth less at the lowest random number":       {attempts: 1, random: 0, want: 4 * time.Second},
		"a fifth more at the highest":                    {attempts: 4, random: 1, want: 2*time.Hour + 24*time.Minute},
		"24 h after the ninth attempt":                   {attempts: 9, random: middle, want: 24 * time.Hour},
		"24 h after every one that follows":              {attempts: 30, random: middle, want: 24 * time.Hour},
		"as after the first where none was counted":      {attempts: 0, random: middle, want: 5 * time.Second},
		"a wish to wait longer is granted":               {attempts: 1, retryAfter: time.Minute, random: 0, want: time.Minute},
		"a wish is jittered upwards only":                {attempts: 1, retryAfter: time.Minute, random: 1, want: 72 * time.Second},
		"no more than a day is granted":                  {attempts: 1, retryAfter: 48 * time.Hour, random: 0, want: 24 * time.Hour},
		"a wish to wait less is granted":                 {attempts: 4, retryAfter: 15 * time.Minute, random: 0, want: 15 * time.Minute},
		"but not below a tenth of the schedule's pause":  {attempts: 4, retryAfter: time.Second, random: 0, want: 12 * time.Minute},
		"nor below a tenth of the shortest one":          {attempts: 1, retryAfter: time.Nanosecond, random: 0, want: 500 * time.Millisecond},
		"a wish for nothing is none":                     {attempts: 2, retryAfter: 0, random: middle, want: 5 * time.Minute},
		"a wish that lies in the past is none":           {attempts: 2, retryAfter: -time.Hour, random: middle, want: 5 * time.Minute},
		"the longest pause is below what a state may be": {attempts: 99, retryAfter: 99 * time.Hour, random: 1, want: 24*time.Hour + 288*time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			got := nextPause(tc.attempts, tc.retryAfter, tc.random)
			if got != tc.want || got > longestPause {
				t.Errorf("nextPause(%d, %s, %v) = %s, want %s", tc.attempts, tc.retryAfter, tc.random, got, tc.want)
			}
		})
	}
}

func TestADeliveryGoesOnFromItsRecordAlone(t *testing.T) {
	at := func(d time.Duration) *metav1.Time { m := metav1.NewTime(start.Add(d)); return &m }
	begun := Begin(Start(2, start, "x"), start, middle)
	for name, tc := range map[string]struct {
		got, want v1alpha1.Delivery
	}{
		"a new one is due at once": {
			Start(2, start.Add(900*time.Millisecond), "x"), v1alpha1.Delivery{Attempt: 2, NextAttemptTime: at(0), SendAgain: "x"},
		},
		"the record before the attempt holds the next one, when this one is surely over": {
			begun, v1alpha1.Delivery{Attempt: 2, Attempts: 1, FirstAttemptTime: at(0), LastAttemptTime: at(0), NextAttemptTime: at(Hold), SendAgain: "x"},
		},
		"and by the schedule where its pause is longer": {
			Begin(v1alpha1.Delivery{Attempt: 2, Attempts: 1, FirstAttemptTime: at(0), LastAttemptTime: at(0), NextAttemptTime: at(0), LastResponse: "Timeout"}, start.Add(time.Minute), middle),
			v1alpha1.Delivery{Attempt: 2, Attempts: 2, FirstAttemptTime: at(0), LastAttemptTime: at(time.Minute), NextAttemptTime: at(6 * time.Minute)},
		},
		"a 200 ends it": {
			End(begun, start.Add(time.Second), Answered(200, time.Hour), middle),
			v1alpha1.Delivery{Attempt: 2, Attempts: 1, FirstAttemptTime: at(0), LastAttemptTime: at(0), DeliveredTime: at(time.Second), LastResponse: "200 OK", SendAgain: "x"},
		},
		"a failure counts its pause from the answer": {
			End(begun, start.Add(15*time.Second), Answer{Reason: ReasonTimeout}, middle),
			v1alpha1.Delivery{Attempt: 2, Attempts: 1, FirstAttemptTime: at(0), LastAttemptTime: at(0), NextAttemptTime: at(20 * time.Second), LastResponse: "Timeout", SendAgain: "x"},
		},
		"a pause is never cut short by rounding": {
			End(begun, start.Add(1100*time.Millisecond), Answered(429, 10*time.Second), 0),
			v1alpha1.Delivery{Attempt: 2, Attempts: 1, FirstAttemptTime: at(0), LastAttemptTime: at(0), NextAttemptTime: at(12 * time.Second), LastResponse: "429 ClientError", SendAgain: "x"},
		},
		"a send-again during the delivery makes it due and keeps the count": {
			SendAgain(End(begun, start, Answered(503, 0), middle), start.Add(2*time.Second), "y"),
			v1alpha1.Delivery{
				Attempt: 2, Attempts: 1, FirstAttemptTime: at(0), LastAttemptTime: at(0), NextAttemptTime: at(2 * time.Second), LastResponse: "503 ServerError", SendAgain: "y",
			},
		},
		"a send-again when it is due already changes no time": {
			SendAgain(begun, start.Add(time.Minute), "y"),
			v1alpha1.Delivery{Attempt: 2, Attempts: 1, FirstAttemptTime: at(0), LastAttemptTime: at(0), NextAttemptTime: at(Hold), SendAgain: "y"},
		},
		"a send-again during an attempt waits until that is surely over": {
			SendAgain(Begin(v1alpha1.Delivery{Attempt: 2, Attempts: 8, FirstAttemptTime: at(-time.Hour), NextAttemptTime: at(0)}, start, middle), start.Add(2*time.Second), "y"),
			v1alpha1.Delivery{Attempt: 2, Attempts: 9, FirstAttemptTime: at(-time.Hour), LastAttemptTime: at(0), NextAttemptTime: at(Hold), SendAgain: "y"},
		},
		"a send-again of what is delivered begins anew": {
			SendAgain(End(begun, start, Answered(200, 0), middle), start.Add(2*time.Second), "y"), v1alpha1.Delivery{Attempt: 2, NextAttemptTime: at(2 * time.Second), SendAgain: "y"},
		},
		"and so does one of what was given up": {
			SendAgain(v1alpha1.Delivery{Attempt: 2, Attempts: 36, FirstAttemptTime: at(-Lifetime), LastAttemptTime: at(0), LastResponse: "Timeout"}, start.Add(time.Hour), "y"),
			v1alpha1.Delivery{Attempt: 2, NextAttemptTime: at(time.Hour), SendAgain: "y"},
		},
		"and one that comes when it is too late for a further attempt, once the last is surely over": {
			SendAgain(Begin(v1alpha1.Delivery{Attempt: 2, Attempts: 36, FirstAttemptTime: at(-Lifetime), NextAttemptTime: at(0)}, start, middle), start.Add(2*time.Second), "y"),
			v1alpha1.Delivery{Attempt: 2, NextAttemptTime: at(Hold), SendAgain: "y"},
		},
		"a new outcome waits until an attempt at the old one is surely over": {
			Restart(begun, 3, start.Add(20*time.Second), "x"), v1alpha1.Delivery{Attempt: 3, NextAttemptTime: at(Hold), SendAgain: "x"},
		},
		"so does one that replaces what was waiting for it": {
			Restart(Restart(begun, 3, start.Add(10*time.Second), ""), 4, start.Add(20*time.Second), ""), v1alpha1.Delivery{Attempt: 4, NextAttemptTime: at(Hold)},
		},
		"and a send-again of what is waiting for it": {
			SendAgain(Restart(begun, 3, start.Add(10*time.Second), ""), start.Add(20*time.Second), "y"), v1alpha1.Delivery{Attempt: 3, NextAttemptTime: at(Hold), SendAgain: "y"},
		},
		"a new outcome waits for nothing once the old one's answer is on record": {
			Restart(End(begun, start.Add(time.Second), Answered(503, 0), middle), 3, start.Add(2*time.Second), ""), v1alpha1.Delivery{Attempt: 3, NextAttemptTime: at(2 * time.Second)},
		},
		"nor once it was delivered": {
			Restart(End(begun, start.Add(time.Second), Answered(200, 0), middle), 3, start.Add(2*time.Second), ""), v1alpha1.Delivery{Attempt: 3, NextAttemptTime: at(2 * time.Second)},
		},
		"nor for an attempt that is long over": {
			Restart(begun, 3, start.Add(time.Hour), ""), v1alpha1.Delivery{Attempt: 3, NextAttemptTime: at(time.Hour)},
		},
		"nor for an attempt that a wrong clock dated": {
			Restart(begun, 3, start.Add(-time.Hour), ""), v1alpha1.Delivery{Attempt: 3, NextAttemptTime: at(-time.Hour)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := json.Marshal(tc.got)
			want, _ := json.Marshal(tc.want)
			if string(got) != string(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestEveryAnswerBut200IsTriedAgain(t *testing.T) {
	for code := 100; code < 1000; code++ {
		d := End(Begin(Start(1, start, ""), start, middle), start, Answered(code, 0), middle)
		if Delivered(d) != (code == 200) || Finished(d) != (code == 200) {
			t.Errorf("%d: delivered %t, finished %t", code, Delivered(d), Finished(d))
		}
		if len(d.LastResponse) > 64 {
			t.Errorf("%d: the response %q is longer than the API takes", code, d.LastResponse)
		}
	}
}

func TestWaitIsNeitherNegativeNorLongerThanAnyPause(t *testing.T) {
	at := func(d time.Duration) v1alpha1.Delivery {
		next := metav1.NewTime(start.Add(d))
		return v1alpha1.Delivery{Attempt: 1, NextAttemptTime: &next}
	}
	for name, tc := range map[string]struct {
		delivery v1alpha1.Delivery
		want     time.Duration
	}{
		"until the next attempt":                   {at(time.Hour), time.Hour},
		"not at all once it is due":                {at(-time.Hour), 0},
		"not at all for what is finished":          {v1alpha1.Delivery{Attempt: 1}, 0},
		"not at all for what a wrong clock wrote":  {at(5 * 365 * 24 * time.Hour), 0},
		"as long as the longest pause may be made": {at(longestPause), longestPause},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Wait(tc.delivery, start); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestWhatCannotBeTriedIsGivenUpAfterItsLifetime(t *testing.T) {
	d := Start(1, start, "")
	if got, left := Abandon(d, start.Add(Lifetime-time.Second)); Finished(got) || left != time.Second {
		t.Errorf("a second before: finished %t, %s left", Finished(got), left)
	}
	got, left := Abandon(d, start.Add(Lifetime))
	if !Exhausted(got) || left != 0 {
		t.Errorf("in time: exhausted %t, %s left", Exhausted(got), left)
	}
	delivered := End(Begin(d, start, middle), start, Answered(200, 0), middle)
	if got, _ := Abandon(delivered, start.Add(2*Lifetime)); !Delivered(got) {
		t.Errorf("what is delivered was given up: %+v", got)
	}
}

func TestAnAttemptThatIsLateMustNotGoOut(t *testing.T) {
	begun := Begin(Start(1, start, ""), start.Add(900*time.Millisecond), middle)
	for after, want := range map[time.Duration]bool{-time.Hour: false, 0: false, SendWindow: false, SendWindow + time.Second: true, time.Hour: true} {
		if got := Late(begun, start.Add(after)); got != want {
			t.Errorf("%s after its record it is late: %t, want %t", after, got, want)
		}
	}
	if Hold < SendWindow+Timeout {
		t.Errorf("an attempt may end %s after its record, and others go on after %s", SendWindow+Timeout, Hold)
	}
}

func TestARecordWithoutAnAnswerIsGivenUpInTheEndToo(t *testing.T) {
	d := Start(1, start, "")
	now := start
	for !Finished(d) {
		now = now.Add(Wait(d, now))
		if d = stored(t, Expire(d, now)); !Finished(d) {
			d = stored(t, Begin(d, now, middle)) // and then the process dies
		}
		if now.After(start.Add(2 * Lifetime)) {
			t.Fatalf("it is still tried after %s: %+v", now.Sub(start), d)
		}
	}
	if !Exhausted(d) || now.Sub(start) < Lifetime || now.Sub(start) > Lifetime+24*time.Hour {
		t.Errorf("after %s it is %+v", now.Sub(start), d)
	}
	overdue := End(Begin(Start(1, start, ""), start, middle), start, Answered(503, 0), middle)
	if Finished(Expire(overdue, start.Add(2*Lifetime))) {
		t.Error("what was due while nobody was there to try it is given up without a try")
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	for name, tc := range map[string]struct {
		value string
		want  time.Duration
	}{
		"seconds":                      {"120", 2 * time.Minute},
		"seconds among spaces":         {" 120 ", 2 * time.Minute},
		"no seconds":                   {"0", 0},
		"more seconds than is granted": {"999999", MaxRetryAfter},
		"more seconds than a number":   {"99999999999999999999999", MaxRetryAfter},
		"a date":                       {start.Add(time.Hour).Format(time.RFC1123[:26] + "GMT"), time.Hour},
		"a date in the past":           {start.Add(-time.Hour).Format(time.RFC1123[:26] + "GMT"), 0},
		"a date too far away":          {start.Add(99 * time.Hour).Format(time.RFC1123[:26] + "GMT"), MaxRetryAfter},
		"a negative number":            {"-5", 0},
		"a fraction":                   {"1.5", 0},
		"words":                        {"soon", 0},
		"nothing":                      {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseRetryAfter(tc.value, start); got != tc.want {
				t.Errorf("parseRetryAfter(%q) = %s, want %s", tc.value, got, tc.want)
			}
		})
	}
}

// FuzzTheArithmetic looks for an answer and a time after which a delivery would be stuck, or would be tried too often.
func FuzzTheArithmetic(f *testing.F) {
	f.Add(int32(1), 503, "5", 0.3)
	f.Add(int32(9), 200, "", 0.0)
	f.Add(int32(2000000000), 999, "Sun, 06 Nov 1994 08:49:37 GMT", 0.999)
	f.Fuzz(func(t *testing.T, attempts int32, code int, retryAfter string, random float64) {
		if random < 0 || random >= 1 || attempts < 0 || attempts == 1<<31-1 {
			t.Skip()
		}
		d := Start(1, start, "")
		d.Attempts = attempts
		d = End(Begin(d, start, random), start, Answered(code, parseRetryAfter(retryAfter, start)), random)
		switch {
		case code == 200 != Delivered(d):
			t.Fatalf("%d: %+v", code, d)
		case code != 200 && (Wait(d, start) < 500*time.Millisecond || Wait(d, start) > longestPause):
			t.Fatalf("%d, %q: the next attempt comes in %s", code, retryAfter, Wait(d, start))
		}
	})
}
