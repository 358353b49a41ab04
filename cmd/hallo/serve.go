package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/serve"
)

const serveUsage = `hallo serve plays Hallobot: a web page on which people claim a site in a conversation. Page and callbacks
are served over HTTPS on one address, until it is interrupted.

Flags take their defaults from the environment as shown, so that after "make demo"
". bin/demo.env && bin/hallo serve" needs none. The token is never an argument, which every user of
the machine could read: give --token-file or $FACTORY_TOKEN.

Everybody who reaches the page can order, and each order may cost money: --orders-per-hour bounds that.
Conversations are kept below --state, with the secret sign-up codes in them, and go on after a restart.

Flags:

`

// The page's requests are tried less often than a claim's: a person is told, and
// the order goes on in the background.
const pageTries = 4

type serveConfig struct {
	connection
	state         string
	suffixes      []string
	ordersPerHour int
	conversations int
}

func parseServe(args []string, env environment) (serveConfig, error) {
	cfg := serveConfig{suffixes: []string{"gent"}}
	flags := flag.NewFlagSet("hallo serve", flag.ContinueOnError)
	cfg.register(flags, env)
	flags.StringVar(&cfg.state, "state", env.getenv("HALLO_STATE"), "`folder` to keep conversations in, of one factory only (default ~/.local/state/hallo/<factory>; $HALLO_STATE)")
	flags.Func("suffixes", "`endings` of names to offer, with commas between them (default gent)", func(text string) (err error) {
		cfg.suffixes, err = parseSuffixes(text)
		return err
	})
	flags.IntVar(&cfg.ordersPerHour, "orders-per-hour", 20, "how many `orders` all people together may place in an hour")
	flags.IntVar(&cfg.conversations, "conversations", 1000, "how many `conversations` are kept")
	positional, err := parse(flags, serveUsage, args, env)
	if err != nil {
		return cfg, err
	}
	if len(positional) > 0 {
		return cfg, usageError{fmt.Errorf("takes no arguments, got %q", positional[0])}
	}
	if err := cfg.complete(); err != nil {
		return cfg, err
	}
	if cfg.ordersPerHour < 1 || cfg.conversations < 1 {
		return cfg, usageError{errors.New("--orders-per-hour and --conversations must be 1 or more")}
	}
	if cfg.state == "" {
		cfg.state, err = defaultState(cfg.factory, env)
	}
	return cfg, err
}

func parseSuffixes(text string) ([]string, error) {
	var suffixes []string
	for _, suffix := range strings.Split(text, ",") {
		suffix = strings.ToLower(strings.Trim(strings.TrimSpace(suffix), "."))
		if suffix == "" || strings.ContainsAny(suffix, " /:") {
			return nil, fmt.Errorf("give endings such as gent,be")
		}
		suffixes = append(suffixes, suffix)
	}
	return suffixes, nil
}

// defaultState is a folder of the factory's own, as the XDG Base Directory
// Specification has it.
func defaultState(factory string, env environment) (string, error) {
	base := env.getenv("XDG_STATE_HOME")
	if base == "" {
		home := env.getenv("HOME")
		if home == "" {
			return "", usageError{errors.New("--state (or $HALLO_STATE) is missing, and there is no $HOME")}
		}
		base = filepath.Join(home, ".local", "state")
	}
	name := strings.NewReplacer("://", "_", "/", "_", ":", "_").Replace(strings.TrimSuffix(factory, "/"))
	return filepath.Join(base, "hallo", name), nil
}

// serveHallobot wires the flags to an Office and serves it until the context ends.
func serveHallobot(ctx context.Context, args []string, env environment) error {
	cfg, err := parseServe(args, env)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(env.stderr, nil))
	certificate, err := tls.LoadX509KeyPair(cfg.cert, cfg.key)
	if err != nil {
		return usageError{fmt.Errorf("--cert and --key: %w", err)}
	}
	config, token, err := officeConfig(cfg, logger)
	if err != nil {
		return usageError{err}
	}
	socket, err := net.Listen("tcp", cfg.listen)
	if err != nil {
		fmt.Fprintf(env.stderr, "hallo serve: %v; is another hallo running? --listen says where else\n", err)
		return err
	}
	office, err := serve.OpenOffice(config)
	if err != nil {
		_ = socket.Close() // nobody was served
		fmt.Fprintf(env.stderr, "hallo serve: %v\n", err)
		return err
	}
	defer office.Close()
	handler, err := serveHandler(cfg, token, office)
	if err != nil {
		_ = socket.Close() // nobody was served
		return usageError{err}
	}
	listener := hallo.Listen(socket, certificate, handler, func(line string) { logger.Warn(line) })
	defer listener.Close()
	fmt.Fprintf(env.stdout, "Hallobot is at https://%s/\n", shownAddress(cfg, socket.Addr()))
	<-ctx.Done()
	return nil
}

func officeConfig(cfg serveConfig, logger *slog.Logger) (serve.Config, string, error) {
	token, err := cfg.secretToken()
	if err != nil {
		return serve.Config{}, "", err
	}
	siteTrust, err := hallo.TrustFile(cfg.siteCA)
	if err != nil {
		return serve.Config{}, "", fmt.Errorf("--site-ca: %w", err)
	}
	retry := newRetry(mathrand.Float64, nil)
	retry.Tries = pageTries
	orders, err := cfg.client(token, retry)
	if err != nil {
		return serve.Config{}, "", err
	}
	once := retry
	once.Tries = 1
	questions, err := cfg.client(token, once)
	if err != nil {
		return serve.Config{}, "", err
	}
	return serve.Config{
		Orders: orders, Questions: questions, FactoryURL: strings.TrimSuffix(cfg.factory, "/"), Callback: cfg.callback,
		Site: func(domain string) *hallo.Site {
			return hallo.NewSite(hallo.SiteConfig{Domain: domain, Trust: siteTrust, Address: cfg.siteAddress, Retry: retry})
		},
		Suffixes: cfg.suffixes, State: cfg.state, OrdersPerHour: cfg.ordersPerHour, Conversations: cfg.conversations,
		Clock: clockOfTheWorld, Random: rand.Reader, Logger: logger,
	}, token, nil
}

func serveHandler(cfg serveConfig, token string, office *serve.Office) (http.Handler, error) {
	receiver, err := cfg.receiver(token, hallo.ReceiverConfig{}, office.Receiver)
	if err != nil {
		return nil, err
	}
	return serve.NewHandler(office, receiver)
}

// shownAddress is what a person types to come to the page: the callback's host,
// which the certificate is for, unless it is another listener's.
func shownAddress(cfg serveConfig, listening net.Addr) string {
	if address, err := hallo.CallbackAddress(cfg.callback); err == nil && cfg.listen == address {
		return strings.TrimSuffix(address, ":443")
	}
	return listening.String()
}
