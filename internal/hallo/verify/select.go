package verify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Selection is a choice of checks, by their numbers. An empty one chooses all.
type Selection []int

// ParseSelection reads numbers, ranges and sections, with commas between: 3,7,130-139,names.
func ParseSelection(text string) (Selection, error) {
	var chosen Selection
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		matches, err := matcher(part)
		if err != nil {
			return nil, err
		}
		before := len(chosen)
		for _, c := range Checks() {
			if matches(c) {
				chosen = append(chosen, c.Number)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("there is no check %q: --list shows all numbers and sections", part)
		}
	}
	if text != "" && len(chosen) == 0 { // an empty choice would be all of them
		return nil, fmt.Errorf("%q names no check", text)
	}
	return chosen, nil
}

func matcher(part string) (func(Check) bool, error) {
	first, last, ranged := strings.Cut(part, "-")
	if !ranged {
		last = first
	}
	if strings.Trim(first, "0123456789") != "" { // callback-urls has a hyphen too
		return func(c Check) bool { return string(c.Section) == part }, nil
	}
	low, err := strconv.Atoi(first)
	high, notHigh := strconv.Atoi(last)
	if err != nil || notHigh != nil || high < low {
		return nil, fmt.Errorf("%q is no range of numbers, such as 130-139", part)
	}
	return func(c Check) bool { return low <= c.Number && c.Number <= high }, nil
}

func (s Selection) has(c Check) bool { return len(s) == 0 || slices.Contains(s, c.Number) }
