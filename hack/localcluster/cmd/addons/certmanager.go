package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	"github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	shim "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	requestacme "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	requestca "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	requestselfsigned "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	certificatemetrics "github.com/cert-manager/cert-manager/pkg/controller/certificates/metrics"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	"github.com/cert-manager/cert-manager/pkg/controller/issuers"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"

	// The kinds of issuer that the issuer controllers can set up.
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

// certManagerControllers are the controllers of cert-manager that run here: certificates, requests to
// SelfSigned, CA and ACME issuers, and Ingress annotations. Vault, Venafi and the Gateway API are left out.
var certManagerControllers = []string{
	issuers.ControllerName, clusterissuers.ControllerName,
	certificatemetrics.ControllerName, trigger.ControllerName, issuing.ControllerName, keymanager.ControllerName,
	requestmanager.ControllerName, readiness.ControllerName, revisionmanager.ControllerName,
	approver.ControllerName, requestca.CRControllerName, requestselfsigned.CRControllerName, requestacme.CRControllerName,
	acmeorders.ControllerName, acmechallenges.ControllerName, shim.ControllerName,
}

const certManagerWorkers = 5

func runCertManager(ctx context.Context) error {
	namespace := flag.String("cluster-resource-namespace", "kube-system", "namespace of the Secrets of ClusterIssuers")
	solver := flag.String("acme-solver-image", "", "image of the HTTP-01 solver")
	metricsAddress := flag.String("metrics-address", ":9402", "address of the metrics")
	healthAddress := flag.String("health-address", ":9403", "address of /livez and /readyz")
	flag.Parse()
	ctx = logf.NewContext(ctx, logf.Log)
	factory, err := controller.NewContextFactory(ctx, certManagerOptions(*namespace, *solver))
	if err != nil {
		return fmt.Errorf("set up the clients: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	var ready atomic.Bool
	serveHealth(ctx, group, *healthAddress, &ready)
	if err := startCertManager(ctx, group, factory, *metricsAddress); err != nil {
		return errors.Join(err, group.Wait())
	}
	ready.Store(true)
	return group.Wait()
}

func certManagerOptions(namespace, solver string) controller.ContextOptions {
	return controller.ContextOptions{
		KubernetesAPIQPS: 50, KubernetesAPIBurst: 100,
		IssuerOptions: controller.IssuerOptions{ClusterResourceNamespace: namespace},
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 solver,
			HTTP01SolverResourceRequestCPU:    resource.MustParse("10m"),
			HTTP01SolverResourceRequestMemory: resource.MustParse("64Mi"),
			HTTP01SolverResourceLimitsCPU:     resource.MustParse("500m"),
			HTTP01SolverResourceLimitsMemory:  resource.MustParse("256Mi"),
			ACMEHTTP01SolverRunAsNonRoot:      true,
			DNS01CheckAuthoritative:           true,
			DNS01CheckRetryPeriod:             10 * time.Second,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerKind: "Issuer", DefaultIssuerGroup: "cert-manager.io",
			DefaultAutoCertificateAnnotations: []string{"kubernetes.io/tls-acme"},
		},
		// Upstream waits an hour after a failed request, which no try-out has.
		CertificateOptions: controller.CertificateOptions{CertificateRequestMinimumBackoffDuration: 30 * time.Second},
		SchedulerOptions:   controller.SchedulerOptions{MaxConcurrentChallenges: 60},
	}
}

// startCertManager builds every controller before the informers start, as their factories demand.
func startCertManager(ctx context.Context, group *errgroup.Group, factory *controller.ContextFactory, metricsAddress string) error {
	root, err := factory.Build()
	if err != nil {
		return fmt.Errorf("set up the root context: %w", err)
	}
	running := make(map[string]controller.Interface, len(certManagerControllers))
	for _, name := range certManagerControllers {
		build, known := controller.Known()[name]
		if !known {
			return fmt.Errorf("cert-manager has no controller %q", name)
		}
		if running[name], err = build(factory); err != nil {
			return fmt.Errorf("build the controller %s: %w", name, err)
		}
	}
	if err := serveMetrics(ctx, group, root, metricsAddress); err != nil {
		return err
	}
	root.SharedInformerFactory.Start(ctx.Done())
	root.KubeSharedInformerFactory.Start(ctx.Done())
	root.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	root.SharedInformerFactory.WaitForCacheSync(ctx.Done())
	root.KubeSharedInformerFactory.WaitForCacheSync(ctx.Done())
	for name, each := range running {
		group.Go(func() error {
			if err := each.Run(certManagerWorkers, ctx); err != nil {
				return fmt.Errorf("run the controller %s: %w", name, err)
			}
			return nil
		})
	}
	return nil
}

// serveMetrics registers the collectors, which must happen before the metrics server is made.
func serveMetrics(ctx context.Context, group *errgroup.Group, root *controller.Context, address string) error {
	shared := root.SharedInformerFactory
	root.Metrics.SetupCertificateCollector(shared.Certmanager().V1().Certificates().Lister())
	root.Metrics.SetupIssuerCollector(shared.Certmanager().V1().Issuers().Lister())
	root.Metrics.SetupClusterIssuerCollector(shared.Certmanager().V1().ClusterIssuers().Lister())
	root.Metrics.SetupACMECollector(shared.Acme().V1().Challenges().Lister())
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w", err)
	}
	serve(ctx, group, root.Metrics.NewServer(listener), listener)
	return nil
}

func serveHealth(ctx context.Context, group *errgroup.Group, address string, ready *atomic.Bool) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "the caches are not synced", http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	serve(ctx, group, server, nil)
}

// serve runs a server in group until ctx ends; with no listener the server makes its own.
func serve(ctx context.Context, group *errgroup.Group, server *http.Server, listener net.Listener) {
	context.AfterFunc(ctx, func() { _ = server.Close() })
	group.Go(func() error {
		run := server.ListenAndServe
		if listener != nil {
			run = func() error { return server.Serve(listener) }
		}
		if err := run(); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", server.Addr, err)
		}
		return nil
	})
}
