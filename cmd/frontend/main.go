// Command frontend serves the HTTP contract of a Magic Website Factory over HTTPS: it says which names are available and takes orders for sites.
//
// It reads no Secret, holds no registrar credential and buys nothing; what it may do is create IndieSites with their installer Secrets,
// and raise an attempt.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// version is set when the program is built.
var version = "dev"

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	cfg, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "frontend: %v\n", err)
		os.Exit(exitUsage)
	case cfg.printVersion:
		fmt.Println("frontend", version)
		return
	}
	logger := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: cfg.logLevel}))
	log.SetLogger(logr.FromSlogHandler(logger.Handler()))

	cfg.cluster, err = config.GetConfig()
	if err != nil {
		logger.Error("no way to the cluster", "error", err)
		os.Exit(exitFailed)
	}
	cfg.registry = metrics.Registry // which the metrics server serves
	logger.Info("starting", "version", version, "environment", cfg.environment)
	if err := run(ctrl.SetupSignalHandler(), cfg, logger); err != nil {
		logger.Error("ended", "error", err)
		os.Exit(exitFailed)
	}
}
