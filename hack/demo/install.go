package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// fieldOwner is whom the API server notes down for what the demo applies.
const fieldOwner = client.FieldOwner("mwf-demo")

// demo is one run.
type demo struct {
	config   config
	say      *progress
	cluster  cluster
	client   client.Client
	images   images
	callback callbackFiles
	token    string // filled by install
}

// prepare finds the cluster and everything that make has built.
func prepare(ctx context.Context, cfg config, say *progress) (*demo, error) {
	bin, err := filepath.Abs(cfg.bin)
	if err != nil {
		return nil, err
	}
	cfg.bin = bin
	d := &demo{config: cfg, say: say}
	if d.cluster, err = findCluster(ctx, cfg); err != nil {
		return nil, err
	}
	if d.images, err = readImages(bin); err != nil {
		return nil, err
	}
	if d.client, err = connect(d.cluster.kubeconfig); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.state(), 0o700); err != nil {
		return nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	d.callback = callbackFilesIn(d.state())
	if err := ensureCallbackCertificate(d.callback, d.cluster.node, time.Now()); err != nil {
		return nil, err
	}
	return d, nil
}

// state is the folder of the demo's own files: keys, codes, the rendered overlay.
func (d *demo) state() string { return filepath.Join(d.config.bin, "demo-state") }

func connect(kubeconfig string) (client.Client, error) {
	rest, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(loadingRules(kubeconfig), nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	rest.QPS, rest.Burst = 50, 100
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(apiextensionsv1.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	c, err := client.New(rest, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return c, nil
}

// install puts the factory on the cluster and waits until it is ready to be asked.
func (d *demo) install(ctx context.Context) error {
	if err := d.loadImages(ctx); err != nil {
		return err
	}
	d.say.step("installing the factory from %s", d.config.overlay)
	objects, err := render(ctx, d.config, d.images, d.cluster)
	if err != nil {
		return err
	}
	if err := d.applyAll(ctx, objects); err != nil {
		return err
	}
	if d.token, err = d.ensureToken(ctx); err != nil {
		return err
	}
	mine, err := d.adminObjects()
	if err != nil {
		return err
	}
	for _, object := range mine {
		if err := d.applyTyped(ctx, object); err != nil {
			return err
		}
	}
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		d.say.step("waiting for Deployment %s", object.GetName())
		if err := d.waitForDeployment(ctx, client.ObjectKeyFromObject(object)); err != nil {
			return err
		}
	}
	for _, object := range mine {
		d.say.step("waiting for %s %s", object.GetObjectKind().GroupVersionKind().Kind, object.GetName())
		if err := d.waitForReady(ctx, object); err != nil {
			return err
		}
	}
	return d.waitForFactory(ctx)
}

func (d *demo) loadImages(ctx context.Context) error {
	if d.config.cluster != "local" {
		return nil // its nodes pull
	}
	d.say.step("loading the images into the cluster")
	args := append([]string{"load"}, d.images.archives(d.config.bin)...)
	if _, err := output(exec.CommandContext(ctx, filepath.Join(d.config.bin, "localcluster"), args...)); err != nil {
		return fmt.Errorf("load the images: %w", err)
	}
	return nil
}

// applyAll applies what others depend on first: namespaces, then kinds, then the rest.
func (d *demo) applyAll(ctx context.Context, objects []*unstructured.Unstructured) error {
	rank := func(o *unstructured.Unstructured) int {
		switch o.GetKind() {
		case "Namespace":
			return 0
		case "CustomResourceDefinition":
			return 1
		}
		return 2
	}
	for wanted := range 3 {
		for _, object := range objects {
			if rank(object) != wanted {
				continue
			}
			if err := d.apply(ctx, object); err != nil {
				return err
			}
		}
		if wanted == 1 {
			if err := d.waitForKinds(ctx, objects); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demo) apply(ctx context.Context, object *unstructured.Unstructured) error {
	err := d.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), fieldOwner, client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}

// applyTyped applies one of our own kinds without its status, which is the factory's to write.
func (d *demo) applyTyped(ctx context.Context, object client.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return fmt.Errorf("write down %s: %w", object.GetName(), err)
	}
	delete(content, "status")
	return d.apply(ctx, &unstructured.Unstructured{Object: content})
}
