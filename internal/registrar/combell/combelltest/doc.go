// Package combelltest plays Combell's API: the calls that the provider makes, strict about every field name of the API's published description, on the shared books
// and with the shared faults. It checks signatures by itself, takes each only once, counts requests against a limit, and keeps the provisioning jobs.
//
// [Published] has the field names, and where they are from. Tests hold the provider and this server against them, and what the two say to each other.
//
// Where the description says nothing, the server has a choice, and the provider has to live with each: how an order is turned down ([Refusals]).
package combelltest
