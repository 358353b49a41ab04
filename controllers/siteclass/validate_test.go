package siteclass

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func goodSpec() v1alpha1.SiteClassSpec {
	return v1alpha1.SiteClassSpec{
		Image:    "registry.example:5000/indie-site@sha256:" + strings.Repeat("0", 64),
		DataPath: "/home/site/data",
		Files: []v1alpha1.SiteFile{
			{Path: "/home/site/.indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret},
			{Path: "/home/site/indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret},
		},
		Route: v1alpha1.SiteRoute{
			Ingress:   &v1alpha1.IngressRoute{ClassName: ptr.To("nginx"), Annotations: map[string]string{"nginx.ingress.kubernetes.io/force-ssl-redirect": "true"}},
			Addresses: []string{"192.0.2.1:8443", "ingress.example", "2001:db8::1"},
			From:      []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}, {IPBlock: &networkingv1.IPBlock{CIDR: "192.0.2.0/24"}}},
		},
		TLS:     v1alpha1.SiteTLS{CertManager: &v1alpha1.CertManagerTLS{IssuerRef: v1alpha1.IssuerReference{Name: "letsencrypt"}}},
		Network: v1alpha1.SiteNetwork{DeniedCIDRs: []string{"203.0.113.0/24", "2001:db8::/32"}},
	}
}

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.SiteClassSpec)
		field  string // empty: it is good
	}{
		"a good class": {change: func(*v1alpha1.SiteClassSpec) {}},
		"a class that says only what it must": {change: func(s *v1alpha1.SiteClassSpec) {
			*s = v1alpha1.SiteClassSpec{Image: "indie-site", Route: v1alpha1.SiteRoute{Ingress: &v1alpha1.IngressRoute{}}, TLS: v1alpha1.SiteTLS{Wildcard: &v1alpha1.WildcardTLS{}}}
		}},
		"an image that is no reference":    {func(s *v1alpha1.SiteClassSpec) { s.Image = "Registry.example/Indie Site" }, "spec.image"},
		"an image with a broken digest":    {func(s *v1alpha1.SiteClassSpec) { s.Image = "indie-site@sha256:0" }, "spec.image"},
		"a pull Secret that is no name":    {func(s *v1alpha1.SiteClassSpec) { s.ImagePullSecrets = []v1alpha1.LocalReference{{Name: "A_B"}} }, "spec.imagePullSecrets[0].name"},
		"a data path that climbs":          {func(s *v1alpha1.SiteClassSpec) { s.DataPath = "/data/../etc" }, "spec.dataPath"},
		"data in /tmp":                     {func(s *v1alpha1.SiteClassSpec) { s.DataPath = "/tmp/data" }, "spec.dataPath"},
		"data in /proc":                    {func(s *v1alpha1.SiteClassSpec) { s.DataPath = "/proc/data" }, "spec.dataPath"},
		"data over /etc":                   {func(s *v1alpha1.SiteClassSpec) { s.DataPath = "/etc" }, "spec.dataPath"},
		"a file in the data path":          {func(s *v1alpha1.SiteClassSpec) { s.Files[0].Path = "/home/site/data/file" }, "spec.files[0].path"},
		"a file below the data path":       {func(s *v1alpha1.SiteClassSpec) { s.Files[0].Path = "/home/site/data/a/file" }, "spec.files[0].path"},
		"a file above the data path":       {func(s *v1alpha1.SiteClassSpec) { s.Files = s.Files[:1]; s.Files[0].Path = "/home/site/file" }, "spec.files[0].path"},
		"two files in one directory":       {func(s *v1alpha1.SiteClassSpec) { s.Files[1].Path = "/home/site/.indie/other" }, "spec.files[1].path"},
		"a file in another's directory":    {func(s *v1alpha1.SiteClassSpec) { s.Files[1].Path = "/home/site/.indie/a/other" }, "spec.files[1].path"},
		"a file in /tmp":                   {func(s *v1alpha1.SiteClassSpec) { s.Files[0].Path = "/tmp/file" }, "spec.files[0].path"},
		"a file that hides /etc":           {func(s *v1alpha1.SiteClassSpec) { s.Files[0].Path = "/etc/installer-secret.json" }, "spec.files[0].path"},
		"a probe that is no path":          {func(s *v1alpha1.SiteClassSpec) { s.Probes.LivenessPath = "/a b\x00" }, "spec.probes.livenessPath"},
		"a request above its limit":        {func(s *v1alpha1.SiteClassSpec) { s.Resources = cpu("2", "1") }, "spec.resources.requests[cpu]"},
		"a negative request":               {func(s *v1alpha1.SiteClassSpec) { s.Resources = cpu("-1", "1") }, "spec.resources.requests[cpu]"},
		"a resource claim":                 {func(s *v1alpha1.SiteClassSpec) { s.Resources.Claims = []corev1.ResourceClaim{{Name: "gpu"}} }, "spec.resources.claims"},
		"a volume of nothing":              {func(s *v1alpha1.SiteClassSpec) { s.Storage.Size = ptr.To(resource.MustParse("0")) }, "spec.storage.size"},
		"a storage class that is no name":  {func(s *v1alpha1.SiteClassSpec) { s.Storage.StorageClassName = ptr.To("Fast!") }, "spec.storage.storageClassName"},
		"an address that is none":          {func(s *v1alpha1.SiteClassSpec) { s.Route.Addresses[1] = "https://ingress.example" }, "spec.route.addresses[1]"},
		"an address with a port too large": {func(s *v1alpha1.SiteClassSpec) { s.Route.Addresses[0] = "192.0.2.1:70000" }, "spec.route.addresses[0]"},
		"a peer that selects nothing":      {func(s *v1alpha1.SiteClassSpec) { s.Route.From[0] = networkingv1.NetworkPolicyPeer{} }, "spec.route.from[0]"},
		"a peer that selects in two ways":  {func(s *v1alpha1.SiteClassSpec) { s.Route.From[1].PodSelector = &metav1.LabelSelector{} }, "spec.route.from[1]"},
		"a peer with a broken range":       {func(s *v1alpha1.SiteClassSpec) { s.Route.From[1].IPBlock.CIDR = "192.0.2.0" }, "spec.route.from[1].ipBlock.cidr"},
		"a peer with a broken selector": {func(s *v1alpha1.SiteClassSpec) {
			s.Route.From[0].NamespaceSelector.MatchLabels = map[string]string{"a b": ""}
		}, "spec.route.from[0].namespaceSelector"},
		"an Ingress class that is no name":          {func(s *v1alpha1.SiteClassSpec) { s.Route.Ingress.ClassName = ptr.To("No Name") }, "spec.route.ingress.className"},
		"an annotation of the factory":              {annotation("magicwebsitefactory.gent/domain"), "spec.route.ingress.annotations[magicwebsitefactory.gent/domain]"},
		"an annotation that asks for a certificate": {annotation("cert-manager.io/cluster-issuer"), "spec.route.ingress.annotations[cert-manager.io/cluster-issuer]"},
		"an annotation that is none":                {annotation("a b"), "spec.route.ingress.annotations[a b]"},
		"an issuer that is no name":                 {func(s *v1alpha1.SiteClassSpec) { s.TLS.CertManager.IssuerRef.Name = "Let's Encrypt" }, "spec.tls.certManager.issuerRef.name"},
		"a CA bundle that is none":                  {func(s *v1alpha1.SiteClassSpec) { s.TLS.CABundle = []byte("hello") }, "spec.tls.caBundle"},
		"a denied range that is none":               {func(s *v1alpha1.SiteClassSpec) { s.Network.DeniedCIDRs[0] = "203.0.113.0" }, "spec.network.deniedCIDRs[0]"},
		"a denied range in IPv6's clothes":          {func(s *v1alpha1.SiteClassSpec) { s.Network.DeniedCIDRs[0] = "::ffff:203.0.113.0/120" }, "spec.network.deniedCIDRs[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := goodSpec()
			tc.change(&spec)
			errs := Validate(&spec)
			switch {
			case tc.field == "" && len(errs) > 0:
				t.Errorf("refused: %v", errs.ToAggregate())
			case tc.field != "" && (len(errs) != 1 || errs[0].Field != tc.field):
				t.Errorf("got %v, want one problem with %s", errs.ToAggregate(), tc.field)
			}
		})
	}
}

func annotation(key string) func(*v1alpha1.SiteClassSpec) {
	return func(s *v1alpha1.SiteClassSpec) { s.Route.Ingress.Annotations[key] = "x" }
}

func cpu(request, limit string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(request)},
		Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(limit)},
	}
}
