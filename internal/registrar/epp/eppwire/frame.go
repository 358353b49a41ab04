package eppwire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	// headerSize is that of the length before each frame, which counts itself (RFC 5734, section 4).
	headerSize = 4
	// MaxFrame is the longest frame that is read or written, its length included. Answers about one name are a few kilobytes.
	MaxFrame = 1 << 20
)

// FrameError says that a length cannot be that of a frame.
type FrameError struct {
	// Length as it was announced.
	Length uint32
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("a frame of %d bytes: must be more than %d and at most %d", e.Length, headerSize, MaxFrame)
}

// ReadFrame reads one frame and returns what is in it. It is io.EOF where the other side has closed the connection before a frame began, a [FrameError] where
// the announced length is none, and io.ErrUnexpectedEOF where less came than was announced.
func ReadFrame(r io.Reader) ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(header[:])
	if length <= headerSize || length > MaxFrame {
		return nil, &FrameError{Length: length}
	}
	// The buffer grows with what comes, not with what was announced.
	var payload bytes.Buffer
	if _, err := io.CopyN(&payload, r, int64(length-headerSize)); err != nil {
		if err == io.EOF { //nolint:errorlint // CopyN returns it bare
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return payload.Bytes(), nil
}

// WriteFrame writes one frame, in one call of Write: a frame is never sent in part because a later one failed.
func WriteFrame(w io.Writer, payload []byte) error {
	if len(payload) == 0 || len(payload) > MaxFrame-headerSize {
		return fmt.Errorf("write a frame of %d bytes: must be at least 1 and at most %d", len(payload), MaxFrame-headerSize)
	}
	frame := make([]byte, headerSize, headerSize+len(payload))
	binary.BigEndian.PutUint32(frame, uint32(headerSize+len(payload)))
	_, err := w.Write(append(frame, payload...))
	return err
}
