package install

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/test/apiserver"
)

func deployments(t *testing.T, folder string) []*appsv1.Deployment {
	t.Helper()
	var found []*appsv1.Deployment
	for _, o := range decode(t, kustomize(t, folder)) {
		if o.GetKind() == "Deployment" {
			found = append(found, typed[appsv1.Deployment](t, o))
		}
	}
	if len(found) != 2 {
		t.Fatalf("%d Deployments, not 2", len(found))
	}
	return found
}

func TestNamespacesLetInRestrictedPodsOnly(t *testing.T) {
	installed(t)
	for _, namespace := range []string{factoryNamespace, sitesNamespace} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "plain"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "plain", Image: "plain"}}},
		}
		err := apiserver.Client(t).Create(t.Context(), pod, client.DryRunAll)
		if err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
			t.Errorf("%s lets a pod in that is not restricted: %v", namespace, err)
		}
	}
}

func TestPodsOfTheFactoryAreRestricted(t *testing.T) {
	installed(t)
	for _, d := range deployments(t, "default") {
		t.Run(d.Name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: d.Name}, Spec: d.Spec.Template.Spec}
			if err := apiserver.Client(t).Create(t.Context(), pod, client.DryRunAll); err != nil {
				t.Errorf("pod security: %v", err)
			}
			for _, c := range d.Spec.Template.Spec.Containers {
				if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
					t.Errorf("container %s can write to its own root", c.Name)
				}
				if c.LivenessProbe == nil || c.ReadinessProbe == nil {
					t.Errorf("container %s has no probes", c.Name)
				}
				if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
					t.Errorf("container %s does not say what it needs", c.Name)
				}
			}
		})
	}
}

func TestManagerMayFinishACallThatBuys(t *testing.T) {
	for _, d := range deployments(t, "default") {
		if d.Name == "manager" && *d.Spec.Template.Spec.TerminationGracePeriodSeconds < 90 {
			t.Errorf("the manager is killed after %d seconds; a call that buys a name may take 75", *d.Spec.Template.Spec.TerminationGracePeriodSeconds)
		}
	}
}

func TestEnvironmentOfBothProgramsIsTheSame(t *testing.T) {
	for folder, want := range map[string]string{"default": "test", "test": "test", "demo": "test", "live": "live"} {
		t.Run(folder, func(t *testing.T) {
			for _, d := range deployments(t, folder) {
				args := d.Spec.Template.Spec.Containers[0].Args
				if !slices.Contains(args, "--environment="+want) {
					t.Errorf("%s: %v has no --environment=%s", d.Name, args, want)
				}
				for _, flag := range []string{"--factory-namespace=" + factoryNamespace, "--sites-namespace=" + sitesNamespace} {
					if !slices.Contains(args, flag) {
						t.Errorf("%s: %v has no %s", d.Name, args, flag)
					}
				}
				if folder == "live" && strings.Contains(fmt.Sprint(args), "--callback-allow-cidrs") {
					t.Errorf("%s: a live factory lets no private address be called", d.Name)
				}
			}
		})
	}
}
