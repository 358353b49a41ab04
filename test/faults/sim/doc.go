// Package sim runs the factory's real duties as a simulation that can be repeated to the letter, so that every moment at which something can go
// wrong can be tried, and not only those that a test's author thought of.
//
// There is no running manager. A scheduler calls the Reconcilers one at a time, against a real API server (envtest), in an order that a Script
// decides. Each call that a duty makes to the outside world (API server, registrar, receiver, site) is passed to the Script before it is made and
// after, which may let it fail, lose its answer, end the process, or leave it standing there while others go on. Reads through the cache are served from a
// history that the simulation keeps of every object, by resourceVersion, as old as the Script likes. Clock and randomness are the simulation's.
// What envtest lacks (the controllers of StatefulSets, ingress and certificates, garbage collection) and who is outside (registrar, receiver, the
// site itself, the citizen who orders) are actors with ledgers of their own.
//
// A call is named by duty, verb, kind, subresource and occurrence, so that a change of the code does not renumber all of them.
//
// The simulation wakes a duty whenever anything changed that it could depend on, which is more often than its watches do: that the watches suffice
// is tested elsewhere, with real managers.
package sim
