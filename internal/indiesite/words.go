package indiesite

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// words are the page's own, in one language.
type words struct {
	Lang         string
	WaitingTitle string
	WaitingText  string
	NoCodeText   string
	About        string
	Address      string
	Language     string
	LanguageName string
	Colour       string
	Owned        string
}

var inLanguage = map[string]words{
	"en": {
		Lang:         "en",
		WaitingTitle: "This site is waiting for its owner",
		WaitingText:  "Somebody has just chosen this name. As soon as they introduce themselves, their own page appears here.",
		NoCodeText:   "No sign-up code was put in place for this site, so it cannot take its owner’s settings yet. Whoever runs it can put that right.",
		About:        "About this site",
		Address:      "Address",
		Language:     "Language",
		LanguageName: "English",
		Colour:       "Colour",
		Owned:        "This site belongs to the person it is about, and to nobody else.",
	},
	"nl": {
		Lang:         "nl",
		WaitingTitle: "Deze site wacht op haar eigenaar",
		WaitingText:  "Iemand heeft deze naam net gekozen. Zodra die persoon zich voorstelt, verschijnt hier de eigen pagina.",
		NoCodeText:   "Voor deze site is geen aanmeldcode klaargezet, en dus kan ze de instellingen van haar eigenaar nog niet aannemen. Wie de site beheert, kan dat in orde brengen.",
		About:        "Over deze site",
		Address:      "Adres",
		Language:     "Taal",
		LanguageName: "Nederlands",
		Colour:       "Kleur",
		Owned:        "Deze site is van de persoon over wie ze gaat, en van niemand anders.",
	},
}

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

func byPreference(acceptLanguage string) []string {
	type ranged struct {
		tag    string
		weight float64
	}
	var all []ranged
	for part := range strings.SplitSeq(acceptLanguage, ",") {
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
