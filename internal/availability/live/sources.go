package live

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/das"
	"magicwebsitefactory.gent/internal/availability/rdap"
)

// DefaultQueries is how often a minute one process asks a DAS server. Two front ends, a third while they are replaced, and the manager may share an
// address without asking more often than DNS Belgium lets one.
const DefaultQueries = das.MaxQueries / 4

// Sources are whom a live factory asks whether a name is free. All its programs ask the same ones, so they take the same flags.
type Sources struct {
	// Bootstrap is the URL of the RDAP bootstrap file.
	Bootstrap *url.URL
	// RDAP are the servers that go before those in the file, and DAS the addresses of DAS servers, both by suffix.
	RDAP map[string]*url.URL
	DAS  map[string]string
	// Queries is how often this process may ask a DAS server in any minute.
	Queries int

	// Exceptions and Roots are where the servers of tests are, and who vouches for them.
	Exceptions []netip.Prefix
	Roots      *x509.CertPool
}

// Register adds the flags. After they are parsed, Complete has to be called.
func (s *Sources) Register(flags *flag.FlagSet) {
	s.RDAP, s.DAS = map[string]*url.URL{}, map[string]string{}
	s.Bootstrap, _ = url.Parse(rdap.DefaultBootstrap)
	flags.Func("rdap-bootstrap-url", "https `URL` of the bootstrap file that says which RDAP server knows which names (RFC 9224) (default "+rdap.DefaultBootstrap+")",
		s.setBootstrap)
	flags.Func("rdap-server", "RDAP server of a suffix, as `SUFFIX=URL`, in place of the one in the bootstrap file; https only. May be given again for others",
		s.addRDAP)
	flags.Func("das", "DNS Belgium's availability service for a suffix, as `SUFFIX=HOST:PORT`. May be given again for others; with nothing after the = it is not asked (default "+
		das.Suffix+"="+das.Address+")", s.addDAS)
	flags.IntVar(&s.Queries, "das-queries-per-minute", DefaultQueries,
		fmt.Sprintf("how often this process asks each of these services a minute, at most. DNS Belgium lets an address ask %d times, so that is what all processes behind one address may add up to", das.MaxQueries))
}

func (s *Sources) setBootstrap(value string) error {
	bootstrap, err := url.Parse(value)
	if err != nil || bootstrap.Scheme != "https" || bootstrap.Host == "" {
		return errors.New("an https URL is needed")
	}
	s.Bootstrap = bootstrap
	return nil
}

func (s *Sources) addRDAP(value string) error {
	suffix, base, found := strings.Cut(value, "=")
	if _, again := s.RDAP[suffix]; !found || again {
		return errors.New("SUFFIX=URL is needed, such as gent=https://rdap.example/, each suffix once")
	}
	server, err := rdap.ParseServer(base)
	if err != nil {
		return fmt.Errorf("the URL %w", err)
	}
	s.RDAP[suffix] = server
	return nil
}

func (s *Sources) addDAS(value string) error {
	suffix, address, found := strings.Cut(value, "=")
	if _, again := s.DAS[suffix]; !found || suffix == "" || suffix != strings.ToLower(suffix) || strings.Trim(suffix, ".") != suffix || again {
		return errors.New("SUFFIX=HOST:PORT is needed, such as " + das.Suffix + "=" + das.Address + ", each suffix once and in lower case")
	}
	s.DAS[suffix] = address
	return nil
}

// Complete adds what is asked by default, and checks the whole. Errors name the flag.
func (s *Sources) Complete() error {
	_, toldRDAP := s.RDAP[das.Suffix]
	if _, toldDAS := s.DAS[das.Suffix]; !toldDAS && !toldRDAP {
		s.DAS[das.Suffix] = das.Address
	}
	for suffix, address := range s.DAS {
		if address == "" {
			delete(s.DAS, suffix)
			continue
		}
		if _, both := s.RDAP[suffix]; both {
			return fmt.Errorf("-das and -rdap-server: only one of them can be asked about names under %s", suffix)
		}
	}
	_, err := s.Checker(nil, nil)
	return err
}

// Checker asks these sources. The logger is told when the bootstrap file cannot be renewed, and the metrics count answers; either may be nil.
func (s *Sources) Checker(logger *slog.Logger, metrics prometheus.Registerer) (*Checker, error) {
	others, err := rdap.New(rdap.Config{Bootstrap: s.Bootstrap, Servers: s.RDAP, Log: logger, Exceptions: s.Exceptions, Roots: s.Roots})
	if err != nil {
		return nil, err
	}
	byAddress, bySuffix := map[string]*das.Client{}, map[string]availability.Checker{}
	for suffix := range s.RDAP { // or the DAS server of a shorter suffix would be asked
		bySuffix[suffix] = others
	}
	for suffix, address := range s.DAS {
		if byAddress[address] == nil { // one for all of its suffixes, as it counts
			byAddress[address], err = das.New(das.Config{Address: address, Queries: s.Queries, Exceptions: s.Exceptions})
			if err != nil {
				return nil, err
			}
		}
		bySuffix[suffix] = byAddress[address]
	}
	return New(Config{Others: others, BySuffix: bySuffix, Metrics: metrics}), nil
}
