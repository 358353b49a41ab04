package hallo_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo"
)

func TestACodeIsSixWordsOf120RandomBits(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code, err := hallo.GenerateCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[a-z2-7]{4}(-[a-z2-7]{4}){5}$`).MatchString(code) || seen[code] {
			t.Fatalf("made %q", code)
		}
		seen[code] = true
	}
	if got, _ := hallo.GenerateCode(bytes.NewReader(bytes.Repeat([]byte{0xff}, 15))); got != "7777-7777-7777-7777-7777-7777" {
		t.Errorf("all ones are %q", got)
	}
	if code, err := hallo.GenerateCode(strings.NewReader("too short")); err == nil {
		t.Errorf("made %q without enough randomness", code)
	}
}

func TestACodeFileIsMadeOnceAndKeptToItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "code")
	first, made, err := hallo.CodeFromFile(path, rand.Reader)
	if err != nil || !made {
		t.Fatalf("made: %v, %v", made, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	again, made, err := hallo.CodeFromFile(path, rand.Reader)
	if err != nil || made || again != first {
		t.Errorf("the second time: %q after %q, made: %v, %v", again, first, made, err)
	}
}

func TestASecretFileMustHoldASecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if _, err := hallo.SecretFromFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for content, want := range map[string]string{" s3cret\n": "s3cret", " \n": "", "": "", strings.Repeat("x", 5000): ""} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := hallo.SecretFromFile(path); got != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: %q, %v", content, got, err)
		}
	}
}
