package main

import (
	"log/slog"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/testtable"
	"magicwebsitefactory.gent/internal/frontend/orders"
)

// checkers are whom the desk asks about names that are not ours: the registries, or on a test factory the table of known names.
func checkers(cfg settings, logger *slog.Logger) (availability.Checker, orders.KnownNames, error) {
	if cfg.environment == v1alpha1.EnvironmentTest {
		return testtable.Table{}, testtable.Table{}, nil
	}
	checker, err := cfg.sources.Checker(logger, cfg.registry)
	if err != nil {
		return nil, nil, err
	}
	return checker, nil, nil
}
