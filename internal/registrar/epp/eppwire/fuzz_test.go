package eppwire

import (
	"bytes"
	"testing"
)

func FuzzFrames(f *testing.F) {
	for _, seed := range [][]byte{nil, {0, 0, 0, 4}, {0, 0, 0, 5, 'x'}, {255, 255, 255, 255, 'x'}, {0, 0, 0, 9, 'a'}, []byte("HTTP/1.1 200 OK\r\n\r\n")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		read := 0
		for {
			payload, err := ReadFrame(r)
			if err != nil {
				break
			}
			var again bytes.Buffer
			if err := WriteFrame(&again, payload); err != nil || !bytes.Equal(again.Bytes(), stream[read:read+4+len(payload)]) {
				t.Fatalf("%v: %q is not what was read", err, again.Bytes())
			}
			read += again.Len()
		}
		if read > len(stream) {
			t.Fatalf("%d bytes were read of %d", read, len(stream))
		}
	})
}

func FuzzGreeting(f *testing.F) {
	for _, payload := range published(f) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		g, err := ParseGreeting(payload)
		if err != nil {
			return
		}
		l, err := g.Login("user", "password")
		if err != nil {
			return
		}
		for _, namespace := range append(l.Objects, l.Extensions...) {
			if !g.Offers(namespace) {
				t.Errorf("%s was chosen and not offered", namespace)
			}
		}
		if _, err := Marshal(l, "abc"); err != nil {
			t.Error(err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, payload := range published(f) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := ParseResponse(payload)
		if err != nil {
			return
		}
		if code := r.Code(); code < 1000 || code > 2999 {
			t.Errorf("code %d", code)
		}
		for _, name := range []string{"example.com", "good.space", "zero.work"} {
			_, _ = r.Available(name)
			_, _ = r.Domain(name)
			_, _ = r.Term(name)
			for _, command := range []string{PriceOfCreate, PriceOfRenew} {
				if q, err := r.Quote(name, command); err == nil && (q.Minor < 0 || len(q.Currency) != 3) {
					t.Errorf("%+v", q)
				}
			}
		}
		for _, result := range r.Results {
			_, _ = result.BlamesOnly("example.com"), result.Says()
		}
		_, _ = r.Leaving(), r.Extension.Signed()
		_, _ = r.Subject()
	})
}
