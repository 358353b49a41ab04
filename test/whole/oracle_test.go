package whole

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo"
)

// converge waits until everything has come to rest, and then watches that it stays so. In the full form a new leader looks at all of it too.
func (t *town) converge(full bool, all *figures) {
	ctx := t.t.Context()
	if _, err := t.leader(ctx); err != nil {
		t.t.Error(err)
	}
	if err := await(ctx, "everything to come to rest", outcomeTime, t.atRest); err != nil {
		t.t.Errorf("%v\n%s", err, t.overview())
		return
	}
	before := t.settled()
	t.clock.pass(ctx, 1, 3*time.Second)
	if full {
		t.kill(t.managers[:]...)
		if _, err := t.leader(ctx); err != nil {
			t.t.Error(err)
		}
		t.clock.pass(ctx, 1, 10*time.Second)
	}
	after := t.versions(ctx)
	for _, what := range slices.Sorted(maps.Keys(after)) {
		if before[what] != after[what] {
			all.WritesAfter++
			t.t.Errorf("%s was written although everything was done: %s became %s", what, before[what], after[what])
		}
	}
	for what := range before {
		if _, there := after[what]; !there {
			all.WritesAfter++
			t.t.Errorf("%s was deleted although everything was done", what)
		}
	}
}

// atRest says what is still to be done.
func (t *town) atRest(ctx context.Context) error {
	sites := &v1alpha1.IndieSiteList{}
	if err := t.client.List(ctx, sites, client.InNamespace(t.sites)); err != nil {
		return err
	}
	for i := range sites.Items {
		site := &sites.Items[i]
		ready := apimeta.IsStatusConditionTrue(site.Status.Conditions, v1alpha1.ConditionReady)
		switch {
		case !told(site) || len(site.Finalizers) > 0:
			t.hasten(ctx, site) // sent again by our own wish, when the first answer came as it was made
			return fmt.Errorf("%s: %+v, %v", site.Name, site.Status.Delivery, site.Finalizers)
		case site.Status.Outcome.Code == v1alpha1.OutcomeCreated && !ready:
			return fmt.Errorf("%s is not Ready", site.Name)
		}
	}
	domains := &v1alpha1.DomainList{}
	if err := t.client.List(ctx, domains, client.InNamespace(t.factory)); err != nil {
		return err
	}
	for i := range domains.Items {
		domain := &domains.Items[i]
		if apimeta.IsStatusConditionTrue(domain.Status.Conditions, v1alpha1.ConditionNeedsAttention) {
			return fmt.Errorf("domain %s needs a person's attention", domain.Name)
		}
		if c := apimeta.FindStatusCondition(domain.Status.Conditions, v1alpha1.ConditionRegistered); c == nil || c.Status == "Unknown" {
			return fmt.Errorf("domain %s is %+v", domain.Name, c)
		}
	}
	return nil
}

// noCalls says whether a call to the registrar is under way.
func (t *town) noCalls(ctx context.Context) error {
	domains := &v1alpha1.DomainList{}
	if err := t.client.List(ctx, domains, client.InNamespace(t.factory)); err != nil {
		return err
	}
	for _, domain := range domains.Items {
		if c := apimeta.FindStatusCondition(domain.Status.Conditions, v1alpha1.ConditionRegistered); c != nil && c.Reason == v1alpha1.ReasonRequested {
			return fmt.Errorf("%s is being bought", domain.Name)
		}
	}
	return nil
}

// settled waits for the last write of those that were under way when all was done, and returns the versions of everything.
func (t *town) settled() map[string]string {
	t.t.Helper()
	last, since := t.versions(t.t.Context()), time.Now()
	t.await("the last writes", 20*time.Second, func(ctx context.Context) error {
		now := t.versions(ctx)
		if !maps.Equal(last, now) {
			last, since = now, time.Now()
		}
		if time.Since(since) < time.Second {
			return errors.New("something was written a moment ago")
		}
		return nil
	})
	return last
}

// judge holds the run to its promises.
func (t *town) judge(all *figures) {
	ledger := &corev1.ConfigMap{}
	if err := t.client.Get(context.WithoutCancel(t.t.Context()), client.ObjectKey{Namespace: t.factory, Name: t.ledger}, ledger); err != nil {
		t.t.Errorf("read the registrar's ledger: %v", err)
	}
	calls := map[*onboarder][]hallo.Call{}
	for _, o := range t.onboarders {
		calls[o] = o.receiver.Calls()
	}
	dear := boughtTwice(ledger.Data)
	lost, contradictory := t.books.compare(calls, time.Now())
	signed, mixed := contradictorySignatures(calls)
	contradictory = append(contradictory, mixed...)
	if signed == 0 {
		t.t.Error("no callback was signed")
	}
	all.PurchasesOverOne += len(dear)
	all.Lost += len(lost)
	all.Contradictory += len(contradictory)
	for _, found := range slices.Concat(dear, lost, contradictory) {
		t.t.Error(found)
	}
}

// states is a line on each site and domain.
func (t *town) states(ctx context.Context) []string {
	var lines []string
	sites, domains := &v1alpha1.IndieSiteList{}, &v1alpha1.DomainList{}
	if err := errors.Join(t.client.List(ctx, sites, client.InNamespace(t.sites)), t.client.List(ctx, domains, client.InNamespace(t.factory))); err != nil {
		return []string{err.Error()}
	}
	for _, s := range sites.Items {
		line := fmt.Sprintf("site %s: attempt %d, outcome %+v, delivery %+v", s.Name, s.Spec.SetupAttempt, s.Status.Outcome, s.Status.Delivery)
		for _, c := range s.Status.Conditions {
			line += fmt.Sprintf(" %s=%s/%s", c.Type, c.Status, c.Reason)
		}
		lines = append(lines, line)
	}
	for _, d := range domains.Items {
		line := fmt.Sprintf("domain %s: call %+v", d.Name, d.Status.Call)
		for _, c := range d.Status.Conditions {
			line += fmt.Sprintf(" %s=%s/%s", c.Type, c.Status, c.Reason)
		}
		lines = append(lines, line)
	}
	return lines
}
