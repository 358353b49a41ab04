package main

import (
	"context"
	"errors"
	"flag"
	"net/http"

	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

// runACMESolver answers one HTTP-01 challenge; cert-manager runs it in a pod beside the site.
func runACMESolver(ctx context.Context) error {
	var s solver.HTTP01Solver
	flag.IntVar(&s.ListenPort, "listen-port", 8089, "port to listen on")
	flag.StringVar(&s.Domain, "domain", "", "domain name that is proven")
	flag.StringVar(&s.Token, "token", "", "the challenge's token")
	flag.StringVar(&s.Key, "key", "", "the key authorization to answer")
	flag.Parse()
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.Listen(logf.Log); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
