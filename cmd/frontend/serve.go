package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"magicwebsitefactory.gent/internal/frontend"
	"magicwebsitefactory.gent/internal/orderdigest"
)

// shutdownTimeout is how long requests under way may take to end.
const shutdownTimeout = 30 * time.Second

// newServer sets the limits that keep slow and greedy clients from holding everything up.
func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100},
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug), // a stranger's broken handshake is no news
	}
}

func tlsConfig(certificate *certwatcher.CertWatcher) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate.GetCertificate}
}

// serveHTTPS serves until the context ends. Then it says that it is not ready, goes on for a while so that nobody is sent here any more, and
// lets what is under way end.
func serveHTTPS(ctx context.Context, cfg settings, handler *frontend.Server, objects cache.Cache, certificate *certwatcher.CertWatcher, ready *readiness, logger *slog.Logger) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.listen)
	if err != nil {
		return err
	}
	server := newServer(handler, logger)
	server.TLSConfig = tlsConfig(certificate)
	if !objects.WaitForCacheSync(ctx) {
		return listener.Close() // nobody waits for them any more
	}
	ready.synced.Store(true)
	logger.Info("serving", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.ServeTLS(listener, "", "") }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ready.leaving.Store(true)
	logger.Info("draining", "for", cfg.drain)
	select {
	case err := <-failed:
		return err
	case <-time.After(cfg.drain):
	}
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(shutdown); err != nil {
		return fmt.Errorf("requests were cut off: %w", err)
	}
	return nil
}

// readiness says whether requests can be answered.
type readiness struct {
	keys            *orderdigest.Ring
	synced, leaving atomic.Bool
}

func (r *readiness) cachesSynced(*http.Request) error {
	if !r.synced.Load() {
		return errors.New("not in sync")
	}
	return nil
}

func (r *readiness) keysThere(*http.Request) error {
	_, err := r.keys.Keys()
	return err
}

func (r *readiness) staying(*http.Request) error {
	if r.leaving.Load() {
		return errors.New("shutting down")
	}
	return nil
}

// serveHealth answers kubelet, and nothing else, in plain HTTP.
func serveHealth(ctx context.Context, cfg settings, ready *readiness, logger *slog.Logger) error {
	mux := http.NewServeMux()
	mux.Handle("/healthz", http.StripPrefix("/healthz", &healthz.Handler{}))
	mux.Handle("/readyz", http.StripPrefix("/readyz", &healthz.Handler{Checks: map[string]healthz.Checker{
		"caches": ready.cachesSynced, "request-digest-keys": ready.keysThere, "staying": ready.staying,
	}}))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.healthListen)
	if err != nil {
		return err
	}
	server := newServer(mux, logger)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// serveMetrics serves metrics over HTTPS to whoever the cluster says may read them.
func serveMetrics(ctx context.Context, cfg settings, certificate *certwatcher.CertWatcher) error {
	if cfg.metricsListen == noMetrics {
		<-ctx.Done()
		return nil
	}
	httpClient, err := rest.HTTPClientFor(cfg.cluster)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	server, err := metricsserver.NewServer(metricsserver.Options{
		BindAddress:    cfg.metricsListen,
		SecureServing:  true,
		FilterProvider: filters.WithAuthenticationAndAuthorization,
		TLSOpts: []func(*tls.Config){func(c *tls.Config) {
			c.MinVersion, c.GetCertificate = tls.VersionTLS12, certificate.GetCertificate
		}},
	}, cfg.cluster, httpClient)
	if err != nil {
		return err
	}
	return server.Start(ctx)
}
