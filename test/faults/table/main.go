// Command table prints what the fault harness has tried, from the report that its parts have written: a line of JSON each. It ends with 1 when something that
// must be zero is not.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"
)

// line is one part of the report.
type line struct {
	Part             string
	Runs, Calls      int
	States           int
	Transitions      int
	Depth            int
	Kills            int
	PurchasesOverOne int
	Lost             int
	Contradictory    int
	WritesAfter      int
	Other            int
	Seconds          float64
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Usage: table FILE\n\nFILE is the report that `make faults` writes.")
		os.Exit(2)
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "table: %v\n", err)
		os.Exit(2)
	}
	red, err := run(file, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "table: %v\n", err)
		os.Exit(2)
	}
	if red {
		os.Exit(1)
	}
}

// run prints the table, and says whether something in it is not as it must be.
func run(in io.Reader, out io.Writer) (bool, error) {
	lines, err := read(in)
	if err != nil {
		return false, err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "what goes wrong\truns\tcalls, transitions\tpurchases over one\tlost\tcontradictory\twrites after convergence\tother failures\ttime\t")
	var sum line
	for _, l := range lines {
		printLine(w, l)
		sum = add(sum, l)
	}
	sum.Part = "together"
	printLine(w, sum)
	if err := w.Flush(); err != nil {
		return false, fmt.Errorf("print the table: %w", err)
	}
	return sum.PurchasesOverOne+sum.Lost+sum.Contradictory+sum.WritesAfter+sum.Other > 0, nil
}

func read(in io.Reader) ([]line, error) {
	var lines []line
	for decoder := json.NewDecoder(in); ; {
		var l line
		err := decoder.Decode(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the report: %w", err)
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return nil, errors.New("the report is empty: nothing was tried")
	}
	return lines, nil
}

func printLine(w io.Writer, l line) {
	name := l.Part
	switch {
	case l.Depth > 0:
		name = fmt.Sprintf("%s (states to depth %d)", name, l.Depth)
	case l.Kills > 0:
		name = fmt.Sprintf("%s (real managers, %d kills)", name, l.Kills)
	}
	took := time.Duration(l.Seconds * float64(time.Second)).Round(time.Second)
	_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t\n",
		name, l.Runs+l.States, l.Calls+l.Transitions, l.PurchasesOverOne, l.Lost, l.Contradictory, l.WritesAfter, l.Other, took)
}

func add(a, b line) line {
	a.Runs += b.Runs + b.States
	a.Calls += b.Calls + b.Transitions
	a.PurchasesOverOne += b.PurchasesOverOne
	a.Lost += b.Lost
	a.Contradictory += b.Contradictory
	a.WritesAfter += b.WritesAfter
	a.Other += b.Other
	a.Seconds += b.Seconds
	return a
}
