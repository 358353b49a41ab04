package indiesite

import (
	"bytes"
	"encoding/binary"
)

// orientation is what the camera says about how it was held, from 1 to 8, or 0 if
// it says nothing: the tag Orientation of EXIF (CIPA DC-008), wherever in a JPEG,
// PNG or WebP it stands. A library that reads all of EXIF needs more memory than
// all pictures do.
func orientation(data []byte) uint16 {
	const longest = 64 << 10 // bytes of a segment of JPEG; the tag is among the first
	for _, start := range []string{"Exif\x00\x00", "eXIf", "EXIF"} {
		_, after, found := bytes.Cut(data, []byte(start))
		if !found {
			continue
		}
		after = after[:min(len(after), longest)]
		if start == "EXIF" && len(after) > 4 { // a WebP chunk, which has its length first
			after = after[4:]
		}
		if value := tiffOrientation(after); value != 0 {
			return value
		}
	}
	return 0
}

// tiffOrientation looks the tag up in the first directory of a TIFF header.
func tiffOrientation(tiff []byte) uint16 {
	const (
		header, entry   = 8, 12
		tag, short      = 0x0112, 3
		firstDirectory  = 4
		typeAt, valueAt = 2, 8
	)
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case len(tiff) < header:
		return 0
	case bytes.HasPrefix(tiff, []byte("MM\x00\x2a")):
		order = binary.BigEndian
	case !bytes.HasPrefix(tiff, []byte("II\x2a\x00")):
		return 0
	}
	at := int64(order.Uint32(tiff[firstDirectory:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := int(order.Uint16(tiff[at:]))
	tiff = tiff[at+2:]
	for ; entries > 0 && len(tiff) >= entry; entries-- {
		if order.Uint16(tiff) == tag && order.Uint16(tiff[typeAt:]) == short {
			if value := order.Uint16(tiff[valueAt:]); value >= 1 && value <= 8 {
				return value
			}
			return 0
		}
		tiff = tiff[entry:]
	}
	return 0
}
