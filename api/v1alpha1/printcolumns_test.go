package v1alpha1_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
)

// columns is what kubectl get -o wide prints of the only resource of a kind in a namespace, by the heads of its columns.
func columns(t *testing.T, kind, namespace string) map[string]any {
	t.Helper()
	config := apiserver.Config(t)
	config.GroupVersion, config.APIPath = &v1alpha1.GroupVersion, "/apis"
	scheme := apiserver.Scheme()
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	var table metav1.Table
	err = client.Get().Namespace(namespace).Resource(plural(kind)).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(t.Context()).Into(&table)
	if err != nil {
		t.Fatalf("list %s as a table: %v", kind, err)
	}
	if len(table.Rows) != 1 {
		t.Fatalf("%d rows of %s, not 1", len(table.Rows), kind)
	}
	cells := map[string]any{}
	for i, column := range table.ColumnDefinitions {
		cells[column.Name] = table.Rows[0].Cells[i]
	}
	return cells
}

func TestColumnsOfKubectlGet(t *testing.T) {
	future := time.Now().Add(90 * time.Minute).UTC().Format(time.RFC3339)
	for kind, want := range map[string]map[string]any{
		"IndieSite": {"Name": "alice.gent", "Ready": "True", "Reason": "Succeeded", "Outcome": int64(201), "Told": nil, "URL": "https://alice.gent",
			"Onboarder": "hallo.gent", "Attempt": int64(1), "Next call": future},
		"Domain":    {"Name": "alice.gent", "Registered": "True", "Reason": "Registered", "Registrar": "test", "Expires": "2027-01-02T03:04:06Z", "Auto-renew": true},
		"Onboarder": {"Name": "hallo.gent", "Ready": "True", "Reason": "Succeeded"},
		"Registrar": {"Name": "test", "Suffixes": `["gent"]`, "Ready": "True", "Bought": int64(3), "Limit": int64(100), "Date": "2026-01-02",
			"Spent": "150.00", "Budget": "500.00", "Currency": "EUR"},
		"SiteClass": {"Name": "indie-site", "Image": "magicwebsitefactory.gent/indie-site:0.1.0", "Ready": "True", "Revision": "indie-site-6b7c"},
	} {
		t.Run(kind, func(t *testing.T) {
			namespace, _ := apiserver.Namespaces(t)
			o := example(t, kind).in(namespace)
			if kind == "IndieSite" {
				o.set("status.delivery.nextAttemptTime", future)
			}
			store(t, o)
			got := columns(t, kind, namespace)
			for column, value := range want {
				if got[column] != value {
					t.Errorf("column %s shows %#v, not %#v", column, got[column], value)
				}
			}
			for column, value := range got {
				if text, ok := value.(string); ok && strings.Contains(text, "invalid") {
					t.Errorf("column %s shows %q", column, text)
				}
			}
		})
	}
}
