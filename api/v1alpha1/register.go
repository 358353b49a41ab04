package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of the five kinds.
const GroupName = "magicwebsitefactory.gent"

// GroupVersion is the group and version that this package implements.
var GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

// SchemeGroupVersion is GroupVersion under the name that generated code expects.
var SchemeGroupVersion = GroupVersion

var (
	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers the five kinds, and their lists, with a scheme.
	AddToScheme = schemeBuilder.AddToScheme
)

// Kind names, for owner references and look-ups that need them as strings.
const (
	KindOnboarder = "Onboarder"
	KindRegistrar = "Registrar"
	KindSiteClass = "SiteClass"
	KindIndieSite = "IndieSite"
	KindDomain    = "Domain"
)

// Resource returns the GroupResource of a resource of this group, for API errors.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Onboarder{}, &OnboarderList{},
		&Registrar{}, &RegistrarList{},
		&SiteClass{}, &SiteClassList{},
		&IndieSite{}, &IndieSiteList{},
		&Domain{}, &DomainList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
