package install

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
	"magicwebsitefactory.gent/test/output"
)

const orderToken = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// Both programs run with the flags and the rights that config/default gives them. What an onboarder orders and what the sample makes with kubectl
// is worked on as far as an API server without a kubelet goes, and nothing that the programs ask for is forbidden.
func TestProgramsNeedNoMoreThanTheirRights(t *testing.T) {
	installed(t)
	dir := t.TempDir()
	build(t, dir)
	admin := apiserver.Client(t)
	eventually := gomega.NewWithT(t).Eventually
	const patience, pause = 90 * time.Second, 100 * time.Millisecond

	manager := start(t, dir, "manager", flagsOf(t, "manager"), "--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0")
	keys := &corev1.Secret{}
	eventually(func() error {
		return admin.Get(t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: "mwf-request-digest"}, keys)
	}).WithTimeout(patience).WithPolling(pause).Should(gomega.Succeed(), "the manager makes the Secret mwf-request-digest")

	configure(t)
	for _, object := range []client.Object{&v1alpha1.Registrar{}, &v1alpha1.SiteClass{}, &v1alpha1.Onboarder{}} {
		eventually(ready(t, object)).WithTimeout(patience).WithPolling(pause).Should(gomega.BeTrue(), "%T is Ready", object)
	}

	certificate := mount(t, dir, keys)
	address := freeAddress(t)
	frontend := start(t, dir, "frontend", flagsOf(t, "frontend"), "--listen="+address, "--health-listen=127.0.0.1:0", "--drain=0s",
		"--tls-cert="+filepath.Join(dir, "tls.crt"), "--tls-key="+filepath.Join(dir, "tls.key"), "--digest-keys="+filepath.Join(dir, "keys"))
	order := func() int { return post(t, certificate, address, "running.gent") }
	eventually(order).WithTimeout(patience).WithPolling(pause).Should(gomega.Equal(http.StatusCreated), "the order is taken")

	for _, ordered := range []string{"running.gent", "my-first-site.gent"} {
		domain := &v1alpha1.Domain{}
		eventually(func() bool {
			err := admin.Get(t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: ordered}, domain)
			return err == nil && apimeta.IsStatusConditionTrue(domain.Status.Conditions, v1alpha1.ConditionRegistered)
		}).WithTimeout(patience).WithPolling(pause).Should(gomega.BeTrue(), "%s is bought", ordered)
	}
	for _, list := range []client.ObjectList{
		&corev1.PersistentVolumeClaimList{}, &appsv1.StatefulSetList{}, &corev1.ServiceList{}, &networkingv1.NetworkPolicyList{},
		&networkingv1.IngressList{}, certificates(),
	} {
		eventually(func() int { return count(t, list) }).WithTimeout(patience).WithPolling(pause).Should(gomega.BeNumerically(">=", 2), "%T", list)
	}

	for name, log := range map[string]*output.Buffer{"manager": manager(), "frontend": frontend()} {
		for line := range strings.Lines(log.String()) {
			if strings.Contains(strings.ToLower(line), "forbidden") {
				t.Errorf("%s was refused something: %s", name, line)
			}
		}
		if strings.Contains(log.String(), orderToken) {
			t.Errorf("%s wrote the token into its log", name)
		}
	}
}

// build makes the two programs.
func build(t *testing.T, dir string) {
	t.Helper()
	run(t, "go", "build", "-o", dir+string(filepath.Separator), "./cmd/manager", "./cmd/frontend")
}

// flagsOf are the flags of a program in config/default.
func flagsOf(t *testing.T, deployment string) []string {
	t.Helper()
	for _, d := range deployments(t, "default") {
		if d.Name == deployment {
			return d.Spec.Template.Spec.Containers[0].Args
		}
	}
	t.Fatalf("no Deployment %s", deployment)
	return nil
}

// configure makes what an admin makes: the samples, and the token that they ask for.
func configure(t *testing.T) {
	t.Helper()
	token := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: "hallo-token"},
		StringData: map[string]string{v1alpha1.SecretKeyToken: orderToken},
	}
	if err := apiserver.Client(t).Create(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	apply(t, decode(t, kustomize(t, "samples")))
}

// ready says whether the one object of its kind in the factory's namespace is Ready.
func ready(t *testing.T, object client.Object) func() bool {
	return func() bool {
		list := &unstructured.UnstructuredList{}
		gvk, err := apiserver.Client(t).GroupVersionKindFor(object)
		if err != nil {
			t.Fatal(err)
		}
		list.SetGroupVersionKind(gvk)
		if err := apiserver.Client(t).List(t.Context(), list, client.InNamespace(factoryNamespace)); err != nil || len(list.Items) != 1 {
			return false
		}
		conditions, _, _ := unstructured.NestedSlice(list.Items[0].Object, "status", "conditions")
		for _, c := range conditions {
			if condition, ok := c.(map[string]any); ok && condition["type"] == v1alpha1.ConditionReady {
				return condition["status"] == "True"
			}
		}
		return false
	}
}

func certificates() client.ObjectList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "cert-manager.io", Version: "v1", Kind: "CertificateList"})
	return list
}

// count is how many objects there are in the sites namespace.
func count(t *testing.T, list client.ObjectList) int {
	if err := apiserver.Client(t).List(t.Context(), list, client.InNamespace(sitesNamespace)); err != nil {
		return 0
	}
	return apimeta.LenList(list)
}
