package build

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A Builder builds the sources' binaries into a cache.
type Builder struct {
	Sources   fs.FS
	Cache     string    // folder for all hashes
	Log       io.Writer // progress lines
	toolchain string
	hash      string
}

// New finds the Go toolchain and computes the hash of what it would build.
func New(ctx context.Context, sources fs.FS, cache string, log io.Writer) (*Builder, error) {
	toolchain, err := toolchainVersion(ctx)
	if err != nil {
		return nil, err
	}
	hash, err := Hash(sources, toolchain)
	if err != nil {
		return nil, err
	}
	return &Builder{Sources: sources, Cache: cache, Log: log, toolchain: toolchain, hash: hash}, nil
}

// Hash is the name of what this builder builds.
func (b *Builder) Hash() string { return b.hash }

// Dir is the folder of this hash's binaries.
func (b *Builder) Dir() string { return filepath.Join(b.Cache, b.hash) }

// Binary is the path of a built binary.
func (b *Builder) Binary(name string) string { return filepath.Join(b.Dir(), "bin", name) }

// LinksDir is the folder with a link for every component of the kube binary.
func (b *Builder) LinksDir() string { return filepath.Join(b.Dir(), "components") }

// CRDs is the folder with cert-manager's custom resource definitions.
func (b *Builder) CRDs() string { return filepath.Join(b.Dir(), "crds") }

// Built says whether all that the named targets make is in the cache.
func (b *Builder) Built(names ...string) bool {
	for _, name := range names {
		if info, err := os.Stat(b.Binary(name)); err != nil || info.Size() == 0 {
			return false
		}
	}
	return true
}

// Build makes the named targets, or all, unless they are there already. One process builds at a
// time; another waits for it and finds the work done.
func (b *Builder) Build(ctx context.Context, names ...string) error {
	targets, err := selectTargets(names)
	if err != nil {
		return err
	}
	if b.complete(targets) {
		return b.touch()
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	source := filepath.Join(b.Dir(), "src")
	if err := extract(b.Sources, source); err != nil {
		return fmt.Errorf("write the sources to %s: %w", source, err)
	}
	for _, target := range targets {
		if err := b.buildTarget(ctx, source, target); err != nil {
			return err
		}
	}
	if err := b.writeImages(); err != nil {
		return err
	}
	b.prune()
	return b.touch()
}

func (b *Builder) complete(targets []Target) bool {
	for _, target := range targets {
		if !b.Built(target.Name) {
			return false
		}
		if len(target.Links) > 0 && !exists(filepath.Join(b.LinksDir(), target.Links[0])) {
			return false
		}
		if target.Name == "addons" && !exists(b.CRDs()) {
			return false
		}
		if target.Name == "pause" && !exists(b.Archive()) {
			return false
		}
	}
	return true
}

func (b *Builder) buildTarget(ctx context.Context, source string, target Target) error {
	if b.Built(target.Name) && b.complete([]Target{target}) {
		return nil
	}
	start := time.Now()
	fmt.Fprintf(b.Log, "Building %s (%s) into %s\n", target.Name, target.Expect, b.Dir())
	unfinished := b.Binary(target.Name) + ".unfinished"
	compile := b.command(ctx, source, "build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", target.ldflags(),
		"-o", unfinished, "./cmd/"+target.Name)
	if err := runWithProgress(compile, b.Log, target.Name); err != nil {
		return fmt.Errorf("build %s: %w", target.Name, err)
	}
	if target.Name == "addons" {
		if err := b.copyCRDs(ctx, source); err != nil {
			return err
		}
	}
	if err := os.Rename(unfinished, b.Binary(target.Name)); err != nil {
		return fmt.Errorf("put the binary in place: %w", err)
	}
	if err := b.link(target); err != nil {
		return err
	}
	fmt.Fprintf(b.Log, "Built %s in %s\n", target.Name, time.Since(start).Round(time.Second))
	return nil
}

// command runs go with the flags that every binary of the project is built with, so that they share
// one build cache.
func (b *Builder) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on")
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	command.WaitDelay = 10 * time.Second
	return command
}

func (b *Builder) link(target Target) error {
	if len(target.Links) == 0 {
		return nil
	}
	if err := os.MkdirAll(b.LinksDir(), 0o755); err != nil {
		return fmt.Errorf("make the folder of links: %w", err)
	}
	for _, name := range target.Links {
		path := filepath.Join(b.LinksDir(), name)
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("replace the link %s: %w", path, err)
		}
		if err := os.Symlink(filepath.Join("..", "bin", target.Name), path); err != nil {
			return fmt.Errorf("link %s: %w", name, err)
		}
	}
	return nil
}

// copyCRDs takes cert-manager's definitions out of its module, where they are not a Go package.
func (b *Builder) copyCRDs(ctx context.Context, source string) error {
	list := b.command(ctx, source, "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager")
	output, err := list.Output()
	if err != nil {
		return fmt.Errorf("find cert-manager's module: %w", err)
	}
	module := filepath.Join(strings.TrimSpace(string(output)), "deploy", "crds")
	paths, err := filepath.Glob(filepath.Join(module, "*.yaml"))
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("no custom resource definitions in %s", module)
	}
	if err := os.MkdirAll(b.CRDs(), 0o755); err != nil {
		return fmt.Errorf("make the folder of definitions: %w", err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read a definition: %w", err)
		}
		if err := os.WriteFile(filepath.Join(b.CRDs(), filepath.Base(path)), content, 0o644); err != nil {
			return fmt.Errorf("copy a definition: %w", err)
		}
	}
	return nil
}
