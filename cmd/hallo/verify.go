package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

const verifyUsage = `hallo verify [factory URL] holds a factory, anybody's, to the HTTP contract: numbered checks, each with the sentence
of the contract that it comes from, in each dialect in which the factory lets the token in.

Nothing is ordered without --orders. With it, a factory that answers the names of a test factory is ordered those, and
any other nothing, unless --name-pattern makes names for it: those may cost money, one for each check that orders. What
needs the names of a test factory is skipped where they are not answered; with --test-factory it is broken then.

It ends in 0 if no sentence is broken, in 1 if one is, or if nobody knows. What is optional may be absent; --list shows all.

Flags:

`

// errBusy ends a verification of which nobody knows how it would have ended. It has been shown.
var errBusy = errors.New("there was not enough time")

// errBroken ends a verification that found something. It has been shown.
var errBroken = errors.New("the contract is broken")

type verifyConfig struct {
	factory, factoryCA                string
	token, tokenFile, otherTokenFile  string
	callbackTokenFile, webhookKeyFile string
	dialect                           string
	callback, listen, cert, key       string
	orders, testFactory, exhaust      bool
	pattern, only                     string
	timeout, patience, quiet, wait    time.Duration
	json, list                        bool
	junit                             string
}

func parseVerify(args []string, env environment) (verifyConfig, error) {
	cfg := verifyConfig{token: env.getenv("FACTORY_TOKEN")}
	flags := flag.NewFlagSet("hallo verify", flag.ContinueOnError)
	flags.StringVar(&cfg.factoryCA, "factory-ca", env.getenv("FACTORY_CA"), "PEM `file` with the only CAs to trust for the factory; the system's without it ($FACTORY_CA)")
	flags.StringVar(&cfg.tokenFile, "token-file", "", "`file` with an onboarder's token; otherwise $FACTORY_TOKEN")
	flags.StringVar(&cfg.otherTokenFile, "other-token-file", "", "`file` with another onboarder's token, for what one must not see of the other")
	flags.StringVar(&cfg.dialect, "dialect", "auto", "`dialect` to speak: bearer, query-secret, both, or auto for those in which the factory lets the token in. query-secret and both put it into URLs, which proxies log; auto does only where an order with it in the body is let in; bearer never does")
	flags.StringVar(&cfg.callback, "callback", env.getenv("CALLBACK"), "the whole https `prefix` that the factory allows the onboarder to be called back under ($CALLBACK)")
	flags.StringVar(&cfg.listen, "listen", "", "`address` to listen on for callbacks (default the host and port of --callback)")
	flags.StringVar(&cfg.cert, "cert", env.getenv("CALLBACK_CERT"), "PEM `file` with the certificate to answer callbacks with ($CALLBACK_CERT)")
	flags.StringVar(&cfg.key, "key", env.getenv("CALLBACK_KEY"), "PEM `file` with its key ($CALLBACK_KEY)")
	flags.StringVar(&cfg.callbackTokenFile, "callback-token-file", "", "`file` with the token that callbacks carry, where it is not the onboarder's")
	flags.StringVar(&cfg.webhookKeyFile, "webhook-key-file", "", "`file` with the key that callbacks are signed with; without it their bodies must be empty")
	flags.BoolVar(&cfg.orders, "orders", false, "order sites, and judge the callbacks: at a test factory, or with --name-pattern")
	flags.BoolVar(&cfg.testFactory, "test-factory", false, "the factory is a test factory: it is broken if it does not answer the names of one, which are skipped otherwise")
	flags.StringVar(&cfg.pattern, "name-pattern", "", "`pattern` of names to order on what is no test factory, such as verify-*.example: they may cost money")
	flags.BoolVar(&cfg.exhaust, "exhaust", false, "fail to authenticate until the factory has had enough, which may keep others at this address out for a while")
	flags.StringVar(&cfg.only, "only", "", "`checks` to make: numbers, ranges and sections, such as 3,130-136,names")
	flags.DurationVar(&cfg.timeout, "timeout", 2*time.Minute, "how `long` a check may take, besides waiting for callbacks")
	flags.DurationVar(&cfg.patience, "patience", 3*time.Minute, "how `long` a callback is waited for after the last sign of life from the factory, and thrice as long at most")
	flags.DurationVar(&cfg.quiet, "quiet", 8*time.Second, "how `long` it must be quiet after a callback was answered 200")
	flags.DurationVar(&cfg.wait, "wait", 30*time.Minute, "how `long` all of it may take")
	flags.BoolVar(&cfg.json, "json", false, "print one JSON object per line")
	flags.StringVar(&cfg.junit, "junit", "", "`file` to write the results to as JUnit's XML")
	flags.BoolVar(&cfg.list, "list", false, "show all checks and what they need, and make none")
	positional, err := parse(flags, verifyUsage, args, env)
	switch {
	case err != nil:
		return cfg, err
	case len(positional) > 1:
		return cfg, usageError{fmt.Errorf("give one factory URL, got %d", len(positional))}
	case len(positional) == 1:
		cfg.factory = positional[0]
	default:
		cfg.factory = env.getenv("FACTORY_URL")
	}
	return cfg, cfg.complete()
}

// complete checks what can be checked without touching the world.
func (c *verifyConfig) complete() error {
	if c.list {
		return nil
	}
	required := []struct{ value, what string }{{c.factory, "the factory's URL (or $FACTORY_URL)"}, {c.token + c.tokenFile, "--token-file (or $FACTORY_TOKEN)"}}
	if c.orders {
		required = append(required, []struct{ value, what string }{
			{c.callback, "--callback (or $CALLBACK)"}, {c.cert, "--cert (or $CALLBACK_CERT)"}, {c.key, "--key (or $CALLBACK_KEY)"},
		}...)
	}
	for _, r := range required {
		if r.value == "" {
			return usageError{errors.New(r.what + " is missing")}
		}
	}
	if c.pattern != "" && !c.orders {
		return usageError{errors.New("--name-pattern is of no use without --orders")}
	}
	if c.callback == "" {
		return nil
	}
	address, err := hallo.CallbackAddress(c.callback)
	if err != nil {
		return usageError{fmt.Errorf("--%w", err)}
	}
	if c.listen == "" {
		c.listen = address
	}
	return nil
}

// verifyFactory makes the checks and shows what came of them: also where none could be made, so that nobody takes an older report for this one.
func verifyFactory(ctx context.Context, args []string, env environment) error {
	cfg, err := parseVerify(args, env)
	reporter := verify.NewReporter(env.stdout, cfg.json)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err == nil && cfg.list:
		reporter.List()
		return nil
	}
	var junit io.WriteCloser
	if cfg.junit != "" {
		file, notThere := os.Create(cfg.junit)
		if notThere != nil {
			return cmp.Or(err, error(usageError{fmt.Errorf("--junit: %w", notThere)}))
		}
		junit = file
	}
	var results []verify.Result
	var summary verify.Summary
	if err == nil {
		summary, err = cfg.verify(ctx, env, func(r verify.Result) {
			results = append(results, r)
			reporter.Show(r)
		})
	}
	if err != nil {
		summary.Error = err.Error()
	}
	if cfg.json || len(results) > 0 {
		reporter.End(summary)
	}
	if junit != nil {
		if notWritten := errors.Join(verify.WriteJUnit(junit, results, summary), junit.Close()); notWritten != nil {
			err = cmp.Or(err, fmt.Errorf("--junit: %w", notWritten))
		}
	}
	return cfg.judge(summary, err, env)
}

// judge says how it ends. Mistakes in the usage are shown by who called.
func (c *verifyConfig) judge(summary verify.Summary, err error, env environment) error {
	_, usage := errors.AsType[usageError](err)
	switch {
	case err != nil && !usage:
		fmt.Fprintf(env.stderr, "hallo verify: %s\n", err)
		return err
	case err != nil:
		return err
	case summary.Broken > 0:
		return errBroken
	case summary.Busy > 0:
		fmt.Fprintf(env.stderr, "hallo verify: %d checks came to no end in their time, as the factory put them off or was slow; nobody knows whether it keeps those\n", summary.Busy)
		return errBusy
	}
	return nil
}

// verify wires the flags to verify.Run.
func (c *verifyConfig) verify(ctx context.Context, env environment, show func(verify.Result)) (verify.Summary, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.wait, fmt.Errorf("%w (--wait %s)", hallo.ErrTimeout, c.wait))
	defer cancel()
	config, err := c.config()
	if err != nil {
		return verify.Summary{}, usageError{err}
	}
	if c.orders {
		listener, err := c.receive(&config, env)
		if err != nil {
			return verify.Summary{}, err
		}
		defer listener.Close()
	}
	return verify.Run(ctx, config, show)
}

// config reads the files that flags name.
func (c *verifyConfig) config() (verify.Config, error) {
	config := verify.Config{
		URL: c.factory, Token: c.token, Callback: c.callback, Orders: c.orders, TestFactory: c.testFactory, NamePattern: c.pattern, Exhaust: c.exhaust,
		Timeout: c.timeout, Patience: c.patience, Quiet: c.quiet, Random: rand.Reader,
	}
	var err error
	if config.Trust, err = hallo.TrustFile(c.factoryCA); err != nil {
		return config, fmt.Errorf("--factory-ca: %w", err)
	}
	for _, file := range []struct {
		flag, path string
		into       *string
	}{
		{"token-file", c.tokenFile, &config.Token}, {"other-token-file", c.otherTokenFile, &config.OtherToken},
		{"webhook-key-file", c.webhookKeyFile, &config.WebhookKey},
	} {
		if file.path == "" {
			continue
		}
		if *file.into, err = hallo.SecretFromFile(file.path); err != nil {
			return config, fmt.Errorf("--%s: %w", file.flag, err)
		}
	}
	if config.Only, err = verify.ParseSelection(c.only); err != nil {
		return config, fmt.Errorf("--only: %w", err)
	}
	switch c.dialect {
	case "auto":
	case "both":
		config.Dialects = []hallo.Dialect{hallo.Bearer, hallo.QuerySecret}
	default:
		dialect, err := hallo.ParseDialect(c.dialect)
		if err != nil {
			return config, fmt.Errorf("--dialect: %w, both or auto", err)
		}
		config.Dialects = []hallo.Dialect{dialect}
	}
	return config, config.Check()
}

// receive serves the callbacks' inbox.
func (c *verifyConfig) receive(config *verify.Config, env environment) (*hallo.Listener, error) {
	certificate, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, usageError{fmt.Errorf("--cert and --key: %w", err)}
	}
	token := config.Token
	if c.callbackTokenFile != "" {
		if token, err = hallo.SecretFromFile(c.callbackTokenFile); err != nil {
			return nil, usageError{fmt.Errorf("--callback-token-file: %w", err)}
		}
	}
	socket, err := net.Listen("tcp", c.listen)
	if err != nil {
		return nil, fmt.Errorf("%w; --listen says where else", err)
	}
	config.Inbox, config.CallbackToken = verify.NewInbox(token), token
	return hallo.Listen(socket, certificate, config.Inbox, func(line string) { fmt.Fprintf(env.stderr, "callbacks: %s\n", line) }), nil
}
