package callback

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// described is the callback as the description of the API has it.
func described(t *testing.T) *openapi3.Operation {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	outcome := doc.Paths.Value("/v1/site").Post.Callbacks["outcome"].Value
	for _, path := range outcome.Map() {
		return path.Patch
	}
	t.Fatal("the description has no callback")
	return nil
}

func TestASignedCallbackIsAsTheDescriptionOfTheAPIHasIt(t *testing.T) {
	operation := described(t)
	for status, ending := range map[string]edit{
		"201": ready, "409": stalled(v1alpha1.ReasonDomainTaken), "500": stalled(v1alpha1.ReasonRegistrationRefused),
	} {
		t.Run(status, func(t *testing.T) {
			receiver := newWire(t)
			w := receiver.over(t, v1alpha1.DialectBearer, ending)
			w.setSecret(keyed("webhook-key", webhookKey, "previous-webhook-key", nextKey))
			w.sign()
			w.settle()
			if len(receiver.seen) != 1 {
				t.Fatalf("called %d times", len(receiver.seen))
			}
			call := receiver.seen[0]
			var body any
			if err := json.Unmarshal([]byte(call.Body), &body); err != nil {
				t.Fatal(err)
			}
			schema := operation.RequestBody.Value.Content.Get(call.Header.Get("Content-Type")).Schema.Value
			if err := schema.VisitJSON(body, openapi3.EnableFormatValidation()); err != nil {
				t.Errorf("the body differs: %v", err)
			}
			for _, parameter := range operation.Parameters {
				if parameter.Value.In == "header" {
					checkHeader(t, parameter.Value, call.Header)
				}
			}
		})
	}
}

func checkHeader(t *testing.T, parameter *openapi3.Parameter, header http.Header) {
	t.Helper()
	text := header.Get(parameter.Name)
	var value any = text
	if parameter.Schema.Value.Type.Is("integer") {
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Errorf("%s is %q", parameter.Name, text)
		}
		value = number
	}
	if err := parameter.Schema.Value.VisitJSON(value); text == "" || err != nil {
		t.Errorf("%s is %q: %v", parameter.Name, text, err)
	}
}
