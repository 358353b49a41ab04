package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/hallo"
)

// How requests are sent again: eight times within about a minute.
const (
	tries        = 8
	firstPause   = 500 * time.Millisecond
	longestPause = 15 * time.Second
)

// claim wires the flags to a hallo.Claim and runs it.
func claim(ctx context.Context, args []string, env environment) error {
	cfg, err := parseClaim(args, env)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.wait, fmt.Errorf("%w (--wait %s)", hallo.ErrTimeout, cfg.wait))
	defer cancel()

	code, shown, err := signUpCode(cfg)
	if err != nil {
		return usageError{err}
	}
	report := hallo.NewReport(env.stdout, cfg.domain, cfg.json, clock.RealClock{})
	c, err := newClaim(cfg, code, report)
	if err != nil {
		return usageError{err}
	}
	certificate, err := tls.LoadX509KeyPair(cfg.cert, cfg.key)
	if err != nil {
		return usageError{fmt.Errorf("--cert and --key: %w", err)}
	}
	listener, err := listen(cfg, certificate, c.Receiver, report)
	if err != nil {
		report.Failed(hallo.StepListen, err)
		return err
	}
	defer listener.Close()

	err = c.Run(ctx)
	tellCode(cfg, env, c, shown, err)
	return err
}

// signUpCode returns the code, and whether the person must be shown it: one
// that is in a file is in safe hands already.
func signUpCode(cfg claimConfig) (code string, show bool, err error) {
	if cfg.codeFile == "" {
		code, err = hallo.GenerateCode(rand.Reader)
		return code, true, err
	}
	if cfg.resume {
		code, err = hallo.SecretFromFile(cfg.codeFile)
		return code, false, err
	}
	code, _, err = hallo.CodeFromFile(cfg.codeFile, rand.Reader)
	return code, false, err
}

func newClaim(cfg claimConfig, code string, report *hallo.Report) (*hallo.Claim, error) {
	token := cfg.token
	var err error
	if cfg.tokenFile != "" {
		if token, err = hallo.SecretFromFile(cfg.tokenFile); err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
	}
	factoryTrust, err := hallo.TrustFile(cfg.factoryCA)
	if err != nil {
		return nil, fmt.Errorf("--factory-ca: %w", err)
	}
	siteTrust, err := hallo.TrustFile(cfg.siteCA)
	if err != nil {
		return nil, fmt.Errorf("--site-ca: %w", err)
	}
	retry := hallo.Retry{
		Tries: tries, First: firstPause, Longest: longestPause,
		Clock: clock.RealClock{}, Random: mathrand.Float64, Note: report.Retrying,
	}
	factory, err := hallo.NewFactory(hallo.FactoryConfig{
		URL: cfg.factory, Trust: factoryTrust, Token: token, Dialect: cfg.dialect, Retry: retry,
	})
	if err != nil {
		return nil, err
	}
	var webhookKey string
	if cfg.webhookKey != "" {
		if webhookKey, err = hallo.SecretFromFile(cfg.webhookKey); err != nil {
			return nil, fmt.Errorf("--webhook-key-file: %w", err)
		}
	}
	receiver, err := hallo.NewReceiver(hallo.ReceiverConfig{
		Callback: cfg.callback, Token: token, Dialect: cfg.dialect, WebhookKey: webhookKey,
		Observe: func(call hallo.Call) { reportRefused(report, call) },
	})
	if err != nil {
		return nil, err
	}
	return &hallo.Claim{
		Order:    hallo.Order{Domain: cfg.domain, Callback: cfg.callback, Code: code},
		Settings: cfg.settings,
		Factory:  factory,
		Receiver: receiver,
		Site:     hallo.NewSite(hallo.SiteConfig{Domain: cfg.domain, Trust: siteTrust, Address: cfg.siteAddress, Retry: retry}),
		Report:   report,
		Resume:   cfg.resume,
	}, nil
}

func reportRefused(report *hallo.Report, call hallo.Call) {
	if !call.Accepted() {
		report.Note(hallo.StepCallback, "a call from %s was refused with %d: %.10q %.100q %s",
			call.From, call.Answer, call.Method, call.Path, call.Reason)
	}
}

func listen(cfg claimConfig, certificate tls.Certificate, receiver *hallo.Receiver, report *hallo.Report) (*hallo.Listener, error) {
	socket, err := net.Listen("tcp", cfg.listen)
	if err != nil {
		return nil, fmt.Errorf("%w; --listen says where else", err)
	}
	listener := hallo.Listen(socket, certificate, receiver, func(line string) {
		report.Note(hallo.StepListen, "%s", line)
	})
	report.Done(hallo.StepListen, "listening for the callback on %s", socket.Addr())
	return listener, nil
}

// tellCode shows the code to the person whose site it opens, also when the
// claim ended before its site was there: the factory may still build it.
func tellCode(cfg claimConfig, env environment, c *hallo.Claim, show bool, err error) {
	pending := err != nil && c.Ordered() && !errors.Is(err, hallo.ErrNotAvailable) && !errors.Is(err, hallo.ErrFactoryFailed)
	if err != nil && !pending {
		return
	}
	out := env.stdout
	if cfg.json {
		out = env.stderr
	}
	if show {
		fmt.Fprintf(out, "\nThe secret sign-up code of %s is\n\n    %s\n\nKeep it: it proves to the site who its owner is.\n", cfg.domain, c.Order.Code)
	}
	if pending {
		fmt.Fprint(env.stderr, "\nThe order may still stand. With the code in a file, go on with: --resume --code-file FILE\n")
	}
}
