package build

import (
	"fmt"
	"path/filepath"

	"magicwebsitefactory.gent/hack/localcluster/internal/image"
)

// Archive is the file with the cluster's own images.
func (b *Builder) Archive() string { return filepath.Join(b.Dir(), "images.tar") }

// Image is the name of one of them: addons, acmesolver or pause. The tag is the hash, so that a
// cluster never runs an image of other sources.
func (b *Builder) Image(name string) string { return fmt.Sprintf("mwf.local/%s:%s", name, b.hash) }

// writeImages makes the images once all their binaries are there.
func (b *Builder) writeImages() error {
	if exists(b.Archive()) || !b.Built("addons", "pause") {
		return nil
	}
	fmt.Fprintln(b.Log, "Packing the images of the add-ons")
	return image.Write(b.Archive(),
		image.Spec{Ref: b.Image("addons"), Binary: b.Binary("addons")},
		image.Spec{Ref: b.Image("acmesolver"), Binary: b.Binary("addons"), Args: []string{"acmesolver"}},
		image.Spec{Ref: b.Image("pause"), Binary: b.Binary("pause")},
	)
}
