package indiesite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/utils/clock"
)

const (
	stateFile = "owner-settings.json"
	stateName = "owner settings"
)

// ErrOwned says that the site has an owner already.
var ErrOwned = errors.New("the site has an owner already")

// state is the document with the owner settings.
type state struct {
	head
	Settings Settings `json:"settings"`
}

// Store keeps the owner's settings, keys, sessions and picture under a data
// directory, in a file each. What a method has returned for survives a crash of
// the process or the machine; one cut short leaves what was there before. One
// process owns a data directory.
type Store struct {
	dir   string
	clock clock.PassiveClock

	saving   sync.Mutex // one write at a time
	mu       sync.RWMutex
	held     *state
	owner    *ownerState
	sessions []session
	picture  *picture
}

// OpenStore reads what the data directory holds, makes the directory where it
// is missing, and clears away what interrupted writes left behind. A file that
// cannot be understood is an error, since starting without it would offer the
// site to its owner, or to anybody, a second time.
func OpenStore(dir string, clk clock.PassiveClock) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if err := clearInterrupted(dir); err != nil {
		return nil, err
	}
	held, err := readState(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	owner, err := readOwner(filepath.Join(dir, ownerFile))
	if err != nil {
		return nil, err
	}
	sessions, err := readSessions(filepath.Join(dir, sessionsFile))
	if err != nil {
		return nil, err
	}
	shown, err := readPicture(filepath.Join(dir, pictureFile))
	if err != nil {
		return nil, err
	}
	return &Store{dir: dir, clock: clk, held: held, owner: owner, sessions: sessions, picture: shown}, nil
}

func readState(path string) (*state, error) {
	return readDocument(path, stateName, func(s *state) (err error) {
		// A colour that is none would break the style sheet, and each page with it.
		s.Settings, err = s.Settings.Normalised()
		return err
	})
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
	return s.save(settings)
}

// Introduce replaces the owner settings as long as the site has no owner, who
// alone decides after that: then it is ErrOwned.
func (s *Store) Introduce(settings Settings) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	if s.Owned() {
		return ErrOwned
	}
	return s.save(settings)
}

// save needs saving to be held.
func (s *Store) save(settings Settings) error {
	if held, ok := s.Settings(); ok && held == settings {
		return nil
	}
	next := &state{head: s.head(), Settings: settings}
	if err := writeDocument(s.path(stateFile), stateName, next); err != nil {
		return err
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

func (s *Store) path(file string) string { return filepath.Join(s.dir, file) }

func (s *Store) head() head { return head{Version: documentVersion, Updated: s.clock.Now().UTC()} }
