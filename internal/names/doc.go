// Package names knows domain names: their normal form, what can be none, which suffix sells them, and the names that children in a cluster
// get from them. It is pure: no look-ups, no clock, no state.
package names
