package build

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// Hash names what the sources become: it changes with every file, with the Go version and platform,
// and with the flags of the build. Twelve hexadecimal digits.
func Hash(sources fs.FS, toolchain string) (string, error) {
	digest := sha256.New()
	fmt.Fprintln(digest, toolchain)
	for _, target := range Targets() {
		fmt.Fprintln(digest, target.Name, target.ldflags())
	}
	err := fs.WalkDir(sources, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := sources.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		fmt.Fprintf(digest, "\n%s\n", path)
		_, err = io.Copy(digest, file)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hash the sources: %w", err)
	}
	return hex.EncodeToString(digest.Sum(nil))[:12], nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
