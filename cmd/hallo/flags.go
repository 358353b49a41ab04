package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

// connection is what every onboarder has to know: its factory, where it is
// called back, and how new sites are reached.
type connection struct {
	factory     string
	factoryCA   string
	token       string
	tokenFile   string
	dialect     hallo.Dialect
	callback    string
	listen      string
	cert, key   string
	webhookKey  string
	siteCA      string
	siteAddress string
}

func (c *connection) register(flags *flag.FlagSet, env environment) {
	c.token, c.dialect = env.getenv("FACTORY_TOKEN"), hallo.Bearer
	flags.StringVar(&c.factory, "factory", env.getenv("FACTORY_URL"), "the factory's `URL`, https ($FACTORY_URL)")
	flags.StringVar(&c.factoryCA, "factory-ca", env.getenv("FACTORY_CA"), "PEM `file` with the only CAs to trust for the factory; the system's without it ($FACTORY_CA)")
	flags.StringVar(&c.tokenFile, "token-file", "", "`file` with this onboarder's token; otherwise $FACTORY_TOKEN")
	flags.Func("dialect", "`dialect` of the contract: bearer or query-secret (default bearer)", func(text string) (err error) {
		c.dialect, err = hallo.ParseDialect(text)
		return err
	})
	flags.StringVar(&c.callback, "callback", env.getenv("CALLBACK"), "https `prefix` that the factory calls back under, one that it allows this onboarder ($CALLBACK)")
	flags.StringVar(&c.listen, "listen", "", "`address` to listen on (default the host and port of --callback)")
	flags.StringVar(&c.cert, "cert", env.getenv("CALLBACK_CERT"), "PEM `file` with the certificate to answer with ($CALLBACK_CERT)")
	flags.StringVar(&c.key, "key", env.getenv("CALLBACK_KEY"), "PEM `file` with its key ($CALLBACK_KEY)")
	flags.StringVar(&c.webhookKey, "webhook-key-file", "", "`file` with the webhook key that callbacks must be signed with; without it signatures are not looked at")
	flags.StringVar(&c.siteCA, "site-ca", env.getenv("SITE_CA"), "PEM `file` with the only CAs to trust for new sites; the system's without it ($SITE_CA)")
	flags.StringVar(&c.siteAddress, "site-address", env.getenv("ROUTE_ADDRESS"), "`host:port` to reach new sites at instead of resolving their domains ($ROUTE_ADDRESS)")
}

// complete checks what can be checked without touching the world.
func (c *connection) complete() error {
	for _, required := range []struct{ value, flag, variable string }{
		{c.factory, "factory", "FACTORY_URL"},
		{c.token + c.tokenFile, "token-file", "FACTORY_TOKEN"},
		{c.callback, "callback", "CALLBACK"},
		{c.cert, "cert", "CALLBACK_CERT"},
		{c.key, "key", "CALLBACK_KEY"},
	} {
		if required.value == "" {
			return usageError{fmt.Errorf("--%s (or $%s) is missing", required.flag, required.variable)}
		}
	}
	if c.listen == "" {
		address, err := hallo.CallbackAddress(c.callback)
		if err != nil {
			return usageError{fmt.Errorf("--%w", err)}
		}
		c.listen = address
	}
	return nil
}

// secretToken is the token, from its file where there is one.
func (c *connection) secretToken() (string, error) {
	if c.tokenFile == "" {
		return c.token, nil
	}
	token, err := hallo.SecretFromFile(c.tokenFile)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	return token, nil
}

// client is the factory, as this onboarder speaks to it.
func (c *connection) client(token string, retry hallo.Retry) (*hallo.Factory, error) {
	trust, err := hallo.TrustFile(c.factoryCA)
	if err != nil {
		return nil, fmt.Errorf("--factory-ca: %w", err)
	}
	return hallo.NewFactory(hallo.FactoryConfig{URL: c.factory, Trust: trust, Token: token, Dialect: c.dialect, Retry: retry})
}

// receiver takes callbacks as the connection says; made is what makes it.
func (c *connection) receiver(token string, config hallo.ReceiverConfig, made func(hallo.ReceiverConfig) (*hallo.Receiver, error)) (*hallo.Receiver, error) {
	config.Callback, config.Token, config.Dialect = c.callback, token, c.dialect
	if c.webhookKey != "" {
		key, err := hallo.SecretFromFile(c.webhookKey)
		if err != nil {
			return nil, fmt.Errorf("--webhook-key-file: %w", err)
		}
		config.WebhookKey = key
	}
	return made(config)
}

// parse parses a command's flags, which may stand behind its arguments too, and
// prints its help where that is asked for.
func parse(flags *flag.FlagSet, usage string, args []string, env environment) (positional []string, err error) {
	flags.SetOutput(io.Discard) // run reports errors; help is printed here
	positional, err = parseInterspersed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(env.stdout, usage)
		flags.SetOutput(env.stdout)
		flags.PrintDefaults()
		return nil, err
	}
	if err != nil {
		return nil, usageError{err}
	}
	return positional, nil
}

// parseInterspersed lets flags stand behind the domain too.
func parseInterspersed(flags *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return positional, nil
		}
		positional = append(positional, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// newRetry sends requests again eight times within about a minute.
func newRetry(random func() float64, note func(error, time.Duration)) hallo.Retry {
	return hallo.Retry{
		Tries: tries, First: firstPause, Longest: longestPause,
		Clock: clockOfTheWorld, Random: random, Note: note,
	}
}
