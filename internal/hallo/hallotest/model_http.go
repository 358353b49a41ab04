package hallotest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"
)

// asked is who asks, and in which dialect.
type asked struct {
	token string
	older bool
}

// refusal is an answer other than the one that was hoped for.
type refusal struct {
	status  int
	slug    string
	pointer string
}

const (
	typeBase    = "https://magicwebsitefactory.gent/problems/"
	largestBody = 1 << 20 // bytes
	// enough failed authentications; those after them are 429. A check of everything needs some of its own.
	enough = 80
)

func (m *Model) serve(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("X-Request-Id")
	if id == "" {
		id = "r-1"
	}
	w.Header().Set("X-Request-Id", id)
	w.Header().Set("Cache-Control", "no-store")
	path := r.URL.Path
	name, ofDomain := strings.CutPrefix(path, "/v1/domain/")
	site, ofSite := strings.CutPrefix(path, "/v1/site/")
	var refused *refusal
	switch {
	case ofDomain && r.Method == http.MethodGet:
		refused = m.getDomain(w, r, strings.TrimSuffix(name, "/"))
	case strings.TrimSuffix(path, "/") == "/v1/site" && r.Method == http.MethodPost:
		refused = m.postSite(w, r)
	case ofSite && site != "" && r.Method == http.MethodGet:
		refused = m.getSite(w, r, site)
	case path == "/v1/site":
		w.Header().Set("Allow", "POST")
		refused = &refusal{status: http.StatusMethodNotAllowed, slug: "method-not-allowed"}
	default:
		refused = &refusal{status: http.StatusNotFound, slug: "not-found"}
	}
	if refused != nil {
		refused.write(w, id)
	}
}

func (p *refusal) write(w http.ResponseWriter, id string) {
	document := map[string]any{"type": typeBase + p.slug, "title": http.StatusText(p.status), "status": p.status, "requestID": id}
	if p.pointer != "" {
		document["errors"] = []map[string]string{{"pointer": p.pointer, "detail": "It cannot be taken."}}
	}
	switch p.status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "60")
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.status)
	_ = json.NewEncoder(w).Encode(document) // who asked may be gone
}

// authenticate finds out who asks, by what was shown.
func (m *Model) authenticate(shown []asked) (asked, *refusal) {
	if len(shown) > 1 {
		return asked{}, &refusal{status: http.StatusBadRequest, slug: "two-credentials"}
	}
	if len(shown) == 1 && slices.Contains(m.config.Tokens, shown[0].token) {
		return shown[0], nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures++; m.failures > enough {
		return asked{}, &refusal{status: http.StatusTooManyRequests, slug: "too-many-failed-authentications"}
	}
	return asked{}, &refusal{status: http.StatusUnauthorized, slug: "unauthorized"}
}

func inHeader(r *http.Request) []asked {
	var found []asked
	for _, value := range r.Header.Values("Authorization") {
		token, _ := strings.CutPrefix(value, "Bearer ")
		found = append(found, asked{token: token})
	}
	return found
}

func inQuery(r *http.Request) []asked {
	if secret := r.URL.Query().Get("secret"); secret != "" {
		return []asked{{token: secret, older: true}}
	}
	return nil
}

var nameForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// normal gives a name in normal form, and whether it can be one; foreign, whether it is of a sort that nobody sells.
func normal(raw string) (name string, can, foreign bool) {
	name = strings.ToLower(strings.TrimSuffix(raw, "."))
	foreign = strings.ContainsFunc(name, func(r rune) bool { return r >= 0xc0 && r < 0x250 }) || strings.HasPrefix(name, "xn--")
	return name, foreign || len(name) <= 253 && nameForm.MatchString(name), foreign
}

func (m *Model) sold(name string) bool {
	label, suffix, _ := strings.Cut(name, ".")
	if !m.test() {
		return suffix == m.config.Suffix
	}
	return suffix == "gent" && !strings.HasPrefix(label, "premium-") && name != "unavailable.gent"
}

func (m *Model) getDomain(w http.ResponseWriter, r *http.Request, raw string) *refusal {
	who, refused := m.authenticate(append(inHeader(r), inQuery(r)...))
	if refused != nil {
		return refused
	}
	name, can, foreign := normal(raw)
	if m.test() && name == "error.gent" {
		return &refusal{status: http.StatusServiceUnavailable, slug: "try-again-later"}
	}
	free := can && !foreign && m.sold(name) && (m.test() && name == "available.gent" || m.free(name, who))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]bool{"available": free}) // who asked may be gone
	return nil
}

// postSite judges an order as the contract says: who, the body, the claim, the name.
func (m *Model) postSite(w http.ResponseWriter, r *http.Request) *refusal {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestBody+64<<10))
	if err != nil {
		return &refusal{status: http.StatusBadRequest, slug: "malformed-body"}
	}
	var fields map[string]any
	twice, err := kjson.UnmarshalStrict(body, &fields, kjson.DisallowDuplicateFields)
	shown := inHeader(r)
	secret, _ := fields["secret"].(string)
	if secret == "" && len(shown) == 0 {
		secret = secretOf(body)
	}
	if secret != "" {
		shown = append(shown, asked{token: secret, older: true})
	}
	if len(shown) > 0 {
		shown = append(shown, inQuery(r)...)
	}
	who, refused := m.authenticate(shown)
	switch {
	case refused != nil:
		return refused
	case err != nil || len(twice) > 0 || fields == nil || len(body) > largestBody || !utf8.Valid(body):
		return &refusal{status: http.StatusBadRequest, slug: "malformed-body"}
	}
	order, refused := m.read(fields, who)
	if refused != nil {
		return refused
	}
	if refused := m.place(order); refused != nil {
		return refused
	}
	w.Header().Set("Location", "/v1/site/"+order.name)
	w.WriteHeader(http.StatusCreated)
	return nil
}

var secretMember = regexp.MustCompile(`^\s*\{"secret":("(?:[^"\\]|\\.)*")`)

// secretOf finds the secret of a body that is broken further on.
func secretOf(body []byte) string {
	var secret string
	if found := secretMember.FindSubmatch(body); found != nil {
		_ = json.Unmarshal(found[1], &secret) // empty then
	}
	return secret
}

// accepted is an order with nothing wrong in it.
type accepted struct {
	name, sent, callback, code string
	who                        asked
}

func (m *Model) read(fields map[string]any, who asked) (accepted, *refusal) {
	invalid := func(pointer string) (accepted, *refusal) {
		return accepted{}, &refusal{status: http.StatusBadRequest, slug: "invalid-field", pointer: pointer}
	}
	o := accepted{who: who}
	var is bool
	if o.sent, is = fields["domain"].(string); !is {
		return invalid("#/domain")
	}
	name, can, foreign := normal(o.sent)
	if !can {
		return invalid("#/domain")
	}
	callback, is := fields["callback"].(string)
	if !is || !m.allowed(callback) {
		return invalid("#/callback")
	}
	o.name, o.callback = name, strings.TrimRight(callback, "/")
	code, given := fields["installerSecret"]
	if settings, there := fields["owner-settings"]; there {
		object, is := settings.(map[string]any)
		if !is {
			return invalid("#/owner-settings")
		}
		code, given = object["secretSignUpCode"], true
	}
	if o.code, is = code.(string); !given || !is || o.code == "" || len(o.code) > 4096 {
		return invalid("#/installerSecret")
	}
	if foreign {
		return o, &refusal{status: http.StatusConflict, slug: "not-available"}
	}
	return o, nil
}

var encoded = regexp.MustCompile(`(?i)%2e|%2f|%5c`)

func (m *Model) allowed(callback string) bool {
	u, err := url.Parse(callback)
	if err != nil || u.Scheme != "https" || u.User != nil || strings.ContainsAny(callback, `?#\@`) || encoded.MatchString(callback) || strings.Contains(callback, "/..") {
		return false
	}
	return strings.HasPrefix(strings.TrimRight(callback, "/")+"/", m.config.Callback+"/")
}

func (m *Model) getSite(w http.ResponseWriter, r *http.Request, raw string) *refusal {
	who, refused := m.authenticate(append(inHeader(r), inQuery(r)...))
	if refused != nil {
		return refused
	}
	name, _, _ := normal(raw)
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.claims[name]
	if c == nil || c.order.who.token != who.token {
		return &refusal{status: http.StatusNotFound, slug: "no-such-site"}
	}
	document := map[string]any{"domain": name, "state": "pending", "attempt": c.attempt, "conditions": []any{}}
	if c.outcome != 0 {
		document["state"] = map[int]string{201: "ready", 409: "taken", 500: "failed"}[c.outcome]
		document["outcome"] = map[string]any{"status": c.outcome, "time": time.Now().UTC().Format(time.RFC3339)}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document) // who asked may be gone
	return nil
}
