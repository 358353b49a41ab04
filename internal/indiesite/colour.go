package indiesite

import (
	"fmt"
	"math"
	"strconv"
)

func (s Settings) colour() string {
	if s.Colour == "" {
		return DefaultColour
	}
	return s.Colour
}

// themed is the part of the style sheet that the owner chose. A background of
// their own holds in a light and in a dark scheme, with the text that reads on it.
func themed(s Settings) string {
	sheet := fmt.Sprintf(":root { --accent: %s; --on-accent: %s; }\n", s.colour(), textOn(s.colour()))
	if s.Background == "" {
		return sheet
	}
	ink, scheme := textOn(s.Background), "light"
	if ink == "#ffffff" {
		scheme = "dark"
	}
	return sheet + fmt.Sprintf(":root.own { --paper: %s; --ink: %s; --quiet: %[2]s; --line: color-mix(in srgb, %[2]s 30%%, %[1]s); color-scheme: %[3]s; }\n",
		s.Background, ink, scheme)
}

// textOn returns the colour, black or white, that reads better on the given
// #rrggbb background. The better one always has a contrast of at least 4.5:1,
// as WCAG 2.2 asks for text (success criterion 1.4.3).
func textOn(background string) string {
	l := luminance(background)
	white, black := 1.05/(l+0.05), (l+0.05)/0.05
	if white >= black {
		return "#ffffff"
	}
	return "#000000"
}

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func luminance(colour string) float64 {
	return 0.2126*channel(colour[1:3]) + 0.7152*channel(colour[3:5]) + 0.0722*channel(colour[5:7])
}

func channel(hex string) float64 {
	value, _ := strconv.ParseUint(hex, 16, 8) // colours are validated before they are kept
	c := float64(value) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}
