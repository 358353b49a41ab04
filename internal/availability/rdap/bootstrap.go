package rdap

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"sigs.k8s.io/json"
)

// registry says which servers know the names below a suffix: gent, co.uk, or "" for all. A suffix may have no server that can be asked.
type registry map[string][]*url.URL

// document is the bootstrap file (RFC 9224, section 3). A service is two lists: its suffixes, and the base URLs of its servers.
type document struct {
	Version  string       `json:"version"`
	Services [][][]string `json:"services"`
}

// parseBootstrap reads a bootstrap file. What it holds beside https servers is left out: a suffix whose server has no TLS is there, without any.
func parseBootstrap(content []byte) (registry, error) {
	var doc document
	if err := json.UnmarshalCaseSensitivePreserveInts(content, &doc); err != nil {
		return nil, errors.New("is no bootstrap file in JSON")
	}
	if doc.Version != "1.0" {
		return nil, errors.New("is no bootstrap file of version 1.0")
	}
	found := registry{}
	for _, service := range doc.Services {
		if len(service) != 2 {
			return nil, errors.New("is a bootstrap file with a service that is not two lists")
		}
		servers := usable(service[1])
		for _, entry := range service[0] {
			if suffix, ok := suffixOf(entry); ok && found[suffix] == nil {
				found[suffix] = servers
			}
		}
	}
	if len(found) == 0 {
		return nil, errors.New("is a bootstrap file without any service")
	}
	return found, nil
}

// usable are the base URLs that can be asked, in the order that they stand in; never nil.
func usable(bases []string) []*url.URL {
	servers := []*url.URL{}
	for _, base := range bases {
		if server, err := ParseServer(base); err == nil {
			servers = append(servers, server)
		}
	}
	return servers
}

// ParseServer reads the base URL of an RDAP server. It needs https, and has neither user info nor a query. RFC 9224 has a slash at its end, which
// is put there where it is missing.
func ParseServer(base string) (*url.URL, error) {
	server, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, errors.New("is no URL")
	case server.Scheme != "https" || server.Hostname() == "" || server.Opaque != "":
		return nil, errors.New("is no https URL")
	case server.User != nil || server.RawQuery != "" || server.ForceQuery || server.Fragment != "" || strings.HasSuffix(base, "#"):
		return nil, errors.New("has user info, a query or a fragment")
	}
	if !strings.HasSuffix(server.Path, "/") {
		server = server.JoinPath("/")
	}
	return server, nil
}

// suffixOf gives the normal form of a suffix, and whether it is one.
func suffixOf(entry string) (string, bool) {
	suffix := strings.ToLower(strings.TrimSuffix(entry, "."))
	if suffix == "" {
		return "", entry == "" || entry == "."
	}
	for label := range strings.SplitSeq(suffix, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return "", false
		}
	}
	return suffix, true
}

// servers are those of the longest suffix of the name, in whole labels, and whether there is such a suffix at all.
func (r registry) servers(name string) ([]*url.URL, bool) {
	for suffix := name; ; {
		if servers, ok := r[suffix]; ok {
			return servers, true
		}
		if suffix == "" {
			return nil, false
		}
		_, suffix, _ = strings.Cut(suffix, ".")
	}
}

// overrides checks what an admin says of servers.
func overrides(servers map[string]*url.URL) (registry, error) {
	own := registry{}
	for suffix, server := range servers {
		if normal, ok := suffixOf(suffix); !ok || normal != suffix || suffix == "" {
			return nil, fmt.Errorf("RDAP server of %q: a suffix in lower case is needed, without a dot before or after it", suffix)
		}
		checked, err := ParseServer(server.String())
		if err != nil {
			return nil, fmt.Errorf("RDAP server of %s: the URL %w", suffix, err)
		}
		own[suffix] = []*url.URL{checked}
	}
	return own, nil
}
