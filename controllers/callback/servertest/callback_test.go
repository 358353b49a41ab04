package servertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestAnOrderIsToldInItsDialectAndLetGo(t *testing.T) {
	f := newFactory(t, 1)
	for _, tc := range []struct {
		domain            string
		dialect           v1alpha1.Dialect
		condition, reason string
		want              string
	}{
		{"ready.gent", v1alpha1.DialectBearer, "Ready", "Succeeded", "PATCH status=201 Bearer " + token},
		{"taken.gent", v1alpha1.DialectQuerySecret, "Stalled", "DomainTaken", "PATCH status=409&secret=" + token + " "},
		{"refused.gent", v1alpha1.DialectBearer, "Stalled", "RegistrationRefused", "PATCH status=500 Bearer " + token},
	} {
		f.order(tc.domain, tc.dialect)
		f.end(tc.domain, tc.condition, tc.reason)
		f.told(tc.domain, v1alpha1.ReasonDelivered)
		f.letGo(tc.domain)
		f.Expect(f.receiver.of(tc.domain)).To(gomega.Equal([]string{tc.want}), tc.domain)
	}
}

func TestAFailureIsTriedAgainByItself(t *testing.T) {
	f := newFactory(t, 1)
	f.receiver.answers(func(_ string, call int) int {
		if call == 1 {
			return http.StatusGone
		}
		return http.StatusOK
	})
	f.order("alice.gent", v1alpha1.DialectBearer)
	f.end("alice.gent", "Ready", "Succeeded")
	site := f.told("alice.gent", v1alpha1.ReasonDelivered)
	f.Expect(site.Status.Delivery.Attempts).To(gomega.BeEquivalentTo(2))
	f.Expect(f.receiver.of("alice.gent")).To(gomega.HaveLen(2))
}

func TestTheAPIServerFreezesTheOutcome(t *testing.T) {
	f := newFactory(t, 1)
	f.order("alice.gent", v1alpha1.DialectBearer)
	f.end("alice.gent", "Stalled", "SetupDeadlineExceeded")
	f.told("alice.gent", v1alpha1.ReasonDelivered)
	for name, change := range map[string]func(*v1alpha1.IndieSite){
		"another code": func(s *v1alpha1.IndieSite) { s.Status.Outcome.Code = v1alpha1.OutcomeCreated },
		"another time": func(s *v1alpha1.IndieSite) { s.Status.Outcome.Time = metav1.Unix(1, 0) },
		"none":         func(s *v1alpha1.IndieSite) { s.Status.Outcome = nil },
	} {
		s := f.letGo("alice.gent")
		change(s)
		f.Expect(apierrors.IsInvalid(f.client.Status().Update(t.Context(), s))).To(gomega.BeTrue(), name)
	}
}

func TestANewAttemptIsHeldAndToldAnew(t *testing.T) {
	f := newFactory(t, 1)
	f.order("alice.gent", v1alpha1.DialectBearer)
	f.end("alice.gent", "Stalled", "SetupDeadlineExceeded")
	f.told("alice.gent", v1alpha1.ReasonDelivered)
	s := f.letGo("alice.gent")
	s.Spec.SetupAttempt, s.Spec.InstallerSecretRef.Name = 2, "alice.gent-installer-2"
	f.Expect(f.client.Update(t.Context(), s)).To(gomega.Succeed())
	s = f.told("alice.gent", v1alpha1.ReasonAwaitingOutcome)
	f.Expect(s.Finalizers).To(gomega.ContainElement(v1alpha1.FinalizerCallback))
	f.Expect(s.Status.Outcome.Attempt).To(gomega.BeEquivalentTo(1), "Stalled of the first attempt froze the second")

	f.status("alice.gent", func(s *v1alpha1.IndieSite) { s.Status.Conditions = nil })
	f.end("alice.gent", "Ready", "Succeeded")
	s = f.told("alice.gent", v1alpha1.ReasonDelivered)
	f.Expect(s.Status.Outcome.Attempt).To(gomega.BeEquivalentTo(2))
	f.Expect(f.receiver.of("alice.gent")).To(gomega.HaveLen(2))
}

func TestAHandMadeSiteDoesNotCarryTheTokenAway(t *testing.T) {
	f := newFactory(t, 1)
	thief := newReceiver(t)
	site := f.order("evil.gent", v1alpha1.DialectBearer)
	f.Expect(f.client.Delete(t.Context(), site)).To(gomega.Succeed())
	f.Eventually(func() bool {
		return apierrors.IsNotFound(f.client.Get(t.Context(), client.ObjectKeyFromObject(site), &v1alpha1.IndieSite{}))
	}).WithTimeout(patience).Should(gomega.BeTrue())

	site.ObjectMeta = metav1.ObjectMeta{Name: "mallory.gent", Namespace: f.sites}
	site.Spec.Domain, site.Spec.Callback.Domain, site.Spec.Callback.URL = "mallory.gent", "mallory.gent", thief.URL+"/mwf"
	f.create(site)
	f.end("mallory.gent", "Ready", "Succeeded")
	refused := f.told("mallory.gent", v1alpha1.ReasonCallbackRefused)
	f.Expect(refused.Status.Delivery.Attempts).To(gomega.BeZero())
	f.Expect(thief.of("mallory.gent")).To(gomega.BeEmpty())

	o := f.onboarder()
	o.Spec.Callback.URLPrefixes = append(o.Spec.Callback.URLPrefixes, thief.URL+"/mwf")
	f.Expect(f.client.Update(t.Context(), o)).To(gomega.Succeed())
	f.judge()
	f.told("mallory.gent", v1alpha1.ReasonDelivered)
	f.Expect(thief.of("mallory.gent")).To(gomega.HaveLen(1))
}

func TestADeletedSiteIsToldAndGoes(t *testing.T) {
	f := newFactory(t, 1)
	site := f.order("alice.gent", v1alpha1.DialectBearer)
	f.told("alice.gent", v1alpha1.ReasonAwaitingOutcome)
	f.Expect(f.client.Delete(t.Context(), site)).To(gomega.Succeed())
	f.Eventually(func() bool {
		return apierrors.IsNotFound(f.client.Get(t.Context(), client.ObjectKeyFromObject(site), &v1alpha1.IndieSite{}))
	}).WithTimeout(patience).Should(gomega.BeTrue())
	f.Expect(f.receiver.of("alice.gent")).To(gomega.Equal([]string{"PATCH status=500 Bearer " + token}))
}

// TestManySitesAmidOtherWriters ends many sites at once while another writer keeps changing their status, with two managers that both believe to be
// the leader. Each is told one thing, and none is told after its 200 was recorded.
func TestManySitesAmidOtherWriters(t *testing.T) {
	f := newFactory(t, 2)
	const sites = 20
	var others sync.WaitGroup
	for i := range sites {
		domain := fmt.Sprintf("site%d.gent", i)
		f.order(domain, v1alpha1.DialectBearer)
		f.end(domain, "Ready", "Succeeded")
		others.Go(func() {
			for n := range 10 {
				s := &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Name: domain, Namespace: f.sites}}
				patch := fmt.Appendf(nil, `{"status":{"url":"https://%s/%d"}}`, domain, n)
				if err := f.client.Status().Patch(t.Context(), s, client.RawPatch(types.MergePatchType, patch)); err != nil {
					t.Errorf("write the status of %s: %v", domain, err)
				}
			}
		})
	}
	others.Wait()
	for i := range sites {
		domain := fmt.Sprintf("site%d.gent", i)
		f.told(domain, v1alpha1.ReasonDelivered)
		s := f.letGo(domain)
		f.Expect(s.Status.URL).To(gomega.HaveSuffix("/9"), "another writer's status was written over")
		f.Expect(s.Status.Delivery.Attempts).To(gomega.BeEquivalentTo(1), domain)
		f.Expect(f.receiver.of(domain)).To(gomega.Equal([]string{"PATCH status=201 Bearer " + token}), domain)
	}
	f.quiet()
}

// quiet wakes all sites by a changed Onboarder, lets one more order go all the way behind them, and sees that none was written to.
func (f *factory) quiet() {
	f.t.Helper()
	before := f.versions()
	o := f.onboarder()
	o.Spec.Callback.URLPrefixes = append(o.Spec.Callback.URLPrefixes, "https://another.gent")
	f.Expect(f.client.Update(f.t.Context(), o)).To(gomega.Succeed())
	f.judge()
	f.order("last.gent", v1alpha1.DialectBearer)
	f.end("last.gent", "Ready", "Succeeded")
	f.told("last.gent", v1alpha1.ReasonDelivered)
	after := f.versions()
	delete(after, "last.gent")
	f.Expect(after).To(gomega.Equal(before))
}

func (f *factory) versions() map[string]string {
	f.t.Helper()
	list := &v1alpha1.IndieSiteList{}
	f.Expect(f.client.List(f.t.Context(), list, client.InNamespace(f.sites))).To(gomega.Succeed())
	versions := map[string]string{}
	for _, s := range list.Items {
		versions[s.Name] = s.ResourceVersion
	}
	return versions
}

func TestNoSecretInWhatTheAPIServerHolds(t *testing.T) {
	f := newFactory(t, 1)
	f.receiver.answers(func(string, int) int { return http.StatusFound })
	f.order("alice.gent", v1alpha1.DialectQuerySecret)
	f.end("alice.gent", "Ready", "Succeeded")
	f.told("alice.gent", v1alpha1.ReasonDelivering)
	f.Eventually(func() string { return f.site("alice.gent").Status.Delivery.LastResponse }).WithTimeout(patience).Should(gomega.Equal("302 Redirect"))
	events := &eventsv1.EventList{}
	f.Eventually(func() string {
		f.Expect(f.client.List(t.Context(), events, client.InNamespace(f.sites))).To(gomega.Succeed())
		raw, _ := json.Marshal(events)
		return string(raw)
	}).WithTimeout(patience).Should(gomega.ContainSubstring("DeliveryFailed"))
	for _, held := range []any{events, f.site("alice.gent"), f.onboarder()} {
		raw, err := json.Marshal(held)
		f.Expect(err).NotTo(gomega.HaveOccurred())
		f.Expect(strings.Contains(string(raw), "marked-")).To(gomega.BeFalse(), "%s", raw)
	}
	f.receiver.answers(func(string, int) int { return http.StatusOK })
	again := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"now"}}}`, v1alpha1.AnnotationSendAgain)
	f.Expect(f.client.Patch(t.Context(), f.site("alice.gent"), client.RawPatch(types.MergePatchType, again))).To(gomega.Succeed())
	f.told("alice.gent", v1alpha1.ReasonDelivered)
}
