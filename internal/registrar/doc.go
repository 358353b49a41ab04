// Package registrar is the narrow way to the places where names are bought: look up, buy, renew, and a harmless check of the account.
//
// # How to write another provider
//
// A provider is a sub-package with a constructor that returns a [Provider]; cmd/manager hands it to [NewSource]. Its [Registrar] need not
// know the buying protocol, the duty domain keeps it. It must only be honest:
//
//   - Buy sends one order and never repeats it by itself, not in an HTTP transport either (requests with a body and no GetBody, no
//     Idempotency-Key header for net/http to act on). Whatever it cannot know for sure is [Unknown]: a time-out, a reset, a 5xx, an answer that
//     does not parse. [Rejected] is for a clear no, after which nothing was and nothing will be bought.
//   - The operation ID goes out as idempotency key or client transaction ID where the registrar has one, together with the try.
//   - LookUp answers three questions, each with [Yes], [No] or [Unanswerable]. An error means "not now" and is tried again; Unanswerable means
//     that this registrar can never tell, and is what calls a person. A registration service's "available" is no answer to any of the three.
//   - Renew is safe to repeat where it sets automatic renewal: setting what is set is no error. An extension is sent once, as an order is, and carries
//     the expiry that it extends; Sighting.ExtendsOnce says whether the registrar itself refuses it otherwise.
//   - Errors and rejections hold no secrets, and no words of the remote side that could: they reach statuses, events and logs.
//   - The context's deadline is kept to.
//   - "Too many requests" is [Throttled] where there is an error, and RejectedPostponed with RetryAfter where there is a result. Neither waits nor counts:
//     [Limit] stands before every account with one token bucket, and keeps everybody away for as long as the registrar asked.
package registrar
