// Package domain is the duty that buys a name once, keeps it on the books and has it renewed. It alone writes Domain.status and
// Registrar.status.usage.
//
// What to do next is decided by a pure function (decide, in machine.go) of what was read: the Domain, its site, its Registrar, what a look-up
// found, and the time. The reconciler reads, decides, and does one thing at a time:
//
//	look up    is the name in our account? Nothing is bought before that is answered
//	reserve    one of today's registrations and what it may cost, in Registrar.status.usage
//	note       that an order goes out, in the metadata, where the registrar cannot tell of orders: a restore may lose the status
//	fence      status.call {try, startedTime, notAfter}; who loses the conflict starts over
//	confirm    read everything again that could have changed our mind, past all caches
//	call       once, until notAfter at the latest
//	record     what came of it
//
// The fence is what makes "at most once" hold. It is written on the condition that the Domain is still at the resourceVersion that the
// decision was made from, and only the pass that wrote it may call. Every other pass that meets a fence without a result, in this process or
// in the next one after a crash, looks the name up. It may call again only when looking up says that nothing was bought and the time is past
// by which a call can have been under way: notAfter, a read's time-out and what clocks may differ by.
//
// A name that is ours and that its registrar does not renew by itself is extended in the same way, with a fence of its own in status.renewal:
// renewal.go decides, extend.go carries it out, and docs/decisions/0041-renewal.md says why.
package domain
