package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// goBinary compiles a small program and returns where it is.
func goBinary(t *testing.T, source string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "main.go")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "hello")
	cmd := exec.Command("go", "build", "-trimpath", "-o", binary, path)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

const hello = "package main\nfunc main() { println(\"hello\") }\n"

// archived runs the command and reads back the one image of the archive that it wrote.
func archived(t *testing.T, args ...string) (v1.Image, v1.Descriptor, string) {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "new folder", "image.tar")
	var out bytes.Buffer
	if err := run(context.Background(), append([]string{"-o", archive}, args...), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unpack(t, archive, dir)
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("the archive holds %d images, want 1", len(manifest.Manifests))
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err != nil {
		t.Fatalf("the image is not valid: %v", err)
	}
	return image, manifest.Manifests[0], strings.TrimSpace(out.String())
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	in, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for r := tar.NewReader(in); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(header.Name))
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var content []byte
			if content, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(path, content, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnImageRunsItsBinaryAsNobodyInParticular(t *testing.T) {
	image, descriptor, ref := archived(t, goBinary(t, hello, "GOARCH=arm64"))

	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Platform().String(); got != "linux/arm64" && got != "linux/arm64/v8" {
		t.Errorf("platform is %s, want that of the binary, linux/arm64", got)
	}
	if got := strings.Join(config.Config.Entrypoint, " "); got != "/hello" {
		t.Errorf("entrypoint is %q, want /hello", got)
	}
	if config.Config.User != "65532:65532" {
		t.Errorf("user is %q, want 65532:65532", config.Config.User)
	}
	if !config.Created.Equal(epoch) {
		t.Errorf("created %s: the time must not depend on the clock", config.Created)
	}
	if got := descriptor.Annotations["io.containerd.image.name"]; got != ref {
		t.Errorf("containerd would name the image %q, the program printed %q", got, ref)
	}
	if !regexp.MustCompile(`^magicwebsitefactory\.gent/hello:dev-[0-9a-f]{12}$`).MatchString(ref) {
		t.Errorf("reference %q is not magicwebsitefactory.gent/hello:dev-<12 hex digits>", ref)
	}
}

func TestAnImageHoldsTheBinaryTheAuthoritiesAndTheAccountOnly(t *testing.T) {
	binary := goBinary(t, hello)
	image, _, _ := archived(t, "-name", "renamed", binary)

	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 1 {
		t.Fatalf("%d layers, want 1", len(layers))
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	files := map[string][]byte{}
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(epoch) {
			t.Errorf("%s has the time %s: the layer must not depend on the clock", header.Name, header.ModTime)
		}
		if header.Typeflag == tar.TypeReg {
			if files[header.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(files["renamed"], want) {
		t.Error("/renamed is not the binary")
	}
	if !bytes.Contains(files["etc/passwd"], []byte("nonroot:x:65532:65532:")) {
		t.Errorf("/etc/passwd does not know the account: %q", files["etc/passwd"])
	}
	if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(files["etc/ssl/certs/ca-certificates.crt"]) {
		t.Error("/etc/ssl/certs/ca-certificates.crt holds no certificate")
	}
	if len(files) != 4 {
		t.Errorf("%d files, want 4: %v", len(files), files)
	}
}

func TestTheSameBinaryGivesTheSameImageAndAnotherBinaryAnotherTag(t *testing.T) {
	binary := goBinary(t, hello)
	_, first, firstRef := archived(t, binary)
	_, second, secondRef := archived(t, binary)
	if first.Digest != second.Digest || firstRef != secondRef {
		t.Errorf("two runs gave %s %s and %s %s", firstRef, first.Digest, secondRef, second.Digest)
	}
	_, _, changed := archived(t, goBinary(t, strings.Replace(hello, "hello", "changed", 1)))
	if changed == firstRef {
		t.Errorf("a changed binary kept the reference %s", changed)
	}
}

func TestTheTagAndThePrefixCanBeGiven(t *testing.T) {
	_, _, ref := archived(t, "-prefix", "registry.example:5000/factory/", "-tag", "v1.2.3", goBinary(t, hello))
	if want := "registry.example:5000/factory/hello:v1.2.3"; ref != want {
		t.Errorf("reference is %s, want %s", ref, want)
	}
}

func TestAnImageCanBePushed(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	var out bytes.Buffer
	prefix := strings.TrimPrefix(server.URL, "http://") + "/factory"
	if err := run(context.Background(), []string{"-push", "-prefix", prefix, goBinary(t, hello)}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(ref)
	if err != nil {
		t.Fatalf("the registry has no %s: %v", ref, err)
	}
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotRunInAnEmptyImageIsRefused(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := goBinary(t, hello)
	for sentence, test := range map[string]struct {
		args []string
		want string
	}{
		"no binary":                    {nil, "one BINARY is needed"},
		"nothing to write":             {[]string{plain}, "name an archive with -o"},
		"a missing file":               {[]string{"-o", "x", filepath.Join(t.TempDir(), "none")}, "no such file"},
		"a script":                     {[]string{"-o", "x", script}, "is not a Go binary"},
		"a binary for another system":  {[]string{"-o", "x", goBinary(t, hello, "GOOS=darwin")}, "GOOS=linux"},
		"a tag with a forbidden sign":  {[]string{"-o", "x", "-tag", "a b", plain}, "image reference"},
		"a prefix that is no registry": {[]string{"-o", "x", "-prefix", "UPPER CASE", plain}, "image reference"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Chdir(t.TempDir())
			err := run(context.Background(), test.args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one that says %q", err, test.want)
			}
			if left, _ := filepath.Glob("*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestABinaryThatWantsALoaderIsRefused(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler to make a dynamic binary with")
	}
	source := "package main\n// #include <stdlib.h>\nimport \"C\"\nfunc main() { C.abs(1) }\n"
	_, err := readProgram(goBinary(t, source, "CGO_ENABLED=1"))
	if err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("error is %v, want one that says CGO_ENABLED=0", err)
	}
}
