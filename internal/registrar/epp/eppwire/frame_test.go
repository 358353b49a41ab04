package eppwire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestAFrameIsReadAsItWasWritten(t *testing.T) {
	var b bytes.Buffer
	for _, payload := range []string{"x", "<epp/>", strings.Repeat("y", MaxFrame-4)} {
		if err := WriteFrame(&b, []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(b.Bytes(), []byte{0, 0, 0, 5, 'x', 0, 0, 0, 10}) {
		t.Errorf("%v", b.Bytes()[:10])
	}
	r := iotest.HalfReader(&b)
	for _, length := range []int{1, 6, MaxFrame - 4} {
		if payload, err := ReadFrame(r); err != nil || len(payload) != length {
			t.Errorf("%d bytes, want %d, %v", len(payload), length, err)
		}
	}
	if _, err := ReadFrame(r); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestLengthsThatCannotBeAreRefused(t *testing.T) {
	for name, header := range map[string][]byte{
		"nothing": {0, 0, 0, 0}, "less than itself": {0, 0, 0, 3}, "no more than itself": {0, 0, 0, 4}, "too much": {0, 16, 0, 1}, "all": {255, 255, 255, 255},
		"an answer in HTTP": []byte("HTTP/1.1 200 OK"),
	} {
		var frame *FrameError
		if payload, err := ReadFrame(bytes.NewReader(append(header, "and more"...))); !errors.As(err, &frame) {
			t.Errorf("%s: %q, %v", name, payload, err)
		}
	}
}

func TestAFrameThatIsCutOffIsNoFrame(t *testing.T) {
	for _, cut := range [][]byte{{0}, {0, 0, 0}, {0, 0, 0, 9}, {0, 0, 0, 9, 'a', 'b'}} {
		if payload, err := ReadFrame(bytes.NewReader(cut)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: %q, %v", cut, payload, err)
		}
	}
}

func TestFramesThatNobodyWouldReadAreNotWritten(t *testing.T) {
	for _, length := range []int{0, MaxFrame - 3} {
		var b bytes.Buffer
		if err := WriteFrame(&b, make([]byte, length)); err == nil || b.Len() != 0 {
			t.Errorf("%d: %v", length, err)
		}
	}
}
