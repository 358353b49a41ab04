package siteclass

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/reach"
	"magicwebsitefactory.gent/internal/resources"
)

// managedDNS checks what the factory publishes.
func managedDNS(at *field.Path, spec *v1alpha1.SiteClassSpec) field.ErrorList {
	if !resources.ManagesDNS(spec) {
		return nil
	}
	var errs field.ErrorList
	for i, address := range spec.Route.Addresses {
		errs = append(errs, publishable(at.Child("route", "addresses").Index(i), address)...)
	}
	at = at.Child("dns")
	if e := spec.DNS.ExternalDNS; e != nil {
		errs = append(errs, endpointLabels(at.Child("externalDNS", "labels"), e.Labels)...)
	}
	if u := spec.DNS.RFC2136; u != nil {
		at = at.Child("rfc2136")
		errs = append(errs, nameServer(at.Child("server"), u.Server)...)
		errs = append(errs, subdomain(at.Child("tsigSecretRef", "name"), u.TSIGSecretRef.Name)...)
	}
	return errs
}

// publishable asks for an address that a record can lead to.
func publishable(at *field.Path, address string) field.ErrorList {
	parsed, err := reach.ParseAddress(address)
	if err != nil {
		return nil // said already
	}
	host, _, _ := net.SplitHostPort(parsed) // what ParseAddress returns can be split
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(at, address, "must be an IP address where the factory publishes the names: no host name can stand at a name itself (RFC 1034, section 3.6.2)")}
	case ip.IsUnspecified() || ip.IsMulticast():
		return field.ErrorList{field.Invalid(at, address, "must be an address that a host can have")}
	}
	return nil
}

func endpointLabels(at *field.Path, labels map[string]string) field.ErrorList {
	var errs field.ErrorList
	keys := make([]string, 0, len(labels))
	for key := range labels {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		for _, msg := range validation.IsQualifiedName(key) {
			errs = append(errs, field.Invalid(at.Key(key), key, msg))
		}
		for _, msg := range validation.IsValidLabelValue(labels[key]) {
			errs = append(errs, field.Invalid(at.Key(key), labels[key], msg))
		}
		if strings.HasPrefix(key, v1alpha1.GroupName+"/") {
			errs = append(errs, field.Forbidden(at.Key(key), "the factory's own labels cannot be set here"))
		}
	}
	return errs
}

func nameServer(at *field.Path, server string) field.ErrorList {
	const allowed = "must be host:port or [address]:port, such as ns.example:53"
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return field.ErrorList{field.Invalid(at, server, allowed)}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	_, noAddress := netip.ParseAddr(host)
	if err != nil || number == 0 || (noAddress != nil && len(validation.IsDNS1123Subdomain(strings.ToLower(host))) > 0) {
		return field.ErrorList{field.Invalid(at, server, allowed)}
	}
	return nil
}

// keyProblem is why a TSIG key cannot be used; empty where it can, or none is needed.
type keyProblem struct{ reason, message string }

// credentials looks whether the TSIG key is there and can be used. It is read past the cache, as no Secret is cached, and not kept.
func (r *Reconciler) credentials(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.deleting() || s.class.Spec.DNS.RFC2136 == nil {
		return duty.Continue(), nil
	}
	name := s.class.Spec.DNS.RFC2136.TSIGSecretRef.Name
	at := field.NewPath("spec", "dns", "rfc2136", "tsigSecretRef", "name")
	secret := &corev1.Secret{}
	err := r.Reader.Get(ctx, client.ObjectKey{Namespace: r.FactoryNamespace, Name: name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		s.key = keyProblem{v1alpha1.ReasonSecretMissing, fmt.Sprintf("%s: there is no Secret %s in the factory's namespace", at, name)}
		return duty.Continue(), nil
	case err != nil:
		return duty.Stop(), fmt.Errorf("read the Secret %s of SiteClass %s: %w", name, s.class.Name, err)
	}
	if _, err := dns.ParseKey(secret.Data); err != nil {
		s.key = keyProblem{v1alpha1.ReasonInvalid, fmt.Sprintf("%s: Secret %s: %s", at, name, strings.ReplaceAll(err.Error(), "\n", "; "))}
	}
	return duty.Continue(), nil
}

// classesWithKey are those whose TSIG key is in a Secret.
func (r *Reconciler) classesWithKey(ctx context.Context, o client.Object) []reconcile.Request {
	if o.GetNamespace() != r.FactoryNamespace {
		return nil
	}
	var list v1alpha1.SiteClassList
	if err := r.List(ctx, &list, client.InNamespace(r.FactoryNamespace)); err != nil {
		log.FromContext(ctx).Error(err, "cannot list the SiteClasses that name a Secret", "secret", o.GetName())
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if u := list.Items[i].Spec.DNS.RFC2136; u != nil && u.TSIGSecretRef.Name == o.GetName() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return requests
}
