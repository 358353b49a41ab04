package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// store keeps conversations in a folder, one file each, readable by the user
// that hallo runs as only: there are sign-up codes in them.
type store struct {
	dir  string
	lock *os.File
}

// openStore takes the folder for this process alone. What was ordered at one
// factory must never be ordered again at another, so a folder belongs to one.
func openStore(dir, factory string) (*store, error) {
	if err := os.MkdirAll(filepath.Join(dir, "conversations"), 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the state folder: %w", err)
	}
	s := &store{dir: dir, lock: lock}
	if err := s.take(factory); err != nil {
		_ = lock.Close() // nothing was written
		return nil, err
	}
	return s, nil
}

func (s *store) take(factory string) error {
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("the state folder %s is in use by another hallo: %w", s.dir, err)
	}
	path := filepath.Join(s.dir, "factory")
	known, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.write(path, []byte(factory+"\n"))
	case err != nil:
		return fmt.Errorf("read the state folder: %w", err)
	case strings.TrimSpace(string(known)) != factory:
		return fmt.Errorf("the state folder %s has orders at %s; give another one for %s", s.dir, strings.TrimSpace(string(known)), factory)
	}
	return nil
}

// agree remembers what orders are sent with beside domain and code: an order that is sent again with something else is another one, whose 409
// would be taken for the end of the first. So that may only change while no order is open.
func (s *store) agree(terms string, open bool) error {
	path := filepath.Join(s.dir, "callback")
	known, err := os.ReadFile(path)
	earlier := strings.TrimSpace(string(known))
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the state folder: %w", err)
	case err == nil && earlier == terms:
		return nil
	case err == nil && open:
		return fmt.Errorf("the state folder %s has open orders that are called back at %s, not at %s: go on as before until they have ended, or give another folder", s.dir, earlier, terms)
	}
	return s.write(path, []byte(terms+"\n"))
}

func (s *store) close() { _ = s.lock.Close() } // which gives the lock back

func (s *store) path(key string) string {
	return filepath.Join(s.dir, "conversations", key+".json")
}

// load reads all conversations. One that cannot be read is an error: it may have
// an order, and must not be forgotten silently.
func (s *store) load() (map[string]Conversation, error) {
	paths, err := filepath.Glob(s.path("*"))
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	conversations := make(map[string]Conversation, len(paths))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read a conversation: %w", err)
		}
		var c Conversation
		if err := json.Unmarshal(data, &c); err != nil {
			return nil, fmt.Errorf("read the conversation %s: %w", path, err)
		}
		conversations[strings.TrimSuffix(filepath.Base(path), ".json")] = c
	}
	return conversations, nil
}

// save keeps a conversation; when it returns nil, not even a power cut takes it away.
func (s *store) save(key string, c Conversation) error {
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode a conversation: %w", err)
	}
	return s.write(s.path(key), data)
}

func (s *store) remove(key string) error {
	if err := os.Remove(s.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget a conversation: %w", err)
	}
	return nil
}

func (s *store) write(path string, data []byte) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keep a conversation: %w", err)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(temporary, path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("keep a conversation: %w", err)
	}
	return nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
