package combell_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// reader reads along what the provider and the server say to each other, and holds it against what Combell has published.
type reader struct {
	t         *testing.T
	published combelltest.Description
	inner     http.RoundTripper
	seen      map[string]bool // operations, and their answers
}

func (r *reader) RoundTrip(request *http.Request) (*http.Response, error) {
	path, versioned := strings.CutPrefix(request.URL.Path, "/v2")
	name, operation, ok := r.published.Find(request.Method, path)
	if !ok || !versioned {
		r.t.Errorf("%s %s is not published", request.Method, request.URL.Path)
	}
	for parameter := range request.URL.Query() {
		if !slices.Contains(operation.Query, parameter) {
			r.t.Errorf("%s has no parameter %s", name, parameter)
		}
	}
	var sent []byte
	if request.Body != nil {
		sent, _ = io.ReadAll(request.Body)
		request.Body = io.NopCloser(bytes.NewReader(sent))
	}
	r.fits(name+": what is sent", operation.Body, sent)
	response, err := r.inner.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, _ := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	answer := name + " " + strconv.Itoa(response.StatusCode)
	r.seen[answer] = true
	if response.StatusCode == http.StatusBadRequest {
		r.fits(answer, "BadRequestResponse", body)
		return response, nil
	}
	typ, ok := operation.Answers[strconv.Itoa(response.StatusCode)]
	if response.StatusCode >= http.StatusBadRequest {
		typ = "ValidationErrorMessage" // as an error stands by itself, which is published in prose alone
	} else if !ok {
		r.t.Errorf("%s is not published", answer)
	}
	r.fits(answer, typ, body)
	for _, header := range operation.Headers {
		if response.StatusCode < http.StatusBadRequest && response.Header.Get(header) == "" {
			r.t.Errorf("%s: there is no %s", answer, header)
		}
	}
	return response, nil
}

// fits holds a body against its type.
func (r *reader) fits(what, typ string, body []byte) {
	if typ == "" {
		if len(body) > 0 {
			r.t.Errorf("%s: %s, want nothing", what, body)
		}
		return
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		r.t.Errorf("%s: %v: %s", what, err, body)
	}
	for _, misfit := range r.published.Misfits(typ, value) {
		r.t.Errorf("%s: %s", what, misfit)
	}
}

// Both sides are ours, so what they say to each other is held against what Combell has published: paths, parameters, fields, types, statuses.
func TestWhatGoesOverTheWireIsWhatIsPublished(t *testing.T) {
	s := newShop(t)
	s.spec.Spec.Provider.Combell.NameServers = []string{"ns1.example.org", "ns2.example.org"}
	r := &reader{t: t, published: combelltest.Published(), inner: s.server.Transport(), seen: map[string]bool{}}
	s.use(r)
	if err := s.account().Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.lookUp("")
	s.server.Book.SetPlay(alice, registrartest.IsSlow)
	pending, ok := s.buy().(registrar.Pending)
	if !ok {
		t.Fatal("the order is not under way")
	}
	s.lookUp(pending.Reference)
	s.server.Book.Finish(alice, true)
	s.lookUp(pending.Reference)
	if got := s.lookUp(""); got.InAccount != registrar.Yes {
		t.Fatalf("%+v", got)
	}
	if renewed := s.account().Renew(t.Context(), registrar.Renewal{Domain: alice, AutoRenew: true}); renewed.Outcome() != "done" {
		t.Errorf("%#v", renewed)
	}
	for _, put := range [][]string{{"192.0.2.1", "2001:db8::1"}, {"192.0.2.2", "2001:db8::1"}} {
		if err := s.keeper().PutAddresses(t.Context(), alice, addresses(put...), hour); err != nil {
			t.Error(err)
		}
	}
	if err := s.keeper().PutAddresses(t.Context(), alice, addresses("192.0.2.2", "2001:db8::1"), 2*hour); err != nil {
		t.Error(err)
	}
	if err := s.account().(nameServerKeeper).PutNameServers(t.Context(), alice, []string{"ns3.example.org", "ns4.example.org"}); err != nil {
		t.Error(err)
	}
	s.server.Book.GiveToOthers("bob.gent")
	s.account().Buy(t.Context(), registrar.Order{Domain: "bob.gent", OperationID: "op-2", Try: 1, MaxPrice: affordable})
	if !r.seen["POST /domains/registrations 400"] {
		t.Error("no order was turned down")
	}
	for name, operation := range r.published.Operations {
		for status := range operation.Answers {
			if !r.seen[name+" "+status] {
				t.Errorf("%s was never answered with %s", name, status)
			}
		}
	}
}
