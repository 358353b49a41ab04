package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	maxMemory = 20_000_000 / 1024 // kB, resident, at any time
	megabyte  = 1 << 20
)

// mostResident is the most memory that a process ever had, in kB.
func mostResident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("this system does not tell how much memory a process has: ", err)
	}
	match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		t.Skip("this system does not tell how much memory a process had at most")
	}
	kilobytes, err := strconv.Atoi(string(match[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes
}

// builtFor is the site as it is shipped, without what tests link and look up.
func builtFor(t *testing.T, v volume) running {
	t.Helper()
	return v.startFrom(t, built(t))
}

func built(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(sharedDir(t), "indie-site")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w", "-o", path, ".") // as in the Makefile
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return path
}

func (v volume) startFrom(t *testing.T, path string) running {
	t.Helper()
	cmd := command(t, v.home, "--listen", "127.0.0.1:0", "--data-dir", v.data)
	cmd.Path, cmd.Args[0] = path, path
	return start(t, cmd)
}

// noise is what compresses worst.
func noise(width, height int, opaque bool) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a picture
	for i := range picture.Pix {
		picture.Pix[i] = byte(random.IntN(256))
		if i%4 == 3 && opaque {
			picture.Pix[i] = 255
		}
	}
	return picture
}

// flat is a picture of one colour, seen through or not, with 8 or 16 bits.
func flat(size image.Rectangle, deep bool) image.Image {
	if deep {
		return image.NewNRGBA64(size)
	}
	return image.NewNRGBA(size)
}

func encoded(t *testing.T, picture image.Image, photograph bool) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	if photograph {
		err = jpeg.Encode(&out, picture, nil)
	} else {
		err = png.Encode(&out, picture)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// progressive is a grey JPEG in full colour whose first scan, of several that there could be, is the only one: a
// decoder keeps all coefficients until the end.
func progressive(width, height int) []byte {
	table := append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)
	data := []byte{0xff, 0xd8}
	segment := func(marker byte, content ...byte) {
		data = append(data, 0xff, marker, byte((len(content)+2)>>8), byte(len(content)+2))
		data = append(data, content...)
	}
	segment(0xdb, table...)
	segment(0xc2, 8, byte(height>>8), byte(height), byte(width>>8), byte(width), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0)
	segment(0xc4, append([]byte{0x00, 1}, make([]byte, 16)...)...) // one code, of one bit: no difference
	segment(0xda, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0)
	blocks := 3 * ((width + 7) / 8) * ((height + 7) / 8)
	return append(append(data, make([]byte, blocks/8+1)...), 0xff, 0xd9)
}

func TestTheCommandNeverHasMoreThan20MBOfMemory(t *testing.T) {
	site := newOwned(t, builtFor(t, newVolume(t)))
	t.Logf("serving: %d kB", mostResident(t, site.Process.Pid))

	_, content := site.as(t, http.MethodGet, "/settings", nil)
	_, signIn := ask(t, http.MethodGet, site.url+"/sign-in", "")
	assets := regexp.MustCompile(`/assets/[a-z0-9.-]+`).FindAllString(content+signIn, -1) // none without the bundle
	page := func() {
		for _, path := range append([]string{"/", "/settings", "/style.css", "/favicon.svg", "/owner"}, assets...) {
			if status, _ := site.as(t, http.MethodGet, path, nil); status != http.StatusOK {
				t.Errorf("%s answers %d", path, status)
			}
		}
	}
	atOnce(8, func(int) {
		for range 10 {
			page()
		}
	})
	t.Logf("after all pages, with %v: %d kB", assets, mostResident(t, site.Process.Pid))

	pictures := map[string][]byte{
		"a photograph":                   encoded(t, noise(1200, 800, true), true),
		"a large photograph":             encoded(t, flat(image.Rect(0, 0, 1152, 1152), false), true),
		"a drawing":                      encoded(t, flat(image.Rect(0, 0, 704, 704), false), false),
		"a drawing of 16 bits":           encoded(t, flat(image.Rect(0, 0, 512, 512), true), false),
		"what compresses worst":          encoded(t, noise(500, 500, false), false),
		"a progressive photograph":       progressive(352, 352),
		"a moving one":                   []byte("GIF89a"),
		"one with too many pixels":       encoded(t, image.NewGray(image.Rect(0, 0, 4000, 4000)), false),
		"a drawing of one line of noise": encoded(t, noise(8_000, 32, true), false),
	}
	for name, data := range pictures {
		if len(data) > megabyte {
			t.Fatalf("%s has %d bytes", name, len(data))
		}
		atOnce(4, func(i int) {
			if i > 0 {
				page()
				return
			}
			for range 3 {
				status, answer := site.as(t, http.MethodPut, "/picture", data)
				refused := name == "a moving one" || name == "one with too many pixels"
				if refused != (status == http.StatusBadRequest) || !refused && status != http.StatusNoContent {
					t.Errorf("%s is answered %d %s", name, status, answer)
				}
			}
		})
		t.Logf("after %s: %d kB", name, mostResident(t, site.Process.Pid))
	}

	large := `{"x": "` + strings.Repeat("x", megabyte-100) + `"}`
	atOnce(16, func(i int) {
		switch i % 2 {
		case 0:
			site.as(t, http.MethodPost, "/owner-settings", []byte(large))
		case 1:
			site.as(t, http.MethodPut, "/settings", []byte(large))
		}
	})
	if most := mostResident(t, site.Process.Pid); most > maxMemory {
		t.Errorf("it had %d kB, want at most %d", most, maxMemory)
	} else {
		t.Logf("at most: %d kB", most)
	}
}

func atOnce(number int, do func(i int)) {
	var group sync.WaitGroup
	for i := range number {
		group.Go(func() { do(i) })
	}
	group.Wait()
}
