//go:build cluster

package test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/cluster"
	"magicwebsitefactory.gent/hack/localcluster/internal/image"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

const (
	siteName = "trial.gent"
	note     = "what a volume keeps"
)

// A site is a pod with a volume, a service, a certificate and an ingress.
type site struct{ client *http.Client }

// startSite builds the site's image, loads it, and applies the manifests.
func startSite(t *testing.T, command string) site {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "site.tar")
	binary := compile(t, "./site", "site")
	if err := image.Write(archive, image.Spec{Ref: "mwf.local/trial-site:1", Binary: binary}); err != nil {
		t.Fatal(err)
	}
	localcluster(t, command, "load", archive)
	kubectl(t, "apply", "--server-side", "-f", "testdata/site.yaml")
	kubectl(t, "-n", "trial", "wait", "--for=condition=Ready", "--timeout=60s", "certificate/site")
	return newSite(t)
}

// newSite makes a client that trusts the cluster's issuer alone and takes the way of a browser on this machine.
func newSite(t *testing.T) site {
	t.Helper()
	authority, err := os.ReadFile(layout.IssuerCA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatal("the issuer's authority is not a certificate")
	}
	return site{client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", layout.RouteNodePort))
		},
	}}}
}

func (s site) do(method, path, body string) (string, error) {
	request, err := http.NewRequest(method, "https://"+siteName+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s is answered %s: %s", method, path, response.Status, content)
	}
	return string(content), err
}

// mustServe sees the site from this machine over TLS and over its service's address, and from inside
// the cluster by the service's name and through its own service.
func (s site) mustServe(t *testing.T) {
	t.Helper()
	want := "this is " + siteName + "\n"
	eventually(t, "the page over verified TLS", func() error {
		return expect(want)(s.do(http.MethodGet, "/", ""))
	})
	inside := "http://site.trial.svc.cluster.local/"
	eventually(t, "the page from inside, by the service's name", func() error {
		return expect("this is site.trial.svc.cluster.local\n")(s.do(http.MethodGet, "/fetch?url="+url.QueryEscape(inside), ""))
	})
	address := strings.TrimSpace(kubectl(t, "-n", "trial", "get", "service", "site", "-o", "jsonpath={.spec.clusterIP}"))
	eventually(t, "the page at the service's address", func() error {
		response, err := (&http.Client{Timeout: 5 * time.Second}).Get("http://" + address + "/")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		return expect("this is "+address+"\n")(string(content), err)
	})
	kubectl(t, "-n", "trial", "logs", "site-0")
}

// mustKeepNotes writes to the volume, and finds it in the next pod.
func (s site) mustKeepNotes(t *testing.T) {
	t.Helper()
	if _, err := s.do(http.MethodPut, "/note", note); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", "trial", "delete", "pod", "site-0", "--wait")
	s.mustRemember(t)
}

func (s site) mustRemember(t *testing.T) {
	t.Helper()
	eventually(t, "the note", func() error { return expect(note)(s.do(http.MethodGet, "/note", "")) })
}

func expect(want string) func(string, error) error {
	return func(got string, err error) error {
		if err == nil && got != want {
			err = errors.New("got " + strconv.Quote(got))
		}
		return err
	}
}

func eventually(t *testing.T, what string, attempt func() error) {
	t.Helper()
	const patience = time.Minute
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = attempt(); err == nil {
			return
		}
	}
	t.Fatalf("%s: not within %s: %v", what, patience, err)
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command(cluster.Kubectl(), append([]string{"--kubeconfig", layout.Kubeconfig}, args...)...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v: %s", strings.Join(args, " "), err, output)
	}
	return string(output)
}
