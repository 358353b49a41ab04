package output

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestTheEndIsTheLastLines(t *testing.T) {
	var b Buffer
	if got := b.End(3); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	_, _ = fmt.Fprint(&b, "one\ntwo\nthree\n")
	for lines, want := range map[int]string{0: "", 1: "three", 2: "two\nthree", 3: "one\ntwo\nthree", 9: "one\ntwo\nthree"} {
		if got := b.End(lines); got != want {
			t.Errorf("%d lines: %q, want %q", lines, got, want)
		}
	}
	if !b.Contains("two\nth") || b.Contains("four") || b.String() != "one\ntwo\nthree\n" {
		t.Errorf("it holds %q", b.String())
	}
}

func TestItIsWrittenAndReadAtTheSameTime(t *testing.T) {
	var b Buffer
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				_, _ = fmt.Fprintln(&b, "a line")
				if text := b.String(); !b.Contains("a line") || b.End(1) != "a line" || !strings.HasSuffix(text, "a line\n") {
					t.Errorf("it holds %q", text)
				}
			}
		})
	}
	all.Wait()
	if n := strings.Count(b.String(), "a line\n"); n != 800 {
		t.Errorf("%d lines of 800", n)
	}
}
