// Package cluster starts the local cluster, looks after its health and takes it down.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/build"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/process"
)

// A Cluster is the one of this machine.
type Cluster struct {
	Builder *build.Builder // what is, or would be, running; nil where only what is there matters
	Log     io.Writer      // progress, a line each
	began   time.Time
}

// New makes a cluster that reports its progress to log.
func New(builder *build.Builder, log io.Writer) *Cluster {
	return &Cluster{Builder: builder, Log: log, began: time.Now()}
}

func (c *Cluster) processes() process.Manager {
	return process.Manager{Records: layout.Processes, Logs: layout.Logs}
}

// say writes a line of progress with the time since the command began.
func (c *Cluster) say(format string, args ...any) {
	fmt.Fprintf(c.Log, "%6.1fs  %s\n", time.Since(c.began).Seconds(), fmt.Sprintf(format, args...))
}

// lock keeps two commands from changing the cluster at once; the kernel frees it when one is killed.
// The file goes with the lock, so whoever waited must see that theirs is still the one in place.
func (c *Cluster) lock(ctx context.Context) (unlock func(), err error) {
	told := false
	for {
		file, err := os.OpenFile(layout.Lock, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open the lock: %w", err)
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && inPlace(file) {
			return func() { _ = os.Remove(layout.Lock); file.Close() }, nil
		}
		file.Close()
		if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, fmt.Errorf("take the lock: %w", err)
		}
		if err != nil && !told {
			c.say("another localcluster is at work; waiting for it")
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func inPlace(file *os.File) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(layout.Lock)
	return err == nil && os.SameFile(held, there)
}

// writeFile writes a file whole or not at all.
func writeFile(path string, content []byte, mode os.FileMode) error {
	unfinished := path + ".unfinished"
	if err := os.WriteFile(unfinished, content, mode); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("put %s in place: %w", filepath.Base(path), err)
	}
	return nil
}

// Present says whether there is a cluster, or what is left of one, so that ports and addresses in use
// may be its own.
func Present() bool { return exists(layout.Journal) }
