package whole

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// do sends a request and keeps the answer, head and all.
func (v *vault) do(method, address, target string, header http.Header, body io.Reader) int {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, address+target, body)
	v.must(err)
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := v.lenient.Do(request)
	if err != nil {
		return 0 // who broke off said nothing
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := httputil.DumpResponse(response, true)
	_, _ = fmt.Fprintf(&v.answers, "%s\n", answer)
	return response.StatusCode
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func (v *vault) get(c *customer, dialect v1alpha1.Dialect, path string) int {
	v.t.Helper()
	if dialect == v1alpha1.DialectQuerySecret {
		return v.do(http.MethodGet, "https://"+v.address, path+"?secret="+url.QueryEscape(c.token), nil, nil)
	}
	return v.do(http.MethodGet, "https://"+v.address, path, bearer(c.token), nil)
}

func (v *vault) post(body string, header http.Header) int {
	v.t.Helper()
	return v.do(http.MethodPost, "https://"+v.address, "/v1/site", header, strings.NewReader(body))
}

// order places an order with a code of its own, and with the same again when it is ordered again.
func (v *vault) order(c *customer, dialect v1alpha1.Dialect, domain, callback string, want int) {
	v.t.Helper()
	v.names[domain] = true
	code := v.marks.secret("the sign-up code of " + domain)
	body := map[string]any{"domain": domain, "callback": callback}
	var header http.Header
	if dialect == v1alpha1.DialectQuerySecret {
		body["secret"], body["owner-settings"] = c.token, map[string]string{"secretSignUpCode": code, "secretSignupCode": code}
	} else {
		body["installerSecret"], header = code, bearer(c.token)
	}
	document, err := json.Marshal(body)
	v.must(err)
	if status := v.post(string(document), header); status != want {
		v.t.Fatalf("the order of %s was answered %d\n%s", domain, status, v.answers.End(10))
	}
}

// try places an order that may be refused.
func (v *vault) try(c *customer, domain, callback string) error {
	v.names[domain] = true
	document, _ := json.Marshal(map[string]string{"domain": domain, "callback": callback, "installerSecret": v.marks.secret("a sign-up code of " + domain)})
	if status := v.post(string(document), bearer(c.token)); status != http.StatusCreated && status != http.StatusConflict {
		return fmt.Errorf("answered %d", status)
	}
	return nil
}

// ask asks for all that can be asked for, with the token in places where it belongs and where it does not.
func (v *vault) ask(c *customer) {
	v.t.Helper()
	token := url.QueryEscape(c.token)
	for _, dialect := range []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret} {
		for _, path := range []string{"/v1/domain/free.gent", "/v1/domain/bearer-good.gent", "/v1/site/bearer-good.gent", "/v1/site/nobodys.gent", "/v1/domain/error.gent", "/v1/domain/" + url.PathEscape(c.token), "/v1/site/" + url.PathEscape(c.token)} {
			v.get(c, dialect, path)
		}
	}
	for _, path := range []string{"/", "/v1", "/v1/site", "/v1/domain/", "/nothing/" + url.PathEscape(c.token), "/v1/domain/%2e%2e/" + url.PathEscape(c.token), "//" + url.PathEscape(c.token)} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodHead, "SECRET"} {
			v.do(method, "https://"+v.address, path+"?secret="+token+"&secret="+token+"&token="+token, nil, strings.NewReader(c.token))
			v.do(method, "https://"+v.address, path+"?a="+token, bearer(c.token), nil)
		}
	}
	for _, address := range []string{"http://" + v.health, "https://" + v.metrics["frontend"], "https://" + v.metrics["manager"]} {
		for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug/pprof/", "/" + url.PathEscape(c.token)} {
			v.do(http.MethodGet, address, path+"?verbose&secret="+token, nil, nil)
			v.do(http.MethodGet, address, path+"?secret="+token+"%zz;", bearer(c.token), nil)
			v.do(http.MethodPost, address, path, http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("hallo:"+c.token))}}, strings.NewReader(c.token))
		}
	}
	for _, header := range []http.Header{
		{"Authorization": {c.token}},
		{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("hallo:"+c.token))}},
		{"Authorization": {"Bearer " + c.token, "Bearer " + c.token}},
		{"Authorization": {"Bearer " + c.token + " " + c.token}},
		{"Authorization": {"Bearer " + v.marks.secret("a wrong token")}},
		{"Authorization": {"Bearer " + c.token[:len(c.token)-1]}},
		{"Authorization": {"Bearer " + c.token}, "X-Request-Id": {c.token}, "X-Forwarded-For": {c.token}, "Forwarded": {"for=" + c.token}, "Cookie": {"t=" + c.token}, "Referer": {"https://x/?" + c.token}, "User-Agent": {c.token}, "Traceparent": {c.token}},
		{"Authorization": {"Bearer " + c.token}, "X-Large": {strings.Repeat(c.token, 500)}},
		{"Authorization": {"Bearer " + strings.Repeat(c.token, 100)}},
		{"Authorization": {"Bearer " + strings.Repeat(c.token, 1000)}},
	} {
		v.do(http.MethodGet, "https://"+v.address, "/v1/domain/free.gent", header, nil)
		v.do(http.MethodGet, "https://"+v.address, "/v1/domain/free.gent?secret="+token, header, nil)
		v.post(`{"domain":"free.gent","callback":"`+c.callback+`/","installerSecret":5}`, header)
	}
}

// misbehave sends bodies and bytes that are wrong, with secrets in odd places.
func (v *vault) misbehave(c *customer) {
	v.t.Helper()
	token, _ := json.Marshal(c.token)
	secret, _ := json.Marshal(v.marks.secret("a sign-up code in an odd place"))
	bare := strings.Trim(string(secret), `"`)
	for _, body := range []string{
		`{"secret":@T,"secret":@S}`, `{"secret":@T,"installerSecret":@S,"installerSecret":@S}`, `{"secret":@T,@S:1,@S:2}`, `{"secret":@T,"domain":@S}`,
		`{"secret":[@T]}`, `{"secret":{"secret":@T}}`, `{"secret":@T,"domain":{"a":@S}}`, `{"secret":@T,"domain":"odd.gent","callback":[@S]}`,
		`{"secret":@T,"domain":"odd.gent","callback":"@C","owner-settings":@S}`, `{"secret":@T,"domain":"odd.gent","callback":"@C","owner-settings":{"secretSignUpCode":{"x":@S}}}`,
		`{"secret":@T,"domain":"odd.gent","callback":"@C","installerSecret":[@S]}`, `{"secret":@T,"domain":"odd.gent","callback":"@C","installerSecret":@S,"owner-settings":{"secretSignUpCode":@T}}`,
		`{"secret":@T,"domain":"odd.gent","callback":"@C"}@S`, `{"secret":@T}{"secret":@S}`, `{"secret":@T,"domain":@S`, `@S`, `[@T,@S]`, `@T @S`, `{"secret":@T,@S}`, `{"secret":@T,"a":@S"b"}`,
		`{"secret":@T,"domain":"odd.gent","callback":"https://user:@B@host.example/"}`, `{"secret":@T,"domain":"odd.gent","callback":"https://host.example/?secret=@B"}`,
		`{"secret":@T,"domain":"odd.gent","callback":"http://host.example/@B"}`, `{"secret":@T,"domain":"odd.gent","callback":"https://host.example:@B/"}`,
		`{"secret":@T,"domain":"odd.gent","callback":"https://@B.example/in"}`, `{"secret":@T,"domain":"odd.gent","callback":"@C?secret=@B"}`, `{"secret":@T,"domain":"odd.gent","callback":@S}`,
		`{"secret":@T,"domain":"odd.gent","callback":"@C/%2e%2e/@B"}`, `{"secret":@T,"domain":"@B.gent","callback":"@C"}`, `{"secret":@T,"domain":"@B","callback":"@C","installerSecret":@S}`,
		`{"secret":@T,"domain":"odd.gent","callback":"@C","installerSecret":"` + strings.Repeat("@B", 100) + `"}`, "{\"secret\":@T,\"a\":\"\xff\xfe@B\"}", `{"secret":@T,"a":"\ud800@B"}`,
		`{"secret":@T,"Secret":@S,"token":@S,"password":{"a":[@S]},"domain":5}`, `{"secret":@T,"a":"` + strings.Repeat("@B", 1<<15) + `"}`, `{"a":"` + strings.Repeat("@B", 1<<15) + `","secret":@T}`, "",
	} {
		body = strings.NewReplacer("@C", c.callback, "@T", string(token), "@S", string(secret), "@B", bare).Replace(body)
		v.post(body, nil)
		v.post(body, bearer(c.token))
	}
	v.garble(c)
	for range 60 { // more than may fail
		v.do(http.MethodGet, "https://"+v.address, "/v1/domain/free.gent", bearer(v.marks.secret("a token that is guessed")), nil)
	}
}

// garble sends what is hardly HTTP, or not at all.
func (v *vault) garble(c *customer) {
	v.t.Helper()
	token := c.token
	for _, text := range []string{
		token + "\r\n\r\n",
		token + " /v1/site HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/domain/x?secret=" + token + " HTTP/1.1\r\n\r\n",
		"GET /v1/domain/x?secret=" + token + " HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET /v1/domain/%zz?secret=" + token + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET https://user:" + token + "@host/v1/domain/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /v1/domain/x HTTP/1.1\r\nHost: " + token + "\r\nConnection: close\r\n\r\n",
		"GET /v1/domain/x HTTP/1.1\r\nHost: x\r\n" + token + "\r\n\r\n",
		"GET /v1/domain/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\x00\r\n\r\n",
		"GET /v1/domain/x HTTP/1.1\r\nHost: x\r\n" + token + ": " + token + "\r\nConnection: close\r\n\r\n",
		"POST /v1/site HTTP/1.1\r\nHost: x\r\nContent-Length: " + token + "\r\n\r\n",
		"POST /v1/site HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + token + "\r\n\r\n",
		"POST /v1/site HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + token + "\r\n",
		"POST /v1/site HTTP/1.1\r\nHost: x\r\nExpect: " + token + "\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{}\n",
		"CONNECT " + token + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nConnection: close\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + token,
	} {
		v.say(text, true, "localhost")
		v.say(text, false, "")
	}
	v.say("", true, strings.ToLower(token[:window+8])+".example")
	broken, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, "https://"+v.address+"/v1/site", io.MultiReader(strings.NewReader(`{"secret":"`+token), failingReader{}))
	v.must(err)
	if response, err := v.http.Do(broken); err == nil {
		_ = response.Body.Close()
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// knock asks once more, now that the files are broken.
func (v *vault) knock(c *customer) {
	v.t.Helper()
	v.get(c, v1alpha1.DialectQuerySecret, "/v1/domain/late.gent")
	_ = v.try(c, "very-late.gent", c.callback)
}

// account makes a service account that may do one thing in the whole cluster, and returns its token.
func (v *vault) account(name string, rule rbacv1.PolicyRule) string {
	v.t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: v.inFactory(name)}
	wide := metav1.ObjectMeta{Name: name + "-of-" + v.factory}
	role := &rbacv1.ClusterRole{ObjectMeta: wide, Rules: []rbacv1.PolicyRule{rule}}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: wide,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: wide.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: v.factory, Name: account.Name}},
	}
	v.create(account, role, binding)
	v.t.Cleanup(func() {
		ctx := context.WithoutCancel(v.t.Context())
		_ = v.client.Delete(ctx, binding)
		_ = v.client.Delete(ctx, role)
	})
	request := &authenticationv1.TokenRequest{}
	v.must(v.client.SubResource("token").Create(v.t.Context(), account, request))
	v.marks.add("the token of the service account "+name, request.Status.Token[strings.LastIndex(request.Status.Token, ".")+1:])
	return request.Status.Token
}

// scrape reads the metrics of both programs.
func (v *vault) scrape() map[string]string {
	v.t.Helper()
	all := map[string]string{}
	for program, address := range v.metrics {
		v.await("the metrics of the "+program, time.Minute, func(ctx context.Context) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/metrics", nil)
			if err != nil {
				return err
			}
			request.Header.Set("Authorization", "Bearer "+v.scraper)
			response, err := v.lenient.Do(request)
			if err != nil {
				return err
			}
			defer func() { _ = response.Body.Close() }()
			var text bytes.Buffer
			if _, err := text.ReadFrom(response.Body); err != nil {
				return err
			}
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("answered %s", response.Status)
			}
			all[program] = text.String()
			return nil
		})
	}
	return all
}
