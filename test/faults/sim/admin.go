package sim

import (
	"context"
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// decideForPeople plays the admin who is asked what became of a purchase, looks at the registrar's own pages, and says so.
func (w *World) decideForPeople(context.Context) {
	for _, e := range w.store.list(factoryKind(v1alpha1.KindDomain), w.Factory, 0, w.store.changes) {
		domain := e.DeepCopyObject().(*v1alpha1.Domain)
		w.renewForPeople(domain)
		asked := apimeta.IsStatusConditionTrue(domain.Status.Conditions, v1alpha1.ConditionNeedsAttention)
		if !asked || domain.Annotations[v1alpha1.AnnotationDecision] != "" || domain.DeletionTimestamp != nil {
			continue
		}
		if !w.Registry.NoOrders && !w.Registry.NoOperations {
			w.fail(fmt.Errorf("%w: %s", ErrAttention, domain.Name))
			return
		}
		word := v1alpha1.DecisionAbsent
		switch entry := w.Registry.entry(domain.Name); {
		case entry.Held:
			word = v1alpha1.DecisionRegistered
		case entry.HeldByOther:
			word = v1alpha1.DecisionTaken
		case entry.Open:
			continue // nobody can tell yet
		}
		w.tracef("an admin says of %s: %s", domain.Name, word)
		w.Do("decide", w.Change(domain, func() { metav1.SetMetaDataAnnotation(&domain.ObjectMeta, v1alpha1.AnnotationDecision, word) }))
	}
}
