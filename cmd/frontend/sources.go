package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/das"
	"magicwebsitefactory.gent/internal/availability/live"
	"magicwebsitefactory.gent/internal/availability/rdap"
	"magicwebsitefactory.gent/internal/availability/testtable"
	"magicwebsitefactory.gent/internal/frontend/orders"
)

// defaultQueries is how often a minute one process asks a DAS server. Three of them, as many as there are while two are replaced, may share an address
// without asking more often than DNS Belgium lets one.
const defaultQueries = das.MaxQueries / 3

// sources are whom a live factory asks whether a name is free.
type sources struct {
	bootstrap *url.URL
	// servers are RDAP servers, and das are DAS servers, by suffix.
	servers map[string]*url.URL
	das     map[string]string
	queries int

	// Where the servers of tests are, and who vouches for them.
	exceptions []netip.Prefix
	roots      *x509.CertPool
}

func (s *sources) register(flags *flag.FlagSet) {
	s.servers, s.das = map[string]*url.URL{}, map[string]string{}
	s.bootstrap, _ = url.Parse(rdap.DefaultBootstrap)
	flags.Func("rdap-bootstrap-url", "https `URL` of the bootstrap file that says which RDAP server knows which names (RFC 9224) (default "+rdap.DefaultBootstrap+")",
		func(value string) error {
			bootstrap, err := url.Parse(value)
			if err != nil || bootstrap.Scheme != "https" || bootstrap.Host == "" {
				return errors.New("an https URL is needed")
			}
			s.bootstrap = bootstrap
			return nil
		})
	flags.Func("rdap-server", "RDAP server of a suffix, as `SUFFIX=URL`, in place of the one in the bootstrap file; https only. May be given again for others",
		func(value string) error {
			suffix, base, found := strings.Cut(value, "=")
			if _, again := s.servers[suffix]; !found || again {
				return errors.New("SUFFIX=URL is needed, such as gent=https://rdap.example/, each suffix once")
			}
			server, err := rdap.ParseServer(base)
			if err != nil {
				return fmt.Errorf("the URL %w", err)
			}
			s.servers[suffix] = server
			return nil
		})
	flags.Func("das", "DNS Belgium's availability service for a suffix, as `SUFFIX=HOST:PORT`. May be given again for others; with nothing after the = it is not asked (default "+
		das.Suffix+"="+das.Address+")",
		func(value string) error {
			suffix, address, found := strings.Cut(value, "=")
			if _, again := s.das[suffix]; !found || suffix == "" || suffix != strings.ToLower(suffix) || strings.Trim(suffix, ".") != suffix || again {
				return errors.New("SUFFIX=HOST:PORT is needed, such as " + das.Suffix + "=" + das.Address + ", each suffix once and in lower case")
			}
			s.das[suffix] = address
			return nil
		})
	flags.IntVar(&s.queries, "das-queries-per-minute", defaultQueries,
		fmt.Sprintf("how often this process asks each of these services a minute, at most. DNS Belgium lets an address ask %d times, so that is what all replicas behind one address may add up to", das.MaxQueries))
}

// complete adds what is asked by default, and checks the whole.
func (s *sources) complete() error {
	_, toldRDAP := s.servers[das.Suffix]
	if _, toldDAS := s.das[das.Suffix]; !toldDAS && !toldRDAP {
		s.das[das.Suffix] = das.Address
	}
	for suffix, address := range s.das {
		if address == "" {
			delete(s.das, suffix)
			continue
		}
		if _, both := s.servers[suffix]; both {
			return fmt.Errorf("-das and -rdap-server: only one of them can be asked about names under %s", suffix)
		}
	}
	_, _, err := s.checkers(nil)
	return err
}

// checkers are who is asked about names under the suffixes that the flags name, and about all others.
func (s *sources) checkers(logger *slog.Logger) (map[string]availability.Checker, availability.Checker, error) {
	others, err := rdap.New(rdap.Config{Bootstrap: s.bootstrap, Servers: s.servers, Log: logger, Exceptions: s.exceptions, Roots: s.roots})
	if err != nil {
		return nil, nil, err
	}
	byAddress, bySuffix := map[string]*das.Client{}, map[string]availability.Checker{}
	for suffix := range s.servers { // or the DAS server of a shorter suffix would be asked
		bySuffix[suffix] = others
	}
	for suffix, address := range s.das {
		if byAddress[address] == nil { // one for all of its suffixes, as it counts
			byAddress[address], err = das.New(das.Config{Address: address, Queries: s.queries, Exceptions: s.exceptions})
			if err != nil {
				return nil, nil, err
			}
		}
		bySuffix[suffix] = byAddress[address]
	}
	return bySuffix, others, nil
}

// checkers are whom the desk asks about names that are not ours: the registries, or on a test factory the table of known names.
func checkers(cfg settings, logger *slog.Logger) (availability.Checker, orders.KnownNames, error) {
	if cfg.environment == v1alpha1.EnvironmentTest {
		return testtable.Table{}, testtable.Table{}, nil
	}
	bySuffix, others, err := cfg.sources.checkers(logger)
	if err != nil {
		return nil, nil, err
	}
	return live.New(live.Config{Others: others, BySuffix: bySuffix, Metrics: cfg.registry}), nil, nil
}
