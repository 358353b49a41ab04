package epp

import (
	"regexp"
	"strings"
	"unicode"
)

const (
	// maxWords is how much of what a server says is repeated.
	maxWords = 200
	// hidden stands in the place of what is not.
	hidden = "[…]"
	// hiddenAll stands for a text that may hold the password of some name, wherever it stands in it.
	hiddenAll = "[words about a password, which are not repeated]"
)

// passwordWords are what registries call passwords of names and of accounts.
var passwordWords = regexp.MustCompile(`(?i)auth[\s_-]*(?:info|code|key|id\b)|\b(?:epp|eti|transfer|verification)[\s_-]*(?:code|key|secret)|pass[\s_-]*(?:w|code|phrase)|\bpw\b|secret|token|` +
	`wachtwoord|mot\s+de\s+passe|contrase|heslo`)

// ownPassword is one that this provider made.
var ownPassword = regexp.MustCompile(passwordPrefix + `\S*`)

// cleaned is what a server says, fit for a status or a log: in one line, cut short, and without what may be secret. What is not seen goes first, as it may stand in the middle of
// a secret.
func cleaned(text string, secrets ...string) string {
	text = legible(text)
	if passwordWords.MatchString(text) {
		return hiddenAll
	}
	for _, secret := range secrets {
		if secret = legible(secret); secret != "" {
			text = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(secret)).ReplaceAllLiteralString(text, hidden)
		}
	}
	runes := []rune(ownPassword.ReplaceAllLiteralString(text, hidden))
	if len(runes) > maxWords {
		return string(runes[:maxWords-1]) + "…"
	}
	return string(runes)
}

// legible is a text in one line, without what is not seen.
func legible(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		default:
			return r
		}
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
