package main

import (
	"context"
	"fmt"

	"github.com/sirupsen/logrus"
	"github.com/zalando/skipper"
	"github.com/zalando/skipper/config"
)

// runSkipper runs the ingress controller with Skipper's own command line. It handles signals itself.
func runSkipper(context.Context) error {
	cfg := config.NewConfig()
	if err := cfg.Parse(); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	logrus.SetLevel(cfg.ApplicationLogLevel)
	return skipper.Run(cfg.ToOptions())
}
