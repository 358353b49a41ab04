//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo"
)

// A manager that starts anew looks at everything, and finds nothing to write about a site that stands.
func TestAConvergedSiteIsLeftAloneByANewManager(t *testing.T) {
	w := theWorld
	o := w.onboarder(t, hallo.Bearer)
	domain := w.name("quiet")
	o.claim(t, domain, "a-code")
	o.awaitOutcomes(t, domain, outcomeTime, http.StatusCreated)
	w.deliveredRecord(t, domain)
	before := w.versions(t, domain)

	w.kill(t, "manager")
	// The queue of a new manager begins with all there is; a site that is ordered now comes after.
	later := w.name("quiet-later")
	o.claim(t, later, "a-code")
	o.awaitOutcomes(t, later, outcomeTime, http.StatusCreated)

	if after := w.versions(t, domain); !maps.Equal(before, after) {
		t.Errorf("a new manager wrote about a converged site:\nbefore %v\nafter  %v", before, after)
	}
	if told := o.told(domain); len(told) != 1 {
		t.Errorf("the onboarder was told %v", told)
	}
	w.deleteSite(t, domain)
	w.deleteSite(t, later)
}

// versions are the resourceVersions of everything that belongs to a site. A StatefulSet's status is its controller's, so its generation stands for it.
func (w *world) versions(t *testing.T, domain string) map[string]string {
	t.Helper()
	versions := map[string]string{
		"IndieSite": w.site(t, domain).ResourceVersion,
		"Domain":    w.domain(t, domain).ResourceVersion,
	}
	for _, list := range []client.ObjectList{
		&corev1.ServiceList{}, &corev1.PersistentVolumeClaimList{}, &networkingv1.NetworkPolicyList{}, &networkingv1.IngressList{},
	} {
		if err := w.client.List(t.Context(), list, client.InNamespace(w.sitesNamespace)); err != nil {
			t.Fatal(err)
		}
		for _, o := range items(t, list) {
			if o.GetAnnotations()[v1alpha1.AnnotationDomain] == domain {
				versions[fmt.Sprintf("%T", o)] = o.GetResourceVersion()
			}
		}
	}
	sets := &appsv1.StatefulSetList{}
	if err := w.client.List(t.Context(), sets, client.InNamespace(w.sitesNamespace)); err != nil {
		t.Fatal(err)
	}
	for _, set := range sets.Items {
		if set.Annotations[v1alpha1.AnnotationDomain] == domain {
			versions["StatefulSet"] = fmt.Sprint(set.Generation)
		}
	}
	if len(versions) != 7 {
		t.Fatalf("%s: not all children are there: %v", domain, versions)
	}
	return versions
}

func items(t *testing.T, list client.ObjectList) []client.Object {
	t.Helper()
	objects, err := meta.ExtractList(list)
	if err != nil {
		t.Fatal(err)
	}
	var all []client.Object
	for _, object := range objects {
		all = append(all, object.(client.Object))
	}
	return all
}
