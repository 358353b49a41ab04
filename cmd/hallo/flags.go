package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

const claimUsage = `hallo claim <domain> asks a factory for a site at the domain, waits for the factory's callback over
HTTPS, introduces the owner to the new site and looks at its page, printing each step with its time.

Flags take their defaults from the environment as shown, so that after "make demo"
". bin/demo.env && bin/hallo claim alice.gent" needs none. The token is never an argument, which
every user of the machine could read: give --token-file or $FACTORY_TOKEN.

The secret sign-up code opens the new site to its owner. It is printed at the end unless it came from
--code-file. With --json it goes to standard error, and standard output stays fit for a log.

Flags:

`

type claimConfig struct {
	domain      string
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
	codeFile    string
	settings    hallo.OwnerSettings
	wait        time.Duration
	json        bool
	resume      bool
}

func parseClaim(args []string, env environment) (claimConfig, error) {
	cfg := claimConfig{token: env.getenv("FACTORY_TOKEN"), dialect: hallo.Bearer}
	flags := flag.NewFlagSet("hallo claim", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run reports errors; help is printed here
	flags.StringVar(&cfg.factory, "factory", env.getenv("FACTORY_URL"), "the factory's `URL`, https ($FACTORY_URL)")
	flags.StringVar(&cfg.factoryCA, "factory-ca", env.getenv("FACTORY_CA"), "PEM `file` with the only CAs to trust for the factory; the system's without it ($FACTORY_CA)")
	flags.StringVar(&cfg.tokenFile, "token-file", "", "`file` with this onboarder's token; otherwise $FACTORY_TOKEN")
	flags.Func("dialect", "`dialect` of the contract: bearer or query-secret (default bearer)", func(text string) (err error) {
		cfg.dialect, err = hallo.ParseDialect(text)
		return err
	})
	flags.StringVar(&cfg.callback, "callback", env.getenv("CALLBACK"), "https `prefix` that the factory calls back under, one that it allows this onboarder ($CALLBACK)")
	flags.StringVar(&cfg.listen, "listen", "", "`address` to listen on for the callback (default the host and port of --callback)")
	flags.StringVar(&cfg.cert, "cert", env.getenv("CALLBACK_CERT"), "PEM `file` with the certificate to answer callbacks with ($CALLBACK_CERT)")
	flags.StringVar(&cfg.key, "key", env.getenv("CALLBACK_KEY"), "PEM `file` with its key ($CALLBACK_KEY)")
	flags.StringVar(&cfg.webhookKey, "webhook-key-file", "", "`file` with the webhook key that callbacks must be signed with; without it signatures are not looked at")
	flags.StringVar(&cfg.siteCA, "site-ca", env.getenv("SITE_CA"), "PEM `file` with the only CAs to trust for the new site; the system's without it ($SITE_CA)")
	flags.StringVar(&cfg.siteAddress, "site-address", env.getenv("ROUTE_ADDRESS"), "`host:port` to reach the new site at instead of resolving its domain ($ROUTE_ADDRESS)")
	flags.StringVar(&cfg.codeFile, "code-file", "", "`file` with the secret sign-up code to use; if it does not exist, a new code is written there first")
	flags.StringVar(&cfg.settings.Name, "name", "", "the owner's `name` (default the domain)")
	flags.StringVar(&cfg.settings.Bio, "bio", "", "a `text` about the owner")
	flags.StringVar(&cfg.settings.Colour, "colour", "", "the page's `colour` as #rrggbb")
	flags.StringVar(&cfg.settings.Language, "language", "", "the page's `language`, nl or en")
	flags.DurationVar(&cfg.wait, "wait", 5*time.Minute, "how `long` the whole claim may take")
	flags.BoolVar(&cfg.json, "json", false, "print one JSON object per line")
	flags.BoolVar(&cfg.resume, "resume", false, "go on with an order of earlier: order even if the name is not free; needs --code-file")
	positional, err := parseInterspersed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(env.stdout, claimUsage)
		flags.SetOutput(env.stdout)
		flags.PrintDefaults()
		return cfg, err
	}
	if err != nil {
		return cfg, usageError{err}
	}
	return cfg.complete(positional)
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

// complete checks what can be checked without touching the world.
func (cfg claimConfig) complete(positional []string) (claimConfig, error) {
	if len(positional) != 1 || positional[0] == "" {
		return cfg, usageError{fmt.Errorf("give one domain, got %d", len(positional))}
	}
	cfg.domain = positional[0]
	for _, required := range []struct{ value, flag, variable string }{
		{cfg.factory, "factory", "FACTORY_URL"},
		{cfg.token + cfg.tokenFile, "token-file", "FACTORY_TOKEN"},
		{cfg.callback, "callback", "CALLBACK"},
		{cfg.cert, "cert", "CALLBACK_CERT"},
		{cfg.key, "key", "CALLBACK_KEY"},
	} {
		if required.value == "" {
			return cfg, usageError{fmt.Errorf("--%s (or $%s) is missing", required.flag, required.variable)}
		}
	}
	if cfg.resume && cfg.codeFile == "" {
		return cfg, usageError{errors.New("--resume needs --code-file: an order is known again by its code")}
	}
	if cfg.wait <= 0 {
		return cfg, usageError{errors.New("--wait must be longer than nothing")}
	}
	if cfg.listen == "" {
		address, err := hallo.CallbackAddress(cfg.callback)
		if err != nil {
			return cfg, usageError{fmt.Errorf("--%w", err)}
		}
		cfg.listen = address
	}
	if cfg.settings.Name = strings.TrimSpace(cfg.settings.Name); cfg.settings.Name == "" {
		cfg.settings.Name = cfg.domain
	}
	return cfg, nil
}
