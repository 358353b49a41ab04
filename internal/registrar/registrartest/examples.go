package registrartest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// Examples are the Registrars in the YAML blocks of a page of the documentation, each decoded strictly. A page without any fails the test.
func Examples(t testing.TB, page string) []*v1alpha1.Registrar {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var examples []*v1alpha1.Registrar
	for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], "kind: Registrar") {
			continue
		}
		r := &v1alpha1.Registrar{}
		if err := yaml.UnmarshalStrict([]byte(block[1]), r); err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		if r.APIVersion != v1alpha1.GroupVersion.String() || r.Kind != "Registrar" {
			t.Fatalf("%s: it is a %s of %s", page, r.Kind, r.APIVersion)
		}
		examples = append(examples, r)
	}
	if len(examples) == 0 {
		t.Fatalf("%s has no example of a Registrar", page)
	}
	return examples
}
