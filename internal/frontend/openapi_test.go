package frontend_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"magicwebsitefactory.gent/test/apiserver"
)

// described is the description of the API that onboarders get, and what finds an operation in it.
var described = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(apiserver.Root(), "docs", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	doc.Servers = nil // a test's server is none of them
	return legacy.NewRouter(doc)
})

func TestTheDescriptionOfTheAPIIsValid(t *testing.T) {
	if _, err := described(); err != nil {
		t.Fatal(err)
	}
}

// conform compares an answer with the description. Every answer that a test gets comes by here.
func (w *world) conform(req *http.Request, a answer) {
	w.Helper()
	router, err := described()
	if err != nil {
		w.Fatal(err)
	}
	find := req.Clone(req.Context())
	find.Body = http.NoBody
	route, params, err := router.FindRoute(find)
	if err != nil || a.status == http.StatusMethodNotAllowed || strings.Contains(a.body, "/problems/not-found") {
		return // no path of the description, or no method: the test itself looks at the answer
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: find, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header,
		Body:    io.NopCloser(bytes.NewReader([]byte(a.body))),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(w.Context(), input); err != nil {
		w.Errorf("%s %s answered other than openapi.yaml says: %v", req.Method, route.Path, err)
	}
}
