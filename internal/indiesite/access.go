package indiesite

import (
	"os"
	"syscall"
)

// accessible asks access(2) whether files can be made in dir; it sees
// permissions, a missing directory and a read-only mount.
func accessible(dir string) error {
	const writeAndSearch = 0o3 // W_OK | X_OK
	if err := syscall.Access(dir, writeAndSearch); err != nil {
		return &os.PathError{Op: "access", Path: dir, Err: err}
	}
	return nil
}
