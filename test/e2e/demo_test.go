//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemo runs the demo twice, as its reader would: the second time the name is claimed already.
func TestDemo(t *testing.T) {
	w := theWorld
	const top = "../.."
	for _, round := range []string{"first", "second"} {
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), "make", "-C", top, "demo")
		cmd.Stdout, cmd.Stderr = &out, &out
		started := time.Now()
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s run of the demo: %v\n%s", round, err, out.String())
		}
		t.Logf("the %s run took %s:\n%s", round, time.Since(started).Round(time.Second), out.String())

		w.kubectl(t, "wait", "--for=condition=Ready", "--timeout=1s", "indiesite/available.gent")
		w.kubectl(t, "wait", "--for=condition=CallbackDelivered", "--timeout=30s", "-n", w.sitesNamespace, "indiesite/available.gent")
		if _, err := w.page(t, "available.gent"); err != nil {
			t.Errorf("the site does not answer over verified TLS: %v", err)
		}
	}
	w.bought(t, "available.gent", 1)

	info, err := os.Stat(filepath.Join(top, "bin", "demo.env"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("bin/demo.env: %v, %v; want mode 0600", info, err)
	}
	for _, kind := range []string{"indiesites", "domains"} {
		table := w.kubectl(t, "get", kind, "-A")
		t.Logf("kubectl get %s -A\n%s", kind, table)
		if !strings.Contains(table, "available.gent") || strings.Contains(table, "<invalid>") {
			t.Errorf("kubectl get %s reads badly:\n%s", kind, table)
		}
	}
}
