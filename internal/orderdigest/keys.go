package orderdigest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// minKeyLength in bytes; a shorter key could be guessed.
const minKeyLength = 32

// keyName is the form of a key's name in the Secret: k1, k2, …
var keyName = regexp.MustCompile(`^k([1-9][0-9]{0,8})$`)

// Keys are the keys of one moment. New digests are made with the one that has the highest number; the others still tell old orders.
type Keys struct {
	byName map[string][]byte
	newest string
}

// ErrNoKeys says that no key is there yet. The manager makes the first one.
var ErrNoKeys = errors.New("there are no keys for request digests")

// NewKeys takes keys by their names. Other names than k1, k2, … are left alone.
func NewKeys(byName map[string][]byte) (*Keys, error) {
	keys := &Keys{byName: map[string][]byte{}}
	highest := 0
	for name, key := range byName {
		match := keyName.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		if len(key) < minKeyLength {
			return nil, fmt.Errorf("key %s for request digests has %d bytes; it needs %d or more", name, len(key), minKeyLength)
		}
		keys.byName[name] = key
		if number, err := strconv.Atoi(match[1]); err == nil && number > highest {
			highest, keys.newest = number, name
		}
	}
	if keys.newest == "" {
		return nil, ErrNoKeys
	}
	return keys, nil
}

// LoadKeys reads the keys from a folder with a file for each, as a Secret is mounted.
func LoadKeys(dir string) (*Keys, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoKeys
	}
	if err != nil {
		return nil, fmt.Errorf("read the folder of keys for request digests: %w", err)
	}
	byName := map[string][]byte{}
	for _, entry := range entries {
		if !keyName.MatchString(entry.Name()) {
			continue
		}
		key, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read key %s for request digests: %w", entry.Name(), err)
		}
		byName[entry.Name()] = key
	}
	return NewKeys(byName)
}
