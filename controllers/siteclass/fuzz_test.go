package siteclass

import (
	"bytes"
	"encoding/json"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/resources"
)

// FuzzSnapshot reads anything as the spec in a SiteClass's snapshot: one that is found good is written and read as it is, under one name, and sites can be built
// from it.
func FuzzSnapshot(f *testing.F) {
	good, err := json.Marshal(goodSpec())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"image":"indie-site","route":{},"tls":{"wildcard":{}}}`, `{"image":"indie-site","storage":{"size":"1e3"},"resources":{"limits":{"cpu":"1.0"}}}`,
		`{"image":"a:b:c","route":{"addresses":["[::1"],"from":[{}]}}`, `{"image":"x","dataPath":"../x","files":[{"path":"x"},{"path":""}]}`, `{"image":"x","port":-1,"userID":0,"deadlines":{"setup":"1h","registration":"-5s"},"failedSiteTTL":"0"}`,
		`{"image":"x","network":{"deniedCIDRs":["0.0.0.0/0","::/0","::ffff:10.0.0.0/104"]}}`, `{"image":"x","storage":{"size":"-1"}}`, `{"image":"x","storage":{"size":"1Zi"}}`, `{"Image":"x"}`,
		`{"image":"x","tls":{"caBundle":"AAAA","certManager":{"issuerRef":{"name":"a"}}}}`, `{"image":"x","route":{"from":[{"ipBlock":{"cidr":"10.0.0.0/8","except":["10.0.0.0/7"]}}],"ingress":{"annotations":{"":""}}}}`,
		`{"image":"x","probes":{"livenessPath":"//x","readinessPath":"?"},"resources":{"requests":{"cpu":"1e9999"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 {
			return
		}
		spec := v1alpha1.SiteClassSpec{}
		if json.Unmarshal(data, &spec) != nil {
			return
		}
		if len(Validate(&spec)) > 0 {
			return
		}
		class := &v1alpha1.SiteClass{ObjectMeta: metav1.ObjectMeta{Name: "indie-site", Namespace: "factory", UID: "1"}, Spec: spec}
		revision, err := Snapshot(class, 1)
		if err != nil {
			t.Fatalf("%s cannot be kept: %v", data, err)
		}
		if problems := validation.IsDNS1123Subdomain(revision.Name); len(problems) > 0 {
			t.Fatalf("the snapshot is called %q", revision.Name)
		}
		back := &v1alpha1.SiteClass{ObjectMeta: class.ObjectMeta}
		if err := json.Unmarshal(revision.Data.Raw, &back.Spec); err != nil {
			t.Fatalf("the snapshot %s cannot be read: %v", revision.Data.Raw, err)
		}
		again, err := Snapshot(back, 2)
		if err != nil || again.Name != revision.Name || !bytes.Equal(again.Data.Raw, revision.Data.Raw) || !sameJSON(again.Data.Raw, revision.Data.Raw) {
			t.Fatalf("the snapshot %s becomes %s, %v", revision.Data.Raw, again.Data.Raw, err)
		}
		if problems := Validate(&back.Spec); len(problems) > 0 {
			t.Fatalf("%s is good, and its snapshot is not: %v", data, problems)
		}
		build(t, &back.Spec)
	})
}

// build makes all children of a site, as the duty site does.
func build(t *testing.T, spec *v1alpha1.SiteClassSpec) {
	t.Helper()
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Name: "alice.gent", Namespace: "sites", UID: "2"},
		Spec:       v1alpha1.IndieSiteSpec{Domain: "alice.gent", RequestDigest: "k1:x", InstallerSecretRef: v1alpha1.LocalReference{Name: "alice.gent-installer-1-abcde"}},
	}
	policy, err := resources.NetworkPolicy(site, spec)
	if err != nil {
		t.Fatalf("%+v is good, and no NetworkPolicy can be made: %v", spec.Network, err)
	}
	children := []any{policy, resources.StatefulSet(site, spec), resources.Service(site), resources.Ingress(site, spec), resources.PersistentVolumeClaim(site, spec, nil)}
	if spec.TLS.CertManager != nil {
		children = append(children, resources.Certificate(site, spec))
	}
	for _, child := range children {
		if _, err := json.Marshal(child); err != nil {
			t.Fatalf("%T cannot be written: %v", child, err)
		}
	}
}
