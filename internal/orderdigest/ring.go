package orderdigest

import (
	"context"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// Ring holds the keys of a folder and follows its changes: kubelet swaps a mounted Secret's files while the process runs.
type Ring struct {
	dir     string
	current atomic.Pointer[Keys]
}

// OpenRing reads the folder for the first time. A folder without keys is no error: they may come later.
func OpenRing(dir string) *Ring {
	r := &Ring{dir: dir}
	_ = r.Reload() // Keys tells
	return r
}

// Keys are those that were read last, or ErrNoKeys.
func (r *Ring) Keys() (*Keys, error) {
	if keys := r.current.Load(); keys != nil {
		return keys, nil
	}
	return nil, ErrNoKeys
}

// Reload reads the folder now. When that fails the keys from before stay, as they still tell old orders.
func (r *Ring) Reload() error {
	keys, err := LoadKeys(r.dir)
	if err != nil {
		return err
	}
	r.current.Store(keys)
	return nil
}

// Run reloads at each interval until the context ends, and reports what goes wrong.
func (r *Ring) Run(ctx context.Context, clk clock.WithTicker, interval time.Duration, report func(error)) {
	ticker := clk.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			if err := r.Reload(); err != nil {
				report(err)
			}
		}
	}
}
