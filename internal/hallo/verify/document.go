package verify

import (
	"bytes"
	"encoding/json"
	"slices"
)

// document is a JSON object whose members keep their order, and may be there twice.
type document []member

type member struct {
	key   string
	value any
}

// with sets a member, where it is or at the end.
func (d document) with(key string, value any) document {
	d = slices.Clone(d)
	for i := range d {
		if d[i].key == key {
			d[i].value = value
			return d
		}
	}
	return append(d, member{key, value})
}

// also adds a member at the end, even if there is one of that name.
func (d document) also(key string, value any) document {
	return append(slices.Clone(d), member{key, value})
}

func (d document) without(keys ...string) document {
	return slices.DeleteFunc(slices.Clone(d), func(m member) bool { return slices.Contains(keys, m.key) })
}

// renamed gives a member another name.
func (d document) renamed(key, name string) document {
	d = slices.Clone(d)
	for i := range d {
		if d[i].key == key {
			d[i].key = name
		}
	}
	return d
}

// domain is the name that an order is for.
func (d document) domain() string {
	for _, m := range d {
		if name, is := m.value.(string); is && m.key == "domain" {
			return name
		}
	}
	return ""
}

// MarshalJSON writes the members in their order.
func (d document) MarshalJSON() ([]byte, error) { return d.encode(), nil }

func (d document) encode() []byte {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range d {
		if i > 0 {
			out.WriteByte(',')
		}
		key, _ := json.Marshal(m.key)
		value, _ := json.Marshal(m.value) // strings, numbers and documents of our own
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes()
}
