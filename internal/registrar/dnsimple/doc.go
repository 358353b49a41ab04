// Package dnsimple buys names at DNSimple, over its API version 2 (https://developer.dnsimple.com/v2/) and through its official Go library. What it relies on
// beyond the library is in the published description:
//
//   - A name of the account has a state: hosted, registered or expired. While a registration is under way it is hosted, has a registrant and no expiry; it stays so where
//     the registration came to nothing. A zone that is only hosted has no registrant.
//   - A registration has a number and a state: new, registering, registered, failed or cancelled. There is no list of them, so one whose number was lost is only seen by
//     what it does to the name.
//   - There is no idempotency key and nothing on a name that a purchase could be told by. So a name of the account is ours where our own registration of it is done, or where
//     its number was lost.
//   - 400 is said of everything that did not work, a lost connection to the registry among it. So it is a clear no only where a look at the account bears it out.
//   - Prices are in US dollars.
//   - 429 comes with X-RateLimit-Reset: the limit is 2,400 calls an hour, and less for the question whether a name can be bought.
package dnsimple
