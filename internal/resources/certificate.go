package resources

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// CertificateKind is cert-manager's Certificate. Its Go types would bring all of cert-manager's dependencies along.
var CertificateKind = schema.GroupVersionKind{Group: "cert-manager.io", Version: "v1", Kind: "Certificate"}

// Certificate builds what asks cert-manager for a site's certificate. It has DNS names only: a CommonName stops at 64 characters, and nobody has read
// it for years (RFC 6125, CA/Browser Forum Baseline Requirements 7.1.4.3). Each certificate has a key of its own.
func Certificate(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec) *unstructured.Unstructured {
	domain := site.Spec.Domain
	issuer := Defaulted(class).TLS.CertManager.IssuerRef
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": CertificateKind.GroupVersion().String(),
		"kind":       CertificateKind.Kind,
		"metadata": map[string]any{
			"name":            names.Child(domain),
			"namespace":       site.Namespace,
			"labels":          values(labels(domain)),
			"annotations":     values(annotations(domain)),
			"ownerReferences": ownerReferences(site),
		},
		"spec": map[string]any{
			"secretName": TLSSecretName(domain),
			"secretTemplate": map[string]any{
				"labels":      values(labels(domain)),
				"annotations": values(annotations(domain)),
			},
			"dnsNames": []any{domain},
			"issuerRef": map[string]any{
				"name":  issuer.Name,
				"kind":  issuer.Kind,
				"group": issuer.Group,
			},
			"privateKey": map[string]any{
				"algorithm":      "ECDSA",
				"size":           int64(256),
				"rotationPolicy": "Always",
			},
			"usages":               []any{"digital signature", "server auth"},
			"revisionHistoryLimit": int64(1),
		},
	}}
}

func values(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// ownerReferences is what owner is to apply configurations.
func ownerReferences(site *v1alpha1.IndieSite) []any {
	return []any{map[string]any{
		"apiVersion":         v1alpha1.GroupVersion.String(),
		"kind":               v1alpha1.KindIndieSite,
		"name":               site.Name,
		"uid":                string(site.UID),
		"controller":         true,
		"blockOwnerDeletion": true,
	}}
}
