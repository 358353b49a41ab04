package indiesite

import (
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"runtime/debug"
	"time"
)

// A picture may come over a slow line, which only the owner's does.
const uploadTimeout = time.Minute

func (s *site) getPicture(w http.ResponseWriter, r *http.Request) {
	shown, file, err := s.Store.openPicture()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problemNoPicture.write(w)
		return
	case err != nil:
		s.Logger.Error("the picture cannot be read", "error", err)
		problemStorage.write(w)
		return
	}
	defer func() { _ = file.Close() }() // opened for reading only
	h := w.Header()
	h.Set("Content-Type", shown.contentType)
	h.Set("ETag", `"`+shown.tag+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == shown.tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, file)
}

// putPicture takes one picture at a time, as decoding needs the most memory of
// all that this site does.
func (s *site) putPicture(w http.ResponseWriter, r *http.Request) {
	if !pictureType(r.Header.Get("Content-Type")) {
		problemMediaType.write(w)
		return
	}
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	default:
		busy(w)
		return
	}
	// Where these cannot be set, the server's own limits hold.
	control, until := http.NewResponseController(w), s.Clock.Now().Add(uploadTimeout)
	_ = errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until.Add(writeTimeout)))

	body, ok := readBody(w, r, maxBody)
	if !ok {
		return
	}
	debug.FreeOSMemory() // what other requests left behind makes room for the picture
	prepared, err := preparePicture(body)
	if refused, ok := errors.AsType[pictureError](err); ok {
		problemPicture.because(refused.Error()).write(w)
		return
	}
	if err == nil {
		err = s.Store.SavePicture(prepared)
	}
	s.stored(w, err, "a picture")
}

// pictureType reports whether a Content-Type is one of a picture, or is missing: the
// content tells by itself.
func pictureType(header string) bool {
	kind, _, err := mime.ParseMediaType(header)
	return header == "" || err == nil && (kind == "image/jpeg" || kind == "image/png" || kind == "image/webp")
}

func (s *site) deletePicture(w http.ResponseWriter, _ *http.Request) {
	s.stored(w, s.Store.RemovePicture(), "no picture")
}
