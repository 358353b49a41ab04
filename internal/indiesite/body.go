package indiesite

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

const (
	maxBody = 1 << 20 // bytes read of a request body

	// Strangers must not fill the memory of a process that is given as little as
	// this one. So keys, signatures and codes have small bodies, and owner settings
	// that are larger than any person's, or of unknown length, are read only so many
	// at a time. The owner's own settings may have any size that text of theirs has.
	keysBody       = 4 << 10  // bytes
	claimBody      = 8 << 10  // bytes; the factory takes sign-up codes of 4096
	smallBody      = 8 << 10  // bytes; a name and a bio of 2000 characters take four, in most languages
	settingsBody   = 64 << 10 // bytes
	maxLargeBodies = 2
)

// readBody answers the request itself unless the body arrived whole.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, bool) {
	if r.ContentLength > limit {
		tooLarge(w, limit)
		return nil, false
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	r.Trailer = nil // nobody reads it
	if err == nil {
		return body, true
	}
	if _, more := errors.AsType[*http.MaxBytesError](err); more {
		tooLarge(w, limit)
	} else {
		problemUnreadable.write(w)
	}
	return nil, false
}

// readAll makes no more room than is needed where the length is known.
func readAll(body io.Reader, length int64) ([]byte, error) {
	var content bytes.Buffer
	if length > 0 {
		content.Grow(int(length) + bytes.MinRead)
	}
	_, err := content.ReadFrom(body)
	return content.Bytes(), err
}

func tooLarge(w http.ResponseWriter, limit int64) {
	problemTooLarge.because("A body may have up to " + strconv.FormatInt(limit, 10) + " bytes").write(w)
}

func busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", seconds(maxHold))
	problemBusy.write(w)
}

// stored answers the request: what was to be kept is kept, or not.
func (s *site) stored(w http.ResponseWriter, err error, what string) {
	switch {
	case errors.Is(err, ErrOwned):
		problemOwned.write(w)
	case err != nil:
		s.Logger.Error("the data directory does not take it", "what", what, "error", err)
		problemStorage.write(w)
	default:
		s.Logger.Info("kept", "what", what)
		noContent(w)
	}
}

func noContent(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document) // the caller has gone if this fails
}
