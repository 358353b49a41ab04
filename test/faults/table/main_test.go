package main

import (
	"strings"
	"testing"
)

func TestTheTableIsRedWhenSomethingIsNotZero(t *testing.T) {
	for name, tc := range map[string]struct {
		report string
		red    bool
	}{
		"all zero":          {`{"part":"process dies","runs":3,"calls":10}`, false},
		"a second purchase": {`{"part":"a","runs":1}` + "\n" + `{"part":"search","states":9,"depth":3,"purchasesOverOne":1}`, true},
		"an order lost":     {`{"part":"a","runs":1,"lost":1}`, true},
		"a contradiction":   {`{"part":"a","runs":1,"contradictory":1}`, true},
		"a late write":      {`{"part":"a","runs":1,"writesAfter":1}`, true},
		"any other failure": {`{"part":"a","runs":1,"other":1}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			red, err := run(strings.NewReader(tc.report), &out)
			if err != nil || red != tc.red {
				t.Errorf("red %t, error %v; want red %t\n%s", red, err, tc.red, &out)
			}
		})
	}
}

func TestAnEmptyReportIsNoGoodNews(t *testing.T) {
	if _, err := run(strings.NewReader(""), &strings.Builder{}); err == nil {
		t.Error("nothing was tried, and that is no error")
	}
}
