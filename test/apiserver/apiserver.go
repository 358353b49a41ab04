// Package apiserver gives tests a real API server (envtest) with the factory's kinds installed, and a pair of namespaces of their own.
//
// One server serves all packages of a run: `make test` starts it with the command in the folder with/, which hands its address on in
// an environment variable. A package that is tested by itself starts one of its own.
package apiserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// KubeconfigEnv names the file with the address and credentials of a server that is there already.
const KubeconfigEnv = "FACTORY_TEST_KUBECONFIG"

var current *rest.Config

// Main runs a package's tests with an API server. Call it from TestMain: os.Exit(apiserver.Main(m)).
func Main(m *testing.M) int {
	if file := os.Getenv(KubeconfigEnv); file != "" {
		cfg, err := clientcmd.BuildConfigFromFlags("", file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", KubeconfigEnv, err)
			return 1
		}
		current = unthrottled(cfg)
		return m.Run()
	}
	return MainAlone(m)
}

// MainAlone is Main for a package that installs things under fixed names, and so shares a server with nobody.
func MainAlone(m *testing.M) int {
	env := New()
	cfg, err := env.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "start the test API server: %v\n`make test` builds what it needs; to run one package, "+
			"set KUBEBUILDER_ASSETS to the folder that `bin/localcluster assets` prints.\n", err)
		return 1
	}
	current = unthrottled(cfg)
	code := m.Run()
	if err := env.Stop(); err != nil {
		fmt.Fprintf(os.Stderr, "stop the test API server: %v\n", err)
		return 1
	}
	return code
}

// New returns an environment, not started, that installs the factory's CRDs, and those of others that it uses.
func New() *envtest.Environment {
	return &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join(Root(), "config", "crd", "bases"), filepath.Join(Root(), "test", "apiserver", "crds")},
		ErrorIfCRDPathMissing: true,
	}
}

// Root is the top folder of the project's sources. It is looked for from where the tests were started, which is always inside it: paths
// in the binary are of no use when it was built with -trimpath.
func Root() string { return root }

var root = findRoot()

func findRoot() string {
	start, err := os.Getwd()
	if err != nil {
		return "."
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return start
		}
	}
}

// Scheme has the core kinds and the factory's.
func Scheme() *apiruntime.Scheme {
	scheme := apiruntime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}

// Config returns an administrator's way to the server.
func Config(t testing.TB) *rest.Config {
	t.Helper()
	if current == nil {
		t.Fatal("no test API server: the package's TestMain must call apiserver.Main")
	}
	return rest.CopyConfig(current)
}

// Client returns an administrator's uncached client.
func Client(t testing.TB) client.Client {
	t.Helper()
	c, err := client.New(Config(t), client.Options{Scheme: Scheme()})
	if err != nil {
		t.Fatalf("make a client: %v", err)
	}
	return c
}

// Namespaces makes a factory's and a sites namespace that no other test uses. They stay behind, as envtest has no controller that could
// finish deleting a namespace.
func Namespaces(t testing.TB) (factory, sites string) {
	t.Helper()
	return namespace(t, "factory-"), namespace(t, "sites-")
}

func namespace(t testing.TB, prefix string) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: prefix,
		Annotations:  map[string]string{"test": strings.ToValidUTF8(t.Name(), "")},
	}}
	if err := Client(t).Create(t.Context(), ns); err != nil {
		t.Fatalf("make a namespace: %v", err)
	}
	return ns.Name
}

// unthrottled lifts the client's rate limit: a test server has no other users.
func unthrottled(cfg *rest.Config) *rest.Config {
	cfg.QPS, cfg.Burst = -1, -1
	return cfg
}
