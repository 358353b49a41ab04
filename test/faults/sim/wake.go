package sim

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// wake has everybody look at what they might depend on.
func (w *World) wake(key objectKey, o client.Object) {
	for _, p := range w.alive {
		w.wakeOne(p, key, o)
	}
	w.wakeCluster()
}

func (w *World) wakeOne(p *Process, key objectKey, o client.Object) {
	if p.duties == nil {
		return
	}
	switch o := o.(type) {
	case *v1alpha1.IndieSite:
		w.enqueue(p, DutySite, w.Sites, key.Name, 0)
		w.enqueue(p, DutyCallback, w.Sites, key.Name, 0)
		w.enqueue(p, DutyDomain, w.Factory, key.Name, 0)
		w.enqueue(p, DutySiteClass, w.Factory, o.Spec.SiteClassName, 0)
	case *v1alpha1.Domain:
		w.enqueue(p, DutyDomain, w.Factory, key.Name, 0)
		w.enqueue(p, DutySite, w.Sites, key.Name, 0)
	case *v1alpha1.Registrar:
		w.enqueue(p, DutyRegistrar, w.Factory, key.Name, 0)
		w.everySite(p, DutySite, DutyDomain)
	case *v1alpha1.Onboarder:
		w.enqueue(p, DutyOnboarder, w.Factory, key.Name, 0)
		w.everySite(p, DutyCallback)
	case *v1alpha1.SiteClass:
		w.enqueue(p, DutySiteClass, w.Factory, key.Name, 0)
		w.everySite(p, DutySite)
	case *appsv1.ControllerRevision:
		w.everySite(p, DutySite)
	case *corev1.Secret:
		switch {
		case key.Namespace != w.Factory:
			w.child(p, o)
		case key.Name == CredentialsSecret:
			w.enqueue(p, DutyRegistrar, w.Factory, registrarName, 0)
		default:
			w.enqueue(p, DutyOnboarder, w.Factory, w.onboarder, 0)
		}
	default:
		w.child(p, o)
	}
}

func (w *World) child(p *Process, o client.Object) {
	if domain := o.GetAnnotations()[v1alpha1.AnnotationDomain]; domain != "" {
		w.enqueue(p, DutySite, w.Sites, domain, 0)
	}
}

func (w *World) everySite(p *Process, duties ...string) {
	for _, site := range w.Websites() {
		for _, duty := range duties {
			namespace := w.Sites
			if duty == DutyDomain {
				namespace = w.Factory
			}
			w.enqueue(p, duty, namespace, site.Name, 0)
		}
	}
}

// Resync has every duty look at everything, as after a restart.
func (w *World) Resync() {
	for _, p := range w.alive {
		for _, e := range w.store.all() {
			w.wakeOne(p, e.key, e.object)
		}
	}
}
