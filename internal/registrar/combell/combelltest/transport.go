package combelltest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Transport leads every request to the server, within the process and without a network. It is for simulations: nothing runs when a call has returned.
func (s *Server) Transport() http.RoundTripper { return inProcess{s} }

type inProcess struct{ server *Server }

var errReset = errors.New("connection reset by peer")

// RoundTrip calls the server.
func (p inProcess) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	arrived := r.Clone(r.Context())
	if arrived.Body == nil {
		arrived.Body = http.NoBody
	}
	defer func() {
		_ = arrived.Body.Close()
		switch broken := recover(); {
		case broken == nil:
		case broken != http.ErrAbortHandler: //nolint:errorlint // what was recovered is this very value, or something else went wrong
			panic(broken)
		case r.Context().Err() != nil:
			err = r.Context().Err()
		case p.server.BriefHangs:
			err = context.DeadlineExceeded
		default:
			err = errReset
		}
	}()
	recorder := httptest.NewRecorder()
	p.server.ServeHTTP(recorder, arrived)
	response = recorder.Result()
	response.Request = r
	return response, nil
}

// Listen starts the server on a TLS listener of this machine, until the test ends, and returns a transport that leads there whatever the name of the host. It verifies the
// certificate and has a connection for each call, as the provider's own has.
func (s *Server) Listen(t testing.TB) *http.Transport {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // what httptest's certificate is for
	transport.DisableKeepAlives = true
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	return transport
}
