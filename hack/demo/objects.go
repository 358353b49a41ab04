package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Where the demo overlay puts things, and what the demo's own objects are called.
const (
	factoryNamespace = "mwf-system"
	sitesNamespace   = "mwf-sites"

	onboarderName = "hallo-demo"
	tokenSecret   = "hallo-demo-token"
	registrarName = "test"
	siteClassName = "indie-site"
)

// ensureToken returns the onboarder's token. The Secret in the cluster is where it lives: whoever runs the demo from another
// clone finds the same.
func (d *demo) ensureToken(ctx context.Context) (string, error) {
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: factoryNamespace, Name: tokenSecret}
	err := d.client.Get(ctx, key, secret)
	if err == nil && len(secret.Data[v1alpha1.SecretKeyToken]) > 0 {
		return string(secret.Data[v1alpha1.SecretKeyToken]), nil
	}
	if client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read the onboarder's token: %w", err)
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	token := hex.EncodeToString(random)
	secret = &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
		StringData: map[string]string{v1alpha1.SecretKeyToken: token},
	}
	err = d.client.Create(ctx, secret)
	if apierrors.IsAlreadyExists(err) { // there, but without a token
		err = d.client.Update(ctx, secret)
	}
	if err != nil {
		return "", fmt.Errorf("keep the onboarder's token: %w", err)
	}
	return token, nil
}

// adminObjects are the three that an admin makes; what is special to this machine is in them and nowhere else.
func (d *demo) adminObjects() ([]client.Object, error) {
	callbackCA, err := os.ReadFile(d.callback.authority)
	if err != nil {
		return nil, fmt.Errorf("read the callback authority: %w", err)
	}
	issuerCA, err := os.ReadFile(d.cluster.issuerCA)
	if err != nil {
		return nil, fmt.Errorf("read the certificate of ClusterIssuer %s: %w", d.cluster.issuer, err)
	}
	return []client.Object{d.onboarder(callbackCA), registrar(), d.siteClass(issuerCA)}, nil
}

func meta(kind, name string) (metav1.TypeMeta, metav1.ObjectMeta) {
	return metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: kind},
		metav1.ObjectMeta{Namespace: factoryNamespace, Name: name}
}

func (d *demo) onboarder(callbackCA []byte) *v1alpha1.Onboarder {
	o := &v1alpha1.Onboarder{Spec: v1alpha1.OnboarderSpec{
		TokenSecretRef: v1alpha1.LocalReference{Name: tokenSecret},
		Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{d.callbackURL()}, CABundle: callbackCA},
		Dialects:       []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret},
		SiteClassName:  siteClassName,
	}}
	o.TypeMeta, o.ObjectMeta = meta(v1alpha1.KindOnboarder, onboarderName)
	return o
}

func registrar() *v1alpha1.Registrar {
	r := &v1alpha1.Registrar{Spec: v1alpha1.RegistrarSpec{
		Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}},
		Suffixes: []string{"gent"},
		Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "50.00", Currency: "EUR"}},
	}}
	r.TypeMeta, r.ObjectMeta = meta(v1alpha1.KindRegistrar, registrarName)
	return r
}

func (d *demo) siteClass(issuerCA []byte) *v1alpha1.SiteClass {
	size := resource.MustParse("64Mi")
	s := &v1alpha1.SiteClass{Spec: v1alpha1.SiteClassSpec{
		Image: d.images["indie-site"],
		Files: []v1alpha1.SiteFile{{
			Path: "/home/nonroot/.indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret,
		}},
		Probes: v1alpha1.SiteProbes{LivenessPath: "/healthz", ReadinessPath: "/readyz"},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi"),
			},
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")},
		},
		Storage: v1alpha1.SiteStorage{Size: &size},
		Route: v1alpha1.SiteRoute{
			Ingress:   &v1alpha1.IngressRoute{ClassName: &d.cluster.ingressClass},
			Addresses: []string{d.cluster.routeInside},
			From: []networkingv1.NetworkPolicyPeer{{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "kube-system"}},
			}},
		},
		TLS: v1alpha1.SiteTLS{
			CertManager: &v1alpha1.CertManagerTLS{IssuerRef: v1alpha1.IssuerReference{Name: d.cluster.issuer}},
			CABundle:    issuerCA,
		},
		Network: v1alpha1.SiteNetwork{DeniedCIDRs: d.cluster.denied},
	}}
	if d.cluster.storageClass != "" {
		s.Spec.Storage.StorageClassName = &d.cluster.storageClass
	}
	s.TypeMeta, s.ObjectMeta = meta(v1alpha1.KindSiteClass, siteClassName)
	return s
}

// callbackPort is where hallo listens on this machine.
const callbackPort = "9443"

func (d *demo) callbackURL() string {
	return "https://" + net.JoinHostPort(d.cluster.node, callbackPort) + "/hallo"
}

// hallobotURL is where hallo serve shows its page.
func (d *demo) hallobotURL() string {
	return "https://" + net.JoinHostPort(d.cluster.node, callbackPort) + "/"
}

func (d *demo) factoryURL() string { return "https://" + d.cluster.factory }
