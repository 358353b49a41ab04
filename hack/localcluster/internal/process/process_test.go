package process

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func manager(t *testing.T) Manager {
	t.Helper()
	return Manager{Records: t.TempDir(), Logs: t.TempDir()}
}

func TestStartAndStop(t *testing.T) {
	m := manager(t)
	spec := Spec{Name: "sleeper", Path: "/bin/sleep", Args: []string{"60"}}
	if err := m.Start(spec); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Stop("sleeper", time.Second) })
	first, alive := m.Alive("sleeper")
	if !alive {
		t.Fatal("it does not run")
	}
	if err := m.Start(spec); err != nil {
		t.Fatal(err)
	}
	if second, _ := m.Alive("sleeper"); second != first {
		t.Errorf("starting it twice makes process %d after %d", second, first)
	}
	spec.Args = []string{"61"}
	if err := m.Start(spec); err != nil {
		t.Fatal(err)
	}
	if third, alive := m.Alive("sleeper"); !alive || third == first {
		t.Error("another command line does not start it anew")
	}
	if err := m.Stop("sleeper", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, alive := m.Alive("sleeper"); alive {
		t.Error("it runs after it was stopped")
	}
	if err := m.Stop("sleeper", time.Second); err != nil {
		t.Errorf("stopping what does not run: %v", err)
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	m := manager(t)
	script := "trap '' TERM; echo ready; while :; do sleep 0.05; done"
	if err := m.Start(Spec{Name: "stubborn", Path: "/bin/sh", Args: []string{"-c", script}}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(m.LogTail("stubborn", 100), "ready"); {
		if time.Now().After(deadline) {
			t.Fatal("it does not start")
		}
	}
	if err := m.Stop("stubborn", 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if _, alive := m.Alive("stubborn"); alive {
		t.Error("it survives")
	}
}

func TestAliveIsNotFooledBy(t *testing.T) {
	own, _ := startTime(os.Getpid())
	cases := map[string]any{
		"a process that uses the number again": record{PID: os.Getpid(), Start: own + 1, Boot: BootID()},
		"a record of another boot":             record{PID: os.Getpid(), Start: own, Boot: "another"},
		"a record without a process":           record{Start: own, Boot: BootID()},
		"a half-written record":                "{",
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			m := manager(t)
			encoded, err := json.Marshal(content)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(m.recordPath("it"), encoded, 0o600); err != nil {
				t.Fatal(err)
			}
			if pid, alive := m.Alive("it"); alive {
				t.Errorf("process %d is taken for ours", pid)
			}
		})
	}
}

func TestParseStat(t *testing.T) {
	const tail = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"
	cases := map[string]struct {
		stat    string
		start   uint64
		running bool
	}{
		"a plain process":                {"12 (etcd) S" + tail, 4711, true},
		"a name with brackets and space": {"12 (a) b) R" + tail, 4711, true},
		"a zombie":                       {"12 (etcd) Z" + tail, 0, false},
		"nonsense":                       {"12", 0, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			start, running := parseStat(c.stat)
			if start != c.start || running != c.running {
				t.Errorf("parseStat = %d, %v, want %d, %v", start, running, c.start, c.running)
			}
		})
	}
}
