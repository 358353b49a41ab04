// Package browser drives a real Chromium, as people do: each Person has a profile of their own, sees a page, types, presses buttons, and
// has everything written down that went over the network. The steps of an owner (owner.go) work on any Indie Site at any address.
package browser
