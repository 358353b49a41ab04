package hallo

import (
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

const (
	codeBytes     = 15 // 120 bits: out of reach of guessing, and whole base32 characters
	codeWord      = 4  // characters
	codeFileLimit = 4 << 10
)

var codeAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// GenerateCode makes a secret sign-up code of 120 random bits, written as six
// words of four letters and digits, without 0, 1, 8 and 9.
func GenerateCode(random io.Reader) (string, error) {
	raw := make([]byte, codeBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make a sign-up code: %w", err)
	}
	text := codeAlphabet.EncodeToString(raw)
	words := make([]string, 0, len(text)/codeWord)
	for ; len(text) >= codeWord; text = text[codeWord:] {
		words = append(words, text[:codeWord])
	}
	return strings.Join(words, "-"), nil
}

// CodeFromFile reads the sign-up code from a file. If there is no such file, it
// makes a code and keeps it there first, readable by its owner only: whoever
// orders with it can go on after a crash. made tells which of the two it was.
func CodeFromFile(path string, random io.Reader) (code string, made bool, err error) {
	code, err = SecretFromFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return code, false, err
	}
	code, err = GenerateCode(random)
	if err != nil {
		return "", false, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", false, fmt.Errorf("keep the sign-up code: %w", err)
	}
	_, err = file.WriteString(code + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return "", false, fmt.Errorf("keep the sign-up code: %w", err)
	}
	return code, true, nil
}

// SecretFromFile reads a token or a code: the file's text without the space
// around it.
func SecretFromFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // opened for reading only
	data, err := io.ReadAll(io.LimitReader(file, codeFileLimit+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" || len(data) > codeFileLimit {
		return "", fmt.Errorf("%s must hold a secret of 1 to %d bytes", path, codeFileLimit)
	}
	return secret, nil
}
