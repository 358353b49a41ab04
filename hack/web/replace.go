package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	// keep is the one file of a clean clone, where nothing has been bundled yet.
	keep = ".gitkeep"
	// stamp is written last: where it is newer than the sources, everything is there.
	stamp = ".made"
)

// replace makes the files the only ones in the folder's dist.
func replace(dir string, files map[string][]byte) error {
	dist := filepath.Join(dir, "dist")
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	old, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dist, name), content, 0o644); err != nil {
			return err
		}
	}
	for _, entry := range old {
		if _, made := files[entry.Name()]; made || entry.Name() == keep {
			continue
		}
		if err := os.Remove(filepath.Join(dist, entry.Name())); err != nil {
			return fmt.Errorf("remove what is no longer made: %w", err)
		}
	}
	return os.WriteFile(filepath.Join(dist, stamp), nil, 0o644)
}
