package frontend

import (
	"strings"
	"testing"
)

func TestWellFormedBodies(t *testing.T) {
	for name, body := range map[string]string{
		"an empty object":                            `{}`,
		"white space around":                         " \n{\"a\": 1}\t",
		"a number that no float holds":               `{"x": 1e999, "y": {"z": [1e400, -1e999]}}`,
		"the same key in two objects":                `{"a": {"k": 1}, "b": {"k": 1}, "k": [{"k": 1}, {"k": 1}]}`,
		"a value that is like a key":                 `{"a": "b", "b": "a"}`,
		"strings in an array are no keys":            `{"a": ["k", "k"], "k": "k"}`,
		"a key after an object and after an array":   `{"a": {}, "b": [], "c": [[{}]], "d": 1}`,
		"a whole surrogate pair":                     `{"a": "\ud83d\ude00"}`,
		"a backslash before something like a u":      `{"a": "\\ud800"}`,
		"the replacement character as it is":         `{"a": "\ufffd"}`,
		"null, true and false":                       `{"a": null, "b": true, "c": false}`,
		"an escape at the very end of a string":      `{"a": "\u00e9"}`,
		"an escaped quotation mark before an escape": `{"a": "\"\u00e9"}`,
	} {
		if err := wellFormed([]byte(body)); err != nil {
			t.Errorf("%s: %s: %v", name, body, err)
		}
	}
}

func TestMalformedBodies(t *testing.T) {
	for name, tc := range map[string]struct{ body, problem string }{
		"nothing":                            {``, "not valid JSON"},
		"something that follows":             {`{} {}`, "not valid JSON"},
		"null":                               {`null`, "not a JSON object"},
		"a list":                             {` [{}]`, "not a JSON object"},
		"a text":                             {`"{}"`, "not a JSON object"},
		"no UTF-8":                           {"{\"a\": \"\xff\"}", "not UTF-8"},
		"a key twice":                        {`{"a": 1, "b": 2, "a": 1}`, "key twice"},
		"a key twice, once escaped":          {`{"a": 1, "\u0061": 1}`, "key twice"},
		"a key twice beside a huge number":   {`{"a": 1e999, "a": 1}`, "key twice"},
		"a key twice in a field ignored":     {`{"x": [{"y": {"k": 1, "z": {}, "k": 1}}]}`, "key twice"},
		"a key again after an inner object":  {`{"a": {"b": 1}, "a": 1}`, "key twice"},
		"a key again after an inner array":   {`{"a": [{"b": 1}], "a": 1}`, "key twice"},
		"the first half of a surrogate pair": {`{"a": "\ud800"}`, "surrogate"},
		"the second half alone":              {`{"a": "x\udc00"}`, "surrogate"},
		"two first halves":                   {`{"a": "\ud800\ud800"}`, "surrogate"},
		"half a pair in a key":               {`{"\ud800": 1}`, "surrogate"},
	} {
		if err := wellFormed([]byte(tc.body)); err == nil || !strings.Contains(err.Error(), tc.problem) {
			t.Errorf("%s: %s: error %v, want one that says %q", name, tc.body, err, tc.problem)
		}
	}
}
