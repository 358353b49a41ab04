package pki

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

func readCertificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestEnsure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	now := time.Now()
	if err := Ensure(dir, now); err != nil {
		t.Fatal(err)
	}
	pool := func(name string) *x509.CertPool {
		p := x509.NewCertPool()
		p.AddCert(readCertificate(t, CertPath(dir, name)))
		return p
	}
	verify := func(name, authority, host string) error {
		_, err := readCertificate(t, CertPath(dir, name)).Verify(x509.VerifyOptions{
			Roots: pool(authority), DNSName: host, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		return err
	}
	for _, host := range []string{layout.NodeAddress, layout.KubernetesIP, "kubernetes.default.svc"} {
		if err := verify(APIServer, CA, host); err != nil {
			t.Errorf("the API server's certificate for %s: %v", host, err)
		}
	}
	if err := verify(APIServerEtcd, EtcdCA, ""); err != nil {
		t.Errorf("etcd does not know the API server: %v", err)
	}
	if err := verify(Kubelet, EtcdCA, ""); err == nil {
		t.Error("etcd would obey the kubelet")
	}
	if info, err := os.Stat(KeyPath(dir, Admin)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the admin's key has mode %v (%v)", info.Mode(), err)
	}
	before := readCertificate(t, CertPath(dir, CA)).SerialNumber
	if err := Ensure(dir, now); err != nil {
		t.Fatal(err)
	}
	if after := readCertificate(t, CertPath(dir, CA)).SerialNumber; after.Cmp(before) != 0 {
		t.Error("certificates that are there are made anew")
	}
}
