// Package rdap asks registries whether a name is free, by the Registration Data Access Protocol (RFC 7480, 9082, 9083). Which server to ask
// stands in IANA's bootstrap file (RFC 9224), or was said by an admin.
//
// RDAP tells who holds a name, not whether it can be bought: a registry may keep a name for itself and answer as if nobody held it. So Available means that
// nothing speaks against an order, whose registrar has the last word; and RDAP never says whether a name is ours.
package rdap
