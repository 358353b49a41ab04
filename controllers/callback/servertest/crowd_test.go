package servertest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// crowd is many callbacks that are due at once, at several receivers, each of an Onboarder of its own.
type crowd struct {
	*factory
	receivers []*receiver
	each      int
	// hang holds the calls that some receivers let hang, until release is called.
	hang    chan struct{}
	release func()

	told atomic.Int32 // callbacks that a receiver has answered
	all  chan struct{}
}

// gather makes the receivers, of which the first so many hang and the others take their time to answer, and for each so many sites that are due. All of the
// others being told closes all.
func gather(t testing.TB, receivers, hanging, each int, latency time.Duration) *crowd {
	t.Helper()
	c := &crowd{factory: newFactory(t, 0), each: each, hang: make(chan struct{}), all: make(chan struct{})}
	c.release = sync.OnceFunc(func() { close(c.hang) })
	healthy := int32((receivers - hanging) * each)
	for i := range receivers {
		r := newReceiver(t)
		t.Cleanup(c.release) // before the server's end, which waits for calls under way
		r.answers(func(_ string, call int) int {
			if i < hanging {
				<-c.hang
				return http.StatusOK
			}
			<-time.After(latency)
			if call == 1 && c.told.Add(1) == healthy {
				close(c.all)
			}
			return http.StatusOK
		})
		c.receivers = append(c.receivers, r)
		c.admit(i, r)
	}
	group, _ := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	for i := range receivers * each {
		group.Go(func() error { return c.owe(i/each, i%each) })
	}
	c.Expect(group.Wait()).To(gomega.Succeed())
	return c
}

// admit makes an Onboarder that is called back at a receiver.
func (c *crowd) admit(i int, r *receiver) {
	c.t.Helper()
	name := fmt.Sprintf("onboarder%d", i)
	secret := fmt.Sprintf("marked-secret-of-%s-0123456789abcdef", name)
	c.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.factory.factory}, Data: map[string][]byte{v1alpha1.SecretKeyToken: []byte(secret)},
	})
	o := &v1alpha1.Onboarder{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.factory.factory},
		Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: name},
			Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{r.URL + "/mwf"}, CABundle: r.bundle()},
		},
	}
	c.create(o)
	o.Status.TokenDigests = []v1alpha1.TokenDigest{{Use: v1alpha1.TokenCurrent, SHA256: delivery.TokenDigest(secret)}}
	apimeta.SetStatusCondition(&o.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, ObservedGeneration: o.Generation,
	})
	c.Expect(c.client.Status().Update(c.t.Context(), o)).To(gomega.Succeed())
}

// owe makes a site whose onboarder was tried an hour ago, and is due again.
func (c *crowd) owe(onboarder, n int) error {
	domain := fmt.Sprintf("site%02d-%03d.gent", onboarder, n)
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Name: domain, Namespace: c.sites, Finalizers: []string{v1alpha1.FinalizerCallback}},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: domain, OnboarderName: ptr.To(fmt.Sprintf("onboarder%d", onboarder)), SetupAttempt: 1, RequestDigest: "k1:abc",
			InstallerSecretRef: v1alpha1.LocalReference{Name: domain + "-installer-1"},
			Callback:           &v1alpha1.SiteCallback{URL: c.receivers[onboarder].URL + "/mwf", Domain: domain, Dialect: v1alpha1.DialectBearer},
		},
	}
	if err := c.client.Create(c.t.Context(), site); err != nil {
		return err
	}
	hourAgo := metav1.NewTime(time.Now().Add(-time.Hour))
	site.Status = v1alpha1.IndieSiteStatus{
		Attempt: &v1alpha1.AttemptStatus{Number: 1, StartTime: hourAgo},
		Outcome: &v1alpha1.Outcome{Attempt: 1, Code: v1alpha1.OutcomeCreated, Time: hourAgo},
		Delivery: &v1alpha1.Delivery{
			Attempt: 1, Attempts: 3, FirstAttemptTime: &hourAgo, LastAttemptTime: &hourAgo, NextAttemptTime: &hourAgo, LastResponse: "503 ServerError",
		},
	}
	return c.client.Status().Update(c.t.Context(), site)
}

// untilAllAreTold starts the duty, and returns after how long all receivers that answer were told of everything.
func (c *crowd) untilAllAreTold(sender delivery.Sender, workers int) time.Duration {
	c.t.Helper()
	begun := time.Now()
	stop := c.startWith(sender, workers)
	select {
	case <-c.all:
	case <-time.After(c.patience()):
		c.t.Errorf("after %s %d callbacks were made of %d", c.patience(), c.told.Load(), len(c.receivers)*c.each)
	}
	took := time.Since(begun)
	c.release()
	stop()
	return took
}

// patience is far more than it takes, on a machine that is busy with other things.
func (c *crowd) patience() time.Duration {
	return 30*time.Second + time.Duration(len(c.receivers)*c.each)*200*time.Millisecond
}

// BenchmarkAThousandCallbacksDueAtOnce has twenty receivers, and gives as ratio how much longer nineteen of them wait for all of their callbacks when the
// twentieth hangs until the client gives up. The duty runs as in the manager: its real queue and workers, client and API server. The receivers answer after a
// tenth of a second, as over the internet. Of several rounds the quickest counts, as whatever else the machine does only ever adds.
//
//	go test ./controllers/callback/servertest -run '^$' -bench AThousand -benchtime 3x
func BenchmarkAThousandCallbacksDueAtOnce(b *testing.B) {
	const receivers, each, workers = 20, 50, 32
	quickest := [2]time.Duration{time.Hour, time.Hour} // by how many hang
	for b.Loop() {
		for hanging := range quickest {
			c := gather(b, receivers, hanging, each, 100*time.Millisecond)
			took := c.untilAllAreTold(c.sender(delivery.Timeout), workers)
			quickest[hanging] = min(quickest[hanging], took)
			b.Logf("%d callbacks to %d receivers, of which %d hang: the others were told of all theirs after %s", receivers*each, receivers, hanging, took.Round(time.Millisecond))
		}
	}
	b.ReportMetric(quickest[0].Seconds(), "s-none-hanging")
	b.ReportMetric(quickest[1].Seconds(), "s-one-hanging")
	b.ReportMetric(quickest[1].Seconds()/quickest[0].Seconds(), "ratio")
}

// TestAReceiverThatHangsForEverHoldsUpNoOther has fewer workers than there are callbacks for the one that hangs.
func TestAReceiverThatHangsForEverHoldsUpNoOther(t *testing.T) {
	c := gather(t, 3, 1, 40, 0)
	first := strings.TrimPrefix(c.receivers[0].URL, "https://")
	c.untilAllAreTold(hangingSender{c.sender(delivery.Timeout), first, c.hang}, 8)
}

// hangingSender never comes back from a call to the first receiver, before the test ends.
type hangingSender struct {
	delivery.Sender
	host string
	hang <-chan struct{}
}

func (s hangingSender) Send(ctx context.Context, r delivery.Request) delivery.Answer {
	if r.Target.Host == s.host {
		<-s.hang
	}
	return s.Sender.Send(ctx, r)
}
