package indiesite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// documentVersion is that of every document this site writes, and the only one
// that it reads.
const documentVersion = 1

const (
	temporaryName = ".write-*.tmp"
	temporaryGlob = ".*.tmp" // also those of earlier releases
)

// head is what every document under the data directory starts with.
type head struct {
	Version int       `json:"version"`
	Updated time.Time `json:"updated"`
}

// readDocument reads what writeDocument wrote; nil without an error means that
// there is no such file. What cannot be understood is an error that says what
// is damaged and where: to start without it would be to forget it.
func readDocument[T any](path, what string, check func(*T) error) (*T, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	var h head
	document := new(T)
	if err := errors.Join(json.Unmarshal(data, &h), json.Unmarshal(data, document)); err != nil {
		return nil, fmt.Errorf("%s in %s are damaged: %w", what, path, err)
	}
	if h.Version != documentVersion {
		return nil, fmt.Errorf("%s in %s have version %d; this site reads version %d", what, path, h.Version, documentVersion)
	}
	if err := check(document); err != nil {
		return nil, fmt.Errorf("%s in %s are damaged: %w", what, path, err)
	}
	return document, nil
}

func writeDocument(path, what string, document any) error {
	data, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", what, err)
	}
	if err := writeAtomically(path, append(data, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

// writeAtomically replaces a file by way of a temporary one beside it.
func writeAtomically(path string, data []byte) error {
	temporary, err := writeTemporary(filepath.Dir(path), data)
	if err != nil {
		return err
	}
	return replaceDurably(temporary, path)
}

// writeTemporary returns the path of a file whose content is on the disk:
// without the fsync a power cut might leave a renamed file with no content.
func writeTemporary(dir string, data []byte) (path string, err error) {
	file, err := os.CreateTemp(dir, temporaryName)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name()) // best effort: OpenStore clears what stays
		}
	}()
	if _, err := file.Write(data); err != nil {
		return "", err
	}
	if err := file.Sync(); err != nil {
		return "", err
	}
	return file.Name(), file.Close()
}

// replaceDurably gives the temporary file its name; without the directory's
// fsync a power cut might bring back the old file.
func replaceDurably(temporary, path string) error {
	if err := os.Rename(temporary, path); err != nil {
		_ = os.Remove(temporary) // best effort: OpenStore clears what stays
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// removeDurably takes a file away, if it is there, so that a power cut does
// not bring it back.
func removeDurably(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// clearInterrupted takes away what writes that were cut short left behind.
func clearInterrupted(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for interrupted writes: %w", err)
	}
	for _, entry := range entries {
		if matched, err := filepath.Match(temporaryGlob, entry.Name()); err != nil || !matched {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("clear away an interrupted write: %w", err)
		}
	}
	return nil
}

func syncDirectory(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Close() }() // opened for reading only
	return handle.Sync()
}
