// Package dnstest starts real name servers for tests: BIND's named, on loopback, with a zone and a TSIG key of its own.
package dnstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"text/template"
	"time"

	miekg "github.com/miekg/dns"

	"magicwebsitefactory.gent/test/output"
)

// program is where Debian's package bind9 puts it.
const program = "/usr/sbin/named"

const (
	// startTime and stopTime bound how long named may take.
	startTime = 30 * time.Second
	stopTime  = 10 * time.Second
	lookPause = 20 * time.Millisecond
)

// KeyName is the name of every server's TSIG key. The secrets differ.
const KeyName = "factory"

// Options of a name server.
type Options struct {
	// Records of the zone beside those that it cannot be without, in the form of a zone file.
	Records string
	// Zones that the server has; gent where there are none. Each may be changed with the key.
	Zones []string
	// ReadOnly has the server take no updates.
	ReadOnly bool
	// Listen is the address and port that it listens at, and that the zone names; any free port on loopback where it is zero.
	Listen netip.AddrPort
}

// Server is a named that runs until the test ends.
type Server struct {
	// Address that it listens at, as host:port, over UDP and TCP.
	Address string
	// Secret of the TSIG key, in base64.
	Secret string

	log *output.Buffer
}

var config = template.Must(template.New("named.conf").Parse(`
options {
  directory "{{.Dir}}";
  listen-on port {{.Port}} { {{.Host}}; };
  listen-on-v6 { none; };
  pid-file "{{.Dir}}/named.pid";
  session-keyfile "{{.Dir}}/session.key";
  managed-keys-directory "{{.Dir}}";
  recursion no;
  dnssec-validation no;
  notify no;
  max-cache-size 8M;
};
controls {};
key "{{.KeyName}}" { algorithm hmac-sha256; secret "{{.Secret}}"; };
{{range .Zones}}zone "{{.}}" {
  type primary;
  file "{{$.Dir}}/{{.}}.db";
  {{if not $.ReadOnly}}update-policy { grant {{$.KeyName}} subdomain {{.}}. A AAAA; };{{end}}
};
{{end}}`))

const zone = `$TTL 300
@ IN SOA ns1 hostmaster 1 3600 600 86400 1
@ IN NS ns1
ns1 IN A %s
%s
`

// Start runs a named. Where there is none, the test is skipped: make test installs it.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Skipf("%s is not here: bin/localcluster nameserver installs it, as make test does (Debian's package bind9)", program)
	}
	if len(options.Zones) == 0 {
		options.Zones = []string{"gent"}
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	s := &Server{Secret: base64.StdEncoding.EncodeToString(raw), log: &output.Buffer{}}
	for range 5 { // somebody may take the port in between
		at := options.Listen
		if !at.IsValid() {
			at = freePort(t)
		}
		if s.run(t, options, at) {
			return s
		}
	}
	t.Fatalf("named does not start:\n%s", s.log)
	return nil
}

// SecretData is the key as a Kubernetes Secret holds it.
func (s *Server) SecretData() map[string][]byte {
	return map[string][]byte{"name": []byte(KeyName), "algorithm": []byte("hmac-sha256"), "secret": []byte(s.Secret)}
}

// Dial leads every connection to this server, whatever address it is for: what looks for the servers of the zone finds this one at port 53.
func (s *Server) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, s.Address)
}

// run starts the process, and says whether it answers.
func (s *Server) run(t testing.TB, options Options, at netip.AddrPort) bool {
	t.Helper()
	dir := t.TempDir()
	// Where AppArmor confines the program to the system's own folders, it does so by its path.
	binary := filepath.Join(dir, "named")
	content, err := os.ReadFile(program)
	must(t, err)
	must(t, os.WriteFile(binary, content, 0o700)) //nolint:gosec // a program
	for _, name := range options.Zones {
		must(t, os.WriteFile(filepath.Join(dir, name+".db"), fmt.Appendf(nil, zone, at.Addr(), options.Records), 0o600))
	}
	var text bytes.Buffer
	must(t, config.Execute(&text, map[string]any{
		"Dir": dir, "Host": at.Addr(), "Port": at.Port(), "KeyName": KeyName, "Secret": s.Secret, "Zones": options.Zones, "ReadOnly": options.ReadOnly,
	}))
	file := filepath.Join(dir, "named.conf")
	must(t, os.WriteFile(file, text.Bytes(), 0o600))

	s.Address = at.String()
	process := exec.Command(binary, "-g", "-n", "1", "-c", file) //nolint:noctx // ended below, in its own way
	process.Stdout, process.Stderr = s.log, s.log
	must(t, process.Start())
	ended := make(chan struct{})
	go func() { _ = process.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(stopTime):
			_ = process.Process.Kill()
			<-ended
		}
	})
	return s.answers(options.Zones[len(options.Zones)-1], ended)
}

func (s *Server) answers(zone string, ended <-chan struct{}) bool {
	question := new(miekg.Msg).SetQuestion(miekg.Fqdn(zone), miekg.TypeSOA)
	for deadline := time.After(startTime); ; {
		client := &miekg.Client{Net: "tcp", Timeout: time.Second}
		if answer, _, err := client.Exchange(question, s.Address); err == nil && answer.Authoritative {
			return true
		}
		select {
		case <-ended:
			return false
		case <-deadline:
			return false
		case <-time.After(lookPause):
		}
	}
}

// freePort is one on loopback that is free for both TCP and UDP.
func freePort(t testing.TB) netip.AddrPort {
	t.Helper()
	var err error
	for range 20 {
		var stream net.Listener
		if stream, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			continue
		}
		packets, perr := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", stream.Addr().String())
		if err = errors.Join(perr, stream.Close()); err == nil {
			must(t, packets.Close())
			return netip.MustParseAddrPort(stream.Addr().String())
		}
	}
	t.Fatalf("no free port: %v", err)
	return netip.AddrPort{}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
