package resources

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") == "1", "write the golden files anew")

func site(change ...func(*v1alpha1.IndieSite)) *v1alpha1.IndieSite {
	s := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Name: "alice.gent", Namespace: "mwf-sites", UID: "5f0c6d4e-0000-4000-8000-000000000001"},
		Spec: v1alpha1.IndieSiteSpec{
			Domain:             "alice.gent",
			SiteClassName:      "indie-site",
			SetupAttempt:       1,
			RequestDigest:      "k1:0000000000000000000000000000000000000000000",
			InstallerSecretRef: v1alpha1.LocalReference{Name: "alice.gent-installer-1-abcde"},
		},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

// smallClass says nothing that has a default.
func smallClass() *v1alpha1.SiteClassSpec {
	return &v1alpha1.SiteClassSpec{
		Image: "registry.example/indie-site:1",
		Route: v1alpha1.SiteRoute{Ingress: &v1alpha1.IngressRoute{}},
		TLS:   v1alpha1.SiteTLS{CertManager: &v1alpha1.CertManagerTLS{IssuerRef: v1alpha1.IssuerReference{Name: "letsencrypt"}}},
	}
}

// fullClass says everything that a class can say.
func fullClass() *v1alpha1.SiteClassSpec {
	return &v1alpha1.SiteClassSpec{
		Image:            "registry.example/indie-site@sha256:0000000000000000000000000000000000000000000000000000000000000000",
		ImagePullPolicy:  corev1.PullAlways,
		ImagePullSecrets: []v1alpha1.LocalReference{{Name: "registry"}},
		Args:             []string{"--listen=:3000", "--data-dir=/home/site/data"},
		Env:              []v1alpha1.SiteEnvVar{{Name: "HOME", Value: "/home/site"}, {Name: "EMPTY"}},
		Port:             3000,
		DataPath:         "/home/site/data",
		Files: []v1alpha1.SiteFile{
			{Path: "/home/site/.indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret},
			{Path: "/home/site/indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret},
		},
		UserID: 1000,
		Probes: v1alpha1.SiteProbes{LivenessPath: "/alive", ReadinessPath: "/ready", StartupSeconds: 300},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
		},
		Storage: v1alpha1.SiteStorage{Size: ptr.To(resource.MustParse("5Gi")), StorageClassName: ptr.To("fast")},
		Route: v1alpha1.SiteRoute{
			Ingress: &v1alpha1.IngressRoute{ClassName: ptr.To("skipper"), Annotations: map[string]string{"zalando.org/skipper-filter": `setRequestHeader("X-Forwarded-Proto", "https")`}},
			From: []networkingv1.NetworkPolicyPeer{
				{
					NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "ingress"}},
					PodSelector:       &metav1.LabelSelector{},
				},
				{IPBlock: &networkingv1.IPBlock{CIDR: "192.0.2.7/32"}},
			},
		},
		TLS:     v1alpha1.SiteTLS{Wildcard: &v1alpha1.WildcardTLS{}},
		Network: v1alpha1.SiteNetwork{DeniedCIDRs: []string{"93.184.216.9/24", "2a00:1450::/32", "10.0.0.0/8"}},
	}
}

func TestChildrenAreAsInTheGoldenFiles(t *testing.T) {
	suspended := site(func(s *v1alpha1.IndieSite) { s.Spec.Suspend = true; s.Spec.VolumeClaimName = "restored" })
	for name, build := range map[string]func() (any, error){
		"volume":                func() (any, error) { return PersistentVolumeClaim(site(), smallClass(), nil), nil },
		"volume-full":           func() (any, error) { return PersistentVolumeClaim(site(), fullClass(), nil), nil },
		"statefulset":           func() (any, error) { return StatefulSet(site(), smallClass()), nil },
		"statefulset-full":      func() (any, error) { return StatefulSet(site(), fullClass()), nil },
		"statefulset-suspended": func() (any, error) { return StatefulSet(suspended, smallClass()), nil },
		"service":               func() (any, error) { return Service(site()), nil },
		"networkpolicy":         func() (any, error) { return NetworkPolicy(site(), smallClass()) },
		"networkpolicy-full":    func() (any, error) { return NetworkPolicy(site(), fullClass()) },
		"ingress":               func() (any, error) { return Ingress(site(), smallClass()), nil },
		"ingress-full":          func() (any, error) { return Ingress(site(), fullClass()), nil },
		"certificate":           func() (any, error) { return Certificate(site(), smallClass()).Object, nil },
		"dnsendpoint":           func() (any, error) { return DNSEndpoint(site(), namedClass(nil), bothKinds()).Object, nil },
		"dnsendpoint-full": func() (any, error) {
			return DNSEndpoint(site(), namedClass(map[string]string{"team": "websites", "app.kubernetes.io/name": "not-ours-to-change"}, 60), bothKinds()[:1]).Object, nil
		},
		"networkpolicy-no-world": func() (any, error) { return NetworkPolicy(site(), noWorld()) },
	} {
		t.Run(name, func(t *testing.T) {
			built, err := build()
			if err != nil {
				t.Fatal(err)
			}
			got, err := yaml.Marshal(built)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", name+".golden.yaml"), got)
		})
	}
}

// namedClass has external-dns publish the names.
func namedClass(labels map[string]string, ttl ...int32) *v1alpha1.SiteClassSpec {
	c := smallClass()
	c.DNS.ExternalDNS = &v1alpha1.ExternalDNS{Labels: labels}
	if len(ttl) > 0 {
		c.DNS.ExternalDNS.TTLSeconds = &ttl[0]
	}
	return c
}

func bothKinds() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::1")}
}

func noWorld() *v1alpha1.SiteClassSpec {
	c := smallClass()
	c.Network.DeniedCIDRs = []string{"0.0.0.0/0", "::/0"}
	return c
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", file, diff)
	}
}
