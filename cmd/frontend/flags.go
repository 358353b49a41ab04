package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	clientconfig "sigs.k8s.io/controller-runtime/pkg/client/config"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability/live"
)

// noMetrics switches the metrics off, which controller-runtime writes in this way.
const noMetrics = "0"

// settings are what the flags say, and the way to the cluster and to the metrics.
type settings struct {
	environment      v1alpha1.Environment
	listen           string
	tlsCert, tlsKey  string
	healthListen     string
	metricsListen    string
	factoryNamespace string
	sitesNamespace   string
	digestKeys       string
	trustedProxies   []string
	drain            time.Duration
	logLevel         slog.Level
	printVersion     bool
	sources          live.Sources

	cluster  *rest.Config
	registry prometheus.Registerer
}

const usage = `frontend serves the HTTP contract of a Magic Website Factory over HTTPS: it says which names are available, and takes orders
for sites.

It reads no Secret and buys nothing: an order becomes an IndieSite in --sites-namespace, with its installer Secret, and the manager
works on it. Several replicas may run, all at once.

Flags:
`

// parse reads the flags. It returns flag.ErrHelp when help was asked for; other errors name the flag and what is allowed.
func parse(args []string, out io.Writer) (settings, error) {
	var s settings
	var environment, proxies string
	flags := flag.NewFlagSet("frontend", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = fmt.Fprint(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&environment, "environment", "", "what this factory is for: live or test (needed)")
	flags.StringVar(&s.listen, "listen", ":8443", "address to serve HTTPS on")
	flags.StringVar(&s.tlsCert, "tls-cert", "/etc/factory/tls/tls.crt", "file with the certificate chain in PEM; read again when it changes")
	flags.StringVar(&s.tlsKey, "tls-key", "/etc/factory/tls/tls.key", "file with its key in PEM")
	flags.StringVar(&s.healthListen, "health-listen", ":8081", "address to serve /healthz and /readyz on for kubelet, in plain HTTP")
	flags.StringVar(&s.metricsListen, "metrics-listen", noMetrics, "address to serve /metrics on over HTTPS, to whom the cluster lets read them; 0 for not at all")
	flags.StringVar(&s.factoryNamespace, "factory-namespace", "mwf-system", "namespace of Onboarders, Registrars and Domains")
	flags.StringVar(&s.sitesNamespace, "sites-namespace", "mwf-sites", "namespace of IndieSites")
	flags.StringVar(&s.digestKeys, "digest-keys", "/etc/factory/request-digest", "folder with the keys for request digests, one file each")
	flags.StringVar(&proxies, "trusted-proxies", "", "CIDRs, with commas between, of proxies whose X-Forwarded-For is believed")
	flags.DurationVar(&s.drain, "drain", 5*time.Second, "how long to go on serving, not ready, before shutting down")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR")
	flags.BoolVar(&s.printVersion, "version", false, "print the version and end")
	s.sources.Register(flags)
	clientconfig.RegisterFlags(flags)
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q: there are flags only", flags.Arg(0))
	}
	if s.printVersion {
		return s, nil
	}
	s.environment = v1alpha1.Environment(environment)
	if proxies != "" {
		s.trustedProxies = strings.Split(proxies, ",")
	}
	if err := s.sources.Complete(); err != nil {
		return settings{}, err
	}
	return s, s.check()
}

func (s *settings) check() error {
	if s.environment != v1alpha1.EnvironmentLive && s.environment != v1alpha1.EnvironmentTest {
		return errors.New("-environment must be live or test")
	}
	if s.factoryNamespace == "" || s.sitesNamespace == "" || s.factoryNamespace == s.sitesNamespace {
		return errors.New("-factory-namespace and -sites-namespace must be two different namespaces")
	}
	for _, proxy := range s.trustedProxies {
		if _, err := netip.ParsePrefix(proxy); err != nil {
			return fmt.Errorf("-trusted-proxies: %q is no CIDR, such as 10.0.0.0/8", proxy)
		}
	}
	if s.drain < 0 {
		return errors.New("-drain must not be negative")
	}
	return nil
}
