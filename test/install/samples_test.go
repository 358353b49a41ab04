package install

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/test/apiserver"
)

// The samples apply as they are, with no field that the API server does not know, and every kind has one.
func TestSamplesApply(t *testing.T) {
	installed(t)
	strict := client.WithFieldValidation(apiserver.Client(t), metav1.FieldValidationStrict)
	var kinds []string
	for _, o := range decode(t, kustomize(t, "samples")) {
		kinds = append(kinds, o.GetKind())
		err := strict.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("test-samples"),
			client.ForceOwnership, client.DryRunAll)
		if err != nil {
			t.Errorf("apply %s: %v", key(o), err)
		}
	}
	for _, kind := range []string{"Domain", "IndieSite", "Onboarder", "Registrar", "SiteClass"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no sample of %s", kind)
		}
	}
}

// A bare install lets nobody in: whoever may ask, and with which token, is for its admin to say.
func TestBareInstallKnowsNoOnboarderAndNoToken(t *testing.T) {
	for _, folder := range []string{"default", "live"} {
		manifests := kustomize(t, folder)
		for _, o := range decode(t, manifests) {
			switch {
			case o.GetKind() == "Secret":
				t.Errorf("%s has the Secret %s", folder, o.GetName())
			case strings.HasPrefix(o.GetAPIVersion(), "magicwebsitefactory.gent/"):
				t.Errorf("%s has %s", folder, key(o))
			}
		}
		if strings.Contains(manifests, "ethical-design") {
			t.Errorf("%s has the published token", folder)
		}
	}
}
