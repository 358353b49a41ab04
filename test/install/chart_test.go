package install

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/test/apiserver"
)

// Helm built from source without a version stamp believes in a Kubernetes of long ago.
const kubeVersion = "1.35.4"

func helm(t *testing.T, namespace string, set ...string) string {
	t.Helper()
	args := []string{"template", "mwf", filepath.Join("charts", "magic-website-factory"), "--namespace", namespace, "--kube-version", kubeVersion}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	return run(t, tool(t, "HELM", "helm"), args...)
}

// byKey indexes objects, without what only Helm has a use for.
func byKey(t *testing.T, objects []*unstructured.Unstructured) map[string]map[string]any {
	t.Helper()
	index := map[string]map[string]any{}
	for _, o := range objects {
		annotations := o.GetAnnotations()
		delete(annotations, "helm.sh/resource-policy")
		if len(annotations) == 0 {
			annotations = nil
		}
		o.SetAnnotations(annotations)
		if _, twice := index[key(o)]; twice {
			t.Errorf("%s is there twice", key(o))
		}
		index[key(o)] = o.Object
	}
	return index
}

func expectSame(t *testing.T, kustomized, rendered map[string]map[string]any) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(kustomized)), slices.Sorted(maps.Keys(rendered))); diff != "" {
		t.Fatalf("objects (-kustomize +helm):\n%s", diff)
	}
	for name := range kustomized {
		if diff := cmp.Diff(kustomized[name], rendered[name]); diff != "" {
			t.Errorf("%s (-kustomize +helm):\n%s", name, diff)
		}
	}
}

// A release cannot make the namespace that it is recorded in, so that one is left out by default.
func TestChartRendersWhatKustomizeDoes(t *testing.T) {
	kustomized := byKey(t, decode(t, kustomize(t, "default")))
	delete(kustomized, "Namespace /"+factoryNamespace)
	expectSame(t, kustomized, byKey(t, decode(t, helm(t, factoryNamespace))))
}

func TestChartRendersTheFactoryNamespaceForThoseWhoApply(t *testing.T) {
	expectSame(t, byKey(t, decode(t, kustomize(t, "default"))),
		byKey(t, decode(t, helm(t, factoryNamespace, "namespaces.createFactory=true"))))
}

func TestChartRendersTheLiveEnvironment(t *testing.T) {
	expectSame(t, byKey(t, decode(t, kustomize(t, "live"))),
		byKey(t, decode(t, helm(t, factoryNamespace, "environment=live", "namespaces.createFactory=true"))))
}

func TestChartRendersTheTestOverlaysCertificate(t *testing.T) {
	kustomized := byKey(t, decode(t, kustomize(t, "test")))
	rendered := byKey(t, decode(t, helm(t, factoryNamespace, "frontend.tls.certificate.create=true",
		"frontend.tls.certificate.dnsNames={localhost,frontend.mwf-system,frontend.mwf-system.svc,frontend.mwf-system.svc.cluster.local}",
		"frontend.tls.certificate.ipAddresses={127.0.0.1}",
		"frontend.tls.certificate.issuerRef.kind=Issuer", "frontend.tls.certificate.issuerRef.name=frontend-ca")))
	name := "Certificate mwf-system/frontend"
	if diff := cmp.Diff(kustomized[name], rendered[name]); diff != "" {
		t.Errorf("%s (-kustomize +helm):\n%s", name, diff)
	}
}

// Two factories may share a cluster: no object of one is an object of the other, and neither names the other's namespaces.
func TestTwoReleasesLiveSideBySide(t *testing.T) {
	first := byKey(t, decode(t, helm(t, factoryNamespace)))
	second := helm(t, "mwf-system-live", "sitesNamespace=mwf-sites-live", "environment=live", "crds.install=false", "clusterRoles.install=false")
	objects := decode(t, second)
	for _, o := range objects {
		if _, shared := first[key(o)]; shared {
			t.Errorf("both have %s", key(o))
		}
		if ns := o.GetNamespace(); ns != "" && ns != "mwf-system-live" && ns != "mwf-sites-live" {
			t.Errorf("%s is in a namespace that was not asked for", key(o))
		}
	}
	rest := strings.NewReplacer("mwf-system-live", "", "mwf-sites-live", "").Replace(second)
	if strings.Contains(rest, factoryNamespace) || strings.Contains(rest, sitesNamespace) {
		t.Error("the second release still names a namespace of the first")
	}
	c := apiserver.Client(t)
	for _, o := range objects {
		if o.GetNamespace() != "" {
			continue
		}
		err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("test-install"), client.DryRunAll)
		if err != nil {
			t.Errorf("apply %s: %v", key(o), err)
		}
	}
}

func TestChartRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		set  []string
		says string
	}{
		"an environment that there is not": {[]string{"environment=staging"}, "environment"},
		"private callbacks on live":        {[]string{"environment=live", "callbacks.allowCIDRs={10.0.0.0/8}"}, "allowCIDRs"},
		"one namespace for both":           {[]string{"sitesNamespace=" + factoryNamespace}, "sitesNamespace must not be the release's own namespace"},
		"a value that there is not":        {[]string{"fronted.replicas=3"}, "fronted"},
		"a certificate without an issuer":  {[]string{"frontend.tls.certificate.create=true", "frontend.tls.certificate.dnsNames={api.example}"}, "issuerRef"},
		"a certificate that names nothing": {[]string{"frontend.tls.certificate.create=true", "frontend.tls.certificate.issuerRef.name=ca"}, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := helmFails(t, c.set...)
			if err == nil {
				t.Fatal("taken")
			}
			if !strings.Contains(out, c.says) {
				t.Errorf("%q does not say %q", out, c.says)
			}
		})
	}
}

// helmFails renders values that should be refused, and returns what Helm says.
func helmFails(t *testing.T, set ...string) (string, error) {
	t.Helper()
	args := []string{"template", "mwf", filepath.Join(apiserver.Root(), "charts", "magic-website-factory"),
		"--namespace", factoryNamespace, "--kube-version", kubeVersion}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	out, err := exec.CommandContext(t.Context(), tool(t, "HELM", "helm"), args...).CombinedOutput()
	return string(out), err
}
