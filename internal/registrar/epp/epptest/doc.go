// Package epptest is a registry that speaks EPP, for tests: on the shared books of [registrartest], over TLS on the loopback interface or in memory, with messages, prices,
// few sessions that it closes when they are idle, and faults. It is strict where real ones are: about namespaces, logins, extensions that were not agreed on,
// prices and expiry dates.
package epptest
