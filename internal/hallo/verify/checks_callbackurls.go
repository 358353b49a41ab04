package verify

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

var callbackURLs = []Check{
	{Number: 80, Section: CallbackURLs, Each: true, Needs: NeedsCallback, Sentence: "400: a callback that is not https.", run: func(ctx context.Context, s *session) error {
		rest := strings.TrimPrefix(s.callback(), "https://")
		return s.badCallbacks(ctx, "http://"+rest, "ftp://"+rest, "//"+rest, rest, "", "/mwf")
	}},
	{Number: 81, Section: CallbackURLs, Each: true, Needs: NeedsCallback, Sentence: "400: a callback that has user info.", run: func(ctx context.Context, s *session) error {
		rest := strings.TrimPrefix(s.callback(), "https://")
		return s.badCallbacks(ctx, "https://user@"+rest, "https://user:password@"+rest)
	}},
	{Number: 82, Section: CallbackURLs, Each: true, Needs: NeedsCallback, Sentence: "400: a callback that has a query.", run: func(ctx context.Context, s *session) error {
		return s.badCallbacks(ctx, s.callback()+"?a=b", s.callback()+"/?a")
	}},
	{Number: 83, Section: CallbackURLs, Each: true, Needs: NeedsCallback, Sentence: "400: a callback that has a fragment.", run: func(ctx context.Context, s *session) error {
		return s.badCallbacks(ctx, s.callback()+"#a", s.callback()+"/#a")
	}},
	{Number: 84, Section: CallbackURLs, Each: true, Needs: NeedsCallback, Sentence: "400: a callback that has a backslash.", run: func(ctx context.Context, s *session) error {
		return s.badCallbacks(ctx, s.callback()+`\a`, s.callback()+`/\..\a`)
	}},
	{Number: 85, Section: CallbackURLs, Each: true, Needs: NeedsCallback, Sentence: "400: a callback that has encoded dots or slashes.", run: func(ctx context.Context, s *session) error {
		return s.badCallbacks(ctx, s.callback()+"/%2e%2E/a", s.callback()+"/a%2Eb", s.callback()+"/a%2fb", s.callback()+"%2Fa")
	}},
	{Number: 86, Section: CallbackURLs, Each: true, Sentence: "400: a callback that lies outside the Onboarder's prefixes, compared as origin.", run: otherOrigins},
	{Number: 87, Section: CallbackURLs, Each: true, Needs: NeedsCallback, Sentence: "400: a callback that lies outside the Onboarder's prefixes, compared as … whole path segments.", run: otherPaths},
}

// badCallbacks holds the factory to refusing each, all of which every reader of URLs reads alike: of an empty query, some say that there is none.
// Names and callbacks are both fit to be refused unless sites may be ordered.
func (s *session) badCallbacks(ctx context.Context, all ...string) error {
	return s.badOrders(ctx, func(d document) []document {
		var bodies []document
		for _, callback := range all {
			bodies = append(bodies, d.with("callback", callback))
		}
		return bodies
	})
}

// otherOrigins have another host, or another port.
func otherOrigins(ctx context.Context, s *session) error {
	u, err := url.Parse(s.callback())
	if err != nil {
		return err
	}
	port := ":1"
	if u.Port() == "1" {
		port = ":2"
	}
	host, path := strings.TrimSuffix(u.Host, ":"+u.Port()), u.EscapedPath()
	return s.badCallbacks(ctx, "https://callback.invalid"+path, "https://"+u.Host+".callback.invalid"+path, "https://"+host+port+path)
}

// otherPaths begin with the same characters, or lead out again. A shorter prefix than the callback that was given would allow them.
func otherPaths(ctx context.Context, s *session) error {
	u, err := url.Parse(s.callback())
	if err != nil {
		return err
	}
	if strings.Trim(u.EscapedPath(), "/") == "" {
		return skip("the prefix of --callback has no path, so every path of its origin is allowed")
	}
	parent := s.callback()[:strings.LastIndex(s.callback(), "/")]
	err = s.badCallbacks(ctx, s.callback()+"x", s.callback()+"x/y", s.callback()+"/../x", parent+"/verify-elsewhere")
	var failure *Failure
	if errors.As(err, &failure) {
		failure.Want += ", if --callback is the whole prefix that the factory allows"
	}
	return err
}
