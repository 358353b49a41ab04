// Package testprovider is the Registrar provider of test factories. It plays a registrar with a registry behind it, including what goes
// wrong at real ones, for the known names of the HTTP contract; every other name is sold at once.
//
//	taken-at-registration*   somebody else gets the name just before: rejected as taken
//	setup-fails*             the registry refuses the name
//	slow*                    the order is pending for spec.provider.test.slowFor, then done
//	premium-*                a premium name at a hundred times the price
//	unavailable.*            another has held it for ever
//
// What it sold stands in a ledger: a ConfigMap beside the Registrar, so that it survives a restart of the manager as a real registrar does.
// The ledger's resourceVersion plays the registry's lock: of two buyers of one name, one wins and the other is told that it exists.
package testprovider
