package hallotest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Reply is one answer of a scripted Factory.
type Reply struct {
	Status int
	Body   string
	Header http.Header
	// Lost cuts the connection off after the request was taken.
	Lost bool
}

// Script is what a Factory does.
type Script struct {
	// Availability and Orders are the answers to GET and POST, in their order;
	// the last one is given again and again.
	Availability, Orders []Reply
	// Names are the answers to GET for single names, before Availability.
	Names map[string]Reply
	// Progress are the answers to GET /v1/site/<domain>, which not every factory
	// knows: 404 without one.
	Progress []Reply
	// Outcomes are called back, one after the other, once an order is taken.
	Outcomes []int
	// Before, if given, is called before the first callback with the callback
	// URL that was ordered.
	Before func(callback string)
}

// Factory is a factory that follows a script. It holds its onboarder to the
// contract: a request that breaks it fails the test.
type Factory struct {
	// URL is where it is.
	URL string

	t       testing.TB
	token   string
	script  Script
	trust   *http.Client
	running sync.WaitGroup

	mu        sync.Mutex
	asked     int
	followed  int
	orders    []string
	called    bool
	delivered []int
}

// NewFactory starts a factory with a certificate of the authority for
// 127.0.0.1, which also is whom it trusts when it calls back.
func NewFactory(t testing.TB, authority *Authority, token string, script Script) *Factory {
	t.Helper()
	f := &Factory{t: t, token: token, script: script, trust: &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12}},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/domain/{domain}", f.availability)
	mux.HandleFunc("POST /v1/site", f.order)
	mux.HandleFunc("GET /v1/site/{domain}", f.progress)
	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Certificate("127.0.0.1")}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	f.URL = server.URL
	t.Cleanup(func() {
		f.running.Wait()
		server.Close()
	})
	return f
}

// Orders returns the bodies of the orders that arrived.
func (f *Factory) Orders() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.orders)
}

// Followed returns how often it was asked how far a site is.
func (f *Factory) Followed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.followed
}

// Delivered returns how the callbacks were answered, once all are through.
func (f *Factory) Delivered() []int {
	f.running.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.delivered)
}

func nth(replies []Reply, n int) Reply { return replies[min(n, len(replies)-1)] }

func (f *Factory) availability(w http.ResponseWriter, r *http.Request) {
	f.judge(r)
	f.mu.Lock()
	reply, named := f.script.Names[r.PathValue("domain")]
	if !named {
		reply = nth(f.script.Availability, f.asked)
		f.asked++
	}
	f.mu.Unlock()
	write(w, reply)
}

func (f *Factory) progress(w http.ResponseWriter, r *http.Request) {
	f.judge(r)
	reply := Reply{Status: http.StatusNotFound}
	f.mu.Lock()
	if len(f.script.Progress) > 0 {
		reply = nth(f.script.Progress, f.followed)
	}
	f.followed++
	f.mu.Unlock()
	write(w, reply)
}

// judge holds a GET to the contract.
func (f *Factory) judge(r *http.Request) {
	bearer, secret := r.Header.Get("Authorization"), r.URL.Query().Get("secret")
	if (bearer == "Bearer "+f.token) == (secret == f.token) {
		f.t.Errorf("GET authenticates with %q and %q", bearer, secret)
	}
}

// order is the body of POST /v1/site in both dialects.
type order struct {
	Domain          string `json:"domain"`
	Callback        string `json:"callback"`
	InstallerSecret string `json:"installerSecret"`
	Secret          string `json:"secret"`
	OwnerSettings   struct {
		SecretSignUpCode string `json:"secretSignUpCode"`
	} `json:"owner-settings"`
}

func (f *Factory) order(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the onboarder has gone
	}
	var o order
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		f.t.Errorf("POST with a body that breaks the contract: %v", err)
	}
	bearer := r.Header.Get("Authorization") == "Bearer "+f.token
	modern := bearer && o.Secret == "" && o.InstallerSecret != "" && o.OwnerSettings.SecretSignUpCode == ""
	older := !bearer && o.Secret == f.token && o.InstallerSecret == "" && o.OwnerSettings.SecretSignUpCode != ""
	if modern == older || r.URL.RawQuery != "" {
		f.t.Errorf("POST mixes the dialects or authenticates wrongly")
	}
	f.mu.Lock()
	reply := nth(f.script.Orders, len(f.orders))
	f.orders = append(f.orders, string(body))
	callBack := (reply.Status == http.StatusCreated || reply.Lost) && !f.called
	f.called = f.called || callBack
	f.mu.Unlock()
	if callBack {
		f.running.Go(func() { f.callBack(o, bearer) })
	}
	write(w, reply)
}

func (f *Factory) callBack(o order, bearer bool) {
	if f.script.Before != nil {
		f.script.Before(o.Callback)
	}
	for _, outcome := range f.script.Outcomes {
		status, err := f.Patch(strings.TrimSuffix(o.Callback, "/")+"/site/"+o.Domain, outcome, bearer)
		if err != nil {
			f.t.Errorf("call back: %v", err)
			return
		}
		f.mu.Lock()
		f.delivered = append(f.delivered, status)
		f.mu.Unlock()
	}
}

// Patch makes one callback to the URL, with the token as the dialect has it,
// and returns the status of the answer.
func (f *Factory) Patch(url string, outcome int, bearer bool) (int, error) {
	url += fmt.Sprintf("?status=%d", outcome)
	if !bearer {
		url += "&secret=" + f.token
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPatch, url, nil)
	if err != nil {
		return 0, err
	}
	if bearer {
		request.Header.Set("Authorization", "Bearer "+f.token)
	}
	return f.Send(request)
}

// Send makes any request as the factory does, trusting what it trusts.
func (f *Factory) Send(request *http.Request) (int, error) {
	response, err := f.trust.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func write(w http.ResponseWriter, reply Reply) {
	if reply.Lost {
		panic(http.ErrAbortHandler) // the documented way to end a connection without an answer
	}
	for name, values := range reply.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(reply.Status)
	_, _ = io.WriteString(w, reply.Body) // the onboarder has gone if this fails
}
