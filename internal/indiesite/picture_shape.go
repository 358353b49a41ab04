package indiesite

import (
	"image"
	"image/color"
	"math"
)

// shrunk returns the picture no wider and no higher than MaxPictureSide. Each
// of its pixels is the mean of those that it covers. The scalers of
// golang.org/x/image/draw either skip pixels or make copies of the whole picture,
// for which this site has no memory.
func shrunk(picture image.RGBA64Image) *image.RGBA {
	from := picture.Bounds()
	width, height := from.Dx(), from.Dy()
	if longer := max(width, height); longer > MaxPictureSide {
		width = max(1, (width*MaxPictureSide+longer/2)/longer)
		height = max(1, (height*MaxPictureSide+longer/2)/longer)
	}
	columns, rows := spans(from.Min.X, from.Dx(), width), spans(from.Min.Y, from.Dy(), height)
	to := image.NewRGBA(image.Rect(0, 0, width, height))
	for y, row := range rows {
		for x, column := range columns {
			to.SetRGBA(x, y, mean(picture, column, row))
		}
	}
	return to
}

// span is what one pixel covers of a row or a column, in pixels of the original.
type span struct{ from, to float64 }

// spans divides a length, from a place on, into equal parts.
func spans(from, length, parts int) []span {
	all := make([]span, parts)
	at := func(part int) float64 { return float64(from) + float64(length)*float64(part)/float64(parts) }
	for part := range all {
		all[part] = span{at(part), at(part + 1)}
	}
	return all
}

// covers is how much of a pixel of the original lies within the span.
func (s span) covers(pixel int) float64 {
	return math.Min(s.to, float64(pixel+1)) - math.Max(s.from, float64(pixel))
}

func (s span) first() int { return int(math.Floor(s.from)) }
func (s span) end() int   { return int(math.Ceil(s.to)) }

// mean is the colour of a piece of the picture.
func mean(picture image.RGBA64Image, column, row span) color.RGBA {
	var r, g, b, a, area float64
	for y := row.first(); y < row.end(); y++ {
		for x := column.first(); x < column.end(); x++ {
			weight := column.covers(x) * row.covers(y)
			c := picture.RGBA64At(x, y) // colours weigh as much as they are seen: they come multiplied by alpha
			r, g, b, a = r+weight*float64(c.R), g+weight*float64(c.G), b+weight*float64(c.B), a+weight*float64(c.A)
			area += weight
		}
	}
	const step = math.MaxUint16 / math.MaxUint8
	in8Bits := func(sum float64) uint8 { return uint8(math.Round(sum / area / step)) }
	return color.RGBA{R: in8Bits(r), G: in8Bits(g), B: in8Bits(b), A: in8Bits(a)}
}

// turn says how to set a picture upright that was taken with the camera turned:
// a point x, y of it goes to a·x+b·y, c·x+d·y, counted from the other side where a
// coefficient is negative.
type turn struct{ a, b, c, d int }

// turns are the values of the EXIF tag Orientation that ask for something.
var turns = map[uint16]turn{
	2: {-1, 0, 0, 1},  // mirrored
	3: {-1, 0, 0, -1}, // upside down
	4: {1, 0, 0, -1},
	5: {0, 1, 1, 0},
	6: {0, -1, 1, 0}, // turned to the left
	7: {0, -1, -1, 0},
	8: {0, 1, -1, 0}, // turned to the right
}

func turned(picture *image.RGBA, orientation uint16) *image.RGBA {
	t, ok := turns[orientation]
	if !ok {
		return picture
	}
	size := picture.Bounds().Size()
	if t.a == 0 {
		size.X, size.Y = size.Y, size.X
	}
	to := image.NewRGBA(image.Rectangle{Max: size})
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			to.SetRGBA(place(t.a*x+t.b*y, t.a+t.b, size.X), place(t.c*x+t.d*y, t.c+t.d, size.Y), picture.RGBAAt(x, y))
		}
	}
	return to
}

// place counts from the other side where the direction is negative.
func place(at, direction, length int) int {
	if direction < 0 {
		return length - 1 + at
	}
	return at
}
