// Package combell buys names at Combell, over its API version 2 (https://api.combell.com/v2/documentation).
//
// # What Combell can tell, and what not
//
// Whether the account holds a name (GET /domains/{d}), and what became of an order whose number is known (GET /provisioningjobs/{id}). It keeps no operation
// IDs, lists no orders, and says nothing of names that are not the account's. So of a purchase whose answer was lost:
//
//   - The name is in the account: it is ours.
//   - It is not: nobody can tell whether an order is under way. The order is [registrar.OrderUnanswerable], which never leads to a second purchase, but to a
//     person, and back again by itself once the account shows the name.
//
// Of an order whose number is known:
//
//   - ongoing is [registrar.OrderOpen], and finished is [registrar.OrderFinished].
//   - cancelled is a rejection that is postponed: Combell's documentation allows a new order then.
//   - failed is [registrar.OrderUnanswerable]. Combell's people may still carry it out ("contact support", "do not retry"), so only a person can end it.
//   - Gone, after a while: unanswerable too.
//
// Combell accepts what it has validated, so two factories with one account may both have an order accepted for one name. Whose it is when the account holds it is asked of
// our order: finished, or gone, makes it ours; ongoing is waited for; cancelled or failed is for a person, as the name came by another order or by Combell's people.
//
// A registration that is turned down at once (400) was never accepted, as Combell accepts (202) what it has validated. Why is in codes that it
// does not publish with its description, so it may be the name as well as the registrant, the name servers or the credit. It is therefore
// postponed and never final. What another got in the meantime is seen by the next look-up, where the registry tells it ([WithRegistry]).
//
// What is postponed is not ours by a later look-up either: the purchase that put the name there was another one, perhaps that of a second factory with the
// same account.
//
// # Calls
//
// Every call has a connection of its own. On one that was used before, an order can meet the server closing it, and then nobody knows whether it arrived;
// and net/http repeats reads there, with a signature that is good only once. Where no connection came about, nothing was sent: that is no lost answer.
package combell
