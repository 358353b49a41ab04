package verify_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

var brokenTransport = map[string]broken{
	"plain HTTP is answered":         {hallotest.Flaw{Server: alsoPlain("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"available\": true}")}, []int{1}, nil},
	"plain HTTP leads to plain HTTP": {hallotest.Flaw{Server: alsoPlain("HTTP/1.1 308 Permanent Redirect\r\nLocation: http://factory.example/\r\nContent-Length: 0\r\n\r\n")}, []int{1}, nil},
	"TLS 1.0 is spoken":              {hallotest.Flaw{Server: func(s *httptest.Server) { s.TLS.MinVersion = tls.VersionTLS10 }}, []int{2}, nil},
	"TLS 1.0 is spoken in old ciphers": {hallotest.Flaw{Server: func(s *httptest.Server) {
		s.TLS.MinVersion = tls.VersionTLS10
		s.TLS.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	}}, []int{2}, nil},
	"TLS 1.0 is spoken with an old certificate": {hallotest.Flaw{Server: oldCertificate}, []int{2}, nil},
	"TLS 1.2 is not spoken":                     {hallotest.Flaw{Server: func(s *httptest.Server) { s.TLS.MinVersion = tls.VersionTLS13 }}, []int{3}, nil},
	"TLS 1.3 is not spoken":                     {hallotest.Flaw{Server: func(s *httptest.Server) { s.TLS.MaxVersion = tls.VersionTLS12 }}, nil, []int{4}},
	"HTTP/1.1 is not spoken":                    {hallotest.Flaw{Handler: onlyHTTP2}, []int{5}, nil},
	"HTTP/2 is not spoken":                      {hallotest.Flaw{Server: func(s *httptest.Server) { s.EnableHTTP2 = false }}, nil, []int{6}},
}

// onlyHTTP2 breaks off what comes in HTTP/1.1.
func onlyHTTP2(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor < 2 {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

// oldCertificate speaks TLS 1.0 too, with a certificate that nobody trusts.
func oldCertificate(s *httptest.Server) {
	s.TLS.MinVersion = tls.VersionTLS10
	old := s.TLS.Clone()
	untrusted := httptest.NewTLSServer(nil)
	old.Certificates = untrusted.TLS.Certificates
	untrusted.Close()
	s.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Max(hello.SupportedVersions) < tls.VersionTLS12 {
			return old, nil
		}
		return nil, nil //nolint:nilnil // crypto/tls has it so: the server's own
	}
}

// alsoPlain answers plain HTTP on the port of TLS.
func alsoPlain(answer string) func(*httptest.Server) {
	return func(s *httptest.Server) { s.Listener = &sniffing{s.Listener, answer} }
}

type sniffing struct {
	net.Listener
	answer string
}

// Accept hands on what begins as TLS does, and answers anything else.
func (l *sniffing) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		var begin [1]byte
		_, err = io.ReadFull(conn, begin[:])
		_ = conn.SetReadDeadline(time.Time{})
		if err == nil && begin[0] == 0x16 {
			return &peeked{conn, io.MultiReader(bytes.NewReader(begin[:]), conn)}, nil
		}
		_, _ = io.WriteString(conn, l.answer)
		_ = conn.Close()
	}
}

type peeked struct {
	net.Conn
	all io.Reader
}

func (p *peeked) Read(b []byte) (int, error) { return p.all.Read(b) }

// letIn authenticates requests that must not be.
func letIn(when func(*http.Request) bool) hallotest.Flaw {
	return before(func(r *http.Request) {
		if when(r) {
			r.URL.RawQuery = ""
			r.Header.Set("Authorization", "Bearer "+token)
		}
	})
}

func shows(r *http.Request, prefix string) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "+prefix) || strings.HasPrefix(r.URL.Query().Get("secret"), prefix)
}

var brokenAuthentication = map[string]broken{
	"a good token is not let in": {instead(401, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return isGet(r) && r.URL.Path == "/v1/domain/verify.invalid" && a.Code == 200 && r.Header.Get("Authorization") != ""
	}), []int{10, 24, 30}, []int{23, 41}},
	"an order with a good token is not let in": {instead(401, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return isPost(r) && a.Code == 409 && strings.Contains(strings.ToLower(body(r)), ".invalid")
	}), []int{11, 57, 58, 59, 61, 62, 63, 65, 66}, []int{60, 67}},
	"everybody may ask": {letIn(func(r *http.Request) bool {
		return isGet(r) && r.Header.Get("Authorization") == "" && !r.URL.Query().Has("secret")
	}), []int{12}, []int{164}},
	"there is no challenge": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("WWW-Authenticate") }), []int{13}, nil},
	"any token may ask":     {letIn(func(r *http.Request) bool { return isGet(r) && shows(r, "verify-") && !shows(r, token) }), []int{14, 24}, []int{25}},
	"any token may order": {before(func(r *http.Request) {
		if text := body(r); isPost(r) && strings.Contains(text, ".invalid") {
			if shows(r, "verify-") {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			known, _ := json.Marshal(token)
			r.Body = io.NopCloser(strings.NewReader(regexp.MustCompile(`"secret":"verify-[^"]*"`).ReplaceAllLiteralString(text, `"secret":`+string(known))))
		}
	}), []int{15}, nil},
	"an empty token may ask": {letIn(func(r *http.Request) bool {
		header, there := r.Header["Authorization"]
		return isGet(r) && (there && strings.TrimSpace(header[0]) == "Bearer" || !there && r.URL.Query().Has("secret") && r.URL.Query().Get("secret") == "")
	}), []int{16}, nil},
	"the body is judged before who sends it": {instead(400, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return isPost(r) && a.Code == 401 && len(body(r)) < 20
	}), []int{17}, nil},
	"any scheme will do": {before(func(r *http.Request) {
		if encoded, is := strings.CutPrefix(r.Header.Get("Authorization"), "Basic "); is {
			text, _ := base64.StdEncoding.DecodeString(encoded)
			_, password, _ := strings.Cut(string(text), ":")
			r.Header.Set("Authorization", "Bearer "+password)
		}
	}), []int{18}, nil},
	"a secret in the query orders": {letIn(func(r *http.Request) bool {
		return isPost(r) && r.Header.Get("Authorization") == "" && r.URL.Query().Get("secret") == token
	}), []int{19}, nil},
	"two tokens may ask": {letIn(func(r *http.Request) bool {
		return isGet(r) && r.Header.Get("Authorization") != "" && r.URL.Query().Get("secret") != ""
	}), []int{20}, nil},
	"two tokens may order": {before(func(r *http.Request) {
		if isPost(r) && r.Header.Get("Authorization") != "" {
			text := body(r)
			r.Body = io.NopCloser(strings.NewReader(regexp.MustCompile(`,"secret":"(\\.|[^"\\])*"`).ReplaceAllString(text, "")))
		}
	}), []int{21}, nil},
	"two tokens may order, one in the query": {letIn(func(r *http.Request) bool {
		return isPost(r) && r.Header.Get("Authorization") != "" && r.URL.Query().Has("secret")
	}), nil, []int{22}},
	"an empty secret is one": {instead(400, func(r *http.Request, _ *httptest.ResponseRecorder) bool {
		return isGet(r) && r.Header.Get("Authorization") != "" && r.URL.Query().Has("secret")
	}), nil, []int{23}},
	"who has failed too often is let in no more": {lockingOut(), []int{24}, nil},
	"whoever fails may go on":                    {instead(401, func(_ *http.Request, a *httptest.ResponseRecorder) bool { return a.Code == 429 }), nil, []int{25}},
}

func lockingOut() hallotest.Flaw {
	var locked atomic.Bool
	return instead(429, func(_ *http.Request, a *httptest.ResponseRecorder) bool {
		if a.Code == 429 {
			locked.Store(true)
		}
		return locked.Load()
	})
}

var brokenNames = map[string]broken{
	"there are other members": {answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.HasPrefix(r.URL.Path, "/v1/domain/") && a.Code == 200 {
			a.Body = bytes.NewBufferString(strings.Replace(a.Body.String(), "{", `{"name":"x",`, 1))
		}
	}), []int{30}, nil},
	"names that are not sold are free": {available(true, func(name string) bool {
		return strings.HasPrefix(name, "verify-") && strings.HasSuffix(name, ".invalid")
	}), []int{31}, nil},
	"what is no name is free":         {available(true, func(name string) bool { return name == "hello world" }), []int{32}, nil},
	"names in other letters are free": {available(true, func(name string) bool { return strings.HasPrefix(name, "xn--") }), []int{33}, nil},
	"available.gent is not free":      {available(false, func(name string) bool { return strings.EqualFold(strings.TrimSuffix(name, "."), "available.gent") }), []int{34, 37}, []int{43}},
	"unavailable.gent is free":        {available(true, func(name string) bool { return strings.EqualFold(strings.TrimSuffix(name, "."), "unavailable.gent") }), []int{35, 37}, nil},
	"what nobody knows is said to be taken": {answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == 503 && isGet(r) {
			a.Code = 200
			a.Body = bytes.NewBufferString(`{"available":false}`)
		}
	}), []int{36}, nil},
	"capitals are another name":       {available(false, func(name string) bool { return name != strings.ToLower(name) }), []int{37}, nil},
	"free names are said to be taken": {available(false, func(name string) bool { return strings.HasPrefix(name, "slow-") }), []int{38}, nil},
	"dear names are free":             {available(true, func(name string) bool { return strings.HasPrefix(name, "premium-") }), nil, []int{39}},
	"answers may be kept": {answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isGet(r) && a.Code == 200 {
			a.Header().Del("Cache-Control")
		}
	}), []int{40}, nil},
	"answers have no type": {answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == 200 {
			a.Header().Set("Content-Type", "text/plain")
		}
	}), nil, []int{41}},
	"nobody says when to ask again": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == 503 {
			a.Header().Del("Retry-After")
		}
	}), nil, []int{42}},
	"names are not decoded": {before(func(r *http.Request) {
		if strings.Contains(r.RequestURI, "%2E") {
			r.URL.Path = "/v1/domain/none.invalid"
		}
	}), nil, []int{43}},
}

// orderOf reads what an order is for.
func orderOf(r *http.Request) (name, callback string) {
	var members map[string]any
	_ = json.Unmarshal([]byte(body(r)), &members)
	name, _ = members["domain"].(string)
	callback, _ = members["callback"].(string)
	return name, callback
}

// ordering answers orders of some names, that were answered so, with another status.
func ordering(was, status int, when func(name string) bool) hallotest.Flaw {
	return instead(status, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		name, _ := orderOf(r)
		return isPost(r) && a.Code == was && when(name)
	})
}

var brokenRequests = map[string]broken{
	"what is not quite JSON is taken": {rewrite(func(text string) string {
		if !json.Valid([]byte(text)) && json.Valid([]byte(text+"}")) {
			return text + "}"
		}
		return text
	}), []int{50}, nil},
	"trailing data is taken": {rewrite(func(text string) string {
		var first json.RawMessage
		if json.NewDecoder(strings.NewReader(text)).Decode(&first) != nil {
			return text
		}
		return string(first)
	}), []int{51}, nil},
	"of duplicate keys the last counts": {rewrite(func(text string) string {
		var members map[string]any
		if !utf8.ValidString(text) || json.Unmarshal([]byte(text), &members) != nil || members == nil {
			return text
		}
		once, _ := json.Marshal(members)
		return string(once)
	}), []int{52}, nil},
	"numbers are taken for text": {edit(func(members map[string]any) {
		if _, is := members["installerSecret"].(float64); is {
			members["installerSecret"] = "5"
		}
		if settings, is := members["owner-settings"].(map[string]any); is {
			if _, is := settings["secretSignUpCode"].(float64); is {
				settings["secretSignUpCode"] = "5"
			}
		}
	}), []int{53}, nil},
	"a code may be missing": {edit(func(members map[string]any) {
		for key := range members {
			if strings.EqualFold(key, "installerSecret") || strings.EqualFold(key, "owner-settings") {
				return
			}
		}
		members["installerSecret"] = "none"
	}), []int{54}, nil},
	"what is no name is not available": {ordering(400, 409, func(name string) bool { return name == "alice..invalid" }), []int{55}, nil},
	"keys count in any case": {edit(func(members map[string]any) {
		for _, key := range []string{"domain", "callback", "installerSecret", "owner-settings"} {
			for written, value := range members {
				if written != key && strings.EqualFold(written, key) {
					delete(members, written)
					members[key] = value
				}
			}
		}
	}), []int{56}, nil},
	"names that are not sold are a mistake": {ordering(409, 400, func(name string) bool { return strings.HasSuffix(normalised(name), ".invalid") }), []int{57, 58, 59, 61, 62, 63, 65, 66}, []int{60, 67}},
	"unknown fields are a mistake": {instead(400, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return a.Code == 409 && strings.Contains(body(r), `"unknown"`)
	}), []int{58}, nil},
	"a missing Content-Type is a mistake": {instead(415, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return a.Code == 409 && r.Header.Get("Content-Type") == ""
	}), []int{59}, nil},
	"another Content-Type is a mistake": {instead(415, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return a.Code == 409 && r.Header.Get("Content-Type") == "text/plain"
	}), nil, []int{60}},
	"a slash at the end is another path": {instead(404, func(r *http.Request, _ *httptest.ResponseRecorder) bool { return r.URL.Path == "/v1/site/" }), []int{61}, nil},
	"a code of the other dialect is missing": {instead(400, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return a.Code == 409 && r.Header.Get("Authorization") != "" && strings.Contains(body(r), "owner-settings")
	}), []int{62}, nil},
	"large bodies are a mistake": {instead(400, func(r *http.Request, a *httptest.ResponseRecorder) bool { return a.Code == 409 && len(body(r)) > 1<<16 }), []int{63}, nil},
	"larger bodies are taken": {rewrite(func(text string) string {
		if len(text) <= 1<<20 {
			return text
		}
		return regexp.MustCompile(`,"padding":"x*"`).ReplaceAllString(text, "")
	}), []int{64}, nil},
	"capitals are a mistake": {ordering(409, 400, func(name string) bool { return strings.HasSuffix(name, ".INVALID.") }), []int{65}, nil},
	"long codes are taken": {edit(func(members map[string]any) {
		if code, is := members["installerSecret"].(string); is && len(code) > 4096 {
			members["installerSecret"] = code[:4096]
		}
	}), nil, []int{67}},
	"names in other letters are a mistake": {ordering(409, 400, func(name string) bool { return strings.HasPrefix(name, "xn--") }), []int{66}, nil},
}

func normalised(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// errorsAre changes error documents.
func errorsAre(change func(document map[string]any)) hallotest.Flaw {
	return answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		var document map[string]any
		if a.Code >= 400 && json.Unmarshal(a.Body.Bytes(), &document) == nil {
			change(document)
			a.Body.Reset()
			_ = json.NewEncoder(a.Body).Encode(document)
		}
	})
}

var brokenProblems = map[string]broken{
	"errors are plain JSON": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code >= 400 {
			a.Header().Set("Content-Type", "application/json")
		}
	}), []int{70}, nil},
	"errors tell another status": {errorsAre(func(d map[string]any) { d["status"] = 499 }), []int{71}, nil},
	"errors have no type":        {errorsAre(func(d map[string]any) { d["type"] = "about:blank" }), []int{72}, []int{168}},
	"errors have one type":       {errorsAre(func(d map[string]any) { d["type"] = "https://magicwebsitefactory.gent/problems/error" }), []int{72}, []int{168}},
	"errors may be kept": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code >= 400 {
			a.Header().Del("Cache-Control")
		}
	}), []int{73}, nil},
}

var userInfo = regexp.MustCompile(`//[^/@]*@`)

var brokenCallbackURLs = map[string]broken{
	"http will do":            {callback(func(c string) string { return strings.Replace(c, "http://", "https://", 1) }), []int{80}, nil},
	"user info is let pass":   {callback(func(c string) string { return userInfo.ReplaceAllString(c, "//") }), []int{81}, nil},
	"a query is let pass":     {callback(func(c string) string { c, _, _ = strings.Cut(c, "?"); return c }), []int{82}, nil},
	"a fragment is let pass":  {callback(func(c string) string { c, _, _ = strings.Cut(c, "#"); return c }), []int{83}, nil},
	"backslashes are slashes": {callback(func(c string) string { return strings.ReplaceAll(c, `\`, "/") }), []int{84}, nil},
	"what is encoded is decoded": {callback(func(c string) string {
		if decoded, err := url.PathUnescape(c); err == nil {
			return decoded
		}
		return c
	}), []int{85}, nil},
	"any host will do": {instead(201, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		_, c := orderOf(r)
		return a.Code == 400 && strings.HasPrefix(c, "https://callback.invalid/")
	}), []int{86}, nil},
	"prefixes are compared as text": {instead(201, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		_, c := orderOf(r)
		return a.Code == 400 && strings.HasSuffix(c, "/inx")
	}), []int{87}, nil},
}
