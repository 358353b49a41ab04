package indiesite

import (
	"encoding/binary"
	"image"
	"image/color"
)

// decodedUnit is up to how many pixels a decoder of JPEGs rounds a side up.
const decodedUnit = 32

// decodedPixels is how many pixels a decoder makes room for, at most.
func decodedPixels(config image.Config) int64 {
	roundUp := func(side int) int64 { return (int64(side) + decodedUnit - 1) / decodedUnit * decodedUnit }
	return roundUp(config.Width) * roundUp(config.Height)
}

// bytesPerPixel is what a decoder allocates for each, at most.
func bytesPerPixel(data []byte, format string, model color.Model) float64 {
	switch format {
	case "jpeg":
		return jpegBytesPerPixel(data, model)
	case "png":
		return pngBytesPerPixel(data, model)
	}
	return 1.5 // lossy WebP, a sample of each colour for four of light
}

// losslessWebP reports whether any part of a WebP is without loss, as its
// transparency mostly is. Such a part has a set of Huffman codes for each 4 × 4 of its
// pixels, if its maker wishes so, and each set takes up to 50 kB: with the memory
// for photographs of a megapixel, a site could take those of 24 × 24 pixels.
func losslessWebP(data []byte) bool {
	const head, chunkHead = 12, 8 // bytes: RIFF, a length, WEBP; a name and a length
	for at := int64(head); at+chunkHead <= int64(len(data)); {
		switch chunk := data[at:]; string(chunk[:4]) {
		case "VP8L", "ALPH":
			return true
		case "VP8 ":
			return false // decoders look no further
		default:
			length := int64(binary.LittleEndian.Uint32(chunk[4:]))
			at += chunkHead + length + length%2
		}
	}
	return false
}

func pngBytesPerPixel(data []byte, model color.Model) float64 {
	samples := 4.0
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		samples = 8
	case color.GrayModel:
		samples = 1
	case color.Gray16Model:
		samples = 2
	}
	if _, paletted := model.(color.Palette); paletted {
		samples = 1
	}
	const interlaceAt = 28 // in the header chunk, which comes first
	if len(data) > interlaceAt && data[interlaceAt] != 0 {
		samples *= 1.5 // the largest of the passes, beside the picture
	}
	return samples
}

// jpegBytesPerPixel counts a byte for each sample. A progressive picture keeps
// each as a coefficient too, of four bytes, until its last scan; and one in other
// colours is converted to four bytes for each pixel.
func jpegBytesPerPixel(data []byte, model color.Model) float64 {
	samples, progressive := jpegFrame(data)
	bytes := samples
	if progressive {
		bytes += 4 * samples
	}
	if model == color.RGBAModel || model == color.CMYKModel {
		bytes += 4
	}
	return bytes
}

// jpegFrame reads from a JPEG's frame header (ITU-T T.81, B.2.2) how many samples
// there are for a pixel and whether they come progressively. What it does not
// understand counts as what needs the most.
func jpegFrame(data []byte) (samples float64, progressive bool) {
	const (
		baseline, lastSupported = 0xc0, 0xc2 // SOF0 to SOF2, which is progressive
		componentsAt            = 9          // from the marker on
		most                    = 4.0
	)
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker := data[at+1]
		if !hasLength(marker) {
			break // a decoder passes over these, and would go on elsewhere than here
		}
		if marker < baseline || marker > lastSupported {
			at += 2 + (int(data[at+2])<<8 | int(data[at+3]))
			continue
		}
		if frame := data[at:]; len(frame) > componentsAt {
			samples = samplesPerPixel(frame[componentsAt+1:], int(frame[componentsAt]))
		}
		if samples == 0 {
			samples = most
		}
		return samples, marker == lastSupported
	}
	return most, true
}

// hasLength reports whether a marker begins a segment that says how long it is.
func hasLength(marker byte) bool {
	const (
		frame        = 0xc0 // SOF0, the first that has
		restart, end = 0xd0, 0xd9
		fill         = 0xff
	)
	return marker >= frame && (marker < restart || marker > end) && marker != fill
}

// samplesPerPixel adds up how densely each component is sampled; 0 if that
// cannot be told.
func samplesPerPixel(components []byte, number int) float64 {
	const size, samplingAt = 3, 1
	if number < 1 || number > 4 || len(components) < number*size {
		return 0
	}
	total, widest, highest := 0, 1, 1
	for i := range number {
		sampling := components[i*size+samplingAt]
		across, down := int(sampling>>4), int(sampling&0xf)
		total += across * down
		widest, highest = max(widest, across), max(highest, down)
	}
	if number == 1 {
		return 1 // whatever its density
	}
	return float64(total) / float64(widest*highest)
}
