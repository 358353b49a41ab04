package resources

import (
	"encoding/json"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// alwaysDenied are the ranges that are no part of the internet (IANA special-purpose registries, RFC 6890): this host, private, shared, loopback,
// link-local with the clouds' metadata addresses, documentation, benchmarking, multicast and reserved; in IPv6 also what wraps an IPv4 address.
var alwaysDenied = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",

	"::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16", "3fff::/20",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
}

const (
	portDNS  = 53
	portSMTP = 25
	portMax  = 65535
)

// NetworkPolicy builds the walls around a site's pod: in from the route's own pods, out to name servers and the internet, not to cluster, node,
// link-local and metadata addresses, nor port 25.
//
// The kubelet's probes need no rule: traffic between a pod and its own node is always allowed. Policies can only allow, so port 25 is left out by
// allowing what lies on either side of it. Name servers are allowed wherever they are, as they are in the cluster.
func NetworkPolicy(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec) (*networkingv1ac.NetworkPolicyApplyConfiguration, error) {
	class = Defaulted(class)
	domain := site.Spec.Domain
	spec := networkingv1ac.NetworkPolicySpec().
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(selector(domain))).
		WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
		WithEgress(networkingv1ac.NetworkPolicyEgressRule().
			WithPorts(port(corev1.ProtocolUDP, portDNS), port(corev1.ProtocolTCP, portDNS)))
	if len(class.Route.From) > 0 {
		from, err := peers(class.Route.From)
		if err != nil {
			return nil, err
		}
		spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().
			WithFrom(from...).
			WithPorts(port(corev1.ProtocolTCP, class.Port)))
	}
	internet, err := internet(class.Network.DeniedCIDRs)
	if err != nil {
		return nil, err
	}
	if len(internet) > 0 { // a rule without peers would allow everything
		spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().
			WithTo(internet...).
			WithPorts(
				ports(corev1.ProtocolTCP, 1, portSMTP-1),
				ports(corev1.ProtocolTCP, portSMTP+1, portMax),
				ports(corev1.ProtocolUDP, 1, portMax)))
	}
	return networkingv1ac.NetworkPolicy(names.Child(domain), site.Namespace).
		WithLabels(labels(domain)).
		WithAnnotations(annotations(domain)).
		WithOwnerReferences(owner(site)).
		WithSpec(spec), nil
}

// internet is all of IPv4 and all of IPv6, without the denied ranges. A family that is denied as a whole is left out: the API takes no exception
// that is as large as its range.
func internet(denied []string) ([]*networkingv1ac.NetworkPolicyPeerApplyConfiguration, error) {
	var except4, except6 []string
	all4, all6 := true, true
	for _, s := range slices.Concat(alwaysDenied, denied) {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		p = p.Masked()
		switch {
		case p.Addr().Is4() && p.Bits() == 0:
			all4 = false
		case p.Addr().Is4():
			except4 = append(except4, p.String())
		case p.Bits() == 0:
			all6 = false
		default:
			except6 = append(except6, p.String())
		}
	}
	var peers []*networkingv1ac.NetworkPolicyPeerApplyConfiguration
	if all4 {
		peers = append(peers, block("0.0.0.0/0", except4))
	}
	if all6 {
		peers = append(peers, block("::/0", except6))
	}
	return peers, nil
}

func block(cidr string, except []string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	slices.Sort(except)
	return networkingv1ac.NetworkPolicyPeer().
		WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr).WithExcept(slices.Compact(except)...))
}

func port(protocol corev1.Protocol, number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(number))
}

func ports(protocol corev1.Protocol, first, last int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return port(protocol, first).WithEndPort(last)
}

// peers turns the API's type into the one that is applied; both have the same JSON.
func peers(from []networkingv1.NetworkPolicyPeer) ([]*networkingv1ac.NetworkPolicyPeerApplyConfiguration, error) {
	data, err := json.Marshal(from)
	if err != nil {
		return nil, err
	}
	var out []*networkingv1ac.NetworkPolicyPeerApplyConfiguration
	err = json.Unmarshal(data, &out)
	return out, err
}
