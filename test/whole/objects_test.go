package whole

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"magicwebsitefactory.gent/test/apiserver"
)

// listable is a kind that the API server lists.
type listable struct {
	resource   schema.GroupVersionResource
	namespaced bool
}

// listables are all kinds that discovery names, in all their versions.
func listables(t testing.TB) []listable {
	t.Helper()
	c, err := discovery.NewDiscoveryClientForConfig(apiserver.Config(t))
	if err != nil {
		t.Fatal(err)
	}
	_, lists, err := c.ServerGroupsAndResourcesWithContext(t.Context())
	if err != nil {
		t.Fatalf("discover: %v", err)
	}
	var all []listable
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") {
				all = append(all, listable{version.WithResource(r.Name), r.Namespaced})
			}
		}
	}
	return all
}

// each shows every object of a kind in the world's namespaces, or in the whole cluster if it has none.
func (w *world) each(ctx context.Context, kind listable, show func(*unstructured.Unstructured)) error {
	cfg := apiserver.Config(w.t)
	cfg.WarningHandler = rest.NoWarnings{} // of kinds that are going out of use
	c, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return err
	}
	namespaces := []string{w.factory, w.sites}
	if !kind.namespaced {
		namespaces = []string{metav1.NamespaceNone}
	}
	for _, namespace := range namespaces {
		list, err := c.Resource(kind.resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue // another test took the kind away
		}
		if err != nil {
			return fmt.Errorf("list %s: %w", kind.resource.Resource, err)
		}
		for i := range list.Items {
			show(&list.Items[i])
		}
	}
	return nil
}

// aboutLease says whether an object is a leader's lease, or an event about one.
func aboutLease(o *unstructured.Unstructured) bool {
	involved, _, _ := unstructured.NestedString(o.Object, "involvedObject", "kind")
	regarding, _, _ := unstructured.NestedString(o.Object, "regarding", "kind")
	return slices.Contains([]string{o.GetKind(), involved, regarding}, "Lease")
}

// versions are the resourceVersions of everything in the world's namespaces, but for what the election of a leader needs.
func (w *world) versions(ctx context.Context) map[string]string {
	w.t.Helper()
	if w.kinds == nil {
		w.kinds = listables(w.t)
	}
	versions := map[string]string{}
	var errs []error
	for _, kind := range w.kinds {
		if !kind.namespaced {
			continue
		}
		errs = append(errs, w.each(ctx, kind, func(o *unstructured.Unstructured) {
			if aboutLease(o) {
				return
			}
			versions[fmt.Sprintf("%s %s/%s", kind.resource.Resource, o.GetNamespace(), o.GetName())] = o.GetResourceVersion()
		}))
	}
	if err := errors.Join(errs...); err != nil {
		w.t.Error(err)
	}
	return versions
}
