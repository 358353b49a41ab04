package servertest

import (
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
	"magicwebsitefactory.gent/test/apiserver"
)

// Pages without an example of a Registrar.
var withoutExample = map[string]bool{"writing-one.md": true}

func TestTheAPIServerTakesTheExamplesOfTheDocumentation(t *testing.T) {
	c := client.WithFieldValidation(apiserver.Client(t), metav1.FieldValidationStrict)
	namespace, _ := apiserver.Namespaces(t)
	pages, err := filepath.Glob("../../../docs/registrars/*.md")
	if err != nil || len(pages) < 2 {
		t.Fatalf("%v: %v", pages, err)
	}
	for _, page := range append(pages, "../../../docs/registrars.md") {
		if withoutExample[filepath.Base(page)] {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			for _, example := range registrartest.Examples(t, page) {
				example.Namespace = namespace
				if err := c.Create(t.Context(), example, client.DryRunAll); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
