package indiesite

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	kjson "sigs.k8s.io/json"
)

// installerFileLimit is far above any real installer file, in bytes.
const installerFileLimit = 64 << 10

// Code is a secret sign-up code, kept as its SHA-256 digest: comparing digests
// takes the same time whatever the length of a guess, and a dump of the
// process does not show the code. The zero Code matches nothing.
type Code struct {
	digest [sha256.Size]byte
	set    bool
}

// NewCode returns the Code for the given secret; an empty secret gives the
// Code that matches nothing.
func NewCode(secret string) Code {
	if secret == "" {
		return Code{}
	}
	return Code{digest: sha256.Sum256([]byte(secret)), set: true}
}

// IsSet reports whether there is a code at all.
func (c Code) IsSet() bool { return c.set }

// Matches compares a guess in constant time.
func (c Code) Matches(guess string) bool { return c.matches(digestOf(guess)) }

// guess is the digest of one, which is all that is kept of it until its turn.
type guess [sha256.Size]byte

func digestOf(secret string) guess { return sha256.Sum256([]byte(secret)) }

func (c Code) matches(g guess) bool {
	return subtle.ConstantTimeCompare(c.digest[:], g[:]) == 1 && c.set
}

// String keeps a Code out of logs.
func (c Code) String() string { return "(secret sign-up code)" }

// codeFields are the two spellings in use for one value. Documents carry
// either or both, and both must agree.
type codeFields struct {
	SignUp *string `json:"secretSignUpCode"`
	Signup *string `json:"secretSignupCode"`
}

var errSpellingsDiffer = errors.New("secretSignUpCode and secretSignupCode are both present and differ; " +
	"give one of them, or the same value twice")

// value returns the code under whichever spelling it has, "" without one.
func (f codeFields) value() (string, error) {
	switch {
	case f.SignUp == nil && f.Signup == nil:
		return "", nil
	case f.SignUp == nil:
		return *f.Signup, nil
	case f.Signup == nil || *f.Signup == *f.SignUp:
		return *f.SignUp, nil
	}
	return "", errSpellingsDiffer
}

// DefaultInstallerFiles lists where an installer puts installer-secret.json
// under a home directory, in the order in which they are tried.
func DefaultInstallerFiles(home string) []string {
	return []string{
		filepath.Join(home, ".indie", "installer-secret.json"),
		filepath.Join(home, "indie", "installer-secret.json"),
	}
}

// LoadInstaller reads the sign-up code from the first of the paths that
// exists, and returns that path. If none does, the Code matches nothing and
// the path is empty: a site without an installer takes no owner settings. A
// file that exists but cannot be used is an error; errors never show the code.
func LoadInstaller(paths []string) (Code, string, error) {
	for _, path := range paths {
		data, err := readInstaller(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Code{}, "", fmt.Errorf("read installer file %s: %w", path, err)
		}
		code, err := parseInstaller(data)
		if err != nil {
			return Code{}, "", fmt.Errorf("installer file %s: %w", path, err)
		}
		return code, path, nil
	}
	return Code{}, "", nil
}

func readInstaller(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // opened for reading only
	data, err := io.ReadAll(io.LimitReader(file, installerFileLimit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > installerFileLimit {
		return nil, fmt.Errorf("larger than %d bytes", installerFileLimit)
	}
	return data, nil
}

func parseInstaller(data []byte) (Code, error) {
	var fields codeFields
	strict, err := kjson.UnmarshalStrict(data, &fields, kjson.DisallowDuplicateFields)
	if err != nil || len(strict) > 0 {
		// The decoder's own words may quote the document, and with it the code.
		return Code{}, errors.New(`not a JSON object such as {"secretSignUpCode": "..."} with each key once and a string as its value`)
	}
	secret, err := fields.value()
	if err != nil {
		return Code{}, err
	}
	if secret == "" {
		return Code{}, errors.New("secretSignUpCode (or secretSignupCode) is missing or empty")
	}
	return NewCode(secret), nil
}
