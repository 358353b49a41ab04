package v1alpha1_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"magicwebsitefactory.gent/test/apiserver"
)

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m)) }

// object is a resource as a client sends it: with fields that are missing, of another type or not known where a case wants that.
type object struct{ *unstructured.Unstructured }

// example is the good object of a kind, with every field.
func example(t *testing.T, kind string) object {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", strings.ToLower(kind)+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o := object{&unstructured.Unstructured{}}
	if err := yaml.Unmarshal(content, &o.Object); err != nil {
		t.Fatalf("testdata/%s.yaml: %v", strings.ToLower(kind), err)
	}
	return o
}

// copy is another object with the same content.
func (o object) copy() object { return object{o.DeepCopy()} }

// in puts the object into a namespace.
func (o object) in(namespace string) object {
	o.SetNamespace(namespace)
	return o
}

// set gives a field a value; the path is written as in errors of the API server: spec.suffixes[0].
func (o object) set(path string, value any) object {
	parent, last := o.parent(path)
	switch p := parent.(type) {
	case map[string]any:
		p[last] = value
	case []any:
		p[index(last)] = value
	}
	return o
}

// remove takes a field away.
func (o object) remove(path string) object {
	parent, last := o.parent(path)
	delete(parent.(map[string]any), last)
	return o
}

// get returns a field's value, nil where there is none.
func (o object) get(path string) any {
	parent, last := o.parent(path)
	switch p := parent.(type) {
	case map[string]any:
		return p[last]
	case []any:
		if len(p) > index(last) {
			return p[index(last)]
		}
	}
	return nil
}

func (o object) parent(path string) (any, string) {
	steps := strings.Split(strings.ReplaceAll(path, "[", ".["), ".")
	var current any = o.Object
	for _, step := range steps[:len(steps)-1] {
		switch c := current.(type) {
		case map[string]any:
			current = c[step]
		case []any:
			current = c[index(step)]
		default:
			return nil, ""
		}
	}
	return current, steps[len(steps)-1]
}

func index(step string) int {
	var i int
	_, _ = fmt.Sscanf(step, "[%d]", &i)
	return i
}

// submit asks the API server whether it would take the object, and creates nothing.
func submit(t *testing.T, o object) error {
	t.Helper()
	o = o.copy()
	o.remove("status")
	return apiserver.Client(t).Create(t.Context(), o.Unstructured, client.DryRunAll)
}

// store creates the object, and gives it its status where it has one.
func store(t *testing.T, o object) object {
	t.Helper()
	c := apiserver.Client(t)
	status, hasStatus := o.Object["status"]
	o = o.copy()
	o.remove("status")
	if err := c.Create(t.Context(), o.Unstructured); err != nil {
		t.Fatalf("create the %s to begin with: %v", o.GetKind(), err)
	}
	if hasStatus {
		o.set("status", status)
		if err := c.Status().Update(t.Context(), o.Unstructured); err != nil {
			t.Fatalf("give the %s the status to begin with: %v", o.GetKind(), err)
		}
	}
	return o
}

// change asks the API server whether it would take a changed object, and changes nothing.
func change(t *testing.T, o object) error {
	t.Helper()
	return apiserver.Client(t).Update(t.Context(), o.copy().Unstructured, client.DryRunAll)
}

// changeStatus does the same for its status.
func changeStatus(t *testing.T, o object) error {
	t.Helper()
	return apiserver.Client(t).Status().Update(t.Context(), o.copy().Unstructured, client.DryRunAll)
}

// expectTaken fails the test when the API server refused.
func expectTaken(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("refused: %v", err)
	}
}

// expectRefused fails the test unless the API server found the object invalid, in these words.
func expectRefused(t *testing.T, err error, words string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("taken, but should be refused: %s", words)
	case !apierrors.IsInvalid(err):
		t.Errorf("refused as %s, not as invalid: %v", apierrors.ReasonForError(err), err)
	case !strings.Contains(err.Error(), words):
		t.Errorf("refused with %q, which does not say %q", err, words)
	}
}

// submission is a sentence about an object that is submitted: what differs from the good one, and why it is refused. Where refused is empty it is
// taken.
type submission struct {
	but     func(object) object
	refused string
}

// submissions runs sentences about the example of a kind.
func submissions(t *testing.T, kind string, cases map[string]submission) {
	t.Helper()
	good := example(t, kind).in("default")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := submit(t, c.but(good.copy()))
			if c.refused == "" {
				expectTaken(t, err)
			} else {
				expectRefused(t, err, c.refused)
			}
		})
	}
}

// setting returns a change that sets one field.
func setting(path string, value any) func(object) object {
	return func(o object) object { return o.set(path, value) }
}

// removing returns a change that removes fields.
func removing(paths ...string) func(object) object {
	return func(o object) object {
		for _, path := range paths {
			o.remove(path)
		}
		return o
	}
}
