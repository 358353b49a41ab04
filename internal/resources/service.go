package resources

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// Service builds the address, inside the cluster, that the route leads to. It leads to the pods of this order only: one of an earlier order of the
// name may still run until garbage collection has reached it.
func Service(site *v1alpha1.IndieSite) *corev1ac.ServiceApplyConfiguration {
	domain := site.Spec.Domain
	return corev1ac.Service(names.Child(domain), site.Namespace).
		WithLabels(labels(domain)).
		WithAnnotations(annotations(domain)).
		WithOwnerReferences(owner(site)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithSelector(selector(domain)).
			WithSelector(orderLabels(site)).
			WithPorts(corev1ac.ServicePort().
				WithName(portName).
				WithProtocol(corev1.ProtocolTCP).
				WithPort(servicePort).
				WithTargetPort(intstr.FromString(portName))))
}

// Ingress builds the route from the internet to the site. With a wildcard certificate the route uses its own; else the one that cert-manager
// keeps in TLSSecretName. The factory asks for the Certificate itself, so no annotation for cert-manager's ingress-shim is wanted.
func Ingress(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec) *networkingv1ac.IngressApplyConfiguration {
	domain := site.Spec.Domain
	tls := networkingv1ac.IngressTLS().WithHosts(domain)
	if class.TLS.CertManager != nil {
		tls.WithSecretName(TLSSecretName(domain))
	}
	spec := networkingv1ac.IngressSpec().
		WithTLS(tls).
		WithRules(networkingv1ac.IngressRule().
			WithHost(domain).
			WithHTTP(networkingv1ac.HTTPIngressRuleValue().
				WithPaths(networkingv1ac.HTTPIngressPath().
					WithPath("/").
					WithPathType(networkingv1.PathTypePrefix).
					WithBackend(networkingv1ac.IngressBackend().
						WithService(networkingv1ac.IngressServiceBackend().
							WithName(names.Child(domain)).
							WithPort(networkingv1ac.ServiceBackendPort().WithName(portName)))))))
	route := class.Route.Ingress
	if route == nil {
		route = &v1alpha1.IngressRoute{}
	}
	if route.ClassName != nil {
		spec.WithIngressClassName(*route.ClassName)
	}
	return networkingv1ac.Ingress(names.Child(domain), site.Namespace).
		WithLabels(labels(domain)).
		WithAnnotations(route.Annotations).
		WithAnnotations(annotations(domain)).
		WithOwnerReferences(owner(site)).
		WithSpec(spec)
}
