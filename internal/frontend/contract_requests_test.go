package frontend_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// edit takes a good body and spoils it as text.
func (o onboarder) edit(old, replacement string) string {
	o.Helper()
	fields := o.fields("alice.gent")
	delete(fields, "secret")
	members, err := json.Marshal(fields)
	if err != nil {
		o.Fatal(err)
	}
	body := string(members)
	if o.dialect == v1alpha1.DialectQuerySecret {
		// First, so that it is found in a body that breaks further on.
		body = `{"secret":"` + o.token + `",` + body[1:]
	}
	spoilt := strings.Replace(body, old, replacement, 1)
	if spoilt == body {
		o.Fatalf("%s has no %q", body, old)
	}
	return spoilt
}

// C40: "Problems with the request itself are 400: not JSON, trailing data, duplicate keys, wrong types, missing fields, a POST for something
// that cannot be a domain name"
func TestC40_ProblemsWithTheRequestAre400(t *testing.T) {
	domain := func(value string) func(onboarder) string {
		return func(o onboarder) string { return o.edit(`"domain":"alice.gent"`, `"domain":`+value) }
	}
	bodies := map[string]func(onboarder) string{
		"cut off":                     func(o onboarder) string { return strings.TrimSuffix(o.edit(`{`, `{ `), "}") },
		"not JSON further on":         func(o onboarder) string { return o.edit(`"domain":"alice.gent"`, `"domain":alice.gent`) },
		"a comma too many":            func(o onboarder) string { return strings.TrimSuffix(o.edit(`{`, `{ `), "}") + ",}" },
		"trailing data":               func(o onboarder) string { return o.edit(`{`, `{ `) + "x" },
		"a second document":           func(o onboarder) string { return o.edit(`{`, `{ `) + "{}" },
		"invalid UTF-8":               func(o onboarder) string { return o.edit(`alice.gent`, "alice\xff.gent") },
		"a key twice":                 func(o onboarder) string { return o.edit(`"domain":`, `"domain":"alice.gent","domain":`) },
		"an unknown key twice":        func(o onboarder) string { return o.edit(`"domain":`, `"x":1,"x":1,"domain":`) },
		"a key twice further down":    func(o onboarder) string { return o.edit(`"domain":`, `"x":{"y":[{"z":1,"z":2}]},"domain":`) },
		"a domain that is a number":   domain(`5`),
		"a domain that is a list":     domain(`["alice.gent"]`),
		"a domain that is null":       domain(`null`),
		"a domain that is true":       domain(`true`),
		"an empty domain":             domain(`""`),
		"a single label":              domain(`"alice"`),
		"a domain with a space":       domain(`"al ice.gent"`),
		"a domain with a line break":  domain(`"alice.gent\n"`),
		"a URL for a domain":          domain(`"https://alice.gent"`),
		"an IP address for a domain":  domain(`"192.0.2.1"`),
		"an underscore":               domain(`"al_ice.gent"`),
		"a leading hyphen":            domain(`"-alice.gent"`),
		"an empty label":              domain(`"alice..gent"`),
		"a long label":                domain(`"` + strings.Repeat("a", 64) + `.gent"`),
		"a long domain":               domain(`"` + strings.Repeat("a.", 130) + `gent"`),
		"a path for a domain":         domain(`"../../alice.gent"`),
		"no domain":                   func(o onboarder) string { return o.edit(`"domain":`, `"domein":`) },
		"a domain in another case":    func(o onboarder) string { return o.edit(`"domain":`, `"Domain":`) },
		"no callback":                 func(o onboarder) string { return o.edit(`"callback":`, `"callbak":`) },
		"a callback in another case":  func(o onboarder) string { return o.edit(`"callback":`, `"CallBack":`) },
		"a callback that is a number": func(o onboarder) string { return o.edit(`"callback":"`+callback+`"`, `"callback":5`) },
		"no sign-up code":             func(o onboarder) string { return o.edit(`"`+code+`"`, `null`) },
		"an empty sign-up code":       func(o onboarder) string { return o.edit(`"`+code+`"`, `""`) },
		"a sign-up code of 5000":      func(o onboarder) string { return o.edit(code, strings.Repeat("x", 5000)) },
		"a sign-up code as a number":  func(o onboarder) string { return o.edit(`"`+code+`"`, `5`) },
		"two different sign-up codes": func(o onboarder) string {
			if o.dialect == v1alpha1.DialectBearer {
				return o.edit(`{`, `{"owner-settings":{"secretSignUpCode":"x"},`)
			}
			return o.edit(`{`, `{"installerSecret":"x",`)
		},
		"owner-settings that are a text": func(o onboarder) string {
			if o.dialect == v1alpha1.DialectBearer {
				return o.edit(`{`, `{"owner-settings":"x",`)
			}
			return o.edit(`{"secretSignUpCode":"`+code+`"}`, `"x"`)
		},
		"more than 1 MiB":                   func(o onboarder) string { return o.edit(`"domain":`, `"x":"`+strings.Repeat("x", 1<<20)+`","domain":`) },
		"more than 1 MiB before the secret": func(o onboarder) string { return o.edit(`{`, `{"x":"`+strings.Repeat("x", 1<<20)+`",`) },
	}
	both(t, func(t *testing.T, hallo onboarder) {
		for name, body := range bodies {
			if a := hallo.post(body(hallo)); a.status != http.StatusBadRequest {
				t.Errorf("%s: answered %d %s", name, a.status, a.body)
			}
		}
		for _, body := range []string{``, `null`, `[]`, `"x"`, `5`, `{`, `alice.gent`, `domain=alice.gent`} {
			want := http.StatusBadRequest
			if hallo.dialect == v1alpha1.DialectQuerySecret {
				want = http.StatusUnauthorized // there is no credential in it
			}
			if a := hallo.post(body); a.status != want {
				t.Errorf("%q: answered %d %s", body, a.status, a.body)
			}
		}
		if n := hallo.count(&v1alpha1.IndieSiteList{}, hallo.sites); n != 0 {
			t.Errorf("%d claims were made", n)
		}
	})
}

// C41: an error names the field.
func TestC41_A400NamesTheField(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		for pointer, body := range map[string]string{
			"#/domain":   hallo.edit(`"alice.gent"`, `"al_ice.gent"`),
			"#/callback": hallo.edit(callback, "http://hallo.gent/mwf"),
		} {
			p := hallo.mustAnswer(hallo.post(body), http.StatusBadRequest).problem(t)
			if len(p.Errors) != 1 || p.Errors[0].Pointer != pointer || p.Errors[0].Detail == "" {
				t.Errorf("%s: %+v", pointer, p)
			}
		}
		wrong := hallo.mustAnswer(hallo.post(hallo.edit(`{`, `{"installerSecret":{},`)), http.StatusBadRequest)
		if hallo.dialect == v1alpha1.DialectQuerySecret && wrong.problem(t).Errors[0].Pointer != "#/installerSecret" {
			t.Errorf("%s", wrong.body)
		}
	})
}

// C42: "a callback that is not https or has user info, query, fragment, backslash, encoded dots or slashes, or lies outside the Onboarder's
// prefixes (compared as origin and whole path segments)"
func TestC42_CallbacksThatAreRefused(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		for _, refused := range []string{
			"", "hallo.gent/mwf", "/mwf", "//hallo.gent/mwf", "http://hallo.gent/mwf", "ftp://hallo.gent/mwf", "javascript:alert(1)", "https:hallo.gent/mwf",
			"https://user@hallo.gent/mwf", "https://user:password@hallo.gent/mwf", "https://hallo.gent@evil.example/mwf", "https://hallo.gent/mwf?x=1",
			"https://hallo.gent/mwf?", "https://hallo.gent/mwf#x", "https://hallo.gent/mwf#", `https://hallo.gent\mwf`, `https://hallo.gent/mwf\..`,
			"https://hallo.gent/mwf/../admin", "https://hallo.gent/mwf/./x", "https://hallo.gent/mwf/%2e%2e/admin", "https://hallo.gent/mwf%2fx",
			"https://hallo.gent/mwf%5cx", "https://hallo.gent/mwf%00", "https://hallo.gent/mwf%0d%0ax", "https://hallo.gent/mwf x", "https://hallo.gent/mwf\n",
			"https://hallo.gent/", "https://hallo.gent", "https://hallo.gent/mwfx", "https://hallo.gent/mw", "https://hallo.gent/x/mwf", "https://hallo.gent/MWF",
			"https://hallo.gent:8443/mwf", "https://hallo.gent:80/mwf", "https://evil.example/mwf", "https://hallo.gent.evil.example/mwf",
			"https://www.hallo.gent/mwf", "https://hallo.gent:/mwf:", "https://other.gent/mwf", "https://localhost/cb", "https://", "https:///mwf",
			"https://hallo.gent:99999/mwf", "https://[::1/mwf", "https://hallo.gént/mwf",
		} {
			if a := hallo.with(func(o *onboarder) { o.callback = refused }).order("alice.gent"); a.status != http.StatusBadRequest {
				t.Errorf("%q: answered %d %s", refused, a.status, a.body)
			}
		}
		if n := hallo.count(&v1alpha1.IndieSiteList{}, hallo.sites); n != 0 {
			t.Errorf("%d claims were made", n)
		}
	})
}

// C43: "a trailing slash on the callback … makes no difference", nor what a URL's normal form leaves out.
func TestC43_CallbacksThatAreTaken(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		for i, tc := range []struct{ sent, kept string }{
			{"https://hallo.gent/mwf", "https://hallo.gent/mwf"},
			{"https://hallo.gent/mwf/", "https://hallo.gent/mwf"},
			{"https://hallo.gent/mwf/v2", "https://hallo.gent/mwf/v2"},
			{"HTTPS://Hallo.GENT:443/mwf", "https://hallo.gent/mwf"},
			{"https://localhost:8443/cb", "https://localhost:8443/cb"},
		} {
			name := fmt.Sprintf("site-%d.gent", i)
			hallo.mustAnswer(hallo.with(func(o *onboarder) { o.callback = tc.sent }).order(name), http.StatusCreated)
			if got := hallo.mustClaim(name).Spec.Callback.URL; got != tc.kept {
				t.Errorf("%q is kept as %q", tc.sent, got)
			}
		}
	})
}

// C44: "Unknown fields are ignored, keys are case-sensitive, a missing Content-Type is taken, a trailing slash on … /v1/site/ makes no
// difference. Bodies up to 1 MiB."
func TestC44_WhatIsTaken(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		fields := hallo.fields("unknown.gent")
		for _, key := range []string{"Domain", "CALLBACK", "installersecret", "Secret", "Owner-Settings", "x"} {
			fields[key] = []any{1, map[string]any{"domain": nil}}
		}
		hallo.mustAnswer(hallo.orderWith(fields), http.StatusCreated)
		hallo.mustClaim("unknown.gent")

		// Numbers that no float holds, before all else and inside.
		huge := strings.Replace(hallo.edit("alice.gent", "huge.gent"), "{", `{"x":1e999,"y":{"z":[-1e400]},`, 1)
		hallo.mustAnswer(hallo.post(huge), http.StatusCreated)

		padded := strings.Replace(hallo.edit("alice.gent", "large.gent"), "{", "{"+strings.Repeat(" ", 1<<20), 1)
		hallo.mustAnswer(hallo.post(strings.Replace(padded, " ", "", len(padded)-1<<20)), http.StatusCreated)

		for i, contentType := range []string{"", "text/plain", "application/json; charset=utf-8", "application/octet-stream", ";;"} {
			for j, path := range []string{"/v1/site", "/v1/site/"} {
				req := hallo.request(http.MethodPost, path, hallo.edit("alice.gent", fmt.Sprintf("type-%d-%d.gent", i, j)))
				if contentType != "" {
					req.Header.Set("Content-Type", contentType)
				}
				if hallo.dialect == v1alpha1.DialectBearer {
					req.Header.Set("Authorization", "bearer  "+haloToken) // the scheme counts in any case
				}
				if a := hallo.send(req); a.status != http.StatusCreated {
					t.Errorf("%q at %s: answered %d %s", contentType, path, a.status, a.body)
				}
			}
		}
	})
}

// C45: "sign-up code (either is taken)", whatever the dialect.
func TestC45_EitherSignUpCodeIsTaken(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		for name, settings := range map[string]map[string]any{
			"new.gent":  {"installerSecret": code},
			"old.gent":  {"owner-settings": map[string]any{"secretSignUpCode": code, "name": "Alice"}},
			"both.gent": {"installerSecret": code, "owner-settings": map[string]any{"secretSignUpCode": code}},
		} {
			fields := hallo.fields(name)
			delete(fields, "installerSecret")
			delete(fields, "owner-settings")
			for key, value := range settings {
				fields[key] = value
			}
			hallo.mustAnswer(hallo.orderWith(fields), http.StatusCreated)
			if secret := hallo.secretOf(hallo.mustClaim(name)); !strings.Contains(string(secret.Data[v1alpha1.SecretKeyInstallerFile]), code) {
				t.Errorf("%s: the code is not in the Secret", name)
			}
		}
		// They are one order, as the code is the same.
		hallo.mustAnswer(hallo.order("new.gent"), http.StatusCreated)
		hallo.mustAnswer(hallo.order("old.gent"), http.StatusCreated)
	})
}

// C46: "Errors are application/problem+json (RFC 9457) with a stable type", also where there is no route or method.
func TestC46_ErrorsAreProblemDocuments(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		const base = "https://magicwebsitefactory.gent/problems/"
		for _, tc := range []struct {
			method, path string
			status       int
			kind, allow  string
		}{
			{http.MethodGet, "/", http.StatusNotFound, "not-found", ""},
			{http.MethodGet, "/v1", http.StatusNotFound, "not-found", ""},
			{http.MethodGet, "/v1/domain", http.StatusNotFound, "not-found", ""},
			{http.MethodGet, "/V1/domain/alice.gent", http.StatusNotFound, "not-found", ""},
			{http.MethodPost, "/v1/domain/alice.gent", http.StatusMethodNotAllowed, "method-not-allowed", "GET, HEAD"},
			{http.MethodDelete, "/v1/site/alice.gent", http.StatusMethodNotAllowed, "method-not-allowed", "GET, HEAD"},
			{http.MethodGet, "/v1/site", http.StatusMethodNotAllowed, "method-not-allowed", "POST"},
			{http.MethodPut, "/v1/site/", http.StatusMethodNotAllowed, "method-not-allowed", "GET, POST, HEAD"},
			{"MADEUP", "/v1/site", http.StatusMethodNotAllowed, "method-not-allowed", ""},
			{http.MethodGet, "/v1/domain/alice.gent", http.StatusUnauthorized, "unauthorized", ""},
		} {
			a := hallo.mustAnswer(hallo.send(hallo.request(tc.method, tc.path, "")), tc.status)
			if got := a.problem(t).Type; got != base+tc.kind {
				t.Errorf("%s %s: %s", tc.method, tc.path, got)
			}
			if got := a.header.Get("Allow"); tc.allow != "" && got != tc.allow {
				t.Errorf("%s %s: Allow %q", tc.method, tc.path, got)
			}
		}
		if got := hallo.order("unavailable.gent").problem(t).Type; got != base+"not-available" {
			t.Error(got)
		}
		if got := hallo.order("error.gent").problem(t).Type; got != base+"try-again-later" {
			t.Error(got)
		}
	})
}

// C47: "GET /v1/site/<domain> (an addition): how far it is; to the onboarder that asked, 404 to others."
func TestC47_HowFarItIs(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.get("/v1/site/alice.gent"), http.StatusNotFound)
		hallo.mustAnswer(hallo.get("/v1/site/no_name"), http.StatusNotFound)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		for _, path := range []string{"/v1/site/alice.gent", "/v1/site/ALICE.gent."} {
			if a := hallo.mustAnswer(hallo.get(path), http.StatusOK); !strings.Contains(a.body, `"state":"pending"`) || !strings.Contains(a.body, `"attempt":1`) {
				t.Errorf("%s", a.body)
			}
		}
		hallo.end("alice.gent", v1alpha1.OutcomeFailed, delivering)
		a := hallo.mustAnswer(hallo.get("/v1/site/alice.gent"), http.StatusOK)
		for _, part := range []string{`"state":"failed"`, `"outcome":{"status":500,"time":"`, `"callback":{"delivered":false,"attempts":1,"nextAttemptTime":"`} {
			if !strings.Contains(a.body, part) {
				t.Errorf("no %s in %s", part, a.body)
			}
		}
		hallo.other().mustAnswer(hallo.other().get("/v1/site/alice.gent"), http.StatusNotFound)
		hallo.mustAnswer(hallo.send(hallo.request(http.MethodGet, "/v1/site/alice.gent", "")), http.StatusUnauthorized)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		if a := hallo.get("/v1/site/alice.gent"); !strings.Contains(a.body, `"state":"pending"`) || !strings.Contains(a.body, `"attempt":2`) || strings.Contains(a.body, "outcome") {
			t.Errorf("a new attempt still tells of the old one: %s", a.body)
		}
	})
}
