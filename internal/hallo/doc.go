// Package hallo is the reference onboarder: it claims a web site at a factory
// on behalf of a person, as Hallo.gent does.
//
// It knows the HTTP contract between onboarder and factory, and the Indie Site
// contract, and nothing else: no code of any factory is used here, so that it
// works against every factory that keeps the contract.
//
// A Claim plays the whole way: ask whether the name is free, order the site,
// take the callback with a Receiver, introduce the owner to the new site and
// look at its page. Factory, Receiver and Site are of use on their own.
package hallo
