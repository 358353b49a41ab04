package indiesite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock makes a data directory this process's own, and the directory itself
// where it is missing. Two processes would each take somebody for the owner, and
// the later would replace the earlier; and each would clear away what the other
// is writing. The lock ends with the process, however that ends.
//
// Where a file system knows no locks on directories, such as that of NFS, there
// is none; whoever runs the site sees to it there that it is one process.
func Lock(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	handle, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := syscall.Flock(int(handle.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		_ = handle.Close() // opened for reading only
		return nil, fmt.Errorf("the data directory %s belongs to another indie-site that runs; a site is one process", dir)
	}
	return func() { _ = handle.Close() }, nil
}
