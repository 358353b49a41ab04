package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// program is a binary that can run in an image with nothing else in it.
type program struct {
	content  []byte
	platform v1.Platform
}

// readProgram reads a Go binary and refuses one that would not start in an empty image:
// not Linux, or one that wants a dynamic loader.
func readProgram(path string) (program, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return program{}, err
	}
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return program{}, fmt.Errorf("%s is not a Go binary: %w", path, err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["GOOS"] != "linux" {
		return program{}, fmt.Errorf("%s is built for %q; an image needs GOOS=linux", path, settings["GOOS"])
	}
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return program{}, fmt.Errorf("%s: %w", path, err)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return program{}, fmt.Errorf("%s is linked dynamically, and the image has no loader: build it with CGO_ENABLED=0", path)
		}
	}
	platform := v1.Platform{OS: "linux", Architecture: settings["GOARCH"]}
	if arm := settings["GOARM"]; arm != "" {
		platform.Variant = "v" + arm[:1]
	}
	return program{content: content, platform: platform}, nil
}

// contentTag names an image by what is in it.
func (p program) contentTag() string {
	sum := sha256.Sum256(p.content)
	return "dev-" + hex.EncodeToString(sum[:6])
}
