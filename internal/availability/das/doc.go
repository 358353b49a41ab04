// Package das asks DNS Belgium whether a name under .be is free, by its Domain Availability Service. (DNS Belgium's RDAP servers know .brussels and
// .vlaanderen, and no .be.)
//
// The protocol is DNS Belgium's own: https://docs.dnsbelgium.be/be/general/whoisanddas.html. A TCP connection carries one line with the name and brings back a few lines
// with a return code (RC), the name and its status. There is no encryption: whoever sits in between can lie about a name, as anybody can
// ask who holds it. So Available means that nothing speaks against an order; the registrar has the last word.
//
// An address may ask 50 times a minute. Whoever asks more is refused for the rest of the minute, and whoever does that often is blocked. So the
// Client counts, and asks no more than it was told it may.
package das
