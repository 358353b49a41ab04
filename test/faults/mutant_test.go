package faults

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"magicwebsitefactory.gent/test/apiserver"
)

// mutant is the factory with one of its safeguards taken out of the source.
type mutant struct {
	file string
	// edits are pairs of what is there and what it becomes. Each must be there exactly once.
	edits [][2]string
	// only are the runs that must become red, and finds what must be found.
	only, finds string
}

// mustBeFound builds the harness with the mutant in place of the source, runs a part of it, and wants it to be red for the right reason.
func (m mutant) mustBeFound(t *testing.T) {
	t.Helper()
	if os.Getenv(mutantEnv) != "" || only != "" {
		t.Skip("this is a mutant, or single runs were asked for")
	}
	t.Parallel()
	dir := t.TempDir()
	original := filepath.Join(apiserver.Root(), m.file)
	source, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	for _, edit := range m.edits {
		if n := strings.Count(text, edit[0]); n != 1 {
			t.Fatalf("%s: what is to be changed is there %d times, not once; this test has to follow it:\n%s", m.file, n, edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	changed, overlay, program := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "faults.test")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{changed: []byte(text), overlay: replace} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as everything but the race detector, for the build cache
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the mutant: %v\n%s", err, out)
	}
	run := exec.CommandContext(ctx, program, "-test.run", m.test())
	run.Env = append(os.Environ(), apiserver.KubeconfigEnv+"="+kubeconfig(t, dir), mutantEnv+"=1", "FAULTS_ONLY="+m.only, "FAULTS_REPORT=")
	out, err := run.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		t.Fatalf("the mutant is green:\n%s", out)
	case !errors.As(err, &exit):
		t.Fatalf("run the mutant: %v\n%s", err, out)
	case !strings.Contains(string(out), m.finds):
		t.Fatalf("the mutant is red, but not because %q:\n%s", m.finds, out)
	}
}

// kubeconfig is a file that leads to the API server of this run.
func kubeconfig(t *testing.T, dir string) string {
	t.Helper()
	if given := os.Getenv(apiserver.KubeconfigEnv); given != "" {
		return given
	}
	config, file := apiserver.Config(t), filepath.Join(dir, "kubeconfig")
	const name = "faults"
	err := clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:  map[string]*clientcmdapi.Cluster{name: {Server: config.Host, CertificateAuthorityData: config.CAData}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{name: {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData, Token: config.BearerToken}},
		Contexts:  map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}}, CurrentContext: name,
	}, file)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// test is the test that has the runs.
func (m mutant) test() string {
	part, _, _ := strings.Cut(m.only, ":")
	return map[string]string{
		"two leaders": "^TestWheneverAnotherLeaderTakesOver$", "process dies": "^TestWheneverAProcessDies$", "call fails": "^TestWheneverACallFails$",
		"provider's fault": "^TestWhateverTheProviderDoesWrong$", "admin interferes": "^TestWheneverAnAdminInterferes$", "limits": "^TestTheLimitsHold$",
		partCredentials: "^TestWhileTheCredentialsAreRefused$",
	}[part]
}

// mutantEnv says that this is a mutant.
const mutantEnv = "FAULTS_MUTANT"
