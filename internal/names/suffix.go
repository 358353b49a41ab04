package names

import "slices"

// SoldUnder says whether one of the suffixes sells the name: the name is exactly one label and that suffix. A name below somebody's own
// name, such as www.alice.gent, is not sold under gent. Suffixes are in lower case and have no leading dot.
func (n Name) SoldUnder(suffixes []string) bool {
	return n.Suffix() != "" && slices.Contains(suffixes, n.Suffix())
}
