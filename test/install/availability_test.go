package install

import (
	"slices"
	"strings"
	"testing"
)

// Whom the front end asks whether a name is free is said in values, and becomes its flags.
func TestChartSaysWhomToAskWhetherANameIsFree(t *testing.T) {
	rendered := byKey(t, decode(t, helm(t, factoryNamespace, "environment=live",
		"frontend.availability.rdapBootstrapURL=https://mirror.example/dns.json",
		"frontend.availability.rdapServers.gent=https://rdap.example/", `frontend.availability.rdapServers.co\.uk=https://rdap.example/uk/`,
		"frontend.availability.das.be=das.example:4343", "frontend.availability.das.brussels=", "frontend.availability.dasQueriesPerMinute=25")))
	pod := rendered["Deployment "+factoryNamespace+"/frontend"]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	var args []string
	for _, arg := range pod["containers"].([]any)[0].(map[string]any)["args"].([]any) {
		args = append(args, arg.(string))
	}
	for _, want := range []string{
		"--rdap-bootstrap-url=https://mirror.example/dns.json", "--rdap-server=gent=https://rdap.example/", "--rdap-server=co.uk=https://rdap.example/uk/",
		"--das=be=das.example:4343", "--das=brussels=", "--das-queries-per-minute=25",
	} {
		if !slices.Contains(args, want) {
			t.Errorf("%s is not among the flags %q", want, args)
		}
	}
	for name, set := range map[string]string{
		"a bootstrap file without TLS": "frontend.availability.rdapBootstrapURL=http://mirror.example/",
		"a server without TLS":         "frontend.availability.rdapServers.gent=http://rdap.example/",
		"a service without a port":     "frontend.availability.das.be=das.example",
		"more than DNS Belgium allows": "frontend.availability.dasQueriesPerMinute=51",
		"no query at all":              "frontend.availability.dasQueriesPerMinute=0",
		"what there is not":            "frontend.availability.whois=true",
	} {
		if out, err := helmFails(t, set); err == nil || !strings.Contains(out, "availability") {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}
