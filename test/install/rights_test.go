package install

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
)

// installed puts config/default on the test API server.
func installed(t *testing.T) {
	t.Helper()
	apply(t, without(decode(t, kustomize(t, "default")), "CustomResourceDefinition"))
}

// rights lists what an account may do in a namespace, as kubectl auth can-i --list does, one "verb resource.group" a line, without what
// everybody may.
func rights(t *testing.T, account, namespace string) []string {
	t.Helper()
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	if err := as(t, factoryNamespace, account).Create(t.Context(), review); err != nil {
		t.Fatalf("ask what %s may do: %v", account, err)
	}
	if review.Status.Incomplete || review.Status.EvaluationError != "" {
		t.Fatalf("the API server does not know all that %s may do: %s", account, review.Status.EvaluationError)
	}
	var all []string
	for _, rule := range review.Status.ResourceRules {
		all = append(all, lines(rule.APIGroups, rule.Resources, rule.Verbs)...)
	}
	all = slices.DeleteFunc(all, func(line string) bool { return strings.HasPrefix(line, "create selfsubject") })
	slices.Sort(all)
	return slices.Compact(all)
}

// lines writes a rule as one "verb resource.group" a line.
func lines(groups, resources, verbs []string) []string {
	var all []string
	for _, group := range groups {
		for _, resource := range resources {
			for _, verb := range verbs {
				all = append(all, strings.TrimSuffix(verb+" "+resource+"."+group, "."))
			}
		}
	}
	return all
}

func TestFrontEndMayDoExactlyThis(t *testing.T) {
	installed(t)
	for namespace, want := range map[string][]string{
		factoryNamespace: {
			"get domains.magicwebsitefactory.gent", "get onboarders.magicwebsitefactory.gent", "get registrars.magicwebsitefactory.gent",
			"list domains.magicwebsitefactory.gent", "list onboarders.magicwebsitefactory.gent", "list registrars.magicwebsitefactory.gent",
			"watch domains.magicwebsitefactory.gent", "watch onboarders.magicwebsitefactory.gent", "watch registrars.magicwebsitefactory.gent",
		},
		sitesNamespace: {
			"create indiesites.magicwebsitefactory.gent", "create secrets",
			"get indiesites.magicwebsitefactory.gent", "list indiesites.magicwebsitefactory.gent", "patch indiesites.magicwebsitefactory.gent",
			"update indiesites.magicwebsitefactory.gent", "watch indiesites.magicwebsitefactory.gent",
		},
		"default":     nil,
		"kube-system": nil,
	} {
		t.Run(namespace, func(t *testing.T) {
			if diff := cmp.Diff(want, rights(t, "frontend", namespace), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("what the front end may do (-wanted +is):\n%s", diff)
			}
		})
	}
}

func TestFrontEndIsRefused(t *testing.T) {
	installed(t)
	frontend := as(t, factoryNamespace, "frontend")
	site := func() *v1alpha1.IndieSite {
		return &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: "alice.gent"}}
	}
	for name, do := range map[string]func() error{
		"to read a Secret of the factory": func() error {
			return frontend.Get(t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: "hallo.gent-token"}, &corev1.Secret{})
		},
		"to read a Secret of the sites": func() error {
			return frontend.Get(t.Context(), client.ObjectKey{Namespace: sitesNamespace, Name: "alice.gent-installer-1-abcde"}, &corev1.Secret{})
		},
		"to list Secrets of the sites": func() error {
			return frontend.List(t.Context(), &corev1.SecretList{}, client.InNamespace(sitesNamespace))
		},
		"to create a Secret of the factory": func() error {
			return frontend.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: "x"}})
		},
		"to delete a site": func() error { return frontend.Delete(t.Context(), site()) },
		"to delete all sites": func() error {
			return frontend.DeleteAllOf(t.Context(), &v1alpha1.IndieSite{}, client.InNamespace(sitesNamespace))
		},
		"to write a site's status": func() error {
			return frontend.Status().Patch(t.Context(), site(), client.RawPatch("application/merge-patch+json", []byte(`{"status":{"url":"https://x"}}`)))
		},
		"to buy a name": func() error {
			return frontend.Create(t.Context(), &v1alpha1.Domain{ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: "alice.gent"}})
		},
		"to let somebody ask": func() error {
			return frontend.Create(t.Context(), &v1alpha1.Onboarder{ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: "evil"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := do(); !apierrors.IsForbidden(err) {
				t.Errorf("not forbidden: %v", err)
			}
		})
	}
}

// The manager's rights follow from its markers; these are the ones that must never come in with one.
func TestManagerMayNot(t *testing.T) {
	installed(t)
	all := map[string][]string{}
	for _, namespace := range []string{factoryNamespace, sitesNamespace, "default"} {
		all[namespace] = rights(t, "manager", namespace)
	}
	reviews := []string{"create subjectaccessreviews.authorization.k8s.io", "create tokenreviews.authentication.k8s.io"}
	if diff := cmp.Diff(reviews, all["default"]); diff != "" {
		t.Errorf("what the manager may do in namespaces that are not the factory's (-wanted +is):\n%s", diff)
	}
	for namespace, granted := range all {
		for _, line := range granted {
			verb, resource, _ := strings.Cut(line, " ")
			switch {
			case strings.Contains(line, "*"):
				t.Errorf("%s: %q: no wildcards", namespace, line)
			case slices.Contains([]string{"impersonate", "escalate", "bind", "deletecollection"}, verb):
				t.Errorf("%s: %q", namespace, line)
			case resource == "secrets" && slices.Contains([]string{"update", "patch", "delete"}, verb):
				t.Errorf("%s: %q: the manager changes no Secret", namespace, line)
			case resource == "secrets" && verb == "create" && namespace == sitesNamespace:
				t.Errorf("%s: %q: the manager makes no Secret there", namespace, line)
			case strings.HasSuffix(resource, ".rbac.authorization.k8s.io"), resource == "pods/exec", resource == "serviceaccounts/token":
				t.Errorf("%s: %q", namespace, line)
			case resource == "indiesites.magicwebsitefactory.gent" && verb == "create":
				t.Errorf("%s: %q: the manager orders no site", namespace, line)
			case resource == "persistentvolumeclaims" && verb == "delete":
				t.Errorf("%s: %q: the manager deletes no data", namespace, line)
			case isConfiguration(resource) && slices.Contains([]string{"create", "delete"}, verb):
				t.Errorf("%s: %q: an admin's configuration is an admin's", namespace, line)
			}
		}
	}
}

func isConfiguration(resource string) bool {
	return slices.Contains([]string{
		"onboarders.magicwebsitefactory.gent", "registrars.magicwebsitefactory.gent", "siteclasses.magicwebsitefactory.gent",
	}, resource)
}

// Whoever has the cluster's own role edit or admin may look at the factory, but neither spend its money nor say who may.
func TestAggregatedRolesOnlyRead(t *testing.T) {
	aggregated := 0
	for _, o := range decode(t, kustomize(t, "default")) {
		if o.GetKind() != "ClusterRole" || !aggregates(o) {
			continue
		}
		aggregated++
		for _, rule := range typed[rbacv1.ClusterRole](t, o).Rules {
			for _, verb := range rule.Verbs {
				if !slices.Contains([]string{"get", "list", "watch"}, verb) {
					t.Errorf("%s is aggregated and may %s %v", o.GetName(), verb, rule.Resources)
				}
			}
			if slices.Contains(rule.Resources, "secrets") {
				t.Errorf("%s is aggregated and may read Secrets", o.GetName())
			}
		}
	}
	if aggregated == 0 {
		t.Error("no ClusterRole is aggregated: kubectl get indiesites is for cluster admins only")
	}
}

func aggregates(o *unstructured.Unstructured) bool {
	for label := range o.GetLabels() {
		if strings.HasPrefix(label, "rbac.authorization.k8s.io/aggregate-to-") {
			return true
		}
	}
	return false
}

// typed reads an object into its type.
func typed[T any](t *testing.T, o *unstructured.Unstructured) *T {
	t.Helper()
	into := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, into, true); err != nil {
		t.Fatalf("%s: %v", key(o), err)
	}
	return into
}

// ClusterRoles reach into every namespace, so those that are bound are few and known.
func TestAccountsHaveNoClusterRightsButReviews(t *testing.T) {
	for _, o := range decode(t, kustomize(t, "default")) {
		if o.GetKind() == "ClusterRoleBinding" && o.GetName() != factoryNamespace+"-metrics-auth" {
			t.Errorf("%s binds a ClusterRole in all namespaces", o.GetName())
		}
	}
	if _, sites := apiserver.Namespaces(t); len(rights(t, "frontend", sites)) > 0 {
		t.Error("the front end has rights in a namespace that is not the factory's")
	}
}
