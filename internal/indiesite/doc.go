// Package indiesite is the reference Indie Site: one person's small web site,
// a single process that keeps everything it owns under one data directory.
//
// It keeps the Indie Site contract: it finds an installer file with a sign-up
// code, waits for the owner settings that an onboarder posts with that code,
// and shows them. It speaks plain HTTP on one port, since whatever routes the
// domain to it ends TLS.
//
// The package knows nothing of the factory that runs it; any image that keeps
// the same contract can take its place.
package indiesite
