package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"magicwebsitefactory.gent/internal/orderdigest"
)

const (
	// shutdownTime lets a purchase that was sent be recorded before the process ends; the pod is given 90 s.
	shutdownTime = 75 * time.Second
	// startTime bounds what is done before the duties begin.
	startTime = 30 * time.Second
	// leaseName is the lock by which replicas agree on who leads.
	leaseName = "manager.magicwebsitefactory.gent"
)

// run works until the context ends, then lets what is under way be finished.
func run(ctx context.Context, cluster *rest.Config, cfg settings) error {
	mgr, err := newManager(cluster, cfg)
	if err != nil {
		return fmt.Errorf("make the manager: %w", err)
	}
	if err := ensureKeys(ctx, cluster, cfg, mgr); err != nil {
		return err
	}
	if err := addDuties(mgr, cfg); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func newManager(cluster *rest.Config, cfg settings) (manager.Manager, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	cluster = rest.CopyConfig(cluster)
	cluster.QPS, cluster.Burst = float32(cfg.kubeAPIQPS), cfg.kubeAPIBurst
	shutdown := shutdownTime
	mgr, err := ctrl.NewManager(cluster, manager.Options{
		Scheme: scheme,
		Cache:  cacheOptions(cfg),
		Client: clientOptions(),
		Metrics: metricsserver.Options{
			BindAddress:    cfg.metricsAddress,
			SecureServing:  true,
			FilterProvider: filters.WithAuthenticationAndAuthorization,
			TLSOpts:        []func(*tls.Config){func(c *tls.Config) { c.MinVersion = tls.VersionTLS12 }},
		},
		HealthProbeBindAddress:        cfg.healthAddress,
		LeaderElection:                cfg.leaderElect,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       cfg.factoryNamespace,
		LeaseDuration:                 &cfg.lease.duration,
		RenewDeadline:                 &cfg.lease.renewDeadline,
		RetryPeriod:                   &cfg.lease.retryPeriod,
		LeaderElectionReleaseOnCancel: true, // main ends the process as soon as Start returns
		GracefulShutdownTimeout:       &shutdown,
		Controller:                    config.Controller{ReconciliationTimeout: reconcileTime},
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, err
	}
	if err := mgr.AddReadyzCheck("ping", healthz.Ping); err != nil {
		return nil, err
	}
	return mgr, nil
}

// +kubebuilder:rbac:groups="",namespace=factory,resources=secrets,verbs=create

// ensureKeys makes the Secret that the front end needs to tell whether two orders are the same one, so that nobody who installs a factory has to.
func ensureKeys(ctx context.Context, cluster *rest.Config, cfg settings, mgr manager.Manager) error {
	c, err := client.New(cluster, client.Options{Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return orderdigest.EnsureKeys(ctx, c, cfg.factoryNamespace)
}
