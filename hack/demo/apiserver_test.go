package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
)

func TestMain(m *testing.M) { os.Exit(apiserver.MainAlone(m)) }

// connected is a demo on the test API server, with the factory's namespace there.
func connected(t *testing.T) *demo {
	t.Helper()
	d := demoForTest(t)
	scheme := apiserver.Scheme()
	utilruntime.Must(apiextensionsv1.AddToScheme(scheme))
	c, err := client.New(apiserver.Config(t), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	d.client = c
	err = c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: factoryNamespace}})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	return d
}

func TestTheAPIServerTakesTheAdminObjectsAgainAndAgain(t *testing.T) {
	d := connected(t)
	for range 2 {
		objects, err := d.adminObjects()
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			if err := d.applyTyped(t.Context(), object); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, object := range map[string]client.Object{
		onboarderName: &v1alpha1.Onboarder{}, registrarName: &v1alpha1.Registrar{}, siteClassName: &v1alpha1.SiteClass{},
	} {
		if err := d.client.Get(t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: name}, object); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if object.GetGeneration() != 1 {
			t.Errorf("%s has the generation %d: applying it again must change nothing", name, object.GetGeneration())
		}
	}
}

func TestTheAPIServerTakesTheOverlay(t *testing.T) {
	objects := rendered(t, localCluster(t))
	d := connected(t)
	for name, object := range objects {
		if object.GetKind() != "Namespace" && object.GetKind() != "CustomResourceDefinition" {
			continue
		}
		if err := d.apply(t.Context(), object); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		delete(objects, name) // the rest is only tried
	}
	for name, object := range objects {
		if err := d.client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object), fieldOwner, client.ForceOwnership, client.DryRunAll); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTokenIsMadeOnceAndFoundAgain(t *testing.T) {
	d := connected(t)
	first, err := d.ensureToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 64 {
		t.Errorf("the token has %d characters, want 64: 256 bits in hex", len(first))
	}
	second, err := d.ensureToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if second != first {
		t.Error("a second run has another token")
	}

	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: tokenSecret}}
	if err := d.client.Get(t.Context(), client.ObjectKeyFromObject(secret), secret); err != nil {
		t.Fatal(err)
	}
	secret.Data = nil
	if err := d.client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	third, err := d.ensureToken(t.Context())
	if err != nil {
		t.Fatalf("a Secret without a token is not filled: %v", err)
	}
	if third == first || third == "" {
		t.Errorf("the token of an empty Secret is %q", third)
	}
}

func TestADeploymentThatDoesNotComeUpIsExplained(t *testing.T) {
	objects := rendered(t, localCluster(t))
	d := connected(t)
	deployment := objects["Deployment manager"]
	if err := d.apply(t.Context(), deployment); err != nil {
		t.Fatal(err)
	}
	// No controller runs here, so it never gets pods.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := d.waitForDeployment(ctx, client.ObjectKeyFromObject(deployment))
	for _, want := range []string{"wait for Deployment manager", "not seen by its controller", "it has no pods"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one that says %q", err, want)
		}
	}
}
