package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"magicwebsitefactory.gent/test/faults/sim"
)

// figure is what one part of the enumeration amounts to.
type figure struct {
	Part string `json:"part"`
	// Runs that were made, Calls that were made in them.
	Runs  int `json:"runs"`
	Calls int `json:"calls"`
	// PurchasesOverOne, Lost, Contradictory and WritesAfter are what must be zero; Other is any other failure.
	PurchasesOverOne int     `json:"purchasesOverOne"`
	Lost             int     `json:"lost"`
	Contradictory    int     `json:"contradictory"`
	WritesAfter      int     `json:"writesAfter"`
	Other            int     `json:"other"`
	Seconds          float64 `json:"seconds"`
}

type tally struct {
	sync.Mutex
	parts []string
	by    map[string]*figure
}

var figures = &tally{by: map[string]*figure{}}

// note counts a run that took so long, beside others.
func (f *tally) note(j job, w *sim.World, err error, took time.Duration) {
	f.Lock()
	defer f.Unlock()
	part := f.by[j.part]
	if part == nil {
		part = &figure{Part: j.part}
		f.by[j.part] = part
		f.parts = append(f.parts, j.part)
	}
	part.Runs++
	if w != nil {
		part.Calls += len(w.Calls()) / 2
	}
	part.Seconds += took.Seconds() / float64(workers)
	switch {
	case err == nil:
	case errors.Is(err, sim.ErrBoughtTwice), errors.Is(err, sim.ErrExtendedTwice):
		part.PurchasesOverOne++
	case errors.Is(err, sim.ErrUntold):
		part.Lost++
	case errors.Is(err, sim.ErrContradiction), errors.Is(err, sim.ErrStale), errors.Is(err, sim.ErrUntrue):
		part.Contradictory++
	case errors.Is(err, sim.ErrRestless):
		part.WritesAfter++
	default:
		part.Other++
	}
}

// write appends the figures to a file, a line of JSON for each part; none where no file is named.
func (f *tally) write(file string) error {
	if file == "" {
		return nil
	}
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the report: %w", err)
	}
	defer func() { _ = out.Close() }()
	encoder := json.NewEncoder(out)
	for _, part := range f.parts {
		if err := encoder.Encode(f.by[part]); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}
