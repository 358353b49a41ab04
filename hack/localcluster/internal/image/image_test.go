package image

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	binary, archive := filepath.Join(dir, "site"), filepath.Join(dir, "images.tar")
	if err := os.WriteFile(binary, []byte("#!binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	specs := []Spec{{Ref: "mwf.local/a:1", Binary: binary}, {Ref: "mwf.local/b:1", Binary: binary, Args: []string{"serve"}}}
	if err := Write(archive, specs...); err != nil {
		t.Fatal(err)
	}
	for ref, entrypoint := range map[string][]string{"mwf.local/a:1": {"/site"}, "mwf.local/b:1": {"/site", "serve"}} {
		t.Run(ref, func(t *testing.T) {
			tag, err := name.NewTag(ref)
			if err != nil {
				t.Fatal(err)
			}
			image, err := tarball.ImageFromPath(archive, &tag)
			if err != nil {
				t.Fatal(err)
			}
			config, err := image.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(entrypoint, config.Config.Entrypoint); diff != "" {
				t.Errorf("the entrypoint (-want +got):\n%s", diff)
			}
			if config.Config.User != nobody || config.OS != "linux" || config.Architecture != runtime.GOARCH {
				t.Errorf("user %q on %s/%s", config.Config.User, config.OS, config.Architecture)
			}
			layers, err := image.Layers()
			if err != nil || len(layers) != 1 {
				t.Fatalf("%d layers (%v), want one", len(layers), err)
			}
			content, err := layers[0].Uncompressed()
			if err != nil {
				t.Fatal(err)
			}
			defer content.Close()
			files := tar.NewReader(content)
			header, err := files.Next()
			if err != nil || header.Name != "site" || header.Mode != 0o755 {
				t.Errorf("the file is %+v (%v)", header, err)
			}
			if text, err := io.ReadAll(files); err != nil || string(text) != "#!binary" {
				t.Errorf("its content is %q (%v)", text, err)
			}
		})
	}
}

func TestWriteLeavesNothingHalfMade(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "images.tar")
	if err := Write(archive, Spec{Ref: "mwf.local/a:1", Binary: "/no/such/binary"}); err == nil {
		t.Fatal("a missing binary is no error")
	}
	if _, err := os.Stat(archive); err == nil {
		t.Error("there is an archive")
	}
}
