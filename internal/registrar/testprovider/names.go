package testprovider

import "strings"

// play is what happens to a name at this registrar.
type play int

const (
	sold play = iota
	soldSlowly
	soldAsPremium
	takenMeanwhile
	takenForever
	refused
)

// premiumFactor is how much dearer a premium name is.
const premiumFactor = 100

func playOf(domain string) play {
	switch {
	case strings.HasPrefix(domain, "taken-at-registration"):
		return takenMeanwhile
	case strings.HasPrefix(domain, "setup-fails"):
		return refused
	case strings.HasPrefix(domain, "slow"):
		return soldSlowly
	case strings.HasPrefix(domain, "premium-"):
		return soldAsPremium
	case strings.HasPrefix(domain, "unavailable."):
		return takenForever
	default:
		return sold
	}
}
