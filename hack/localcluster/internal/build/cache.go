package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// keep is how long binaries that nobody asked for stay in the cache.
const keep = 7 * 24 * time.Hour

var hashName = regexp.MustCompile(`^[0-9a-f]{12}$`)

func toolchainVersion(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH").Output()
	if err != nil {
		return "", fmt.Errorf("run go env (Go 1.26 or newer must be in PATH): %w", err)
	}
	return strings.Join(strings.Fields(string(output)), " "), nil
}

func selectTargets(names []string) ([]Target, error) {
	if len(names) == 0 {
		return Targets(), nil
	}
	var selected []Target
	for _, name := range names {
		found := false
		for _, target := range Targets() {
			if target.Name == name {
				selected, found = append(selected, target), true
			}
		}
		if !found {
			return nil, fmt.Errorf("nothing to build is called %q: kube, addons and pause are", name)
		}
	}
	return selected, nil
}

// lock waits until no other process builds. The kernel drops the lock of a killed process.
func (b *Builder) lock(ctx context.Context) (func(), error) {
	if err := os.MkdirAll(filepath.Join(b.Dir(), "bin"), 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(b.Cache, "build.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the build lock: %w", err)
	}
	told := false
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			file.Close()
			return nil, fmt.Errorf("take the build lock: %w", err)
		}
		if !told {
			fmt.Fprintln(b.Log, "Another localcluster is building; waiting for it")
			told = true
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func extract(sources fs.FS, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return fs.WalkDir(sources, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, path)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := fs.ReadFile(sources, path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}

// touch marks this hash as used, which keeps it from being pruned.
func (b *Builder) touch() error {
	now := time.Now()
	if err := os.Chtimes(b.Dir(), now, now); err != nil {
		return fmt.Errorf("mark the cache as used: %w", err)
	}
	return nil
}

// prune removes what other hashes left long ago. What cannot be removed is left to the next time.
func (b *Builder) prune() {
	entries, err := os.ReadDir(b.Cache)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		stale := err == nil && time.Since(info.ModTime()) > keep
		if stale && entry.Name() != b.hash && hashName.MatchString(entry.Name()) {
			_ = os.RemoveAll(filepath.Join(b.Cache, entry.Name()))
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
