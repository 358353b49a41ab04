package frontend

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// The types of problems never change, so they stand here once more, and in both descriptions of the API.
var published = map[string]int{
	"malformed-body": 400, "invalid-field": 400, "two-credentials": 400, "unauthorized": 401, "not-found": 404, "no-such-site": 404,
	"method-not-allowed": 405, "not-available": 409, "too-many-failed-authentications": 429, "internal-error": 500, "rate-limit": 503, "quota": 503,
	"try-again-later": 503,
}

func TestProblemTypesAreThePublishedOnes(t *testing.T) {
	known := map[string]int{}
	for _, k := range []kind{
		kindMalformed, kindInvalid, kindTwoWays, kindUnauthorized, kindNotFound, kindNoSuchSite, kindMethod, kindNotAvailable, kindTooManyFailed,
		kindInternal, kindTooFast, kindQuota, kindCannotTake,
	} {
		known[k.slug] = k.status
	}
	if diff := cmp.Diff(published, known); diff != "" {
		t.Errorf("the problems (-published +known):\n%s", diff)
	}
}

func TestTheDescriptionsOfTheAPIKnowItsPathsAndProblems(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	words, err := os.ReadFile(filepath.Join(docs, "http-api.md"))
	if err != nil {
		t.Fatal(err)
	}
	for slug, status := range published {
		if row := fmt.Sprintf("| `%s` | %d |", slug, status); !strings.Contains(string(words), row) {
			t.Errorf("http-api.md has no row %q", row)
		}
	}
	source, err := os.ReadFile(filepath.Join(docs, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths      map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas struct {
				Problem struct {
					Properties struct {
						Type struct {
							Enum []string `json:"enum"`
						} `json:"type"`
					} `json:"properties"`
				} `json:"Problem"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := yaml.Unmarshal(source, &api); err != nil {
		t.Fatal(err)
	}
	var routes []string
	for path, methods := range api.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routes)
	if diff := cmp.Diff([]string{"GET /v1/domain/{domain}", "GET /v1/site/{domain}", "POST /v1/site"}, routes); diff != "" {
		t.Errorf("openapi.yaml (-want +got):\n%s", diff)
	}
	types := map[string]bool{}
	for _, uri := range api.Components.Schemas.Problem.Properties.Type.Enum {
		types[strings.TrimPrefix(uri, problemBase)] = true
	}
	for slug := range published {
		if !types[slug] || len(types) != len(published) {
			t.Errorf("openapi.yaml knows the problems %v", types)
		}
	}
}
