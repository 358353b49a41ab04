// Package delivery knows how an onboarder is told of an outcome: when the next attempt is due, and how the request goes out without going
// astray. It knows no cluster: the state is the Delivery in an IndieSite's status, so that a restart neither loses nor resets it.
//
// The arithmetic is pure: it takes the state, the time and a random number, and returns the new state. Times in a status have whole seconds,
// and so have the ones computed here.
package delivery
