//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns/dnstest"
	"magicwebsitefactory.gent/internal/hallo"
)

// TestANameResolvesBeforeItsOnboarderIsTold has the factory publish a site's name at a name server on this machine, by dynamic updates. At the moment that
// its onboarder is told 201, the name leads to the route.
func TestANameResolvesBeforeItsOnboarderIsTold(t *testing.T) {
	w := theWorld
	node, err := netip.ParseAddr(w.node)
	if err != nil {
		t.Skipf("pods reach this machine as %s, which is no address that a name server could listen at", w.node)
	}
	server := dnstest.Start(t, dnstest.Options{Listen: netip.AddrPortFrom(node, 53)})
	w.forwardsGent(t, node)
	class := w.publishingClass(t, server)
	o := w.onboarderOf(t, hallo.Bearer, class.Name) // from the beginning: a front end may have an old one for a moment longer

	domain := w.name("resolves")
	t.Cleanup(func() { // while the onboarder can still be called, and the name server be told
		of := metav1.ObjectMeta{Namespace: w.factoryNamespace, Name: o.name}
		w.remove(t, &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: w.sitesNamespace, Name: domain}},
			&v1alpha1.Onboarder{ObjectMeta: of}, &corev1.Secret{ObjectMeta: of})
	})
	want := addressesOf(t, class)
	var mu sync.Mutex
	var seen [][]string
	o.before = func(called string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, resolve(t, server, called))
	}
	if got := resolve(t, server, domain); got != nil {
		t.Fatalf("%s leads to %v before it is ordered", domain, got)
	}
	started := time.Now()
	o.claim(t, domain, "the-code")
	o.awaitOutcomes(t, domain, outcomeTime, http.StatusCreated)
	t.Logf("%s: told 201 after %s", domain, time.Since(started).Round(100*time.Millisecond))
	mu.Lock()
	if len(seen) == 0 || !slices.Equal(seen[0], want) {
		t.Errorf("when the onboarder was told, %s led to %v, want %v", domain, seen, want)
	}
	mu.Unlock()
	if got := condition(w.site(t, domain).Status.Conditions, v1alpha1.ConditionDNSPublished); got != "True Succeeded" {
		t.Errorf("DNSPublished is %q", got)
	}
	if _, err := w.page(t, domain); err != nil {
		t.Error(err)
	}

	w.deleteSite(t, domain)
	if got := resolve(t, server, domain); got != nil {
		t.Errorf("the site is gone, and %s still leads to %v", domain, got)
	}
}

// resolve asks the name server itself, as the resolver of a visitor does.
func resolve(t *testing.T, server *dnstest.Server, domain string) []string {
	t.Helper()
	resolver := &net.Resolver{PreferGo: true, Dial: server.Dial}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	addresses, err := resolver.LookupHost(ctx, domain+".")
	var none *net.DNSError
	switch {
	case err == nil:
		slices.Sort(addresses)
		return addresses
	case errors.As(err, &none) && none.IsNotFound:
		return nil
	}
	return []string{err.Error()}
}

func addressesOf(t *testing.T, class *v1alpha1.SiteClass) []string {
	t.Helper()
	var addresses []string
	for _, text := range class.Spec.Route.Addresses {
		host, _, err := net.SplitHostPort(text)
		if err != nil {
			host = text
		}
		addresses = append(addresses, host)
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}

// forwardsGent has the cluster's name server ask this machine for names in gent, and not the world's.
func (w *world) forwardsGent(t *testing.T, node netip.Addr) {
	t.Helper()
	key := client.ObjectKey{Namespace: "kube-system", Name: "coredns"}
	config := &corev1.ConfigMap{}
	if err := w.client.Get(t.Context(), key, config); apierrors.IsNotFound(err) {
		t.Skip("the cluster has no CoreDNS that could be told of another name server")
	} else if err != nil {
		t.Fatal(err)
	}
	before := config.Data["Corefile"]
	port, _, _ := strings.Cut(strings.TrimPrefix(before, ".:"), " ")
	set := func(ctx context.Context, corefile string) error {
		config := &corev1.ConfigMap{}
		if err := w.client.Get(ctx, key, config); err != nil {
			return err
		}
		config.Data["Corefile"] = corefile
		return w.client.Update(ctx, config)
	}
	if err := set(t.Context(), before+fmt.Sprintf("gent:%s {\n    errors\n    forward . %s\n}\n", port, node)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := set(ctx, before); err != nil {
			t.Errorf("put the cluster's Corefile back: %v", err)
		}
	})
	w.awaitNameServers(t, key.Namespace)
}

// awaitNameServers waits until the cluster's name server knows those of gent. The kubelet brings it its file when the pod changes, or else within a minute.
func (w *world) awaitNameServers(t *testing.T, namespace string) {
	t.Helper()
	w.kubectl(t, "annotate", "pods", "-n", namespace, "-l", "k8s-app=kube-dns", "--overwrite", "e2e="+rand.Text())
	service := &corev1.Service{}
	if err := w.client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "kube-dns"}, service); err != nil {
		t.Fatal(err)
	}
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(service.Spec.ClusterIP, "53"))
	}}
	w.eventually(t, "the cluster's name server to know those of gent", 2*time.Minute, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := resolver.LookupNS(ctx, "gent.")
		return err
	})
}

// publishingClass is the demo's SiteClass, with names that are published at the server. It goes with the test, and has a name of its own each time: the
// snapshots of one that is gone may be there for a while longer.
func (w *world) publishingClass(t *testing.T, server *dnstest.Server) *v1alpha1.SiteClass {
	t.Helper()
	name := "published-" + w.run + "-" + strings.ToLower(rand.Text()[:6])
	demo := &v1alpha1.SiteClass{}
	if err := w.client.Get(t.Context(), client.ObjectKey{Namespace: w.factoryNamespace, Name: "indie-site"}, demo); err != nil {
		t.Fatal(err)
	}
	meta := metav1.ObjectMeta{Namespace: w.factoryNamespace, Name: name}
	class := &v1alpha1.SiteClass{ObjectMeta: meta, Spec: *demo.Spec.DeepCopy()}
	class.Spec.DNS = v1alpha1.SiteDNS{RFC2136: &v1alpha1.RFC2136DNS{Server: server.Address, Zone: "gent", TSIGSecretRef: v1alpha1.LocalReference{Name: name}}}
	secret := &corev1.Secret{ObjectMeta: meta, Data: server.SecretData()}
	t.Cleanup(func() { w.remove(t, class, secret) })
	for _, made := range []client.Object{secret, class} {
		if err := w.client.Create(t.Context(), made); err != nil {
			t.Fatalf("create %T %s: %v", made, name, err)
		}
	}
	w.eventually(t, "SiteClass to be Ready", 30*time.Second, func() error {
		if err := w.client.Get(t.Context(), client.ObjectKeyFromObject(class), class); err != nil {
			return err
		}
		if got := condition(class.Status.Conditions, v1alpha1.ConditionReady); got != "True Succeeded" {
			return fmt.Errorf("Ready is %q", got)
		}
		return nil
	})
	return class
}

// remove takes objects away, one after the other, and waits until each is gone. What is not there need not be. It is for the end of a test, when the test's own
// context has ended.
func (w *world) remove(t *testing.T, objects ...client.Object) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for _, object := range objects {
		err := wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			err := w.client.Delete(ctx, object) // again and again: one that is on its way already goes no faster
			return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
		})
		if err != nil {
			t.Errorf("remove %T %s: %v", object, object.GetName(), err)
		}
	}
}
