package indiesite

import (
	"os/exec"
	"testing"
)

// The scripts' own tests, of what needs no browser; test/browser has the others.
func TestScripts(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not in PATH: make web installs it as root on Debian (apt-get install nodejs)")
	}
	command := exec.CommandContext(t.Context(), node, "--test", "test/pure.test.js")
	command.Dir = "web"
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
