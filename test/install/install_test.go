// Package install tests what an installation puts on a cluster: that a real API server takes it, that the accounts may do what
// they must and no more, and that the chart is the same as the kustomization.
package install

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"magicwebsitefactory.gent/test/apiserver"
)

// Where config/default puts things.
const (
	factoryNamespace = "mwf-system"
	sitesNamespace   = "mwf-sites"
)

func TestMain(m *testing.M) { os.Exit(apiserver.MainAlone(m)) }

// tool finds a program that make builds: by the variable that make sets, or in bin/.
func tool(t *testing.T, variable, name string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		path = filepath.Join(apiserver.Root(), "bin", name)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not there (make bin/%s, or set %s): %v", name, name, variable, err)
	}
	return path
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = apiserver.Root()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

// kustomize renders a folder below config/.
func kustomize(t *testing.T, folder string) string {
	t.Helper()
	return run(t, tool(t, "KUSTOMIZE", "kustomize"), "build", filepath.Join("config", folder))
}

// decode reads a stream of YAML documents.
func decode(t *testing.T, manifests string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifests)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("read manifests: %v", err)
		}
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &o.Object); err != nil {
			t.Fatalf("read manifest: %v\n%s", err, document)
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}

func key(o *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
}

// apply puts objects on the test API server as kubectl apply --server-side does.
func apply(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	c := apiserver.Client(t)
	for _, o := range objects {
		err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("test-install"), client.ForceOwnership)
		if err != nil {
			t.Fatalf("apply %s: %v", key(o), err)
		}
	}
}

// without leaves a kind out.
func without(objects []*unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	var rest []*unstructured.Unstructured
	for _, o := range objects {
		if o.GetKind() != kind {
			rest = append(rest, o)
		}
	}
	return rest
}

// accountName is how the API server calls a service account.
func accountName(namespace, name string) string {
	return "system:serviceaccount:" + namespace + ":" + name
}

// as is a client that acts as a service account.
func as(t *testing.T, namespace, account string) client.Client {
	t.Helper()
	config := apiserver.Config(t)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: accountName(namespace, account),
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	c, err := client.New(config, client.Options{Scheme: apiserver.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mayDoAnything binds an account to cluster-admin, so that only admission policies are left to refuse it.
func mayDoAnything(t *testing.T, namespace, account string) {
	t.Helper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: namespace + "-" + account},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: accountName(namespace, account)}},
	}
	if err := apiserver.Client(t).Create(t.Context(), binding); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

func TestAPIServerTakesEveryInstall(t *testing.T) {
	apply(t, without(decode(t, kustomize(t, "default")), "CustomResourceDefinition"))
	for _, overlay := range []string{"default", "live", "demo", "test"} {
		t.Run(overlay, func(t *testing.T) {
			for _, o := range decode(t, kustomize(t, overlay)) {
				if o.GetKind() == "Issuer" {
					continue // the test API server has no such kind
				}
				err := apiserver.Client(t).Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o),
					client.FieldOwner("test-install"), client.ForceOwnership, client.DryRunAll)
				if err != nil {
					t.Errorf("apply %s: %v", key(o), err)
				}
			}
		})
	}
}
