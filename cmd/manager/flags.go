package main

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
	"k8s.io/client-go/tools/leaderelection"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability/live"
)

// settings is what the flags say.
type settings struct {
	environment      v1alpha1.Environment
	factoryNamespace string
	sitesNamespace   string
	metricsAddress   string
	healthAddress    string
	leaderElect      bool
	lease            lease
	callbackAllow    []netip.Prefix
	callbackDeny     []netip.Prefix
	callbackWorkers  int
	domainWorkers    int
	siteWorkers      int
	dnsResolvers     []string
	sources          live.Sources
	logging          zap.Options
	printVersion     bool
	kubeAPIQPS       float64
	kubeAPIBurst     int
}

// lease says how replicas agree on who leads: a leader that has not renewed for duration may be replaced, and one that could not renew for
// renewDeadline stops by itself.
type lease struct{ duration, renewDeadline, retryPeriod time.Duration }

const usage = `manager runs the duties of a Magic Website Factory: it buys names, runs Indie Sites, and tells onboarders.

It works on one factory: the Onboarders, Registrars, SiteClasses and Domains of --factory-namespace and the IndieSites of
--sites-namespace. Several replicas may run; one of them leads.

Flags:
`

// parse reads the flags. It returns flag.ErrHelp when help was asked for.
func parse(args []string) (settings, error) {
	var cfg settings
	var environment string
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&environment, "environment", "", "`live|test`, required; live refuses the test registrar, the published token and --callback-allow-cidrs")
	flags.StringVar(&cfg.factoryNamespace, "factory-namespace", "mwf-system", "`namespace` of Onboarders, Registrars, SiteClasses and Domains")
	flags.StringVar(&cfg.sitesNamespace, "sites-namespace", "mwf-sites", "`namespace` of IndieSites and all that belongs to them")
	flags.StringVar(&cfg.metricsAddress, "metrics-bind-address", "0", "`address` to serve metrics at over HTTPS, to callers that the cluster lets in; 0 for none")
	flags.StringVar(&cfg.healthAddress, "health-probe-bind-address", ":8081", "`address` for the kubelet's /healthz and /readyz")
	flags.BoolVar(&cfg.leaderElect, "leader-elect", false, "let one of several replicas lead")
	flags.DurationVar(&cfg.lease.duration, "leader-elect-lease-duration", 15*time.Second, "how long the others wait for a leader that is silent")
	flags.DurationVar(&cfg.lease.renewDeadline, "leader-elect-renew-deadline", 10*time.Second, "how long a leader that cannot renew its lease goes on; less than the lease's duration")
	flags.DurationVar(&cfg.lease.retryPeriod, "leader-elect-retry-period", 2*time.Second, "pause between tries to get or renew the lease")
	flags.Var(prefixes{&cfg.callbackAllow}, "callback-allow-cidrs", "private `networks`, separated by commas, that callbacks may go to; refused on live")
	flags.Var(prefixes{&cfg.callbackDeny}, "callback-deny-cidrs", "`networks`, separated by commas, that callbacks may not go to, beside all private ones: the cluster's own where they are public")
	flags.Var(resolvers{&cfg.dnsResolvers}, "dns-resolvers", "recursive `resolvers`, as address or address:port, separated by commas, that know the name servers of the sites' names; those of /etc/resolv.conf where there are none")
	flags.IntVar(&cfg.domainWorkers, "domain-workers", 8, "`number` of names worked on at once")
	flags.IntVar(&cfg.siteWorkers, "site-workers", 16, "`number` of sites worked on at once")
	flags.IntVar(&cfg.callbackWorkers, "callback-workers", 32, "`number` of callbacks at once")
	flags.Float64Var(&cfg.kubeAPIQPS, "kube-api-qps", 100, "requests per second to the API server, over time")
	flags.IntVar(&cfg.kubeAPIBurst, "kube-api-burst", 200, "requests to the API server in a burst")
	flags.BoolVar(&cfg.printVersion, "version", false, "print the version and end")
	cfg.sources.Register(flags)
	cfg.logging.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q: manager takes flags only, see --help", flags.Arg(0))
	}
	if cfg.logging.Level != nil {
		cfg.logging.Level = withoutBodies{cfg.logging.Level}
	}
	cfg.environment = v1alpha1.Environment(environment)
	if cfg.printVersion {
		return cfg, nil
	}
	if err := cfg.sources.Complete(); err != nil {
		return settings{}, err
	}
	return cfg, cfg.validate()
}

func (c *settings) validate() error {
	var errs []error
	switch c.environment {
	case v1alpha1.EnvironmentTest:
	case v1alpha1.EnvironmentLive:
		if len(c.callbackAllow) > 0 {
			errs = append(errs, errors.New("--callback-allow-cidrs is for test factories: a live one calls no private address"))
		}
	default:
		errs = append(errs, fmt.Errorf("--environment must be %s or %s, not %q", v1alpha1.EnvironmentLive, v1alpha1.EnvironmentTest, c.environment))
	}
	if c.factoryNamespace == "" || c.sitesNamespace == "" {
		errs = append(errs, errors.New("--factory-namespace and --sites-namespace must not be empty"))
	}
	if c.factoryNamespace == c.sitesNamespace {
		errs = append(errs, errors.New("--factory-namespace and --sites-namespace must differ: who may make sites may not read the factory's credentials"))
	}
	if c.domainWorkers < 1 || c.siteWorkers < 1 || c.callbackWorkers < 1 {
		errs = append(errs, errors.New("--domain-workers, --site-workers and --callback-workers must be at least 1"))
	}
	if err := c.lease.validate(); c.leaderElect && err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// validate asks of the times what client-go asks, in whole seconds, which is all that a Lease can hold.
func (l lease) validate() error {
	switch {
	case l.duration < time.Second || l.duration%time.Second != 0:
		return errors.New("--leader-elect-lease-duration must be whole seconds, at least 1s")
	case l.renewDeadline >= l.duration:
		return errors.New("--leader-elect-renew-deadline must be less than --leader-elect-lease-duration, or two would lead")
	case l.retryPeriod <= 0 || float64(l.renewDeadline) <= leaderelection.JitterFactor*float64(l.retryPeriod):
		return fmt.Errorf("--leader-elect-retry-period must be more than zero, and %v times it less than --leader-elect-renew-deadline", leaderelection.JitterFactor)
	}
	return nil
}

// bodyVerbosity is from where on client-go logs the bodies of requests and answers, as hex dumps where they are no JSON. Those of Secrets are among them.
const bodyVerbosity = 8

// withoutBodies logs as much as it is asked for, but no bodies.
type withoutBodies struct{ zapcore.LevelEnabler }

// Enabled says whether a message is logged. Verbosities are levels below zero.
func (w withoutBodies) Enabled(level zapcore.Level) bool {
	return level > -bodyVerbosity && w.LevelEnabler.Enabled(level)
}

// prefixes is a flag of networks in CIDR notation.
type prefixes struct{ list *[]netip.Prefix }

func (p prefixes) String() string {
	if p.list == nil {
		return ""
	}
	texts := make([]string, 0, len(*p.list))
	for _, prefix := range *p.list {
		texts = append(texts, prefix.String())
	}
	return strings.Join(texts, ",")
}

// Set adds to what was given before.
func (p prefixes) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return fmt.Errorf("%q is not a network such as 192.0.2.0/24", part)
		}
		*p.list = append(*p.list, prefix.Masked())
	}
	return nil
}
