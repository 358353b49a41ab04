package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

// TestMain lets the tests start hallo as a process of its own, which can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("HALLO_OF_THE_TEST") != "" {
		main()
	}
	os.Exit(m.Run())
}

// person talks with Hallobot.
type person struct {
	t      *testing.T
	client *http.Client
	page   string
}

func newPerson(t *testing.T, x *terminal) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := hallo.TrustFile(x.variables["FACTORY_CA"])
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &person{t: t, page: strings.TrimSuffix(x.variables["CALLBACK"], "/mwf"), client: &http.Client{Jar: jar, Transport: transport, Timeout: 10 * time.Second}}
}

type seen struct {
	Phase, Code, Link string
}

func (p *person) ask(method, path, body string) (seen, error) {
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.page+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	var got seen
	response, err := p.client.Do(request)
	if err != nil {
		return got, err
	}
	defer func() { _ = response.Body.Close() }()
	return got, json.NewDecoder(response.Body).Decode(&got)
}

func (p *person) step(path, body string) seen {
	p.t.Helper()
	got, err := p.ask(http.MethodPost, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// comesTo waits for a phase, also while hallo is not there.
func (p *person) comesTo(phase string) (got seen) {
	p.t.Helper()
	gomega.NewWithT(p.t).Eventually(func() string {
		got, _ = p.ask(http.MethodGet, "/conversation", "")
		return got.Phase
	}).WithTimeout(30 * time.Second).WithPolling(20 * time.Millisecond).Should(gomega.Equal(phase))
	return got
}

func (p *person) reachesThePage() {
	p.t.Helper()
	gomega.NewWithT(p.t).Eventually(func() error {
		response, err := p.client.Get(p.page + "/healthz")
		if err == nil {
			err = response.Body.Close()
		}
		return err
	}).WithTimeout(30 * time.Second).WithPolling(20 * time.Millisecond).Should(gomega.Succeed())
}

// process starts hallo serve with the terminal's variables.
func (x *terminal) process(t *testing.T, log string) *exec.Cmd {
	t.Helper()
	file, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	cmd := exec.Command(os.Args[0], "serve")
	cmd.Env = []string{"HALLO_OF_THE_TEST=yes"}
	for name, value := range x.variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended if this fails
		_ = cmd.Wait()
	})
	return cmd
}

func TestHallobotGoesOnAfterBeingKilled(t *testing.T) {
	release := make(chan struct{})
	steps := script(201)
	steps.Before = func(string) { <-release }
	x := newTerminal(t, "of another", steps)
	x.variables["HALLO_STATE"] = filepath.Join(t.TempDir(), "state")
	log := filepath.Join(t.TempDir(), "log")
	p := newPerson(t, x)

	first := x.process(t, log)
	p.reachesThePage()
	code := p.step("/conversation", `{"language": "nl"}`).Code
	p.step("/conversation/kept", `{}`)
	p.step("/conversation/order", `{"domain": "available.gent"}`)
	p.comesTo("waiting")
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed

	x.process(t, log)
	p.reachesThePage()
	if got := p.comesTo("waiting"); got.Code != code {
		t.Errorf("the code is another one")
	}
	close(release)
	p.comesTo("arrived")
	p.step("/conversation/settings", `{"settings": {"name": "Alice"}}`)
	p.comesTo("stranded") // the site of this test knows another code

	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "Hallobot is at "+p.page+"/\n") != 2 {
		t.Errorf("it does not say where it is:\n%s", text)
	}
	if strings.Contains(string(text), code) || strings.Contains(string(text), token) {
		t.Errorf("the log shows a secret:\n%s", text)
	}
}

func TestHallobotEndsWhenItIsInterrupted(t *testing.T) {
	x := newTerminal(t, "sesame", script(201))
	x.variables["HOME"] = t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- x.run(ctx, "serve", "--suffixes", "gent, .BE") }()
	newPerson(t, x).reachesThePage()
	interrupt()
	if exit := <-ended; exit != hallo.ExitDone {
		t.Errorf("exit code %d\n%s", exit, &x.stderr)
	}
	kept, err := filepath.Glob(filepath.Join(x.variables["HOME"], ".local/state/hallo/*/factory"))
	if err != nil || len(kept) != 1 {
		t.Errorf("its state is at %v, %v", kept, err)
	}
}

func TestMistakesInHowHallobotIsCalledAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		without string
		says    string
		exit    int
	}{
		"an argument":        {[]string{"serve", "alice.gent"}, "", "alice.gent", hallo.ExitUsage},
		"no orders":          {[]string{"serve", "--orders-per-hour", "0"}, "", "--orders-per-hour", hallo.ExitUsage},
		"an empty suffix":    {[]string{"serve", "--suffixes", "gent,,be"}, "", "gent,be", hallo.ExitUsage},
		"no factory":         {[]string{"serve"}, "FACTORY_URL", "--factory", hallo.ExitUsage},
		"nowhere to keep it": {[]string{"serve"}, "", "--state", hallo.ExitUsage},
		"no certificate":     {[]string{"serve", "--state", "x", "--cert", "/nowhere"}, "", "--cert", hallo.ExitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t, "sesame", hallotest.Script{})
			delete(x.variables, c.without)
			if exit := x.run(t.Context(), c.args...); exit != c.exit || !strings.Contains(x.stderr.String(), c.says) {
				t.Errorf("exit code %d, want %q in:\n%s", exit, c.says, &x.stderr)
			}
		})
	}
}

func TestAStateFolderOfAnotherFactoryIsLeftAlone(t *testing.T) {
	x := newTerminal(t, "sesame", script(201))
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, "factory"), []byte("https://another.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if exit := x.run(t.Context(), "serve", "--state", state); exit != hallo.ExitFailed || !strings.Contains(x.stderr.String(), "https://another.example") {
		t.Errorf("exit code %d\n%s", exit, &x.stderr)
	}
}
