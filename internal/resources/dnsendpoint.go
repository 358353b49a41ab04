package resources

import (
	"maps"
	"net/netip"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// DNSEndpointKind is external-dns's DNSEndpoint. Its Go types would bring all of external-dns's dependencies along.
var DNSEndpointKind = schema.GroupVersionKind{Group: "externaldns.k8s.io", Version: "v1alpha1", Kind: "DNSEndpoint"}

// DNSEndpoint builds what asks external-dns for a site's records: A and AAAA at the name itself, in the order of the addresses.
func DNSEndpoint(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec, addresses []netip.Addr) *unstructured.Unstructured {
	domain := site.Spec.Domain
	all := map[string]string{}
	maps.Copy(all, class.DNS.ExternalDNS.Labels)
	maps.Copy(all, labels(domain))
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": DNSEndpointKind.GroupVersion().String(),
		"kind":       DNSEndpointKind.Kind,
		"metadata": map[string]any{
			"name":            names.Child(domain),
			"namespace":       site.Namespace,
			"labels":          values(all),
			"annotations":     values(annotations(domain)),
			"ownerReferences": ownerReferences(site),
		},
		"spec": map[string]any{"endpoints": endpoints(domain, addresses, TTLSeconds(class))},
	}}
}

func endpoints(domain string, addresses []netip.Addr, ttl int32) []any {
	var out []any
	for _, kind := range []struct {
		record string
		has    func(netip.Addr) bool
	}{{"A", netip.Addr.Is4}, {"AAAA", netip.Addr.Is6}} {
		var targets []any
		for _, a := range addresses {
			if kind.has(a) {
				targets = append(targets, a.String())
			}
		}
		if len(targets) > 0 {
			out = append(out, map[string]any{"dnsName": domain, "recordType": kind.record, "recordTTL": int64(ttl), "targets": targets})
		}
	}
	return out
}
