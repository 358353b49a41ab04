// Package e2e plays onboarders and admins against a factory that runs on a real cluster, the way that the demo installs it. The tests
// have the build tag e2e and read where everything is from the variables that bin/demo.env holds: run them with make e2e.
package e2e
