package combelltest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

//go:embed published.json
var published []byte

// Description is what Combell has published of its API, as far as it is used; see published.json for where it is from.
type Description struct {
	// Operations by method and path, without the version, and with {} for a parameter.
	Operations map[string]Operation `json:"operations"`
	// Schemas are the types of the fields, by schema and field.
	Schemas map[string]map[string]string `json:"schemas"`
}

// Operation is one call.
type Operation struct {
	// Query are the parameters that it may have.
	Query []string `json:"query"`
	// Body is the type of what is sent; empty for none.
	Body string `json:"body"`
	// Answers are the types of what comes back when it went well, by status; empty for none.
	Answers map[string]string `json:"answers"`
	// Headers that come with such an answer.
	Headers []string `json:"headers"`
}

// Published returns the description.
func Published() Description {
	var d Description
	if err := json.Unmarshal(published, &d); err != nil {
		panic(fmt.Errorf("published.json: %w", err))
	}
	return d
}

// Find returns the operation that a request is, and what it is called; a path that is given in full goes before one with parameters.
func (d Description) Find(method, path string) (string, Operation, bool) {
	if o, ok := d.Operations[method+" "+path]; ok {
		return method + " " + path, o, true
	}
	parts := strings.Split(path, "/")
	for _, name := range slices.Sorted(maps.Keys(d.Operations)) {
		verb, template, _ := strings.Cut(name, " ")
		if verb == method && slices.EqualFunc(strings.Split(template, "/"), parts, func(t, part string) bool { return t == part || t == "{}" && part != "" }) {
			return name, d.Operations[name], true
		}
	}
	return "", Operation{}, false
}

// Misfits says where a JSON value, as encoding/json decodes it, is not of a type. A field that is left out, or null, is none.
func (d Description) Misfits(typ string, value any) []string { return d.misfits("", typ, value) }

func (d Description) misfits(at, typ string, value any) (found []string) {
	element, list := strings.CutPrefix(typ, "[]")
	schema, object := d.Schemas[typ]
	fits := false
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		fits = list
		for i, one := range value {
			if list {
				found = append(found, d.misfits(fmt.Sprintf("%s[%d]", at, i), element, one)...)
			}
		}
	case map[string]any:
		fits = object
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if field, ok := schema[name]; ok {
				found = append(found, d.misfits(at+"."+name, field, value[name])...)
			} else if object {
				found = append(found, fmt.Sprintf("%s.%s is no field of %s", at, name, typ))
			}
		}
	case string:
		fits = typ == "string" || strings.Contains(typ, "|") && slices.Contains(strings.Split(typ, "|"), value)
	case float64:
		fits = typ == "integer" && value == float64(int64(value))
	case bool:
		fits = typ == "boolean"
	}
	if !fits {
		found = append(found, fmt.Sprintf("%s is a %T, which is no %s", at, value, typ))
	}
	return found
}

// MisfitsOf says where the JSON fields of a Go struct are not of a schema: those that it has not, and those that are of another type. Where all have to be there, it also
// names those that are missing.
func (d Description) MisfitsOf(schema string, t reflect.Type, all bool) (found []string) {
	has := map[string]bool{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		typ, ok := d.Schemas[schema][name]
		has[name] = true
		switch of := field.Type; {
		case !ok:
			found = append(found, fmt.Sprintf("%s: %s has no field %q", t, schema, name))
		case !d.fits(typ, of, all):
			found = append(found, fmt.Sprintf("%s.%s is a %s, and %s.%s a %s", t, field.Name, of, schema, name, typ))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Schemas[schema])) {
		if all && !has[name] {
			found = append(found, fmt.Sprintf("%s lacks %s.%s", t, schema, name))
		}
	}
	return found
}

func (d Description) fits(typ string, t reflect.Type, all bool) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice:
		element, list := strings.CutPrefix(typ, "[]")
		return list && d.fits(element, t.Elem(), all)
	case reflect.Struct:
		return d.Schemas[typ] != nil && len(d.MisfitsOf(typ, t, all)) == 0
	case reflect.String:
		return typ == "string" || strings.Contains(typ, "|")
	case reflect.Int:
		return typ == "integer"
	case reflect.Bool:
		return typ == "boolean"
	default:
		return false
	}
}
