package host

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMounts(t *testing.T) {
	const info = `22 1 254:0 / / rw,relatime - ext4 /dev/root rw
40 22 0:35 / /run/mwf-local rw - tmpfs tmpfs rw
41 22 0:36 / /run/mwf-localhost rw - tmpfs tmpfs rw
42 40 0:37 / /run/mwf-local/containerd/shm rw shared:5 - tmpfs shm rw
43 22 0:38 / /var/lib/mwf-local/a\040b rw - tmpfs tmpfs rw
`
	got, err := parseMounts(strings.NewReader(info), "/run/mwf-local", "/var/lib/mwf-local")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/run/mwf-local", "/run/mwf-local/containerd/shm", "/var/lib/mwf-local/a b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the mounts (-want +got):\n%s", diff)
	}
}

func TestOfCluster(t *testing.T) {
	dirs := []string{"/var/lib/mwf-local", "/run/mwf-local"}
	cases := map[string]struct {
		exe  string
		args []string
		want bool
	}{
		"a component runs from our folder":             {"/var/lib/mwf-local/bin/kube", nil, true},
		"its binary was replaced":                      {"/var/lib/mwf-local/bin/kube (deleted)", nil, true},
		"our containerd":                               {"/usr/bin/containerd", []string{"containerd", "--config", "/var/lib/mwf-local/config/containerd.toml"}, true},
		"a shim of ours":                               {"/usr/bin/containerd-shim-runc-v2", []string{"shim", "-address", "/run/mwf-local/containerd.sock"}, true},
		"an option with our path as its value":         {"/usr/sbin/runc", []string{"runc", "--root=/run/mwf-local/runc/k8s.io"}, true},
		"another containerd":                           {"/usr/bin/containerd", []string{"containerd"}, false},
		"somebody reads our logs":                      {"/usr/bin/tail", []string{"tail", "-f", "/var/lib/mwf-local/logs/kubelet.log"}, false},
		"another cluster in a folder that looks alike": {"/var/lib/mwf-local2/bin/kube", nil, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := ofCluster(c.exe, c.args, dirs); got != c.want {
				t.Errorf("ofCluster = %v, want %v", got, c.want)
			}
		})
	}
}

func TestConflict(t *testing.T) {
	cases := map[string]struct {
		route route
		want  bool
	}{
		"the default route":             {route{"default", "eth0"}, false},
		"a neighbour's network":         {route{"192.168.1.0/24", "eth0"}, false},
		"a wide private route":          {route{"10.0.0.0/8", "tun0"}, false},
		"our own link":                  {route{"10.213.64.0/18", "mwf-node0"}, false},
		"a pod of ours":                 {route{"10.213.0.7", "veth12345678"}, false},
		"a Docker network in our range": {route{"10.213.0.0/16", "br-1234"}, true},
		"a host in our range":           {route{"10.213.64.9", "tun0"}, true},
		"our node's address elsewhere":  {route{"198.18.213.1", "eth1"}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if err := conflict([]route{c.route}); (err != nil) != c.want {
				t.Errorf("conflict = %v, want one: %v", err, c.want)
			}
		})
	}
}

func TestParseMemory(t *testing.T) {
	if got, want := parseMemory("MemTotal:       24576000 kB\nMemFree: 1 kB\n"), uint64(24576000)<<10; got != want {
		t.Errorf("parseMemory = %d, want %d", got, want)
	}
}

func TestMissingControllersAreNamed(t *testing.T) {
	err := missingControllers([]string{"cpu", "pids"}, []string{"cpu", "memory", "pids", "freezer"}, "mount them")
	if err == nil || !strings.Contains(err.Error(), "memory, freezer") || !strings.Contains(err.Error(), "mount them") {
		t.Errorf("the error is %v", err)
	}
	if err := missingControllers([]string{"cpu"}, []string{"cpu"}, ""); err != nil {
		t.Errorf("nothing is missing, and the error is %v", err)
	}
}
