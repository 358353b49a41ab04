package v1alpha1_test

import (
	"strings"
	"testing"
)

const (
	notAPrefix   = "must be an https URL without user info, query, fragment, backslash or percent-encoding"
	nameTooLong  = "metadata.name must have at most 63 characters, as it becomes a label"
	oneRoute     = "exactly one kind of route must be given: ingress"
	fileInData   = "files must not lie in dataPath"
	fileBeside   = "each of files must lie in a directory of its own"
	oneTLSSource = "exactly one source of certificates must be given: certManager or wildcard"
)

func prefix(url string) func(object) object {
	return setting("spec.callback.urlPrefixes", []any{"https://hallo.gent/mwf", url})
}

func calledFor(length int) func(object) object {
	return func(o object) object {
		o.SetName(strings.Repeat("a", length))
		return o
	}
}

var onboarderSubmissions = map[string]submission{
	"who may ask":                       {but: asItIs},
	"only what it must say":             {but: removing("spec.dialects", "spec.siteClassName", "spec.quota", "spec.allowPublishedToken", "spec.callback.caBundle")},
	"a whole origin":                    {but: prefix("https://hallo.gent")},
	"a port and a path":                 {but: prefix("https://hallo.gent:8443/a/b/")},
	"an IPv4 address":                   {but: prefix("https://192.0.2.1:9443/mwf")},
	"an IPv6 address":                   {but: prefix("https://[2001:db8::1]:9443/mwf")},
	"a path with RFC 3986's own marks":  {but: prefix("https://hallo.gent/~a!b$c&d(e)*f+g,h;i=j:k@l")},
	"a name of 63 characters":           {but: calledFor(63)},
	"a name of 64 characters":           {but: calledFor(64), refused: nameTooLong},
	"plain HTTP":                        {but: prefix("http://hallo.gent/mwf"), refused: notAPrefix},
	"no scheme":                         {but: prefix("hallo.gent/mwf"), refused: notAPrefix},
	"a scheme in capitals":              {but: prefix("HTTPS://hallo.gent"), refused: notAPrefix},
	"user info":                         {but: prefix("https://user@hallo.gent/mwf"), refused: notAPrefix},
	"a query":                           {but: prefix("https://hallo.gent/mwf?a=b"), refused: notAPrefix},
	"a fragment":                        {but: prefix("https://hallo.gent/mwf#a"), refused: notAPrefix},
	"a backslash in the host":           {but: prefix(`https://hallo.gent\.evil.example`), refused: notAPrefix},
	"a backslash in the path":           {but: prefix(`https://hallo.gent/a\b`), refused: notAPrefix},
	"an encoded slash":                  {but: prefix("https://hallo.gent/a%2fb"), refused: notAPrefix},
	"a space":                           {but: prefix("https://hallo.gent/a b"), refused: notAPrefix},
	"a new line at the end":             {but: prefix("https://hallo.gent/mwf\n"), refused: notAPrefix},
	"no host":                           {but: prefix("https:///mwf"), refused: notAPrefix},
	"callbacks without a signature":     {but: removing("spec.callback.signature")},
	"a signature that there is not":     {but: setting("spec.callback.signature", "Wax"), refused: `spec.callback.signature: Unsupported value: "Wax"`},
	"a dialect that there is not":       {but: setting("spec.dialects", []any{"Cookie"}), refused: `Unsupported value: "Cookie"`},
	"a digest in capitals is no digest": {but: setting("spec.quota.sites", int64(-1)), refused: "spec.quota.sites"},
}

var registrarSubmissions = map[string]submission{
	"where names are bought": {but: asItIs},
	"only what it must say": {but: removing("spec.registrant", "spec.adoptable", "spec.suspend", "spec.limits.registrationsPerDay",
		"spec.limits.spendingPerDay", "spec.limits.callsPerMinute")},
	"a budget that stops all spending":  {but: setting("spec.limits.spendingPerDay.amount", "0.00")},
	"a budget in another currency":      {but: setting("spec.limits.spendingPerDay.currency", "USD"), refused: "spendingPerDay.currency must be that of maxPrice, as amounts of different currencies cannot be added up"},
	"no calls at all":                   {but: setting("spec.limits.callsPerMinute", int64(0)), refused: "spec.limits.callsPerMinute"},
	"a suffix of two labels":            {but: setting("spec.suffixes", []any{"gent", "city.gent"})},
	"a provider with all its defaults":  {but: setting("spec.provider", map[string]any{"test": map[string]any{}})},
	"no waiting at all":                 {but: setting("spec.provider.test.slowFor", "0s")},
	"a provider that there is not":      {but: setting("spec.provider", map[string]any{"pigeon": map[string]any{}}), refused: "spec.provider"},
	"no provider":                       {but: setting("spec.provider", map[string]any{}), refused: "spec.provider"},
	"a wait that is negative":           {but: setting("spec.provider.test.slowFor", "-1s"), refused: "must be between 0s and 24h"},
	"a wait of more than a day":         {but: setting("spec.provider.test.slowFor", "25h"), refused: "must be between 0s and 24h"},
	"a suffix with a leading dot":       {but: setting("spec.suffixes", []any{".gent"}), refused: "spec.suffixes[0] in body should match"},
	"a suffix in capitals":              {but: setting("spec.suffixes", []any{"GENT"}), refused: "spec.suffixes[0] in body should match"},
	"a suffix with a trailing dot":      {but: setting("spec.suffixes", []any{"gent."}), refused: "spec.suffixes[0] in body should match"},
	"a wildcard":                        {but: setting("spec.suffixes", []any{"*.gent"}), refused: "spec.suffixes[0] in body should match"},
	"a phone number in national form":   {but: setting("spec.registrant.phone", "09/123.45.67"), refused: "spec.registrant.phone in body should match"},
	"a country by its name":             {but: setting("spec.registrant.countryCode", "Belgium"), refused: "spec.registrant.countryCode in body should match"},
	"an address without an at sign":     {but: setting("spec.registrant.email", "ada.example.gent"), refused: "spec.registrant.email in body should match"},
	"a name that has to lead to a name": {but: setting("spec.provider", map[string]any{"external": map[string]any{"addresses": []any{"lb.example"}}}), refused: "must be an IP address"},
	"an address with two at signs":      {but: setting("spec.registrant.email", "ada@a@b"), refused: "spec.registrant.email in body should match"},
}

var siteClassSubmissions = map[string]submission{
	"what a site is here": {but: asItIs},
	"only what it must say": {but: removing("spec.imagePullPolicy", "spec.imagePullSecrets", "spec.args", "spec.env", "spec.port", "spec.dataPath",
		"spec.files", "spec.userID", "spec.probes", "spec.resources", "spec.storage.size", "spec.storage.storageClassName", "spec.dns", "spec.network",
		"spec.deadlines", "spec.failedSiteTTL", "spec.route.addresses", "spec.route.from", "spec.tls.caBundle")},
	"a wildcard certificate":                                     {but: setting("spec.tls", map[string]any{"wildcard": map[string]any{}})},
	"an IPv6 network that is denied":                             {but: setting("spec.network.deniedCIDRs", []any{"2001:db8::/32"})},
	"no time to keep a failed claim":                             {but: setting("spec.failedSiteTTL", "0s")},
	"a name of 63 characters":                                    {but: calledFor(63)},
	"a name of 64 characters":                                    {but: calledFor(64), refused: nameTooLong},
	"two files in two directories":                               {but: setting("spec.files", files("/a/one", "/a/b/two"))},
	"a file beside the data path, with a name that begins alike": {but: setting("spec.files", files("/data2/one"))},
	"a file in the data path":                                    {but: setting("spec.files", files("/data/one")), refused: fileInData},
	"a file deep in the data path":                               {but: setting("spec.files", files("/data/.indie/one")), refused: fileInData},
	"two files in one directory":                                 {but: setting("spec.files", files("/a/one", "/a/two")), refused: fileBeside},
	"no kind of route":                                           {but: removing("spec.route.ingress"), refused: oneRoute},
	"no source of certificates":                                  {but: setting("spec.tls", map[string]any{}), refused: oneTLSSource},
	"two sources of certificates":                                {but: setting("spec.tls.wildcard", map[string]any{}), refused: oneTLSSource},
	"a network that is none":                                     {but: setting("spec.network.deniedCIDRs", []any{"203.0.113.0"}), refused: "must be a CIDR"},
	"a registration deadline too short":                          {but: setting("spec.deadlines.registration", "59s"), refused: "must be at least 1m"},
	"a set-up deadline too short":                                {but: setting("spec.deadlines.setup", "0s"), refused: "must be at least 1s"},
	"a negative time for failed claims":                          {but: setting("spec.failedSiteTTL", "-1s"), refused: "must not be negative"},
	"a port that only root may open":                             {but: setting("spec.port", int64(80)), refused: "spec.port"},
	"a site that runs as root":                                   {but: setting("spec.userID", int64(0)), refused: "spec.userID"},
	"a file in the root directory":                               {but: setting("spec.files[0].path", "/installer-secret.json"), refused: "spec.files[0].path in body should match"},
	"a relative file":                                            {but: setting("spec.files[0].path", "a/b"), refused: "spec.files[0].path in body should match"},
	"the root as data path":                                      {but: setting("spec.dataPath", "/"), refused: "spec.dataPath in body should match"},
	"a data path with a trailing slash":                          {but: setting("spec.dataPath", "/data/"), refused: "spec.dataPath in body should match"},
	"a probe without a slash":                                    {but: setting("spec.probes.readinessPath", "healthz"), refused: "spec.probes.readinessPath in body should match"},
	"an environment variable with a dash":                        {but: setting("spec.env[0].name", "MY-VAR"), refused: "spec.env[0].name in body should match"},
	"a DNS provider that there is not":                           {but: setting("spec.dns", map[string]any{"stone": map[string]any{}}), refused: "spec.dns"},
	"names that external-dns publishes":                          {but: setting("spec.dns", map[string]any{"externalDNS": map[string]any{"ttlSeconds": int64(60), "labels": map[string]any{"team": "websites"}}})},
	"names that the registrar publishes":                         {but: setting("spec.dns", map[string]any{"registrar": map[string]any{}})},
	"names that are published by updates":                        {but: setting("spec.dns", updates())},
	"a zone for each name":                                       {but: setting("spec.dns", updates("zone", nil))},
	"two DNS providers":                                          {but: setting("spec.dns", map[string]any{"unmanaged": map[string]any{}, "registrar": map[string]any{}}), refused: "spec.dns"},
	"no DNS provider":                                            {but: setting("spec.dns", map[string]any{}), refused: "spec.dns"},
	"updates without a server":                                   {but: setting("spec.dns", updates("server", nil)), refused: "spec.dns.rfc2136.server"},
	"updates without a key":                                      {but: setting("spec.dns", updates("tsigSecretRef", nil)), refused: "spec.dns.rfc2136.tsigSecretRef"},
	"updates of a zone in capitals":                              {but: setting("spec.dns", updates("zone", "Gent")), refused: "spec.dns.rfc2136.zone in body should match"},
	"updates of a zone with a trailing dot":                      {but: setting("spec.dns", updates("zone", "gent.")), refused: "spec.dns.rfc2136.zone in body should match"},
}

// updates are those of RFC 2136, with another field; nil for none.
func updates(change ...any) map[string]any {
	u := map[string]any{"server": "ns.example:53", "zone": "gent", "tsigSecretRef": map[string]any{"name": "tsig"}}
	if len(change) > 0 {
		u[change[0].(string)] = change[1]
		if change[1] == nil {
			delete(u, change[0].(string))
		}
	}
	return map[string]any{"rfc2136": u}
}

func files(paths ...string) []any {
	list := make([]any, len(paths))
	for i, path := range paths {
		list[i] = map[string]any{"path": path, "content": "InstallerSecret"}
	}
	return list
}

func TestOnboarderSubmitted(t *testing.T) { submissions(t, "Onboarder", onboarderSubmissions) }

func TestRegistrarSubmitted(t *testing.T) { submissions(t, "Registrar", registrarSubmissions) }

func TestSiteClassSubmitted(t *testing.T) { submissions(t, "SiteClass", siteClassSubmissions) }
