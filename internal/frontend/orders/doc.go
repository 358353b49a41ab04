// Package orders is the front end's counter: it says whether a name may be ordered, and takes orders. It knows the order of decisions of the
// HTTP contract and nothing of HTTP.
//
// Two things are never decided here. Who gets a name is decided by the API server, which lets one Create of an IndieSite win. And nothing
// is bought: a claim asks for that, and the factory's manager does it.
//
// Claims are always read from the API server itself and never from a cache: an order taken a moment ago, perhaps by another replica, must
// count. What can be seen a little late without harm comes from informers: Onboarders, Registrars, Domains.
package orders
