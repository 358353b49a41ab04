package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/frontend"
	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/orderdigest"
)

// keysInterval is how often the folder of keys for request digests is read again.
const keysInterval = 10 * time.Second

// run serves until the context ends, then shuts down in peace. It returns the first thing that went wrong.
func run(ctx context.Context, cfg settings, logger *slog.Logger) error {
	certificate, err := certwatcher.New(cfg.tlsCert, cfg.tlsKey)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	objects, live, err := clients(ctx, cfg)
	if err != nil {
		return err
	}
	checker, known, err := checkers(cfg, logger)
	if err != nil {
		return err
	}
	ring := orderdigest.OpenRing(cfg.digestKeys)
	handler := frontend.New(frontend.Config{
		Desk:             desk(cfg, live, objects, ring, checker, known),
		Onboarders:       objects,
		FactoryNamespace: cfg.factoryNamespace,
		Environment:      cfg.environment,
		TrustedProxies:   cfg.trustedProxies,
		Log:              logger,
		Clock:            clock.RealClock{},
		Metrics:          cfg.registry,
	})
	ready := &readiness{keys: ring}

	// What serves requests ends after the requests; what they need ends after that. Whatever fails first ends everything.
	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	below, stopBelow := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBelow()
	var group errgroup.Group
	start := func(what string, f func() error) {
		group.Go(func() error {
			err := f()
			if err != nil {
				err = fmt.Errorf("%s: %w", what, err)
			}
			stop(err)
			return err
		})
	}
	start("cache", func() error { return objects.Start(below) })
	start("certificate", func() error { return certificate.Start(below) })
	start("request digest keys", func() error {
		ring.Run(below, clock.RealClock{}, keysInterval, func(err error) { logger.Error("keys for request digests stay as they were", "error", err) })
		return nil
	})
	start("health check", func() error { return serveHealth(below, cfg, ready, logger) })
	start("metrics", func() error { return serveMetrics(below, cfg, certificate) })
	start("HTTPS", func() error {
		defer stopBelow()
		return serveHTTPS(serving, cfg, handler, objects, certificate, ready, logger)
	})
	return group.Wait()
}

// clients makes the two ways to the cluster: informers on what may be seen a little late, and a client that caches nothing.
func clients(ctx context.Context, cfg settings) (cache.Cache, client.Client, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, nil, fmt.Errorf("make a scheme: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, nil, fmt.Errorf("make a scheme: %w", err)
	}
	live, err := client.New(cfg.cluster, client.Options{Scheme: scheme})
	if err != nil {
		return nil, nil, fmt.Errorf("make a client: %w", err)
	}
	factory := cache.ByObject{Namespaces: map[string]cache.Config{cfg.factoryNamespace: {}}}
	sites := metadataOf(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIndieSite))
	objects, err := cache.New(cfg.cluster, cache.Options{
		Scheme: scheme,
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.Onboarder{}: factory,
			&v1alpha1.Registrar{}: factory,
			&v1alpha1.Domain{}:    factory,
			sites:                 {Namespaces: map[string]cache.Config{cfg.sitesNamespace: {}}},
		},
		DefaultTransform:            cache.TransformStripManagedFields(),
		ReaderFailOnMissingInformer: true,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("make a cache: %w", err)
	}
	// Asked for now, or the first request would wait for them, and readiness would not.
	for _, object := range []client.Object{&v1alpha1.Onboarder{}, &v1alpha1.Registrar{}, &v1alpha1.Domain{}, sites} {
		if _, err := objects.GetInformer(ctx, object, cache.BlockUntilSynced(false)); err != nil {
			return nil, nil, fmt.Errorf("watch %T: %w", object, err)
		}
	}
	return objects, live, nil
}

func metadataOf(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	return object
}

func desk(cfg settings, live client.Client, objects client.Reader, ring *orderdigest.Ring, checker availability.Checker, known orders.KnownNames) *orders.Desk {
	store := &orders.Kubernetes{Live: live, Cached: objects, FactoryNamespace: cfg.factoryNamespace, SitesNamespace: cfg.sitesNamespace}
	return &orders.Desk{
		Claims: store, Books: store, Keys: ring,
		Checker: checker, Known: known,
		Clock:          clock.RealClock{},
		Random:         func() string { return utilrand.String(5) },
		Environment:    cfg.environment,
		SitesNamespace: cfg.sitesNamespace,
	}
}
