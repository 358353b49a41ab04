package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/hallo"
)

const claimUsage = `hallo claim <domain> asks a factory for a site at the domain, waits for the factory's callback over
HTTPS, introduces the owner to the new site and looks at its page, printing each step with its time.

Flags take their defaults from the environment as shown, so that after "make demo"
". bin/demo.env && bin/hallo claim alice.gent" needs none. The token is never an argument, which
every user of the machine could read: give --token-file or $FACTORY_TOKEN.

The secret sign-up code opens the new site to its owner. At the end a terminal shows the address to go
to, with the code in it; where the output goes elsewhere, a code is printed that is in no file. With
--json that goes to standard error, and standard output stays fit for a log.

Flags:

`

// How requests are sent again: eight times within about a minute.
const (
	tries        = 8
	firstPause   = 500 * time.Millisecond
	longestPause = 15 * time.Second
)

var clockOfTheWorld clock.Clock = clock.RealClock{}

type claimConfig struct {
	connection
	domain   string
	codeFile string
	settings hallo.OwnerSettings
	wait     time.Duration
	json     bool
	resume   bool
}

func parseClaim(args []string, env environment) (claimConfig, error) {
	var cfg claimConfig
	flags := flag.NewFlagSet("hallo claim", flag.ContinueOnError)
	cfg.register(flags, env)
	flags.StringVar(&cfg.codeFile, "code-file", "", "`file` with the secret sign-up code to use; if it does not exist, a new code is written there first")
	flags.StringVar(&cfg.settings.Name, "name", "", "the owner's `name` (default the domain)")
	flags.StringVar(&cfg.settings.Bio, "bio", "", "a `text` about the owner")
	flags.StringVar(&cfg.settings.Colour, "colour", "", "the page's `colour` as #rrggbb")
	flags.StringVar(&cfg.settings.Background, "background", "", "the page's second `colour` as #rrggbb")
	flags.StringVar(&cfg.settings.Language, "language", "", "the page's `language`, nl or en")
	flags.DurationVar(&cfg.wait, "wait", 5*time.Minute, "how `long` the whole claim may take")
	flags.BoolVar(&cfg.json, "json", false, "print one JSON object per line")
	flags.BoolVar(&cfg.resume, "resume", false, "go on with an order of earlier: order even if the name is not free; needs --code-file")
	positional, err := parse(flags, claimUsage, args, env)
	if err != nil {
		return cfg, err
	}
	if len(positional) != 1 || positional[0] == "" {
		return cfg, usageError{fmt.Errorf("give one domain, got %d", len(positional))}
	}
	cfg.domain = positional[0]
	if err := cfg.complete(); err != nil {
		return cfg, err
	}
	if cfg.resume && cfg.codeFile == "" {
		return cfg, usageError{errors.New("--resume needs --code-file: an order is known again by its code")}
	}
	if cfg.wait <= 0 {
		return cfg, usageError{errors.New("--wait must be longer than nothing")}
	}
	if cfg.settings.Name = strings.TrimSpace(cfg.settings.Name); cfg.settings.Name == "" {
		cfg.settings.Name = cfg.domain
	}
	return cfg, nil
}

// claim wires the flags to a hallo.Claim and runs it.
func claim(ctx context.Context, args []string, env environment) error {
	cfg, err := parseClaim(args, env)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.wait, fmt.Errorf("%w (--wait %s)", hallo.ErrTimeout, cfg.wait))
	defer cancel()

	code, generated, err := signUpCode(cfg)
	if err != nil {
		return usageError{err}
	}
	report := hallo.NewReport(env.stdout, cfg.domain, cfg.json, clockOfTheWorld)
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
	tellPerson(cfg, env, c, generated, err)
	return err
}

// signUpCode returns the code, and whether it was made up here and now: one
// that is in a file is in safe hands already.
func signUpCode(cfg claimConfig) (code string, generated bool, err error) {
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
	token, err := cfg.secretToken()
	if err != nil {
		return nil, err
	}
	siteTrust, err := hallo.TrustFile(cfg.siteCA)
	if err != nil {
		return nil, fmt.Errorf("--site-ca: %w", err)
	}
	retry := newRetry(mathrand.Float64, report.Retrying)
	factory, err := cfg.client(token, retry)
	if err != nil {
		return nil, err
	}
	receiver, err := cfg.receiver(token, hallo.ReceiverConfig{
		Observe: func(call hallo.Call) { reportRefused(report, call) },
	}, hallo.NewReceiver)
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
		Clock:    clockOfTheWorld,
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
