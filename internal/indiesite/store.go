package indiesite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	stateFile     = "owner-settings.json"
	stateVersion  = 1
	temporaryGlob = ".owner-settings-*.tmp"
)

// state is the document under the data directory.
type state struct {
	Version  int       `json:"version"`
	Updated  time.Time `json:"updated"`
	Settings Settings  `json:"settings"`
}

// Store keeps the owner settings under a data directory. What Save has
// returned for survives a crash of the process or the machine; a Save cut
// short leaves what was there before. One process owns a data directory.
type Store struct {
	dir   string
	clock clock.PassiveClock

	saving sync.Mutex // one write at a time
	mu     sync.RWMutex
	held   *state
}

// OpenStore reads what the data directory holds, makes the directory where it
// is missing, and clears away what an interrupted Save left behind. A file that
// cannot be understood is an error, since starting empty would offer the site
// to its owner a second time.
func OpenStore(dir string, clk clock.PassiveClock) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	leftovers, err := filepath.Glob(filepath.Join(dir, temporaryGlob))
	if err != nil {
		return nil, fmt.Errorf("look for interrupted writes in %s: %w", dir, err)
	}
	for _, leftover := range leftovers {
		if err := os.Remove(leftover); err != nil {
			return nil, fmt.Errorf("clear away an interrupted write: %w", err)
		}
	}
	held, err := readState(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	return &Store{dir: dir, clock: clk, held: held}, nil
}

func readState(path string) (*state, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read owner settings: %w", err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("owner settings in %s are damaged: %w", path, err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("owner settings in %s have version %d; this site reads version %d", path, s.Version, stateVersion)
	}
	// A colour that is none would break the style sheet, and each page with it.
	if s.Settings, err = s.Settings.Normalised(); err != nil {
		return nil, fmt.Errorf("owner settings in %s are damaged: %w", path, err)
	}
	return &s, nil
}

// Settings returns the owner settings, and false while there are none.
func (s *Store) Settings() (Settings, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.held == nil {
		return Settings{}, false
	}
	return s.held.Settings, true
}

// Save replaces the owner settings. Saving what is there already writes
// nothing.
func (s *Store) Save(settings Settings) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	if held, ok := s.Settings(); ok && held == settings {
		return nil
	}
	next := &state{Version: stateVersion, Updated: s.clock.Now().UTC(), Settings: settings}
	data, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return fmt.Errorf("encode owner settings: %w", err)
	}
	if err := writeAtomically(filepath.Join(s.dir, stateFile), append(data, '\n')); err != nil {
		return fmt.Errorf("write owner settings: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = next
	return nil
}

// Writable returns an error unless files can be made in the data directory. It
// writes nothing, so that readiness checks leave the disk alone; and a full
// disk, which this does not see, should not take the page away.
func (s *Store) Writable() error { return accessible(s.dir) }

// writeAtomically replaces a file by way of a temporary one beside it. Both
// fsyncs matter: without the file's, a power cut may leave the new name with
// no content; without the directory's, it may bring back the old file.
func writeAtomically(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, temporaryGlob)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name()) // best effort: OpenStore clears what stays
		}
	}()
	if _, err := file.Write(data); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncDirectory(dir)
}

func syncDirectory(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Close() }() // opened for reading only
	return handle.Sync()
}
