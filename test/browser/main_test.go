package browser

import (
	"fmt"
	"os"
	"testing"
)

// TestMain builds the site once for all tests.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "indie-site-")
	if err == nil {
		program, err = Build(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

var program string

func startSite(t *testing.T) *Site {
	t.Helper()
	return StartSite(t, program)
}
