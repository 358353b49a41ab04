package indiesite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
)

const pictureFile = "picture"

// picture says what the picture's file holds; the file itself is not kept in
// memory.
type picture struct {
	tag         string // changes with the content
	contentType string
}

// readPicture returns nil without an error where there is no picture.
func readPicture(path string) (*picture, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the picture in %s is damaged: %w", path, err)
	}
	if max(config.Width, config.Height) > MaxPictureSide || format != "jpeg" && format != "png" {
		return nil, fmt.Errorf("the picture in %s is a %s of %d × %d pixels; this site keeps jpeg and png of at most %d × %d",
			path, format, config.Width, config.Height, MaxPictureSide, MaxPictureSide)
	}
	return describe(data, format), nil
}

func describe(data []byte, format string) *picture {
	digest := sha256.Sum256(data)
	return &picture{tag: hex.EncodeToString(digest[:16]), contentType: "image/" + format}
}

// SavePicture replaces the owner's picture with one that preparePicture made.
func (s *Store) SavePicture(data []byte) error {
	_, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("look at the picture: %w", err)
	}
	next := describe(data, format)
	s.saving.Lock()
	defer s.saving.Unlock()
	if next.tag == s.PictureTag() {
		return nil
	}
	temporary, err := writeTemporary(s.dir, data)
	if err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	// Whoever opens the picture meanwhile must not be told of the other one.
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := replaceDurably(temporary, s.path(pictureFile)); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	s.picture = next
	return nil
}

// RemovePicture leaves the owner without a picture.
func (s *Store) RemovePicture() error {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := removeDurably(s.path(pictureFile)); err != nil {
		return fmt.Errorf("remove the picture: %w", err)
	}
	s.picture = nil
	return nil
}

// PictureTag is "" without a picture, and another one for each picture.
func (s *Store) PictureTag() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.picture == nil {
		return ""
	}
	return s.picture.tag
}

// openPicture returns what is known of the picture and its file, which the
// caller closes; nil and fs.ErrNotExist without a picture.
func (s *Store) openPicture() (*picture, *os.File, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.picture == nil {
		return nil, nil, fs.ErrNotExist
	}
	file, err := os.Open(s.path(pictureFile))
	return s.picture, file, err
}
