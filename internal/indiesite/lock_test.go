package indiesite

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestADataDirectoryBelongsToOneProcessAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	release, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second one is told %v", err)
	}
	release()
	release, err = Lock(dir)
	if err != nil {
		t.Fatalf("once the first has ended: %v", err)
	}
	release()
}
