package site

import (
	"context"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/resources"
)

const (
	// certificateAfter is how often a Certificate is looked at that is not watched, because cert-manager came after the manager.
	certificateAfter = 2 * time.Second
	// noCertManagerAfter is how often it is looked whether cert-manager has come.
	noCertManagerAfter = 30 * time.Second
	// maxForeignMessage bounds what is taken over from another controller's message.
	maxForeignMessage = 300
)

// ensureIngress makes the route, once the name is ours: a certificate that is asked for too early fails, and the failures count against a quota.
func (r *Reconciler) ensureIngress(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.registered() {
		return duty.Stop(), nil
	}
	var err error
	s.ingress, err = ensure(ctx, r, s, resources.Ingress(s.site, s.class), s.ingress, &networkingv1.Ingress{})
	return duty.Continue(), err
}

// ensureCertificate asks cert-manager for a certificate, where the SiteClass wants that.
func (r *Reconciler) ensureCertificate(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.class.TLS.CertManager == nil {
		return duty.Continue(), nil
	}
	if _, err := r.observeCertificate(ctx, s); err != nil {
		return duty.Stop(), err
	}
	if s.noCertManager {
		return duty.ContinueAfter(noCertManagerAfter), nil
	}
	if s.certificate == nil && !s.answered() {
		// An issuer that looks for the name too early keeps in mind that there is none, for as long as the zone says.
		return duty.Continue(), nil
	}
	certificate, err := ensure(ctx, r, s, resources.Certificate(s.site, s.class), s.certificate, emptyCertificate())
	if apimeta.IsNoMatchError(err) {
		s.noCertManager = true
		return duty.ContinueAfter(noCertManagerAfter), nil
	}
	s.certificate = certificate
	if err != nil {
		return duty.Stop(), err
	}
	if !r.certificatesWatched && !certificateReady(certificate) {
		return duty.ContinueAfter(certificateAfter), nil
	}
	return duty.Continue(), nil
}

// observeCertificate reads the Certificate. A cluster without cert-manager has none.
func (r *Reconciler) observeCertificate(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.class != nil && s.class.TLS.CertManager == nil {
		return duty.Continue(), nil
	}
	key := client.ObjectKey{Namespace: s.site.Namespace, Name: names.Child(s.site.Spec.Domain)}
	certificate, err := fetch(ctx, r.untyped(r.certificatesWatched), key, emptyCertificate())
	if apimeta.IsNoMatchError(err) {
		s.noCertManager = true
		return duty.Continue(), nil
	}
	s.certificate = certificate
	return duty.Continue(), err
}

// untyped is where objects of other projects are read: from the cache where their kind is watched, as the client would read unstructured objects live.
func (r *Reconciler) untyped(watched bool) client.Reader {
	if watched {
		return r.cache
	}
	return r.Client
}

// metadata is where the metadata of Secrets is read: Secrets themselves are never cached, and the client would read their metadata live as well.
func (r *Reconciler) metadata() client.Reader {
	if r.cache != nil {
		return r.cache
	}
	return r.Client
}

func emptyCertificate() *unstructured.Unstructured { return empty(resources.CertificateKind) }

func empty(kind schema.GroupVersionKind) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	return u
}

// certificateReady says whether cert-manager says Ready of this very spec.
func certificateReady(u *unstructured.Unstructured) bool {
	c := certificateCondition(u, "Ready")
	if c == nil || c["status"] != "True" {
		return false
	}
	observed, found, err := unstructured.NestedInt64(c, "observedGeneration")
	return err == nil && (!found || observed >= u.GetGeneration())
}

// certificateMessage is what cert-manager says of a Certificate that is not Ready: why the last try failed, if one did.
func certificateMessage(u *unstructured.Unstructured) string {
	for _, conditionType := range []string{"Issuing", "Ready"} {
		if message, _ := certificateCondition(u, conditionType)["message"].(string); message != "" {
			return shorten(message)
		}
	}
	return "cert-manager has not looked at the Certificate yet"
}

func certificateCondition(u *unstructured.Unstructured, conditionType string) map[string]any {
	if u == nil {
		return nil
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions") // what is none has no conditions
	for _, c := range conditions {
		if m, ok := c.(map[string]any); ok && m["type"] == conditionType {
			return m
		}
	}
	return nil
}

func shorten(s string) string {
	if r := []rune(s); len(r) > maxForeignMessage {
		return string(r[:maxForeignMessage]) + "…"
	}
	return s
}
