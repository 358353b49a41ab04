// Package eppwire is the Extensible Provisioning Protocol on the wire: frames (RFC 5734), commands and answers (RFC 5730), the mapping of
// domain names (RFC 5731), and of the extensions for fees (RFC 8748), DNSSEC (RFC 5910) and grace periods (RFC 3915) what registering and renewing need.
//
// It knows no connection and keeps no state. What it reads comes from a server that was authenticated, and is still held to limits: the length of a frame, the
// depth of elements; no document types and so no entities but XML's own, no processing instructions. An element counts only in its own namespace, whatever
// its prefix. Its errors hold no words of the other side.
package eppwire

// The namespaces that are spoken here.
const (
	NamespaceEPP     = "urn:ietf:params:xml:ns:epp-1.0"
	NamespaceDomain  = "urn:ietf:params:xml:ns:domain-1.0"
	NamespaceHost    = "urn:ietf:params:xml:ns:host-1.0"
	NamespaceContact = "urn:ietf:params:xml:ns:contact-1.0"
	NamespaceSecDNS  = "urn:ietf:params:xml:ns:secDNS-1.1"
	NamespaceRGP     = "urn:ietf:params:xml:ns:rgp-1.0"
	NamespaceFee     = "urn:ietf:params:xml:ns:epp:fee-1.0"
)
