package main

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// newScheme has the core kinds and the factory's.
func newScheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// cacheOptions keeps each kind to the namespace that it lives in: the manager has no rights beyond the two. Secrets are known by their
// metadata alone; what they hold is read when it is needed and kept by nobody.
func cacheOptions(cfg settings) cache.Options {
	factory := cache.ByObject{Namespaces: map[string]cache.Config{cfg.factoryNamespace: {}}}
	sites := cache.ByObject{Namespaces: map[string]cache.Config{cfg.sitesNamespace: {}}}
	both := map[string]cache.Config{cfg.factoryNamespace: {}, cfg.sitesNamespace: {}}

	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))

	return cache.Options{
		DefaultNamespaces: map[string]cache.Config{cfg.sitesNamespace: {}},
		DefaultTransform:  cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.Onboarder{}:         factory,
			&v1alpha1.Registrar{}:         factory,
			&v1alpha1.SiteClass{}:         factory,
			&v1alpha1.Domain{}:            factory,
			&appsv1.ControllerRevision{}:  factory,
			&v1alpha1.IndieSite{}:         sites,
			&appsv1.StatefulSet{}:         sites,
			&corev1.Service{}:             sites,
			&networkingv1.NetworkPolicy{}: sites,
			&networkingv1.Ingress{}:       sites,
			secret:                        {Namespaces: both},
		},
	}
}

// clientOptions leaves out of the cache what must not be kept, or would be read stale.
func clientOptions() client.Options {
	return client.Options{Cache: &client.CacheOptions{
		DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}, &corev1.Pod{}},
	}}
}
