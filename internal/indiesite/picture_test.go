package indiesite

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// quarters is a picture whose four quarters are red, green, blue and white, as one reads.
func quarters(width, height int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, quarterColours[2*y/height*2+2*x/width])
		}
	}
	return picture
}

var quarterColours = []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}

func pngOf(width, height int) []byte { return pngBytes(quarters(width, height)) }

func pngBytes(picture image.Image) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func jpegOf(width, height int) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, quarters(width, height), &jpeg.Options{Quality: 90}); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// shown reads the quarters of a picture: "rgbw" if it is upright.
func shown(t *testing.T, data []byte) (letters string, size image.Point, format string) {
	t.Helper()
	picture, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	size = picture.Bounds().Size()
	for quarter := range 4 {
		x, y := size.X/4+quarter%2*size.X/2, size.Y/4+quarter/2*size.Y/2
		r, g, b, _ := picture.At(x, y).RGBA()
		letter := "?"
		for i, c := range quarterColours {
			cr, cg, cb, _ := c.RGBA()
			if near(r, cr) && near(g, cg) && near(b, cb) {
				letter = string("rgbw"[i])
			}
		}
		letters += letter
	}
	return letters, size, format
}

func near(a, b uint32) bool { return max(a, b)-min(a, b) < 0x2000 }

// withOrientation puts what a camera says about how it was held behind the start of a JPEG.
func withOrientation(data []byte, value byte, remark string) []byte {
	exif := append([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), value, 0, 0, 0, 0, 0, 0)
	exif = append(exif, remark...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return append(append(append([]byte{0xff, 0xd8}, segment...), exif...), data[2:]...)
}

// published is a WebP as Chromium makes it from a canvas.
func published(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "pictures", name+".webp"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAPictureIsKeptSmallUprightAndWithoutRemarks(t *testing.T) {
	transparent := quarters(100, 100)
	transparent.Set(0, 0, color.NRGBA{})
	for name, c := range map[string]struct {
		data   []byte
		size   image.Point
		format string
	}{
		"a small photograph":                    {jpegOf(64, 48), image.Pt(64, 48), "jpeg"},
		"as large as it may stay":               {jpegOf(512, 512), image.Pt(512, 512), "jpeg"},
		"a little wider":                        {jpegOf(600, 300), image.Pt(512, 256), "jpeg"},
		"much wider":                            {jpegOf(1200, 800), image.Pt(512, 341), "jpeg"},
		"much higher":                           {pngOf(350, 1400), image.Pt(128, 512), "jpeg"},
		"a line":                                {pngOf(8000, 4), image.Pt(512, 1), "jpeg"},
		"a drawing without transparency":        {pngOf(100, 100), image.Pt(100, 100), "jpeg"},
		"a drawing with transparency":           {pngBytes(transparent), image.Pt(100, 100), "png"},
		"a WebP":                                {published(t, "lossy"), image.Pt(64, 64), "jpeg"},
		"taken upright":                         {withOrientation(jpegOf(64, 48), 1, ""), image.Pt(64, 48), "jpeg"},
		"with an orientation that there is not": {withOrientation(jpegOf(64, 48), 9, ""), image.Pt(64, 48), "jpeg"},
	} {
		t.Run(name, func(t *testing.T) {
			prepared, err := preparePicture(c.data)
			if err != nil {
				t.Fatal(err)
			}
			letters, size, format := shown(t, prepared)
			if size != c.size || format != c.format || letters != "rgbw" && name != "a line" {
				t.Errorf("it is a %s of %s that shows %s, want a %s of %s", format, size, letters, c.format, c.size)
			}
		})
	}
}

func TestAPictureTakenWithTheCameraTurnedIsSetUpright(t *testing.T) {
	for value, want := range map[byte]string{1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"} {
		prepared, err := preparePicture(withOrientation(jpegOf(600, 300), value, "GPS 51.05 N"))
		if err != nil {
			t.Fatal(err)
		}
		size := image.Pt(512, 256)
		if value >= 5 {
			size = image.Pt(256, 512)
		}
		if letters, got, _ := shown(t, prepared); letters != want || got != size {
			t.Errorf("orientation %d: shows %s at %s, want %s at %s", value, letters, got, want, size)
		}
		if bytes.Contains(prepared, []byte("GPS")) || bytes.Contains(prepared, []byte("Exif")) {
			t.Errorf("orientation %d: the remarks are still there", value)
		}
	}
}

func TestADetailedPictureKeepsItsMeanWhenItIsMadeSmaller(t *testing.T) {
	stripes := image.NewGray(image.Rect(0, 0, 1400, 1300)) // black and white, a pixel each
	for y := range 1300 {
		for x := range 1400 {
			stripes.Set(x, y, color.Gray{Y: uint8(255 * ((x + y) % 2))})
		}
	}
	prepared, err := preparePicture(pngBytes(stripes))
	if err != nil {
		t.Fatal(err)
	}
	picture, _, err := image.Decode(bytes.NewReader(prepared))
	if err != nil {
		t.Fatal(err)
	}
	for y := 20; y < picture.Bounds().Dy()-20; y += 7 {
		for x := 20; x < picture.Bounds().Dx()-20; x += 7 {
			if g := color.GrayModel.Convert(picture.At(x, y)).(color.Gray).Y; g < 100 || g > 155 {
				t.Fatalf("the grey of it all is %d at %d, %d: pixels were skipped", g, x, y)
			}
		}
	}
}

// claimingSize is a PNG that says it has this size, and has no more than its header.
func claimingSize(width, height uint32) []byte {
	data := pngOf(1, 1)
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// inDisguise puts a header in front of a WebP without loss by which it could be a photograph.
func inDisguise(webp []byte) []byte {
	header := []byte("VP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x3f\x00\x00")
	data := append(append(append([]byte{}, webp[:12]...), header...), webp[12:]...)
	binary.LittleEndian.PutUint32(data[4:], uint32(len(data)-8))
	return data
}

func progressive(data []byte) []byte {
	at := bytes.Index(data, []byte{0xff, 0xc0})
	data[at+1] = 0xc2
	return data
}

func TestWhatIsNoPictureOrTooMuchOfOneIsRefused(t *testing.T) {
	var moving bytes.Buffer
	if err := gif.Encode(&moving, quarters(8, 8), nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":                               {nil, "the picture must be a JPEG, PNG or WebP"},
		"text":                                  {[]byte("I am a picture"), "the picture must be a JPEG, PNG or WebP"},
		"a drawing that may hold a script":      {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "the picture must be a JPEG, PNG or WebP"},
		"a GIF":                                 {moving.Bytes(), "the picture must be a JPEG, PNG or WebP"},
		"a WebP without loss":                   {published(t, "lossless"), "a lossless one, or one with transparency"},
		"a WebP with transparency":              {published(t, "lossy-transparent"), "a lossless one, or one with transparency"},
		"one without loss and with both":        {published(t, "lossless-transparent"), "a lossless one, or one with transparency"},
		"one without loss that does not say so": {inDisguise(published(t, "lossless")), "a lossless one, or one with transparency"},
		"half a photograph":                     {jpegOf(64, 48)[:700], "damaged"},
		"half a drawing":                        {pngOf(64, 48)[:60], "damaged"},
		"a hundred million pixels in few bytes": {claimingSize(10_000, 10_000), "it has 10000 × 10000 pixels"},
		"pixels whose number overflows":         {claimingSize(0x7fffffff, 0x7fffffff), "the picture must be"},
		"no pixels":                             {claimingSize(0, 5), "the picture must be a JPEG, PNG or WebP"},
		"a photograph of four million pixels":   {jpegOf(2000, 2000), "of its kind this site takes 1152 × 1152 or as many in another shape; it keeps 512 × 512 at most"},
		"a photograph drawn over and over":      {bytes.Repeat(jpegOf(64, 48), maxScans+1), "at most a hundred scans"},
		"a progressive one of half a million":   {progressive(jpegOf(800, 700)), "takes 512 × 512 or"},
	} {
		t.Run(name, func(t *testing.T) {
			prepared, err := preparePicture(c.data)
			if err == nil || !strings.Contains(err.Error(), c.says) || prepared != nil {
				t.Errorf("error %v, want %q in it", err, c.says)
			}
			if _, ok := err.(pictureError); !ok { //nolint:errorlint // not wrapped
				t.Errorf("it is a %T", err)
			}
		})
	}
}

func (s *testSite) put(cookie *http.Cookie, contentType string, data []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPut, "https://alice.gent/picture", bytes.NewReader(data))
	if cookie != nil {
		r.AddCookie(cookie)
	}
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestTheOwnerHasAPictureThatEverybodySees(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	cookie := s.signIn(t, alice)
	wantProblem(t, s.ask(http.MethodGet, "/picture", ""), http.StatusNotFound, "no-picture")
	wantProblem(t, s.put(nil, "image/jpeg", jpegOf(64, 48)), http.StatusUnauthorized, "not-signed-in")
	wantProblem(t, s.askAs(nil, http.MethodDelete, "/picture", ""), http.StatusUnauthorized, "not-signed-in")

	if w := s.put(cookie, "image/jpeg", withOrientation(jpegOf(640, 480), 6, "GPS")); w.Code != http.StatusNoContent {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	s.restart(t)
	w := s.ask(http.MethodGet, "/picture", "")
	first := w.Header().Get("ETag")
	if _, size, _ := shown(t, w.Body.Bytes()); size != image.Pt(384, 512) || w.Header().Get("Content-Type") != "image/jpeg" {
		t.Errorf("it is %s, %s", size, w.Header().Get("Content-Type"))
	}
	if first != `"`+s.store.PictureTag()+`"` || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("ETag %s, Cache-Control %s", first, w.Header().Get("Cache-Control"))
	}
	if got := s.ask(http.MethodGet, "/picture?v="+s.store.PictureTag(), "").Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("at the address that changes with it, Cache-Control is %q", got)
	}
	r := httptest.NewRequest(http.MethodGet, "https://alice.gent/picture", nil)
	r.Header.Set("If-None-Match", first)
	again := httptest.NewRecorder()
	s.ServeHTTP(again, r)
	if again.Code != http.StatusNotModified {
		t.Errorf("unchanged, it answers %d", again.Code)
	}

	if w := s.put(cookie, "image/png", pngOf(10, 10)); w.Code != http.StatusNoContent {
		t.Fatalf("another one is answered %d", w.Code)
	}
	if now := s.ask(http.MethodGet, "/picture", "").Header().Get("ETag"); now == first {
		t.Error("another picture has the same ETag")
	}
	for range 2 { // a lost answer is asked for again
		if w := s.askAs(cookie, http.MethodDelete, "/picture", ""); w.Code != http.StatusNoContent {
			t.Fatalf("removing it is answered %d", w.Code)
		}
	}
	wantProblem(t, s.ask(http.MethodGet, "/picture", ""), http.StatusNotFound, "no-picture")
	s.restart(t)
	wantProblem(t, s.ask(http.MethodGet, "/picture", ""), http.StatusNotFound, "no-picture")
}

func TestAPictureThatCannotBeTakenLeavesTheOneThatIsThere(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	cookie := s.signIn(t, alice)
	if w := s.put(cookie, "", jpegOf(64, 48)); w.Code != http.StatusNoContent {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	tag := s.store.PictureTag()
	wantProblem(t, s.put(cookie, "image/gif", jpegOf(64, 48)), http.StatusUnsupportedMediaType, "unsupported-media-type")
	wantProblem(t, s.put(cookie, "text/html", []byte("<p>")), http.StatusUnsupportedMediaType, "unsupported-media-type")
	wantProblem(t, s.put(cookie, "image/png", []byte("<svg/>")), http.StatusBadRequest, "invalid-picture")
	wantProblem(t, s.put(cookie, "image/png", claimingSize(9999, 9999)), http.StatusBadRequest, "invalid-picture")
	wantProblem(t, s.put(cookie, "image/png", make([]byte, maxBody+1)), http.StatusRequestEntityTooLarge, "too-large")
	if s.store.PictureTag() != tag {
		t.Error("another picture is there")
	}
	if err := os.Remove(filepath.Join(s.dir, pictureFile)); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s.ask(http.MethodGet, "/picture", ""), http.StatusNotFound, "no-picture")
}

func TestOnePictureIsTakenAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice := someone('a')
		s := ownedSite(t, alice)
		cookie := s.signIn(t, alice)
		body, end := io.Pipe()
		go func() {
			r := httptest.NewRequest(http.MethodPut, "https://alice.gent/picture", body)
			r.AddCookie(cookie)
			s.ServeHTTP(httptest.NewRecorder(), r)
		}()
		synctest.Wait() // the place is taken
		w := s.put(cookie, "image/png", pngOf(8, 8))
		wantProblem(t, w, http.StatusServiceUnavailable, "busy")
		if w.Header().Get("Retry-After") == "" {
			t.Error("turned away without Retry-After")
		}
		_ = end.CloseWithError(io.ErrUnexpectedEOF)
		synctest.Wait()
		if w := s.put(cookie, "image/png", pngOf(8, 8)); w.Code != http.StatusNoContent {
			t.Errorf("with the place free it is answered %d: %s", w.Code, w.Body)
		}
	})
}

func TestAPictureMayComeOverASlowLine(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	cookie := s.signIn(t, alice)
	server := httptest.NewUnstartedServer(s)
	server.Config.ReadTimeout = 200 * time.Millisecond
	server.Start()
	defer server.Close()
	for path, want := range map[string]int{"/picture": http.StatusNoContent, "/settings": http.StatusBadRequest} {
		body, line := io.Pipe()
		go func() {
			data := pngOf(32, 32)
			_, _ = line.Write(data[:20])
			<-time.After(2 * server.Config.ReadTimeout)
			_, _ = line.Write(data[20:])
			_ = line.Close()
		}()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", cookie.Name+"="+cookie.Value)
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s is answered %d, want %d", path, answer.StatusCode, want)
		}
	}
}

func TestWhatAPhotographHidesFromTheEstimateCountsAsWhatNeedsTheMost(t *testing.T) {
	// A frame of one component, where whoever takes the two bytes after the marker for a length goes on.
	cheap := append(bytes.Repeat([]byte{0}, 0x11), 0xff, 0xc0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0)
	for name, marker := range map[string]byte{"fill bytes": 0xff, "a restart": 0xd3, "an escaped byte": 0x00} {
		t.Run(name, func(t *testing.T) {
			data := append([]byte{0xff, 0xd8, 0xff, marker, 0, 0x13}, cheap...)
			if samples, progressive := jpegFrame(data); samples != 4 || !progressive {
				t.Errorf("%v samples for a pixel, progressive: %v", samples, progressive)
			}
		})
	}
}
