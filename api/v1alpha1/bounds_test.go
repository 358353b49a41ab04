package v1alpha1_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"magicwebsitefactory.gent/test/apiserver"
)

var kinds = []string{"Domain", "IndieSite", "Onboarder", "Registrar", "SiteClass"}

// Each of these types is Kubernetes' own, with rules of its own.
var foreign = []string{"metadata", "spec.resources", "spec.route.from"}

func plural(kind string) string {
	if kind == "SiteClass" {
		return "siteclasses"
	}
	return strings.ToLower(kind) + "s"
}

func schema(t *testing.T, kind string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(apiserver.Root(), "config", "crd", "bases", "magicwebsitefactory.gent_"+plural(kind)+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(content, &crd); err != nil {
		t.Fatal(err)
	}
	return *crd.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// walk visits a schema and all below it. Items of a list are visited as its first one.
func walk(path string, s apiextensionsv1.JSONSchemaProps, visit func(path string, s apiextensionsv1.JSONSchemaProps)) {
	if slices.Contains(foreign, path) {
		return
	}
	visit(path, s)
	for name, property := range s.Properties {
		walk(strings.TrimPrefix(path+"."+name, "."), property, visit)
	}
	if s.Items != nil && s.Items.Schema != nil {
		walk(path+"[0]", *s.Items.Schema, visit)
	}
}

// bound is one limit that a schema sets to a field, and a value beyond it.
type bound struct {
	name    string
	apply   func(object) object
	refused string
}

// bounds are the limits that a schema sets, except for its CEL rules, which have sentences of their own.
func bounds(path string, s apiextensionsv1.JSONSchemaProps, good object) []bound {
	var all []bound
	add := func(name string, beyond any, refused string) {
		all = append(all, bound{name, setting(path, beyond), refused})
	}
	for _, field := range s.Required {
		at := strings.TrimPrefix(path+"."+field, ".")
		all = append(all, bound{field + " is required", removing(at), at + ": Required value"})
	}
	if s.Pattern != "" {
		add("pattern", " ", "should match")
	}
	if len(s.Enum) > 0 {
		var other any = "Other"
		if s.Type == "integer" {
			other = int64(12345)
		}
		add("enum", other, "Unsupported value")
	}
	if s.MinLength != nil {
		add("minLength", strings.Repeat("a", int(*s.MinLength)-1), "should be at least")
	}
	if s.MaxLength != nil {
		add("maxLength", strings.Repeat("a", int(*s.MaxLength)+1), "Too long")
	}
	if s.Minimum != nil {
		add("minimum", int64(*s.Minimum)-1, "should be greater than or equal to")
	}
	if s.Maximum != nil {
		add("maximum", int64(*s.Maximum)+1, "should be less than or equal to")
	}
	if s.MinItems != nil {
		add("minItems", []any{}, "should have at least")
	}
	if s.MaxItems != nil {
		add("maxItems", repeat(good.get(path+"[0]"), int(*s.MaxItems)+1), "must have at most")
	}
	if s.XListType != nil && *s.XListType != "atomic" {
		add("no duplicates", repeat(good.get(path+"[0]"), 2), "Duplicate value")
	}
	if s.MinProperties != nil {
		add("minProperties", map[string]any{}, "should have at least")
	}
	if s.MaxProperties != nil && s.AdditionalProperties != nil {
		many := map[string]any{}
		for i := range *s.MaxProperties + 1 {
			many[fmt.Sprintf("example.org/key-%d", i)] = "value"
		}
		add("maxProperties", many, "must have at most")
	}
	return all
}

// otherMembers are the objects with other members of what has exactly one, each with all of its fields.
func otherMembers(good object) []object {
	secret := map[string]any{"name": "secret"}
	price := map[string]any{"amount": "10.00", "currency": "EUR"}
	servers := []any{"ns1.example"}
	var others []object
	for path, members := range map[string]map[string]any{
		"SiteClass spec.dns": {
			"externalDNS": map[string]any{"ttlSeconds": int64(60), "labels": map[string]any{"team": "websites"}},
			"registrar":   map[string]any{"ttlSeconds": int64(60)},
			"rfc2136":     map[string]any{"server": "ns.example:53", "zone": "gent", "tsigSecretRef": secret, "ttlSeconds": int64(60)},
		},
		"Registrar spec.provider": {
			"combell": map[string]any{"credentialsSecretRef": secret, "price": price, "nameServers": servers},
			"epp": map[string]any{
				"server": "epp.example:700", "clientID": "REG-1", "credentialsSecretRef": secret, "caBundle": "LS0tLS1CRUdJTg==", "price": price, "nameServers": servers,
				"contacts": map[string]any{"registrant": "a", "admin": "b", "tech": "c", "billing": "d"},
			},
			"dnsimple": map[string]any{"accountID": int64(1), "registrantID": int64(1), "credentialsSecretRef": secret, "sandbox": true},
			"external": map[string]any{"addresses": []any{"192.0.2.1"}},
		},
	} {
		kind, field, _ := strings.Cut(path, " ")
		for name, member := range members {
			if kind == good.GetKind() {
				others = append(others, good.copy().set(field, map[string]any{name: member}))
			}
		}
	}
	return others
}

func repeat(item any, times int) []any {
	list := make([]any, times)
	for i := range list {
		list[i] = item
	}
	return list
}

func TestExamplesWithEveryFieldAreTaken(t *testing.T) {
	namespace, _ := apiserver.Namespaces(t)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			store(t, example(t, kind).in(namespace))
		})
	}
}

func TestEveryBoundOfEveryFieldHolds(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			namespace, _ := apiserver.Namespaces(t)
			good := example(t, kind)
			fresh := good.copy()
			fresh.remove("status")
			stored := store(t, fresh.in(namespace))
			stored.set("status", good.get("status"))

			all := append([]object{good}, otherMembers(good)...)
			for _, other := range all {
				expectTaken(t, submit(t, other.copy().in("default")))
			}
			walk("", schema(t, kind), func(path string, s apiextensionsv1.JSONSchemaProps) {
				good := all[max(0, slices.IndexFunc(all, func(o object) bool { return path == "" || o.get(path) != nil }))]
				for _, b := range bounds(path, s, good) {
					t.Run(path+" "+b.name, func(t *testing.T) {
						if path != "" && good.get(path) == nil {
							t.Fatalf("neither testdata/%s.yaml nor otherMembers has %s: add it, so that its bounds can be tried", strings.ToLower(kind), path)
						}
						if strings.HasPrefix(path, "status") {
							expectRefused(t, changeStatus(t, b.apply(stored.copy())), b.refused)
						} else {
							expectRefused(t, submit(t, b.apply(good.copy().in("default"))), b.refused)
						}
					})
				}
			})
		})
	}
}

// Every CEL rule has a sentence that breaks it, in one of the tables of this package.
func TestEveryRuleHasASentenceThatBreaksIt(t *testing.T) {
	var broken []string
	for _, table := range []map[string]submission{
		indieSiteSubmissions, domainSubmissions, onboarderSubmissions, registrarSubmissions, siteClassSubmissions,
	} {
		for _, c := range table {
			broken = append(broken, c.refused)
		}
	}
	for _, table := range []map[string]transition{indieSiteTransitions, domainTransitions} {
		for _, c := range table {
			broken = append(broken, c.refused)
		}
	}
	for _, kind := range kinds {
		walk("", schema(t, kind), func(path string, s apiextensionsv1.JSONSchemaProps) {
			for _, rule := range s.XValidations {
				if !slices.Contains(broken, rule.Message) {
					t.Errorf("no sentence breaks the rule of %s at %q: %s", kind, path, rule.Message)
				}
			}
		})
	}
}
