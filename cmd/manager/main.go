// Command manager runs the duties of a Magic Website Factory: it buys names, runs Indie Sites and tells the onboarders.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// version is set when the program is built.
var version = "dev"

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	cfg, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(exitUsage)
	case cfg.printVersion:
		fmt.Println("manager", version)
		return
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&cfg.logging)))
	logger := ctrl.Log.WithName("manager")
	cluster, err := config.GetConfig()
	if err != nil {
		logger.Error(err, "no way to the cluster: run in a pod, or set KUBECONFIG")
		os.Exit(exitFailed)
	}
	logger.Info("starting", "version", version, "environment", cfg.environment)
	if err := run(ctrl.SetupSignalHandler(), cluster, cfg); err != nil {
		logger.Error(err, "ended")
		os.Exit(exitFailed)
	}
}
