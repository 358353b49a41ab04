//go:build !linux

package browser

import (
	"net"
	"os/exec"
	"testing"
)

// alone returns a listener on this machine's loopback interface. Only Linux has networks of their own for processes.
func alone(t testing.TB) (net.Listener, func(*exec.Cmd)) {
	t.Helper()
	return loopback(t), func(*exec.Cmd) {}
}
