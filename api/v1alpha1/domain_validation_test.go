package v1alpha1_test

import "testing"

var domainSubmissions = map[string]submission{
	"a name to buy":                {but: asItIs},
	"a name to adopt":              {but: setting("spec.acquisition", "Adopt")},
	"only what it must say":        {but: removing("spec.acquisition", "spec.afterSite")},
	"a name that costs nothing":    {but: setting("spec.maxPrice.amount", "0.00")},
	"another name than its domain": {but: setting("spec.domain", "bob.gent"), refused: nameIsDomain},
	"a domain in capitals":         {but: setting("spec.domain", "Alice.gent"), refused: notADomain},
	"a domain with a trailing dot": {but: setting("spec.domain", "alice.gent."), refused: notADomain},
	"a single label":               {but: named("alice"), refused: notADomain},
	"an operation ID in capitals":  {but: setting("spec.operationID", "0F8FAD5B-D9CB"), refused: "spec.operationID in body should match"},
	"a short operation ID":         {but: setting("spec.operationID", "abc"), refused: "spec.operationID in body should match"},
	"a price without decimals":     {but: setting("spec.maxPrice.amount", "50"), refused: "spec.maxPrice.amount in body should match"},
	"a price with a comma":         {but: setting("spec.maxPrice.amount", "50,00"), refused: "spec.maxPrice.amount in body should match"},
	"a negative price":             {but: setting("spec.maxPrice.amount", "-1.00"), refused: "spec.maxPrice.amount in body should match"},
	"a price with a leading zero":  {but: setting("spec.maxPrice.amount", "050.00"), refused: "spec.maxPrice.amount in body should match"},
	"a price in an exponent":       {but: setting("spec.maxPrice.amount", "1e3"), refused: "spec.maxPrice.amount in body should match"},
	"a currency in lower case":     {but: setting("spec.maxPrice.currency", "eur"), refused: "spec.maxPrice.currency in body should match"},
	"a way to get it that is not":  {but: setting("spec.acquisition", "Transfer"), refused: `Unsupported value: "Transfer"`},
	"a name that is to be deleted": {but: setting("spec.afterSite", "Delete"), refused: `Unsupported value: "Delete"`},
	"one name server":              {but: setting("spec.nameServers", []any{"ns1.example.net"}), refused: "spec.nameServers in body should have at least 2 items"},
	"the same name server twice":   {but: setting("spec.nameServers", []any{"ns1.example.net", "ns1.example.net"}), refused: `Duplicate value: "ns1.example.net"`},
	"a name server with a dot":     {but: setting("spec.nameServers", []any{"ns1.example.net.", "ns2.example.net"}), refused: "spec.nameServers[0] in body should match"},
}

var domainTransitions = map[string]transition{
	"a name that is to run out":     {from: asItIs, to: setting("spec.afterSite", "StopRenewing")},
	"a call that is fenced":         {from: removing("status.call"), to: setting("status.call", fence), status: true},
	"name servers to move it to":    {from: asItIs, to: setting("spec.nameServers", []any{"ns1.example.net", "ns2.example.net"})},
	"no name servers any more":      {from: setting("spec.nameServers", []any{"ns1.example.net", "ns2.example.net"}), to: removing("spec.nameServers")},
	"another domain":                {from: asItIs, to: setting("spec.domain", "bob.gent"), refused: "domain is immutable"},
	"another registrar":             {from: asItIs, to: setting("spec.registrarName", "other"), refused: "registrarName is immutable"},
	"another operation ID":          {from: asItIs, to: setting("spec.operationID", "another-operation"), refused: "operationID is immutable"},
	"another way to get it":         {from: asItIs, to: setting("spec.acquisition", "Adopt"), refused: "acquisition is immutable"},
	"a higher price":                {from: asItIs, to: setting("spec.maxPrice.amount", "500.00"), refused: "maxPrice is immutable"},
	"the price in another currency": {from: asItIs, to: setting("spec.maxPrice.currency", "USD"), refused: "maxPrice is immutable"},
}

var fence = map[string]any{"try": int64(1), "startedTime": "2026-01-02T03:04:05Z", "notAfter": "2026-01-02T03:05:05Z"}

func TestDomainSubmitted(t *testing.T) { submissions(t, "Domain", domainSubmissions) }

func TestDomainChanged(t *testing.T) { transitions(t, "Domain", domainTransitions) }
