package main

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"magicwebsitefactory.gent/controllers/callback"
	"magicwebsitefactory.gent/controllers/domain"
	"magicwebsitefactory.gent/controllers/onboarder"
	"magicwebsitefactory.gent/controllers/registrar"
	"magicwebsitefactory.gent/controllers/site"
	"magicwebsitefactory.gent/controllers/siteclass"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/reach"
	registrars "magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell"
	"magicwebsitefactory.gent/internal/registrar/dnsimple"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/external"
	"magicwebsitefactory.gent/internal/registrar/testprovider"
)

// reconcileTime bounds one pass of any duty. The longest is a purchase: a minute, and the reads and writes around it.
const reconcileTime = 2 * time.Minute

// addDuties gives each duty a queue and workers of its own, so that a slow registrar holds up no callback and a slow callback no site.
func addDuties(mgr manager.Manager, cfg settings) error {
	now := clock.RealClock{}
	resolver := &dns.Resolver{Recursive: cfg.dnsResolvers}
	registry, err := registryOf(cfg, mgr.GetLogger())
	if err != nil {
		return fmt.Errorf("registries: %w", err)
	}
	failures := registrars.NewFailures()
	accounts := registrars.Limit(
		registrars.NewSource(cfg.environment,
			testprovider.New(mgr.GetClient(), mgr.GetAPIReader(), now),
			combell.New(mgr.GetAPIReader(), now, combell.WithRegistry(registry)),
			epp.New(mgr.GetAPIReader(), now, epp.WithKeepAlive(now)),
			dnsimple.New(mgr.GetAPIReader(), now, dnsimple.WithUserAgent("magic-website-factory/"+version)),
			external.New(resolver),
		), now, nil, registrars.NoteFailures(failures))
	sender, err := delivery.NewClient(delivery.Config{
		Environment:     cfg.environment,
		AllowedNetworks: cfg.callbackAllow,
		DeniedNetworks:  cfg.callbackDeny,
		UserAgent:       "magic-website-factory/" + version,
		Clock:           now,
	})
	if err != nil {
		return fmt.Errorf("callbacks: %w", err)
	}
	for _, d := range []struct {
		name    string
		workers int
		duty    interface {
			SetupWithManager(manager.Manager, controller.Options) error
		}
	}{
		{"onboarder", 1, &onboarder.Reconciler{
			Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: now, Recorder: mgr.GetEventRecorder("onboarder"),
			Environment: cfg.environment, FactoryNamespace: cfg.factoryNamespace,
		}},
		{"registrar", 1, &registrar.Reconciler{
			Client: mgr.GetClient(), Registrars: accounts, Failures: failures, Clock: now, Recorder: mgr.GetEventRecorder("registrar"),
			FactoryNamespace: cfg.factoryNamespace,
		}},
		{"siteclass", 1, &siteclass.Reconciler{
			Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: now, Recorder: mgr.GetEventRecorder("siteclass"),
			FactoryNamespace: cfg.factoryNamespace, SitesNamespace: cfg.sitesNamespace,
		}},
		{"domain", cfg.domainWorkers, &domain.Reconciler{
			Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Registrars: accounts, Clock: now, Recorder: mgr.GetEventRecorder("domain"),
			FactoryNamespace: cfg.factoryNamespace, SitesNamespace: cfg.sitesNamespace,
		}},
		{"site", cfg.siteWorkers, &site.Reconciler{
			Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: now, Recorder: mgr.GetEventRecorder("site"),
			Prober: reach.HTTPS{}, Random: rand.Reader,
			DNS: site.DNS{
				Names:     resolver,
				Registrar: recordsAt(mgr.GetClient(), accounts, cfg.factoryNamespace),
			},
			FactoryNamespace: cfg.factoryNamespace, SitesNamespace: cfg.sitesNamespace,
		}},
		{"callback", cfg.callbackWorkers, &callback.Reconciler{
			Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: now, Recorder: mgr.GetEventRecorder("callback"), Sender: sender,
			FactoryNamespace: cfg.factoryNamespace, SitesNamespace: cfg.sitesNamespace,
		}},
	} {
		options := controller.Options{MaxConcurrentReconciles: d.workers, ReconciliationTimeout: reconcileTime}
		if err := d.duty.SetupWithManager(mgr, options); err != nil {
			return fmt.Errorf("set up the duty %s: %w", d.name, err)
		}
	}
	return nil
}

// registryOf is whom the manager asks who holds a name, where the registrar that was told to buy it cannot say: the same registries as the front end.
func registryOf(cfg settings, logger logr.Logger) (availability.Checker, error) {
	return cfg.sources.Checker(slog.New(logr.ToSlogHandler(logger)), nil)
}
