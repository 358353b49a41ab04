package install

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/internal/availability/live"
)

// Whom both programs ask whether a name is free is said once in values, and becomes the flags of both.
func TestChartSaysWhomToAskWhetherANameIsFree(t *testing.T) {
	rendered := byKey(t, decode(t, helm(t, factoryNamespace, "environment=live",
		"availability.rdapBootstrapURL=https://mirror.example/dns.json",
		"availability.rdapServers.gent=https://rdap.example/", `availability.rdapServers.co\.uk=https://rdap.example/uk/`,
		"availability.das.be=das.example:4343", "availability.das.brussels=", "availability.dasQueriesPerMinute=25")))
	want := []string{
		"--rdap-bootstrap-url=https://mirror.example/dns.json", "--rdap-server=co.uk=https://rdap.example/uk/", "--rdap-server=gent=https://rdap.example/",
		"--das=be=das.example:4343", "--das=brussels=", "--das-queries-per-minute=25",
	}
	for _, program := range []string{"frontend", "manager"} {
		if diff := cmp.Diff(want, registryFlags(rendered, program)); diff != "" {
			t.Errorf("flags of %s (-want +got):\n%s", program, diff)
		}
	}
	for name, set := range map[string]string{
		"a bootstrap file without TLS": "availability.rdapBootstrapURL=http://mirror.example/",
		"a server without TLS":         "availability.rdapServers.gent=http://rdap.example/",
		"a service without a port":     "availability.das.be=das.example",
		"more than DNS Belgium allows": "availability.dasQueriesPerMinute=51",
		"no query at all":              "availability.dasQueriesPerMinute=0",
		"what there is not":            "availability.whois=true",
		"one for the front end only":   "frontend.availability.rdapServers.gent=https://rdap.example/",
	} {
		if out, err := helmFails(t, set); err == nil || !strings.Contains(out, "availability") {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}

// Nothing is said of what is the default of both programs anyway, neither by the chart nor by the kustomization.
func TestBothProgramsAskTheSameByDefault(t *testing.T) {
	for by, objects := range map[string]map[string]map[string]any{
		"Helm":                      byKey(t, decode(t, helm(t, factoryNamespace, "environment=live"))),
		"Helm, with the default":    byKey(t, decode(t, helm(t, factoryNamespace, fmt.Sprintf("availability.dasQueriesPerMinute=%d", live.DefaultQueries)))),
		"kustomize":                 byKey(t, decode(t, kustomize(t, "default"))),
		"kustomize, for a live one": byKey(t, decode(t, kustomize(t, "live"))),
	} {
		for _, program := range []string{"frontend", "manager"} {
			if got := registryFlags(objects, program); got != nil {
				t.Errorf("%s gives %s %q", by, program, got)
			}
		}
	}
}

// registryFlags are the flags of a program that say whom it asks whether a name is free.
func registryFlags(objects map[string]map[string]any, program string) []string {
	pod := objects["Deployment "+factoryNamespace+"/"+program]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	var flags []string
	for _, arg := range pod["containers"].([]any)[0].(map[string]any)["args"].([]any) {
		if flag, _, _ := strings.Cut(arg.(string), "="); slices.Contains([]string{"--rdap-bootstrap-url", "--rdap-server", "--das", "--das-queries-per-minute"}, flag) {
			flags = append(flags, arg.(string))
		}
	}
	return flags
}
