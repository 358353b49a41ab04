// Package test proves on this machine that the cluster works and that it leaves no trace. Its tests
// need root and the build tag cluster, and take down a cluster that runs.
package test
