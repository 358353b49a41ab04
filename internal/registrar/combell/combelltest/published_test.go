package combelltest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestTheServerTakesTheFieldsThatArePublishedAndNoOthers(t *testing.T) {
	for schema, played := range map[string]any{
		"RegisterDomain": registerDomain{}, "RegistrantInput": registrantInput{}, "ExtraField": extraField{}, "EditDomainWillRenewRequest": editRenew{},
		"EditNameServers": editNameServers{}, "DnsRecord": Record{},
	} {
		for _, misfit := range Published().MisfitsOf(schema, reflect.TypeOf(played), true) {
			t.Error(misfit)
		}
	}
}

func TestEveryTypeThatIsNamedIsThere(t *testing.T) {
	d := Published()
	known := func(typ string) bool {
		typ = strings.TrimPrefix(typ, "[]")
		return typ == "" || typ == "string" || typ == "integer" || typ == "boolean" || strings.Contains(typ, "|") || d.Schemas[typ] != nil
	}
	for name, o := range d.Operations {
		if !known(o.Body) || len(o.Answers) == 0 {
			t.Errorf("%s: %+v", name, o)
		}
		for _, typ := range o.Answers {
			if !known(typ) {
				t.Errorf("%s answers with a %s", name, typ)
			}
		}
	}
	for schema, fields := range d.Schemas {
		for name, typ := range fields {
			if typ == "" || !known(typ) {
				t.Errorf("%s.%s is a %s", schema, name, typ)
			}
		}
	}
}

func TestWhatDoesNotFitIsFound(t *testing.T) {
	d := Published()
	for text, want := range map[string]string{
		`{"id":"1","status":"ongoing","completion":{"estimate":"2026-11-22T10:00:00Z"}}`: "",
		`{"id":null}`:          "",
		`{"id":1}`:             ".id is a float64, which is no string",
		`{"status":"pending"}`: ".status is a string, which is no ongoing|cancelled|failed|finished",
		`{"completion":{"eta":"2026-11-22T10:00:00Z"}}`: ".completion.eta is no field of CompletionEstimation",
		`{"completion":"soon"}`:                         ".completion is a string, which is no CompletionEstimation",
		`[]`:                                            " is a []interface {}, which is no ProvisioningJobInfo",
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.Misfits("ProvisioningJobInfo", value), "; "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	type wrong struct {
		Name  string `json:"domainname"`
		Renew string `json:"will_renew"`
	}
	if got := d.MisfitsOf("Domain", reflect.TypeOf(wrong{}), false); len(got) != 2 {
		t.Errorf("%q", got)
	}
	if got := d.MisfitsOf("Domain", reflect.TypeOf(wrong{}), true); len(got) != 2+2 {
		t.Errorf("%q", got)
	}
	for path, want := range map[string]string{"/domains/alice.gent": "GET /domains/{}", "/domains/": "", "/domains": "GET /domains"} {
		if got, _, _ := d.Find("GET", path); got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
	if got, _, _ := d.Find("POST", "/domains/registrations"); got != "POST /domains/registrations" {
		t.Errorf("it is %q", got)
	}
}
