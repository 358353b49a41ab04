// Package epp is the Registrar provider for registries, and registrars, that speak the Extensible Provisioning Protocol (RFC 5730 to 5734).
//
// # Sessions
//
// A server allows few sessions and closes the idle ones. So there is one for each Registrar, kept in the provider by the Registrar's UID over all passes, and calls
// wait for each other. Where the session has been idle, hello goes first, so that a connection that is gone is found out before a command is sent and not by it;
// [WithKeepAlive] also says hello meanwhile, and logs out after a while without calls. A call that was broken off, or whose answer made no sense, costs its session: or
// else its answer would be read by the next. No command is ever sent twice by itself, not even a reading one. Another password begins another session; one that was
// refused is not tried again for some minutes, as servers lock accounts.
//
// # Whose a name is
//
// info says who sponsors a name, and it is in our account where that is our login, or the identifier that the spec gives instead. Our orders also mark the name: the password that every name has at a registry
// (authInfo, with which it could be transferred away) begins with a fingerprint of the operation ID, and goes on with 90 random bits that nobody keeps. Registries show it
// to the sponsor only. So of two factories with one account, the one that did not buy a name is told that it came from another operation. Where a registry
// shows no authInfo (RFC 9154) the sponsor alone decides of a call that got no clear answer. One that was told that the name exists (2302) bought nothing: it is postponed then,
// and a person is asked whose the name is.
//
// A name that is being deleted (pendingDelete, or one of the redemption states of RFC 3915) is not in the account any more: it does not resolve, cannot be renewed, and
// needs a person to restore it.
//
// # Orders that take their time
//
// An order that is answered with 1001 shows as pendingCreate, and then as a name of ours; a look-up needs nothing else. Only where such a name is gone is the
// message queue read, for why. A message settles the very try that it is about: by our own transaction identifier where the server gives it back, as RFC 5731 has it, and
// else by the server's. So the reference of an order has both. The refusal of an earlier try goes unread: that a later one was sent stands in the Domain.
//
// A message is lost once it is acknowledged, and a provider has nowhere to write. So one is acknowledged only when what it says is written elsewhere: that an
// order succeeded stands in the registry, which is asked first; that one was refused has been told to the duty, which has not asked again for [settleTime], longer than it
// waits where it could not write the Domain's status. The message of an order that nobody has asked for stays for [strangerTime], as it may be another factory's. While such
// a one is first in the queue a look-up that depends on what is behind it is an error, "not now". Messages of other kinds are logged and acknowledged as they come, as nothing
// here reads them. Should a message be lost all the same, the name is Unanswerable, which calls a person, and is not bought again.
//
// # Words
//
// Why a registry refuses an order only its own words say, and an admin has to mend it. So a refusal's detail quotes them, cleaned: in one line, cut short, without the login and
// passwords. Nothing else that a server says in words leaves the package but the messages that are logged.
//
// # Money
//
// With the extension for fees (RFC 8748) the price is asked for before each order and extension, and goes out with it, so that the server refuses another one. Without it
// the price in the Registrar's spec counts. Without either nothing is bought.
//
// EPP has no switch for automatic renewal: Holding.AutoRenew is always false, and the factory extends a registration itself. An extension carries the day
// on which the registration runs out (curExpDate), and the server refuses it on any other day (RFC 5731, section 3.2.3).
package epp
