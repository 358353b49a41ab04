// Package onboarder is the duty that judges Onboarders: whether their tokens, URL prefixes and CA bundle can work. It writes their status, where
// the digests let the front end know a token without reading any Secret.
//
// All Onboarders are judged together, as a token that stands in two of them spoils both.
package onboarder
