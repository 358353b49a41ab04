package names

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The parts of a child's name: "site-", the domain cut short, "-", 20 hex digits.
const (
	childPrefix    = "site-"
	childHashLen   = 20
	maxChildLength = 52
	maxChildStem   = maxChildLength - len(childPrefix) - 1 - childHashLen
)

// Child returns the name that an IndieSite's children have: site-<domain with dashes, cut short>-<20 hex of the domain's SHA-256>. It has
// at most 52 characters, which leaves room for the suffix that a StatefulSet gives its revision labels (kubernetes#64023), and no dots,
// which StatefulSets and Services do not take (RFC 1123 labels).
func Child(domain string) string {
	sum := sha256.Sum256([]byte(domain))
	stem := strings.ReplaceAll(domain, ".", "-")
	stem = strings.TrimRight(stem[:min(len(stem), maxChildStem)], "-")
	return childPrefix + stem + "-" + hex.EncodeToString(sum[:])[:childHashLen]
}
