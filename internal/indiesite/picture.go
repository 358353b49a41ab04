package indiesite

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"runtime/debug"
	"slices"

	_ "golang.org/x/image/webp" // registers itself for image.Decode
)

const (
	// MaxPictureSide is the width and the height that a picture has at most once
	// it is kept, in pixels.
	MaxPictureSide = 512

	// maxDecoded bounds what one decoder may allocate, in bytes, and with that
	// the pixels that a picture may come with: 1.4 million for most photographs.
	maxDecoded = 2 << 20

	// maxScans bounds how often a progressive photograph may be drawn over:
	// encoders make about ten scans, and a hundred thousand fit in a megabyte.
	maxScans = 100
	jpegScan = 0xda // the marker SOS

	pictureQuality = 88 // of 100
)

// pictureFormats are what is taken; a program that links other decoders takes no
// more.
var pictureFormats = []string{"jpeg", "png", "webp"}

// pictureError says why a picture was refused, in a sentence of our own:
// decoders quote what they were given.
type pictureError string

// Error says in one sentence what is allowed.
func (e pictureError) Error() string { return "the picture must be " + string(e) }

const (
	errNoPicture      pictureError = "a JPEG, PNG or WebP, and not a moving one"
	errDamagedPicture pictureError = "whole; this one is damaged"
	errManyScans      pictureError = "a photograph of at most a hundred scans"
	errLosslessWebP   pictureError = "a JPEG, a PNG, or a WebP as photographs have it: a lossless one, or one with transparency, can take more memory than this site has; a PNG can show the same"
)

// preparePicture returns the picture as it is kept and served: upright, at most
// MaxPictureSide wide and high, and without what else the file said, such as
// where it was taken. A pictureError says why it cannot be taken.
func preparePicture(data []byte) ([]byte, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 || !slices.Contains(pictureFormats, format) {
		return nil, errNoPicture
	}
	if format == "webp" && losslessWebP(data) {
		return nil, errLosslessWebP
	}
	// Some hundred bytes can say that they are a hundred million pixels.
	if allowed := int64(maxDecoded / bytesPerPixel(data, format, config.ColorModel)); decodedPixels(config) > allowed {
		side := int(math.Sqrt(float64(allowed))) / decodedUnit * decodedUnit
		return nil, pictureError(fmt.Sprintf("smaller: it has %d × %d pixels, and of its kind this site takes %d × %d or as many in another shape; it keeps %d × %d at most",
			config.Width, config.Height, side, side, MaxPictureSide, MaxPictureSide))
	}
	if bytes.Count(data, []byte{0xff, jpegScan}) > maxScans && format == "jpeg" {
		return nil, errManyScans
	}
	held := orientation(data)
	decoded, _, err := image.Decode(bytes.NewReader(data))
	whole, ok := decoded.(image.RGBA64Image) // as all that the decoders return
	if err != nil || !ok {
		return nil, errDamagedPicture
	}
	small := turned(shrunk(whole), held)
	debug.FreeOSMemory() // what was decoded makes room for the encoder
	return encodePicture(small)
}

// encodePicture keeps transparency as PNG; all else is a photograph.
func encodePicture(picture *image.RGBA) ([]byte, error) {
	var (
		out bytes.Buffer
		err error
	)
	if picture.Opaque() {
		err = jpeg.Encode(&out, picture, &jpeg.Options{Quality: pictureQuality})
	} else {
		out.Grow(len(picture.Pix)) // growing by itself it would take twice as much at worst
		err = png.Encode(&out, picture)
	}
	if err != nil {
		return nil, errors.Join(errors.New("encode the picture"), err)
	}
	return out.Bytes(), nil
}
