package v1alpha1_test

import (
	"strings"
	"testing"

	"magicwebsitefactory.gent/test/apiserver"
)

const (
	nameIsDomain = "metadata.name must be the same as spec.domain"
	notADomain   = "spec.domain in body should match"
	notACallback = "spec.callback.url in body should match"
)

// named gives a resource another name, as metadata and as domain.
func named(name string) func(object) object {
	return func(o object) object {
		o.SetName(name)
		return o.set("spec.domain", name)
	}
}

var indieSiteSubmissions = map[string]submission{
	"a site that an onboarder ordered":           {but: setting("spec.suspend", false)},
	"a site made with kubectl, for no onboarder": {but: removing("spec.onboarderName", "spec.callback")},
	"a site that says only what it must": {but: removing("spec.onboarderName", "spec.callback", "spec.siteClassName", "spec.setupAttempt",
		"spec.suspend", "spec.volumeClaimName")},
	"a name below a name":                                          {but: named("alice.city.gent")},
	"a name with dashes and digits":                                {but: named("4-ever--alice.gent")},
	"a callback that names a port":                                 {but: setting("spec.callback.url", "https://hallo.gent:8443/mwf")},
	"a callback at an IPv6 address":                                {but: setting("spec.callback.url", "https://[2001:db8::1]/mwf")},
	"a domain as it was sent, in capitals and with a trailing dot": {but: setting("spec.callback.domain", "Alice.GENT.")},

	"another name than its domain":       {but: setting("spec.domain", "bob.gent"), refused: nameIsDomain},
	"a domain in capitals":               {but: setting("spec.domain", "Alice.gent"), refused: notADomain},
	"a domain with a trailing dot":       {but: setting("spec.domain", "alice.gent."), refused: notADomain},
	"a single label":                     {but: named("alice"), refused: notADomain},
	"an empty label":                     {but: setting("spec.domain", "alice..gent"), refused: notADomain},
	"a label that starts with a dash":    {but: setting("spec.domain", "-alice.gent"), refused: notADomain},
	"a label that ends with a dash":      {but: setting("spec.domain", "alice-.gent"), refused: notADomain},
	"an underscore":                      {but: setting("spec.domain", "ali_ce.gent"), refused: notADomain},
	"a name that is not ASCII":           {but: setting("spec.domain", "élise.gent"), refused: notADomain},
	"a space":                            {but: setting("spec.domain", "alice .gent"), refused: notADomain},
	"a new line after the name":          {but: setting("spec.domain", "alice.gent\n"), refused: notADomain},
	"a label of 64 characters":           {but: named(strings.Repeat("a", 64) + ".gent"), refused: notADomain},
	"an onboarder without a callback":    {but: removing("spec.callback"), refused: togetherOrNot},
	"a callback without an onboarder":    {but: removing("spec.onboarderName"), refused: togetherOrNot},
	"a callback in plain HTTP":           {but: setting("spec.callback.url", "http://hallo.gent/mwf"), refused: notACallback},
	"a callback with user info":          {but: setting("spec.callback.url", "https://user:pass@hallo.gent/mwf"), refused: notACallback},
	"a callback with a query":            {but: setting("spec.callback.url", "https://hallo.gent/mwf?a=b"), refused: notACallback},
	"a callback with a fragment":         {but: setting("spec.callback.url", "https://hallo.gent/mwf#a"), refused: notACallback},
	"a callback with a backslash":        {but: setting("spec.callback.url", `https://hallo.gent\mwf`), refused: notACallback},
	"a callback with a space":            {but: setting("spec.callback.url", "https://hallo.gent/m wf"), refused: notACallback},
	"a callback with a new line":         {but: setting("spec.callback.url", "https://hallo.gent/mwf\nHost: a"), refused: notACallback},
	"a callback without a host":          {but: setting("spec.callback.url", "https://"), refused: notACallback},
	"a digest without the name of a key": {but: setting("spec.requestDigest", "3q2-_w"), refused: "spec.requestDigest in body should match"},
	"a digest in another alphabet":       {but: setting("spec.requestDigest", "k1:3q2+/w=="), refused: "spec.requestDigest in body should match"},
	"a sent domain with a slash":         {but: setting("spec.callback.domain", "alice.gent/.."), refused: "spec.callback.domain in body should match"},
	"a sent domain that is not ASCII":    {but: setting("spec.callback.domain", "élise.gent"), refused: "spec.callback.domain in body should match"},
	"a sent domain with a percent sign":  {but: setting("spec.callback.domain", "alice%2egent"), refused: "spec.callback.domain in body should match"},
	"an attempt before the first":        {but: setting("spec.setupAttempt", int64(0)), refused: "spec.setupAttempt"},
	"a dialect that there is not":        {but: setting("spec.callback.dialect", "Cookie"), refused: `Unsupported value: "Cookie"`},
}

const (
	togetherOrNot  = "onboarderName and callback go together: a site made without an onboarder has neither"
	attemptByOne   = "setupAttempt may only be raised by one"
	attemptTooSoon = "setupAttempt may be raised only after the outcome of this attempt is frozen"
	attemptsOwn    = "requestDigest, installerSecretRef and callback belong to an attempt: they may change only together with setupAttempt"
	outcomeFrozen  = "the outcome of an attempt is frozen"
	outcomeOfNone  = "an outcome belongs to an attempt that was made"
	ownersForLife  = "onboarderName is immutable"
)

// transition is a sentence about a resource that is changed: what it was, what it becomes, and why that is refused. Where refused is empty it is taken.
type transition struct {
	from, to func(object) object
	status   bool // the change goes to the status
	refused  string
}

func asItIs(o object) object { return o }

// withoutStatus is a site that was only just ordered.
func withoutStatus(o object) object { return removing("status")(o) }

// failed is a site whose first attempt ended in 500.
func failed(o object) object { return o.set("status.outcome.code", int64(500)) }

// again orders a site again.
func again(o object) object {
	return o.set("spec.setupAttempt", int64(2)).set("spec.requestDigest", "k1:b3RoZXI").
		set("spec.installerSecretRef.name", "alice.gent-installer-2-abcde").set("spec.callback.url", "https://hallo.gent/other")
}

var indieSiteTransitions = map[string]transition{
	"an order again after its outcome":                        {from: failed, to: again},
	"an order again of the same order after its outcome":      {from: failed, to: setting("spec.setupAttempt", int64(2))},
	"a site that is suspended":                                {from: asItIs, to: setting("spec.suspend", true)},
	"a site that an admin gives another volume":               {from: asItIs, to: setting("spec.volumeClaimName", "other")},
	"a first outcome":                                         {from: removing("status.outcome"), to: setting("status.outcome", outcome(1, 201)), status: true},
	"the outcome of the next attempt":                         {from: orderedAgain, to: setting("status.outcome", outcome(2, 201)), status: true},
	"a delivery that goes on":                                 {from: asItIs, to: setting("status.delivery.attempts", int64(3)), status: true},
	"another domain":                                          {from: asItIs, to: setting("spec.domain", "bob.gent"), refused: "domain is immutable"},
	"another SiteClass":                                       {from: asItIs, to: setting("spec.siteClassName", "other"), refused: "siteClassName is immutable"},
	"another onboarder":                                       {from: asItIs, to: setting("spec.onboarderName", "other"), refused: ownersForLife},
	"an onboarder for a site that had none":                   {from: removing("spec.onboarderName", "spec.callback"), to: adopted, refused: ownersForLife},
	"no onboarder any more":                                   {from: asItIs, to: removing("spec.onboarderName", "spec.callback"), refused: ownersForLife},
	"an order again while the first is under way":             {from: withoutStatus, to: again, refused: attemptTooSoon},
	"an order again before the second outcome":                {from: orderedAgain, to: setting("spec.setupAttempt", int64(3)), refused: attemptTooSoon},
	"an attempt that skips one":                               {from: failed, to: setting("spec.setupAttempt", int64(3)), refused: attemptByOne},
	"an attempt taken back":                                   {from: orderedAgain, to: setting("spec.setupAttempt", int64(1)), refused: attemptByOne},
	"another digest in the same attempt":                      {from: failed, to: setting("spec.requestDigest", "k1:b3RoZXI"), refused: attemptsOwn},
	"another installer Secret in the same attempt":            {from: failed, to: setting("spec.installerSecretRef.name", "other"), refused: attemptsOwn},
	"another callback in the same attempt":                    {from: failed, to: setting("spec.callback.url", "https://evil.example"), refused: attemptsOwn},
	"another name for the callback in the same attempt":       {from: failed, to: setting("spec.callback.domain", "ALICE.gent"), refused: attemptsOwn},
	"another outcome of the same attempt":                     {from: asItIs, to: setting("status.outcome.code", int64(500)), status: true, refused: outcomeFrozen},
	"another time of the same outcome":                        {from: asItIs, to: setting("status.outcome.time", "2026-02-02T02:02:02Z"), status: true, refused: outcomeFrozen},
	"an outcome taken away":                                   {from: asItIs, to: removing("status.outcome"), status: true, refused: outcomeFrozen},
	"the whole status taken away":                             {from: asItIs, to: removing("status"), status: true, refused: outcomeFrozen},
	"an outcome of an attempt that is still to come":          {from: removing("status.outcome"), to: setting("status.outcome", outcome(2, 201)), status: true, refused: outcomeOfNone},
	"the outcome of an earlier attempt after that of a later": {from: bothEnded, to: setting("status.outcome", outcome(1, 500)), status: true, refused: outcomeFrozen},
}

func outcome(attempt, code int64) map[string]any {
	return map[string]any{"attempt": attempt, "code": code, "time": "2026-01-02T03:05:00Z"}
}

// orderedAgain is a site in its second attempt, with the outcome of the first.
func orderedAgain(o object) object { return failed(o).set("spec.setupAttempt", int64(2)) }

// bothEnded is a site in its second attempt, with its outcome.
func bothEnded(o object) object { return orderedAgain(o).set("status.outcome", outcome(2, 201)) }

func adopted(o object) object {
	return o.set("spec.onboarderName", "hallo.gent").
		set("spec.callback", map[string]any{"url": "https://hallo.gent/mwf", "domain": "alice.gent", "dialect": "Bearer"})
}

// transitions runs sentences about the changes of a kind's example.
func transitions(t *testing.T, kind string, cases map[string]transition) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			namespace, _ := apiserver.Namespaces(t)
			stored := store(t, c.from(example(t, kind).in(namespace)))
			submitted := change
			if c.status {
				submitted = changeStatus
			}
			err := submitted(t, c.to(stored.copy()))
			if c.refused == "" {
				expectTaken(t, err)
			} else {
				expectRefused(t, err, c.refused)
			}
		})
	}
}

func TestIndieSiteSubmitted(t *testing.T) { submissions(t, "IndieSite", indieSiteSubmissions) }

func TestIndieSiteChanged(t *testing.T) { transitions(t, "IndieSite", indieSiteTransitions) }

func TestIndieSiteDefaults(t *testing.T) {
	namespace, _ := apiserver.Namespaces(t)
	minimal := removing("spec.siteClassName", "spec.setupAttempt", "spec.suspend", "spec.volumeClaimName", "status")(example(t, "IndieSite"))
	stored := store(t, minimal.in(namespace))
	for path, want := range map[string]any{"spec.siteClassName": "indie-site", "spec.setupAttempt": int64(1)} {
		if got := stored.get(path); got != want {
			t.Errorf("%s is %v by default, not %v", path, got, want)
		}
	}
}
