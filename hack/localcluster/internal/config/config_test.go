package config

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") == "1", "write the golden files")

func TestRender(t *testing.T) {
	machine := Machine{PauseImage: "mwf.local/pause:1", RestrictOOMScore: true, NameServers: []string{"192.0.2.53", "2001:db8::53"}}
	for _, name := range Files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			got, err := Render(name, machine)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Base(name), string(got))
		})
	}
}

func TestCommandLines(t *testing.T) {
	for _, name := range Components {
		t.Run(name, func(t *testing.T) {
			spec := Component(name)
			golden(t, name+".args", spec.Path+"\n"+strings.Join(spec.Args, "\n")+"\n")
			for _, arg := range spec.Args {
				if strings.Contains(arg, "0.0.0.0") {
					t.Errorf("%s listens everywhere: %s", name, arg)
				}
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestNetworkIsJSON(t *testing.T) {
	content, err := Render(networkFile, Machine{})
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(content) {
		t.Errorf("not JSON:\n%s", content)
	}
}

func TestNameServersLeaveOutLoopback(t *testing.T) {
	const resolv = "# made by hand\nsearch example\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver\noptions ndots:1\n"
	if diff := cmp.Diff([]string{"192.0.2.1"}, nameServers(strings.NewReader(resolv))); diff != "" {
		t.Errorf("the name servers (-want +got):\n%s", diff)
	}
}

func TestMayLowerOOMScore(t *testing.T) {
	cases := map[string]bool{
		"CapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n": true,
		"CapPrm:\t000001ffffffffff\nCapEff:\t000001fffeffffff\n": false,
		"Name:\tsh\n": false,
	}
	for status, want := range cases {
		if got := mayLowerOOMScore(status); got != want {
			t.Errorf("mayLowerOOMScore(%q) = %v", status, got)
		}
	}
}
