package resources

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	klabels "k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestAnotherOrderHasAnotherVolume(t *testing.T) {
	mine := site()
	again := site(func(s *v1alpha1.IndieSite) { s.UID = "another"; s.Spec.SetupAttempt = 7 })
	other := site(func(s *v1alpha1.IndieSite) { s.Spec.RequestDigest = "k1:1" })
	elsewhere := site(func(s *v1alpha1.IndieSite) { s.Spec.Domain = "bob.gent" })
	named := site(func(s *v1alpha1.IndieSite) { s.Spec.VolumeClaimName = "restored" })
	if ClaimName(mine) != ClaimName(again) {
		t.Error("the same order does not find its volume again")
	}
	if ClaimName(mine) == ClaimName(other) || ClaimName(mine) == ClaimName(elsewhere) {
		t.Error("two orders share a volume")
	}
	if ClaimName(named) != "restored" {
		t.Errorf("the claim that an admin named is not used, but %q", ClaimName(named))
	}
}

func TestNamesFitTheirKinds(t *testing.T) {
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + ".gent"
	s := site(func(s *v1alpha1.IndieSite) { s.Spec.Domain = long })
	for kind, name := range map[string]string{"claim": ClaimName(s), "TLS Secret": TLSSecretName(long)} {
		if errs := validation.IsDNS1123Label(name); len(errs) > 0 {
			t.Errorf("%s %q: %v", kind, name, errs)
		}
	}
}

func TestThePodTemplateChangesWithTheOrder(t *testing.T) {
	template := func(change func(*v1alpha1.IndieSite)) string {
		data, err := json.Marshal(StatefulSet(site(change), fullClass()).Spec.Template)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	first := template(func(*v1alpha1.IndieSite) {})
	for name, tc := range map[string]struct {
		change func(*v1alpha1.IndieSite)
		same   bool
	}{
		"another installer Secret makes a new pod": {change: func(s *v1alpha1.IndieSite) { s.Spec.InstallerSecretRef.Name = "alice.gent-installer-2-fghij" }},
		"another digest makes a new pod":           {change: func(s *v1alpha1.IndieSite) { s.Spec.RequestDigest = "k1:1" }},
		"a named volume makes a new pod":           {change: func(s *v1alpha1.IndieSite) { s.Spec.VolumeClaimName = "restored" }},
		"suspending keeps the template":            {change: func(s *v1alpha1.IndieSite) { s.Spec.Suspend = true }, same: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := template(tc.change); (got == first) != tc.same {
				t.Errorf("-first +got:\n%s", cmp.Diff(first, got))
			}
		})
	}
}

func TestTheServiceLeadsToThePodsOfItsOwnOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		of   *v1alpha1.IndieSite
		want bool
	}{
		"a pod of this order":               {of: site(), want: true},
		"a pod of another order":            {of: site(func(s *v1alpha1.IndieSite) { s.Spec.RequestDigest = "k1:1" })},
		"a pod of another site":             {of: site(func(s *v1alpha1.IndieSite) { s.Spec.Domain = "bob.gent" })},
		"a pod with a volume of an admin's": {of: site(func(s *v1alpha1.IndieSite) { s.Spec.VolumeClaimName = "restored" }), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			set := StatefulSet(tc.of, smallClass()).Spec
			pod := klabels.Set(set.Template.Labels)
			if got := klabels.SelectorFromSet(Service(site()).Spec.Selector).Matches(pod); got != tc.want {
				t.Errorf("led to: %t, want %t", got, tc.want)
			}
			if !klabels.SelectorFromSet(set.Selector.MatchLabels).Matches(pod) {
				t.Error("the StatefulSet does not select its own pod")
			}
			if _, changes := set.Selector.MatchLabels[v1alpha1.LabelOrder]; changes {
				t.Error("the StatefulSet's selector, which cannot be changed, depends on the order")
			}
		})
	}
}

func TestAVolumeThatIsThereOnlyGrows(t *testing.T) {
	found := &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{
		StorageClassName: ptr.To("old"),
		Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("3Gi")}},
	}}
	for name, tc := range map[string]struct{ asked, want string }{
		"a larger class makes it larger":     {asked: "5Gi", want: "5Gi"},
		"a smaller class leaves it as it is": {asked: "1Gi", want: "3Gi"},
	} {
		t.Run(name, func(t *testing.T) {
			class := smallClass()
			class.Storage = v1alpha1.SiteStorage{Size: ptr.To(resource.MustParse(tc.asked)), StorageClassName: ptr.To("new")}
			spec := PersistentVolumeClaim(site(), class, found).Spec
			size := (*spec.Resources.Requests)[corev1.ResourceStorage]
			if size.String() != tc.want || *spec.StorageClassName != "old" {
				t.Errorf("got %s on %s, want %s on old", size.String(), *spec.StorageClassName, tc.want)
			}
		})
	}
}

func TestThePodReachesTheInternetAndNothingElse(t *testing.T) {
	policy, err := NetworkPolicy(site(), fullClass())
	if err != nil {
		t.Fatal(err)
	}
	reaches := func(address string, portNumber int32) bool {
		a := netip.MustParseAddr(address)
		for _, to := range policy.Spec.Egress[1].To {
			if !netip.MustParsePrefix(*to.IPBlock.CIDR).Contains(a) {
				continue
			}
			for _, e := range to.IPBlock.Except {
				if netip.MustParsePrefix(e).Contains(a) {
					return false
				}
			}
			for _, p := range policy.Spec.Egress[1].Ports {
				if *p.Protocol == corev1.ProtocolTCP && p.Port.IntVal <= portNumber && portNumber <= *p.EndPort {
					return true
				}
			}
		}
		return false
	}
	for name, tc := range map[string]struct {
		address string
		port    int32
		want    bool
	}{
		"a web server":               {"93.184.215.14", 443, true},
		"a web server by IPv6":       {"2606:4700::1", 443, true},
		"mail submission":            {"93.184.215.14", 587, true},
		"port 25":                    {"93.184.215.14", 25, false},
		"port 24":                    {"93.184.215.14", 24, true},
		"port 26":                    {"93.184.215.14", 26, true},
		"the clouds' metadata":       {"169.254.169.254", 80, false},
		"metadata by IPv6":           {"fd00:ec2::254", 80, false},
		"a private network":          {"10.96.0.1", 443, false},
		"another private network":    {"172.20.0.1", 443, false},
		"a home network":             {"192.168.1.1", 80, false},
		"a carrier's shared network": {"100.64.0.1", 80, false},
		"loopback":                   {"127.0.0.1", 80, false},
		"link-local by IPv6":         {"fe80::1", 80, false},
		"what the class denies":      {"93.184.216.200", 443, false},
		"what it denies by IPv6":     {"2a00:1450::5", 443, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := reaches(tc.address, tc.port); got != tc.want {
				t.Errorf("reaches %s port %d: %t, want %t", tc.address, tc.port, got, tc.want)
			}
		})
	}
}

func TestDefaultedDoesNotTouchTheClass(t *testing.T) {
	class := smallClass()
	before := class.DeepCopy()
	Defaulted(class)
	if diff := cmp.Diff(before, class); diff != "" {
		t.Errorf("changed: %s", diff)
	}
}
