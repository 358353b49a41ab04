// Package verify holds a factory, anybody's, to the HTTP contract that it and its onboarders have. It is made of numbered checks, each with the
// sentence of the contract that it comes from. A check sees what an onboarder sees and nothing else: requests, answers, and the callbacks that
// come to an Inbox.
//
// Nothing is ordered unless Config.Orders says so. Without it, a body that would be an order names a domain under the top-level
// domain invalid, which nobody can sell (RFC 6761, section 6.4), so that even a factory that takes what it should refuse has nothing to buy.
package verify
