// Package callback is the duty that ends each order in one outcome and tells the onboarder.
//
// It freezes the first terminal state of an attempt as status.outcome, then calls the onboarder back until it answers 200: a record of the
// attempt is written before the request goes out and completed after the answer, both on the condition that nothing else was written since. So a
// crash loses no attempt and resets none; at worst one is made twice.
//
// It writes status.outcome, status.delivery and the condition CallbackDelivered, and holds the callback finalizer only while something is owed.
package callback
