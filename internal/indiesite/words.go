package indiesite

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// words are the pages' own, in one language. What a script says by itself stands in web/src/words.js.
type words struct {
	Lang     string
	Page     pageWords
	Password passwordWords
	Welcome  welcomeWords
	SignIn   signInWords
	Settings settingsWords
}

var inLanguage = map[string]words{"en": english, "nl": dutch}

// wordsFor picks the owner's language, else the one that the visitor's
// Accept-Language (RFC 9110, 12.5.4) prefers, else English.
func wordsFor(owner, acceptLanguage string) words {
	if w, ok := inLanguage[owner]; ok {
		return w
	}
	for _, tag := range byPreference(acceptLanguage) {
		primary, _, _ := strings.Cut(tag, "-")
		if w, ok := inLanguage[strings.ToLower(primary)]; ok {
			return w
		}
	}
	return inLanguage["en"]
}

// byPreference returns what a header of content negotiation (RFC 9110, 12.4)
// lists, the most wanted first, without what it rules out by a weight of zero.
func byPreference(accepted string) []string {
	type ranged struct {
		tag    string
		weight float64
	}
	var all []ranged
	for part := range strings.SplitSeq(accepted, ",") {
		tag, parameters, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // what cannot be read weighs nothing
		}
		if weight > 0 && weight <= 1 {
			all = append(all, ranged{strings.TrimSpace(tag), weight})
		}
	}
	slices.SortStableFunc(all, func(a, b ranged) int { return cmp.Compare(b.weight, a.weight) })
	tags := make([]string, 0, len(all))
	for _, r := range all {
		tags = append(tags, r.tag)
	}
	return tags
}
