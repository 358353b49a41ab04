package install

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"magicwebsitefactory.gent/test/apiserver"
)

// controller-gen passes over a marker that stands in the comment of a type. So each marker in the code is looked for in the role that it should be in.
func TestEveryMarkerIsInItsRole(t *testing.T) {
	roles := granted(t)
	for account, rooms := range map[string][]string{
		"manager": {"controllers", "cmd/manager"}, "frontend": {"internal/frontend", "cmd/frontend"},
	} {
		found := 0
		for _, room := range rooms {
			for _, m := range markers(t, room) {
				found++
				namespace := map[string]string{"factory": factoryNamespace, "sites": sitesNamespace}[m["namespace"]]
				for _, line := range m.lines() {
					if !slices.Contains(roles[namespace+"/"+account], line) {
						t.Errorf("%s has a marker for %q in namespace=%s, but Role %s does not: make manifests; is there an empty line below the marker?",
							room, line, m["namespace"], account)
					}
				}
			}
		}
		if found == 0 {
			t.Errorf("no markers for %s in %v", account, rooms)
		}
	}
}

// marker is one kubebuilder:rbac marker: its settings by their names.
type marker map[string]string

func (m marker) lines() []string {
	groups := strings.Split(strings.Trim(m["groups"], `"`), ";")
	for i := range groups {
		groups[i] = strings.TrimPrefix(groups[i], "core")
	}
	return lines(groups, strings.Split(m["resources"], ";"), strings.Split(m["verbs"], ";"))
}

// markers are those below a folder.
func markers(t *testing.T, folder string) []marker {
	t.Helper()
	var found []marker
	err := filepath.WalkDir(filepath.Join(apiserver.Root(), folder), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		content, err := os.ReadFile(path)
		for line := range strings.Lines(string(content)) {
			if settings, is := strings.CutPrefix(strings.TrimSpace(line), "// +kubebuilder:rbac:"); is {
				m := marker{}
				for setting := range strings.SplitSeq(settings, ",") {
					name, value, _ := strings.Cut(setting, "=")
					m[name] = value
				}
				found = append(found, m)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// granted is what the Roles of config/rbac grant, by namespace/name.
func granted(t *testing.T) map[string][]string {
	t.Helper()
	roles := map[string][]string{}
	for _, o := range decode(t, kustomize(t, "rbac")) {
		if o.GetKind() != "Role" {
			continue
		}
		for _, rule := range typed[rbacv1.Role](t, o).Rules {
			name := o.GetNamespace() + "/" + o.GetName()
			roles[name] = append(roles[name], lines(rule.APIGroups, rule.Resources, rule.Verbs)...)
		}
	}
	return roles
}
