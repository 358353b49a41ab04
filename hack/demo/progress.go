package main

import (
	"fmt"
	"io"
	"time"
)

// progress prints what is being done, each line with the seconds since the start.
type progress struct {
	out   io.Writer
	start time.Time
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, start: time.Now()}
}

func (p *progress) step(format string, args ...any) {
	fmt.Fprintf(p.out, "%6.1f s  %s\n", time.Since(p.start).Seconds(), fmt.Sprintf(format, args...))
}

// done prints a line that stands apart.
func (p *progress) done(format string, args ...any) {
	fmt.Fprintf(p.out, "\n%s\n", fmt.Sprintf(format, args...))
}
