package domain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Generators of objects. The parts of an order that is ready to be bought:

func order(name string) []client.Object {
	return []client.Object{newRegistrar(), newDomain(name), newSite(name), newSecret(name)}
}

func newRegistrar() *v1alpha1.Registrar {
	return &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: registrarName, UID: "registrar", Generation: 1},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{
				Price: &v1alpha1.Price{Amount: "10.00", Currency: "EUR"}, SlowFor: &metav1.Duration{Duration: 20 * time.Second},
			}},
			Suffixes: []string{"gent"},
			Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}, RegistrationsPerDay: ptr.To[int32](100)},
		},
		Status: v1alpha1.RegistrarStatus{Conditions: []metav1.Condition{{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, ObservedGeneration: 1,
			LastTransitionTime: metav1.NewTime(start),
		}}},
	}
}

func newDomain(name string) *v1alpha1.Domain {
	return &v1alpha1.Domain{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: factoryNamespace, Name: name, UID: types.UID("domain-" + name), Generation: 1, Finalizers: []string{v1alpha1.FinalizerBooks},
			CreationTimestamp: metav1.NewTime(start),
		},
		Spec: v1alpha1.DomainSpec{
			Domain: name, RegistrarName: registrarName, OperationID: "operation-1", Acquisition: v1alpha1.AcquisitionRegister,
			MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}, AfterSite: v1alpha1.AfterSiteRetain,
		},
	}
}

func newSite(name string) *v1alpha1.IndieSite {
	return &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: name, UID: types.UID("site-" + name), Generation: 1},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: name, SiteClassName: "indie-site", SetupAttempt: 1, RequestDigest: "k1:digest",
			InstallerSecretRef: v1alpha1.LocalReference{Name: name + "-installer-1-abcde"},
		},
		Status: v1alpha1.IndieSiteStatus{Attempt: &v1alpha1.AttemptStatus{Number: 1, StartTime: metav1.NewTime(start)}},
	}
}

func newSecret(name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: sitesNamespace, Name: name + "-installer-1-abcde",
		OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "IndieSite", Name: name, UID: types.UID("site-" + name)}},
	}}
}
