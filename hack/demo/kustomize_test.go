package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"magicwebsitefactory.gent/test/apiserver"
)

// rendered builds the demo's real overlay for a cluster and returns its objects by kind and name.
func rendered(t *testing.T, c cluster) map[string]*unstructured.Unstructured {
	t.Helper()
	kustomize := os.Getenv("KUSTOMIZE")
	if kustomize == "" {
		t.Skip("KUSTOMIZE is not set: make test does")
	}
	bin := t.TempDir()
	if err := os.Symlink(kustomize, filepath.Join(bin, "kustomize")); err != nil {
		t.Fatal(err)
	}
	pinned := images{"manager": "localhost:5000/mwf/manager:dev-0123456789ab", "frontend": "magicwebsitefactory.gent/frontend:v1"}
	objects, err := render(t.Context(), config{bin: bin, overlay: filepath.Join(apiserver.Root(), "config", "demo")}, pinned, c)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*unstructured.Unstructured{}
	for _, object := range objects {
		byName[object.GetKind()+" "+object.GetName()] = object
	}
	return byName
}

// container is the first one of a Deployment: its image and its arguments.
func container(t *testing.T, objects map[string]*unstructured.Unstructured, name string) (image, args string) {
	t.Helper()
	deployment := objects["Deployment "+name]
	if deployment == nil {
		t.Fatalf("no Deployment %s", name)
	}
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) == 0 {
		t.Fatalf("containers of %s: %v, %v", name, containers, err)
	}
	first := containers[0].(map[string]any)
	list, _, err := unstructured.NestedStringSlice(first, "args")
	if err != nil {
		t.Fatal(err)
	}
	return first["image"].(string), strings.Join(list, " ")
}

func TestTheOverlayIsPinnedToTheImagesThatWereMade(t *testing.T) {
	objects := rendered(t, localCluster(t))
	image, args := container(t, objects, "manager")
	if image != "localhost:5000/mwf/manager:dev-0123456789ab" {
		t.Errorf("the manager's image is %s", image)
	}
	if strings.Count(args, "--callback-allow-cidrs=198.18.213.1/32") != 1 {
		t.Errorf("the manager may not call the local node back, or is told twice: %s", args)
	}
	if image, _ := container(t, objects, "frontend"); image != "magicwebsitefactory.gent/frontend:v1" {
		t.Errorf("the front end's image is %s", image)
	}
}

func TestTheOverlayIsChangedForAClusterThatIsUnlikeTheLocalOne(t *testing.T) {
	c := localCluster(t)
	c.node, c.issuer, c.factory = "192.0.2.7", "letsencrypt", "factory.example:443"
	objects := rendered(t, c)
	if _, args := container(t, objects, "manager"); !strings.Contains(args, "--callback-allow-cidrs=192.0.2.7/32") {
		t.Errorf("the manager may not call 192.0.2.7 back: %s", args)
	}
	certificate := objects["Certificate frontend"]
	if certificate == nil {
		t.Fatal("no Certificate frontend")
	}
	if issuer, _, _ := unstructured.NestedString(certificate.Object, "spec", "issuerRef", "name"); issuer != "letsencrypt" {
		t.Errorf("the front end's issuer is %q", issuer)
	}
	names, _, _ := unstructured.NestedStringSlice(certificate.Object, "spec", "dnsNames")
	if !strings.Contains(strings.Join(names, " "), "factory.example") {
		t.Errorf("the front end's names are %v", names)
	}
}
