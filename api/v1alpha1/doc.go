// Package v1alpha1 holds the five kinds that are the whole model of a Magic Website Factory:
// Onboarder, Registrar and SiteClass say how this factory works, IndieSite is one person's site and
// Domain is one name that the factory owns or is buying.
//
// The package sees only apimachinery and core types, so that a client can import it cheaply.
//
// +kubebuilder:object:generate=true
// +groupName=magicwebsitefactory.gent
package v1alpha1
