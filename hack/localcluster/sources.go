// Package localcluster carries the sources of the binaries that the local cluster runs, so that the
// command builds exactly what it was built beside, wherever it is called from.
package localcluster

import "embed"

// Sources holds go.mod, go.sum and the commands that are built on the machine: the Kubernetes
// components, the add-ons and the pod sandbox's process.
//
//go:embed go.mod go.sum cmd/kube cmd/addons cmd/pause
var Sources embed.FS

// Manifests holds what is applied to a new cluster: the add-ons, their accounts and their roles.
//
//go:embed manifests
var Manifests embed.FS
