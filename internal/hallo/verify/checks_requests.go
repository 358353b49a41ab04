package verify

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"

	"magicwebsitefactory.gent/internal/hallo"
)

const largest = 1 << 20 // bytes of a body

var requests = []Check{
	{Number: 50, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "400: not JSON.", run: func(ctx context.Context, s *session) error {
		return s.bad(ctx, func(d document) [][]byte {
			whole := d.encode()
			return [][]byte{whole[:len(whole)-1], bytes.Replace(whole, []byte(`"domain":`), []byte(`"domain" `), 1), []byte("domain=verify.invalid"), {}, bytes.Replace(d.also("unknown", "?").encode(), []byte("?"), []byte{0xff}, 1)}
		}, s.noCredential()...)
	}},
	{Number: 51, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "400: trailing data.", run: func(ctx context.Context, s *session) error {
		return s.bad(ctx, func(d document) [][]byte {
			return [][]byte{append(d.encode(), '}'), append(d.encode(), d.encode()...), append(d.encode(), " more"...)}
		}, s.noCredential()...)
	}},
	{Number: 52, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "400: duplicate keys.", run: func(ctx context.Context, s *session) error {
		return s.badOrders(ctx, func(d document) []document {
			return []document{
				d.also("domain", "verify-another.invalid"), d.also("callback", s.callback()), d.also("installerSecret", s.code).also("installerSecret", s.code),
				d.with("owner-settings", document{{"secretSignUpCode", s.code}, {"secretSignUpCode", s.another}}),
				d.also("unknown", document{{"deep", document{{"twice", 1}, {"twice", 2}}}}),
			}
		})
	}},
	{Number: 53, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "400: wrong types.", run: func(ctx context.Context, s *session) error {
		if s.dialect == hallo.Bearer { // in the older dialect these hold no token
			for _, body := range []string{"[]", "null", `"text"`, "5"} {
				if err := s.refuses(ctx, []byte(body)); err != nil {
					return err
				}
			}
		}
		return s.badOrders(ctx, func(d document) []document {
			return []document{
				d.with("domain", 5), d.with("domain", []string{"verify.invalid"}), d.with("callback", document{}), d.with("callback", true),
				s.recoded(d, 5), s.recoded(d, []string{s.code}), d.without("installerSecret").with("owner-settings", s.code),
			}
		})
	}},
	{Number: 54, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "400: missing fields.", run: func(ctx context.Context, s *session) error {
		return s.badOrders(ctx, func(d document) []document {
			return []document{d.without("domain"), d.without("callback"), d.without("installerSecret", "owner-settings"), d.with("domain", nil)}
		})
	}},
	{Number: 55, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "400: a POST for something that cannot be a domain name.", run: func(ctx context.Context, s *session) error {
		for _, name := range append([]string{""}, noNames...) {
			statuses := []int{http.StatusBadRequest}
			if slices.Contains(mereNames, name) {
				statuses = append(statuses, http.StatusConflict)
			}
			if err := s.send(ctx, s.body(s.order(name).encode())).is(statuses...); err != nil {
				return err
			}
		}
		return nil
	}},
	{Number: 56, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Keys are case-sensitive.", run: func(ctx context.Context, s *session) error {
		return s.badOrders(ctx, func(d document) []document {
			return []document{d.renamed("domain", "Domain"), d.renamed("callback", "CALLBACK"), d.renamed("installerSecret", "installersecret").renamed("owner-settings", "Owner-Settings")}
		})
	}},
	{Number: 57, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Not sold here → 409.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request { return []request{s.body(d.encode())} })
	}},
	{Number: 58, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Unknown fields are ignored.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request {
			return []request{s.body(d.also("unknown", document{{"domain", 5}}).also("Domain", []string{}).also("secretSignUpCode", "x").encode())}
		})
	}},
	{Number: 59, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "A missing Content-Type is taken.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request {
			q := s.body(d.encode())
			q.header.Del("Content-Type")
			return []request{q}
		})
	}},
	{Number: 60, Section: Requests, Each: true, Needs: NeedsCallback, Optional: true, Sentence: "A body is JSON whatever its Content-Type.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request {
			q := s.body(d.encode())
			q.header.Set("Content-Type", "text/plain")
			return []request{q}
		})
	}},
	{Number: 61, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "A trailing slash on /v1/site/ makes no difference.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request {
			q := s.body(d.encode())
			q.path += "/"
			return []request{q}
		})
	}},
	{Number: 62, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Sign-up code: either is taken, installerSecret or owner-settings.secretSignUpCode.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request {
			bare := d.without("installerSecret", "owner-settings")
			return []request{
				s.body(bare.with("installerSecret", s.code).encode()), s.body(bare.with("owner-settings", document{{"secretSignUpCode", s.code}}).encode()),
			}
		})
	}},
	{Number: 63, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Bodies up to 1 MiB: they are taken.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request { return []request{s.body(padded(d, largest))} })
	}},
	{Number: 64, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Bodies up to 1 MiB: larger ones are refused, with 400 or HTTP's own 413.", run: func(ctx context.Context, s *session) error {
		return s.bad(ctx, func(d document) [][]byte { return [][]byte{padded(d, largest+1)} }, append(s.noCredential(), http.StatusRequestEntityTooLarge)...)
	}},
	{Number: 65, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Names are normalised (Alice.GENT. is alice.gent): an order may write them so.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request {
			name := d.domain()
			return []request{s.body(d.with("domain", strings.ToUpper(name)+".").encode())}
		})
	}},
	{Number: 66, Section: Requests, Each: true, Needs: NeedsCallback, Sentence: "Non-ASCII and xn-- names are not sold yet: an order for one is 409.", run: func(ctx context.Context, s *session) error {
		return s.good(ctx, func(d document) []request {
			return []request{s.body(d.with("domain", "élodie.invalid").encode()), s.body(d.with("domain", "xn--lodie-9ua.invalid").encode())}
		})
	}},
	{Number: 67, Section: Requests, Each: true, Needs: NeedsCallback, Optional: true, Sentence: "The secret sign-up code, up to 4096 bytes.", run: func(ctx context.Context, s *session) error {
		err := s.good(ctx, func(d document) []request {
			return []request{s.body(d.without("owner-settings").with("installerSecret", strings.Repeat("c", 4096)).encode())}
		})
		if err != nil {
			return err
		}
		return s.badOrders(ctx, func(d document) []document {
			return []document{d.without("owner-settings").with("installerSecret", strings.Repeat("c", 4097))}
		})
	}},
}

// noCredential is what a body that cannot be read may also be answered in the older dialect: the token cannot be read either.
func (s *session) noCredential() []int {
	if s.dialect == hallo.QuerySecret {
		return []int{http.StatusUnauthorized}
	}
	return nil
}

// bad holds the factory to refusing all that is made of an order with nothing wrong in it.
func (s *session) bad(ctx context.Context, spoil func(document) [][]byte, besides ...int) error {
	name, err := s.harmless()
	if err != nil {
		return err
	}
	for _, body := range spoil(s.order(name)) {
		if err := s.refuses(ctx, body, besides...); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) badOrders(ctx context.Context, spoil func(document) []document) error {
	return s.bad(ctx, func(d document) [][]byte {
		var bodies [][]byte
		for _, spoilt := range spoil(d) {
			bodies = append(bodies, spoilt.encode())
		}
		return bodies
	})
}

// good holds the factory to finding nothing wrong with requests but that the name is not sold: nothing is bought to see that.
func (s *session) good(ctx context.Context, write func(document) []request) error {
	name, err := s.unsold()
	if err != nil {
		return err
	}
	for _, q := range write(s.order(name)) {
		if err := s.expect(ctx, q, http.StatusConflict); err != nil {
			return err
		}
	}
	return nil
}

// padded makes a body of so many bytes.
func padded(d document, size int) []byte {
	missing := size - len(d.also("padding", "").encode())
	return d.also("padding", strings.Repeat("x", missing)).encode()
}

// hasMediaType compares what a Content-Type begins with.
func hasMediaType(a answer, want string) bool {
	mediaType, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), want)
}

// problem is a document of RFC 9457, with the members that it is held to. Others may have members of their own, named as ours are.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
}

func problemIn(a answer) (problem, bool) {
	var p problem
	return p, a.err == nil && decodes(a.body, &p)
}

// additionsIn are members of problem documents that are ours.
type additionsIn struct {
	RequestID string `json:"requestID"`
	Errors    []struct {
		Pointer string `json:"pointer"`
	} `json:"errors"`
}
