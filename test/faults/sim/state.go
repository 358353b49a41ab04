package sim

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

var secretKind = corev1.SchemeGroupVersion.WithKind("Secret").GroupKind()

func factoryKind(kind string) schema.GroupKind {
	return schema.GroupKind{Group: v1alpha1.GroupVersion.Group, Kind: kind}
}

// Website is the IndieSite of that name as it is now; nil where there is none.
func (w *World) Website(name string) *v1alpha1.IndieSite {
	o, _ := w.store.last(objectKey{factoryKind(v1alpha1.KindIndieSite), types.NamespacedName{Namespace: w.Sites, Name: name}}).(*v1alpha1.IndieSite)
	return o
}

// lastWebsite is the IndieSite of that name as it was last, be it gone by now.
func (w *World) lastWebsite(name string) *v1alpha1.IndieSite {
	versions := w.store.versions[objectKey{factoryKind(v1alpha1.KindIndieSite), types.NamespacedName{Namespace: w.Sites, Name: name}}]
	for i := len(versions) - 1; i >= 0; i-- {
		if site, ok := versions[i].object.(*v1alpha1.IndieSite); ok {
			return site
		}
	}
	return nil
}

// Ended says whether the current attempt of a site has its outcome, or the site is gone.
func (w *World) Ended(name string) bool {
	site := w.Website(name)
	return site == nil || ended(site)
}

// Websites are all IndieSites as they are now.
func (w *World) Websites() []*v1alpha1.IndieSite {
	var sites []*v1alpha1.IndieSite
	for _, o := range w.store.list(factoryKind(v1alpha1.KindIndieSite), w.Sites, 0, w.store.changes) {
		sites = append(sites, o.(*v1alpha1.IndieSite))
	}
	return sites
}

// Domain is the Domain of that name as it is now; nil where there is none.
func (w *World) Domain(name string) *v1alpha1.Domain {
	o, _ := w.store.last(objectKey{factoryKind(v1alpha1.KindDomain), types.NamespacedName{Namespace: w.Factory, Name: name}}).(*v1alpha1.Domain)
	return o
}

// Onboarder is the one who orders.
func (w *World) Onboarder() *v1alpha1.Onboarder {
	return w.store.last(objectKey{factoryKind(v1alpha1.KindOnboarder), types.NamespacedName{Namespace: w.Factory, Name: onboarderName}}).(*v1alpha1.Onboarder).DeepCopy()
}

// Registrar is where names are bought.
func (w *World) Registrar() *v1alpha1.Registrar {
	return w.store.last(objectKey{factoryKind(v1alpha1.KindRegistrar), types.NamespacedName{Namespace: w.Factory, Name: registrarName}}).(*v1alpha1.Registrar).DeepCopy()
}

// answers says whether a site would answer a visitor.
func (w *World) answers(domain string) bool {
	child := types.NamespacedName{Namespace: w.Sites, Name: names.Child(domain)}
	set, _ := w.store.last(objectKey{appsv1.SchemeGroupVersion.WithKind("StatefulSet").GroupKind(), child}).(*appsv1.StatefulSet)
	if set == nil || set.Status.ReadyReplicas == 0 || !w.Registry.entry(domain).Held {
		return false
	}
	for _, kind := range []schema.GroupKind{networkingv1.SchemeGroupVersion.WithKind("Ingress").GroupKind(), certificateKind, {Kind: "Service"}} {
		if w.store.last(objectKey{kind, child}) == nil {
			return false
		}
	}
	return true
}
