// Package image makes container images of static binaries, without a registry and without a base.
package image

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// A Spec is an image of one binary, which lies in the root folder under its own name.
type Spec struct {
	Ref    string // name and tag
	Binary string // path on this machine
	Args   []string
}

// nobody is the user that images run as unless a pod says otherwise.
const nobody = "65532:65532"

// Write writes all images into one archive at path, whole or not at all.
func Write(path string, specs ...Spec) error {
	images := make(map[name.Reference]v1.Image, len(specs))
	layers := make(map[string]v1.Layer) // a binary that several images hold is packed once
	for _, spec := range specs {
		layer, packed := layers[spec.Binary]
		if !packed {
			made, err := binaryLayer(spec.Binary)
			if err != nil {
				return fmt.Errorf("pack %s: %w", spec.Binary, err)
			}
			layer, layers[spec.Binary] = made, made
		}
		ref, err := name.ParseReference(spec.Ref)
		if err != nil {
			return fmt.Errorf("read the image's name %q: %w", spec.Ref, err)
		}
		if images[ref], err = build(spec, layer); err != nil {
			return fmt.Errorf("make the image %s: %w", spec.Ref, err)
		}
	}
	unfinished := path + ".unfinished"
	if err := tarball.MultiRefWriteToFile(unfinished, images); err != nil {
		return fmt.Errorf("write the images: %w", err)
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("put the images in place: %w", err)
	}
	return nil
}

func build(spec Spec, layer v1.Layer) (v1.Image, error) {
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, configFor(image, spec))
}

func configFor(image v1.Image, spec Spec) *v1.ConfigFile {
	config, err := image.ConfigFile()
	if err != nil { // an image in memory always has one
		config = &v1.ConfigFile{}
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = runtime.GOOS, runtime.GOARCH
	config.Config.User = nobody
	config.Config.WorkingDir = "/"
	config.Config.Entrypoint = append([]string{"/" + filepath.Base(spec.Binary)}, spec.Args...)
	return config
}

func binaryLayer(path string) (v1.Layer, error) {
	open := func() (io.ReadCloser, error) {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(tarFile(writer, path)) }()
		return reader, nil
	}
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.BestSpeed), tarball.WithCompressedCaching)
}

// tarFile writes a file as an executable in the root folder. No time goes in: equal binaries make equal layers.
func tarFile(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	header := &tar.Header{Name: filepath.Base(path), Mode: 0o755, Size: info.Size(), Typeflag: tar.TypeReg}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	if _, err := io.Copy(archive, file); err != nil {
		return err
	}
	return archive.Close()
}
