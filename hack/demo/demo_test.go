package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const localFacts = `
# a comment
KUBECONFIG=/var/lib/mwf/admin.conf
KUBECTL="/var/lib/mwf/bin/kubectl"
NODE_ADDRESS=198.18.213.1
ROUTE_SERVICE_IP=10.213.64.80
ROUTE_ADDRESS=127.0.0.1:30443
STORAGE_CLASS=mwf-local
CLUSTER_ISSUER=mwf-local-ca
INGRESS_CLASS=skipper
NODEPORT_FRONTEND=30444
POD_CIDR=10.213.0.0/18
SERVICE_CIDR=10.213.64.0/18
CLUSTER_CA_FILE=/var/lib/mwf/ca.pem
`

func localCluster(t *testing.T) cluster {
	t.Helper()
	values, err := parseFacts([]byte(localFacts))
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCluster(values)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheFactsOfAClusterAreRead(t *testing.T) {
	want := cluster{
		kubeconfig: "/var/lib/mwf/admin.conf", kubectl: "/var/lib/mwf/bin/kubectl", node: "198.18.213.1",
		factory: "127.0.0.1:30444", route: "127.0.0.1:30443", routeInside: "10.213.64.80", storageClass: "mwf-local",
		issuer: "mwf-local-ca", issuerCA: "/var/lib/mwf/ca.pem", ingressClass: "skipper",
		denied: []string{"10.213.0.0/18", "10.213.64.0/18"},
	}
	if diff := cmp.Diff(want, localCluster(t), cmp.AllowUnexported(cluster{})); diff != "" {
		t.Error(diff)
	}
}

func TestFactsThatDoNotSufficeAreRefusedByTheNameOfTheKey(t *testing.T) {
	for sentence, test := range map[string]struct{ facts, want string }{
		"a line without a value":   {"KUBECONFIG\n", `"KUBECONFIG" is not KEY=value`},
		"no issuer":                {strings.Replace(localFacts, "CLUSTER_ISSUER=mwf-local-ca", "", 1), "missing CLUSTER_ISSUER"},
		"an empty node address":    {strings.Replace(localFacts, "=198.18.213.1", "=", 1), "missing NODE_ADDRESS"},
		"a route without its port": {strings.Replace(localFacts, ":30443", "", 1), "ROUTE_ADDRESS=127.0.0.1 must be host:port"},
	} {
		t.Run(sentence, func(t *testing.T) {
			values, err := parseFacts([]byte(test.facts))
			if err == nil {
				_, err = newCluster(values)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", err, test.want)
			}
		})
	}
}

func TestAnotherClusterNeedsItsFactsAndTheErrorListsTheKeys(t *testing.T) {
	_, err := findCluster(t.Context(), config{cluster: "current"})
	if err == nil || !strings.Contains(err.Error(), "CLUSTER_CA_FILE") || !strings.Contains(err.Error(), "STORAGE_CLASS") {
		t.Errorf("error is %v, want one that lists the keys", err)
	}
}

func TestTheEnvironmentSurvivesBeingSourced(t *testing.T) {
	settings := []setting{{"PLAIN", "https://127.0.0.1:30444"}, {"EVIL", `a'b"c $(id) \ ` + "`id`"}, {"EMPTY", ""}}
	path := filepath.Join(t.TempDir(), "demo.env")
	if err := writeFile(path, renderEnvironment(settings)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("demo.env has the mode %v, want 0600", info.Mode().Perm())
	}
	// A child of the shell sees them: they are exported.
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `EMPTY=kept; . "$0"; sh -c 'printf "%s\n%s\n" "$PLAIN" "$EVIL"'; printf "%s\n" "$EMPTY"`, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := settings[0].value + "\n" + settings[1].value + "\nkept\n"
	if string(out) != want {
		t.Errorf("sourced: %q, want %q", out, want)
	}
}

func TestTheCallbackCertificateAnswersForTheNodeAndIsKept(t *testing.T) {
	files := callbackFilesIn(t.TempDir())
	now := time.Now()
	if err := ensureCallbackCertificate(files, "127.0.0.1", now); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(files.certificate, files.key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	server.StartTLS()
	defer server.Close()
	roots, err := readPool(files.authority)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}}
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatalf("the authority does not vouch for the listener: %v", err)
	}
	_ = response.Body.Close()

	before := read(t, files.certificate)
	for sentence, test := range map[string]struct {
		host string
		now  time.Time
		kept bool
	}{
		"the same host soon after":      {"127.0.0.1", now.Add(time.Hour), true},
		"another host":                  {"198.18.213.1", now, false},
		"shortly before it runs out":    {"198.18.213.1", now.Add(callbackLife - time.Hour), false},
		"a host name in place of an IP": {"callback.example", now.Add(callbackLife - time.Hour), false},
	} {
		if files.good(test.host, test.now) != test.kept {
			t.Errorf("%s: kept is %v, want %v", sentence, !test.kept, test.kept)
		}
	}
	if err := ensureCallbackCertificate(files, "127.0.0.1", now); err != nil {
		t.Fatal(err)
	}
	if read(t, files.certificate) != before {
		t.Error("a second run made another certificate")
	}
	if err := ensureCallbackCertificate(files, "callback.example", now); err != nil {
		t.Fatal(err)
	}
	if !files.good("callback.example", now) {
		t.Error("the certificate was not made anew for another host")
	}
}

func TestReadyIsWhatTheControllerSaysOfTheNewestGeneration(t *testing.T) {
	for sentence, test := range map[string]struct{ status, want string }{
		"no status":           {`{}`, "no condition Ready yet"},
		"ready long ago":      {`{observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}`, "not seen by its controller yet"},
		"not ready":           {`{observedGeneration: 2, conditions: [{type: Ready, status: "False", reason: Why, message: so}]}`, "Ready is False, Why: so"},
		"ready as it is now":  {`{observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}`, ""},
		"another is not read": {`{observedGeneration: 2, conditions: [{type: Reachable, status: "True"}]}`, "no condition Ready yet"},
	} {
		t.Run(sentence, func(t *testing.T) {
			object := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte("metadata: {generation: 2}\nstatus: "+test.status), &object.Object); err != nil {
				t.Fatal(err)
			}
			object.SetGeneration(2)
			missing, err := readyMissing(object)
			if err != nil {
				t.Fatal(err)
			}
			if (test.want == "") != (missing == "") || !strings.Contains(missing, test.want) {
				t.Errorf("missing is %q, want %q", missing, test.want)
			}
		})
	}
}

func TestTheAdminObjectsCarryWhatIsSpecialToThisMachine(t *testing.T) {
	d := demoForTest(t)
	objects, err := d.adminObjects()
	if err != nil {
		t.Fatal(err)
	}
	onboarder, siteClass := objects[0].(*v1alpha1.Onboarder), objects[2].(*v1alpha1.SiteClass)
	if got := onboarder.Spec.Callback.URLPrefixes; len(got) != 1 || got[0] != "https://198.18.213.1:9443/hallo" {
		t.Errorf("callback prefixes are %v", got)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(onboarder.Spec.Callback.CABundle) {
		t.Error("the onboarder's CA bundle holds no certificate")
	}
	if siteClass.Spec.Image != "magicwebsitefactory.gent/indie-site:dev-1" || siteClass.Spec.Route.Addresses[0] != "10.213.64.80" ||
		*siteClass.Spec.Storage.StorageClassName != "mwf-local" || siteClass.Spec.TLS.CertManager.IssuerRef.Name != "mwf-local-ca" {
		t.Errorf("the SiteClass is %+v", siteClass.Spec)
	}
	for _, object := range objects {
		if _, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object); err != nil {
			t.Error(err)
		}
		if object.GetNamespace() != factoryNamespace || object.GetObjectKind().GroupVersionKind().Kind == "" {
			t.Errorf("%s has the namespace %q and the kind %q", object.GetName(), object.GetNamespace(), object.GetObjectKind().GroupVersionKind().Kind)
		}
	}
}

func TestTheSiteIsVisitedAtTheRouteByItsNameAndVerified(t *testing.T) {
	d := demoForTest(t)
	if err := ensureCallbackCertificate(d.callback, "available.gent", time.Now()); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(d.callback.certificate, d.callback.key)
	if err != nil {
		t.Fatal(err)
	}
	status := http.StatusOK
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><title> "+r.Host+" </title></html>")
	}))
	server.Config.ErrorLog = nil
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	server.StartTLS()
	defer server.Close()
	d.cluster.route, d.cluster.issuerCA = server.Listener.Addr().String(), d.callback.authority

	seen, err := d.visit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seen.title != "available.gent" || seen.status != "200 OK" || seen.issuer == "" {
		t.Errorf("visited: %+v", seen)
	}

	status = http.StatusNotFound
	if _, err := d.visit(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a page that is not found is taken for the site: %v", err)
	}
	status, d.config.domain = http.StatusOK, "other.gent"
	if _, err := d.visit(t.Context()); err == nil {
		t.Error("a certificate for another name is taken")
	}
}

func TestTheFactoryIsReadyWhenItKnowsTheToken(t *testing.T) {
	d := demoForTest(t)
	if err := ensureCallbackCertificate(d.callback, "127.0.0.1", time.Now()); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(d.callback.certificate, d.callback.key)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/domain/available.gent" || r.Header.Get("Authorization") != "Bearer the-token" {
			t.Errorf("asked %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		if asked.Add(1) < 3 { // the digest of the token has not come to this replica yet
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	server.StartTLS()
	defer server.Close()
	d.cluster.factory, d.cluster.issuerCA, d.token = server.Listener.Addr().String(), d.callback.authority, "the-token"
	if err := d.waitForFactory(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked.Load() != 3 {
		t.Errorf("asked %d times, want 3", asked.Load())
	}
}

func TestTheDemoEndsWithCommandsThatCanBeCopied(t *testing.T) {
	d := demoForTest(t)
	said := d.instructions()
	for _, command := range []string{
		". " + d.environmentPath() + " && " + d.config.bin + "/hallo serve\n",
		"--host-resolver-rules='MAP *.gent:443 127.0.0.1:30443, EXCLUDE 198.18.213.1, MAP * ~NOTFOUND' \\\n",
		"https://198.18.213.1:9443/ https://available.gent/\n",
		"curl --cacert " + d.cluster.issuerCA + " --connect-to available.gent:443:127.0.0.1:30443 https://available.gent/\n",
		filepath.Join(d.state(), "code-available.gent"),
	} {
		if !strings.Contains(said, command) {
			t.Errorf("it lacks %q:\n%s", command, said)
		}
	}
	if strings.Contains(said, "{") {
		t.Errorf("a place is left open:\n%s", said)
	}
	environment := string(renderEnvironment(d.environment()))
	for _, name := range []string{"FACTORY_URL", "FACTORY_CA", "FACTORY_TOKEN", "CALLBACK", "CALLBACK_CERT", "CALLBACK_KEY", "SITE_CA", "ROUTE_ADDRESS", "HALLO_STATE"} {
		if !strings.Contains(environment, "export "+name+"=") && name != "FACTORY_TOKEN" { // which install fills in
			t.Errorf("hallo serve needs %s:\n%s", name, environment)
		}
	}
}

func TestWhatIsMissingIsSaidWhenTheTimeIsUp(t *testing.T) {
	err := until(t.Context(), 50*time.Millisecond, "the moon", func(context.Context) (string, error) { return "clouds", nil })
	if err == nil || !strings.Contains(err.Error(), "wait for the moon: not within 50ms; last seen: clouds") {
		t.Errorf("error is %v", err)
	}
}

func demoForTest(t *testing.T) *demo {
	t.Helper()
	d := &demo{
		config:   config{domain: "available.gent", bin: t.TempDir()},
		cluster:  localCluster(t),
		images:   images{"indie-site": "magicwebsitefactory.gent/indie-site:dev-1"},
		callback: callbackFilesIn(t.TempDir()),
	}
	if err := ensureCallbackCertificate(d.callback, d.cluster.node, time.Now()); err != nil {
		t.Fatal(err)
	}
	d.cluster.issuerCA = d.callback.authority
	return d
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
