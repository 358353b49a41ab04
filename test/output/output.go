// Package output gathers what a program says while a test looks at it.
package output

import (
	"bytes"
	"sync"
)

// Buffer is written by a program and read by a test at the same time. The zero value is empty.
type Buffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write adds to what was said. It never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

// String is all that was said so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// Contains says whether a text was said, without a copy of all the rest.
func (b *Buffer) Contains(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Contains(b.all.Bytes(), []byte(text))
}

// End is the last lines of what was said.
func (b *Buffer) End(lines int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := bytes.Split(bytes.TrimSpace(b.all.Bytes()), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], []byte("\n")))
}
