package indiesite

import "net/http"

// What a request may bring along besides its body. Browsers and the routes in
// front send far less.
const (
	maxAddress = 1 << 10 // bytes
	maxFields  = 2 << 10 // bytes, of the header fields that this site reads
	fieldCost  = 32      // bytes, that each counts for at least
)

// fieldsRead are the header fields by which answers differ, but for the cookies.
var fieldsRead = []string{
	"Accept-Encoding", "Accept-Language", "Content-Type", "Origin", "Sec-Fetch-Site",
	"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range",
}

// lean leaves of a request only what this site reads of it: a request may take
// its time to arrive and to be answered, and thousands of header fields of a few
// bytes each would take far more memory all the while than it has.
func lean(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > maxAddress {
			r.Header, r.Trailer = http.Header{}, nil
			problemAddress.write(w)
			return
		}
		kept, size := make(http.Header), len(r.Host)
		for _, name := range fieldsRead {
			for _, value := range r.Header[name] {
				kept.Add(name, value)
				size += len(value) + fieldCost
			}
		}
		for _, cookie := range r.CookiesNamed(sessionCookie) {
			kept.Add("Cookie", cookie.Name+"="+cookie.Value)
			size += len(cookie.Value) + fieldCost
		}
		r.Header, r.Trailer = kept, nil
		if size > maxFields {
			r.Header = http.Header{}
			problemFields.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}
