package site

import (
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// whole is the scope of a site that has everything.
func whole(changes ...func(*scope)) *scope {
	class := fullClass()
	s := &scope{
		now: epoch.Add(time.Minute),
		site: &v1alpha1.IndieSite{
			ObjectMeta: metav1.ObjectMeta{Name: domainName, Namespace: sitesNamespace, UID: "uid", Generation: 3},
			Spec:       v1alpha1.IndieSiteSpec{Domain: domainName, SiteClassName: className, SetupAttempt: 1},
			Status: v1alpha1.IndieSiteStatus{
				URL:     "https://alice.gent",
				Attempt: &v1alpha1.AttemptStatus{Number: 1, StartTime: metav1.NewTime(epoch), DomainTime: &metav1.Time{Time: epoch}},
			},
		},
		domain:  domainThat(metav1.ConditionTrue, v1alpha1.ReasonRegistered),
		class:   &class,
		secret:  true,
		current: true,
		statefulSet: &appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Generation: 2},
			Status:     appsv1.StatefulSetStatus{ObservedGeneration: 2, UpdatedReplicas: 1, ReadyReplicas: 1, CurrentRevision: "r", UpdateRevision: "r"},
		},
		certificate: certificateThat("Ready", "True", ""),
		visit:       &visit{answered: true},
	}
	for _, c := range changes {
		c(s)
	}
	s.before = s.site.DeepCopy()
	return s
}

func domainThat(status metav1.ConditionStatus, reason string) *v1alpha1.Domain {
	return &v1alpha1.Domain{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{v1alpha1.AnnotationAttempt: "uid.1"}},
		Status:     v1alpha1.DomainStatus{Conditions: []metav1.Condition{condition(v1alpha1.ConditionRegistered, status, reason)}},
	}
}

func certificateThat(conditionType, status, message string) *unstructured.Unstructured {
	u := emptyCertificate()
	u.SetGeneration(1)
	u.Object["status"] = map[string]any{"conditions": []any{map[string]any{
		"type": conditionType, "status": status, "message": message, "observedGeneration": int64(1),
	}}}
	return u
}

func noDomain(s *scope)   { s.domain, s.site.Status.Attempt.DomainTime = nil, nil }
func notReached(s *scope) { s.visit = nil }
func notReady(s *scope)   { s.statefulSet.Status.ReadyReplicas = 0; s.visit = nil }
func notCurrent(s *scope) { s.current = false; s.visit = nil }
func deleted(s *scope)    { now := metav1.NewTime(s.now); s.site.DeletionTimestamp = &now }
func suspended(s *scope)  { s.site.Spec.Suspend = true; s.visit = nil }
func wildcard(s *scope) {
	s.class.TLS = v1alpha1.SiteTLS{Wildcard: &v1alpha1.WildcardTLS{}}
	s.certificate = nil
}
func withoutSecret(s *scope) { s.secret = false; notCurrent(s) }
func frozen(code v1alpha1.OutcomeCode) func(*scope) {
	return func(s *scope) { s.site.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: code} }
}

func stalled(reason string) func(*scope) {
	return func(s *scope) {
		s.set(v1alpha1.ConditionStalled, yes(reason, "It failed."))
		s.stall = s.judged()
	}
}

func TestConditions(t *testing.T) {
	const (
		domain    = v1alpha1.ConditionDomainRegistered
		available = v1alpha1.ConditionSiteAvailable
		dns       = v1alpha1.ConditionDNSPublished
		issued    = v1alpha1.ConditionCertificateIssued
		reachable = v1alpha1.ConditionReachable
		ready     = v1alpha1.ConditionReady
		stall     = v1alpha1.ConditionStalled
	)
	type is map[string]string // condition -> "status reason"; an absent Stalled is "-"
	for name, tc := range map[string]struct {
		scope []func(*scope)
		want  is
	}{
		"a site that has everything is Ready": {
			want: is{domain: "True Succeeded", available: "True Succeeded", dns: "True NotRequested", issued: "True Succeeded", reachable: "True Succeeded", ready: "True Succeeded", stall: "-"},
		},
		"a route with a certificate of its own needs none": {
			scope: []func(*scope){wildcard}, want: is{issued: "True NotRequested", ready: "True Succeeded"},
		},
		"a name that is being bought keeps route and certificate waiting": {
			scope: []func(*scope){noDomain, func(s *scope) { s.domain = domainThat(metav1.ConditionUnknown, v1alpha1.ReasonRequested) }, notReached},
			want:  is{domain: "Unknown Requested", issued: "False WaitingForDomain", reachable: "False WaitingForDomain", ready: "False Requested", stall: "-"},
		},
		"a Domain says why it waits": {
			scope: []func(*scope){noDomain, func(s *scope) { s.domain = domainThat(metav1.ConditionFalse, v1alpha1.ReasonLimitReached) }, notReached},
			want:  is{domain: "False LimitReached", ready: "False LimitReached"},
		},
		"a Domain that nobody has looked at is ordered": {
			scope: []func(*scope){noDomain, func(s *scope) { s.domain = &v1alpha1.Domain{} }, notReached},
			want:  is{domain: "False Progressing"},
		},
		"a suffix that nobody sells": {
			scope: []func(*scope){noDomain, func(s *scope) { s.notSold = true }, notReached},
			want:  is{domain: "False SuffixNotSold", ready: "False SuffixNotSold"},
		},
		"the end of an earlier order is not the end of this one": {
			scope: []func(*scope){noDomain, func(s *scope) {
				s.domain = domainThat(metav1.ConditionFalse, v1alpha1.ReasonTaken)
				s.domain.Annotations[v1alpha1.AnnotationAttempt] = "another.1"
			}, notReached},
			want: is{domain: "False Progressing", stall: "-"},
		},
		"a missing Secret keeps everything waiting": {
			scope: []func(*scope){noDomain, withoutSecret},
			want:  is{domain: "False InstallerSecretMissing", available: "False InstallerSecretMissing", ready: "False InstallerSecretMissing"},
		},
		"a Secret that goes after the outcome changes nothing": {
			scope: []func(*scope){func(s *scope) { s.secret = false }, frozen(v1alpha1.OutcomeCreated)}, want: is{ready: "True Succeeded"},
		},
		"a missing SiteClass": {
			scope: []func(*scope){noDomain, func(s *scope) { s.class = nil }, notCurrent},
			want:  is{domain: "False SiteClassMissing", available: "False SiteClassMissing", dns: "False SiteClassMissing", issued: "False SiteClassMissing", reachable: "False SiteClassMissing"},
		},
		"a pod that is not ready": {
			scope: []func(*scope){notReady, func(s *scope) { s.trouble = &trouble{message: "It starts."} }},
			want:  is{available: "False Progressing", reachable: "False Progressing", ready: "False Progressing"},
		},
		"a pod that cannot start": {
			scope: []func(*scope){notReady, func(s *scope) { s.trouble = &trouble{failing: true, message: "It cannot."} }},
			want:  is{available: "False PodFailing", ready: "False PodFailing"},
		},
		"an old pod, of a StatefulSet whose change is not seen yet": {
			scope: []func(*scope){func(s *scope) { s.statefulSet.Generation = 3 }, notReached}, want: is{available: "False Progressing"},
		},
		"an old pod, beside one of the new template": {
			scope: []func(*scope){func(s *scope) { s.statefulSet.Status.UpdateRevision = "new" }, notReached}, want: is{available: "False Progressing"},
		},
		"an old pod, while the new template could not be applied": {
			scope: []func(*scope){notCurrent}, want: is{available: "False Progressing", ready: "False Progressing"},
		},
		"a child that belongs to something else": {
			scope: []func(*scope){notCurrent, func(s *scope) { s.conflict = "Service x" }}, want: is{available: "False ChildConflict", ready: "False ChildConflict"},
		},
		"a change that the API server refused": {
			scope: []func(*scope){notCurrent, func(s *scope) { s.notice(apierrors.NewForbidden(schema.GroupResource{}, "x", errors.New("quota"))) }},
			want:  is{available: "False Progressing"},
		},
		"a certificate that is on its way": {
			scope: []func(*scope){func(s *scope) { s.certificate = certificateThat("Issuing", "True", "On its way.") }, notReached},
			want:  is{issued: "False Progressing", reachable: "False Progressing", ready: "False Progressing"},
		},
		"a certificate for an older spec": {
			scope: []func(*scope){func(s *scope) { s.certificate.SetGeneration(2) }, notReached}, want: is{issued: "False Progressing"},
		},
		"a cluster without cert-manager": {
			scope: []func(*scope){func(s *scope) { s.certificate, s.noCertManager = nil, true }, notReached}, want: is{issued: "False Progressing"},
		},
		"a route without an address": {
			scope: []func(*scope){notReached, func(s *scope) { s.noAddress = true }}, want: is{reachable: "False WaitingForRoute", ready: "False WaitingForRoute"},
		},
		"a site that does not answer": {
			scope: []func(*scope){func(s *scope) { s.visit = &visit{message: "refused"} }}, want: is{reachable: "False NotReachable", ready: "False NotReachable", stall: "-"},
		},
		"a suspended site": {
			scope: []func(*scope){suspended},
			want:  is{domain: "True Succeeded", available: "False Suspended", issued: "True Succeeded", reachable: "False Suspended", ready: "False Suspended", stall: "-"},
		},
		"a site that is being deleted": {
			scope: []func(*scope){deleted, notCurrent},
			want:  is{domain: "True Succeeded", available: "False Deleting", issued: "False Deleting", reachable: "False Deleting", ready: "False Deleting", stall: "-"},
		},
		"an attempt that ended in 500": {
			scope: []func(*scope){stalled(v1alpha1.ReasonSetupDeadlineExceeded), frozen(v1alpha1.OutcomeFailed), notCurrent},
			want:  is{available: "False AttemptEnded", reachable: "False AttemptEnded", ready: "False AttemptEnded", stall: "True SetupDeadlineExceeded"},
		},
		"an attempt that has failed and whose outcome is not frozen": {
			scope: []func(*scope){stalled(v1alpha1.ReasonDomainTaken)}, want: is{domain: "True Succeeded", ready: "False DomainTaken", stall: "True DomainTaken"},
		},
		"and what was seen of its site before stays": {
			scope: []func(*scope){func(s *scope) { s.summarize() }, stalled(v1alpha1.ReasonRegistrationRefused), notCurrent},
			want:  is{available: "True Succeeded", reachable: "True Succeeded", ready: "False RegistrationRefused"},
		},
		"a site that is late": {
			scope: []func(*scope){notReady, func(s *scope) { s.now = epoch.Add(time.Hour) }},
			want:  is{ready: "False SetupDeadlineExceeded", stall: "True SetupDeadlineExceeded"},
		},
		"a site that is late and answers after all": {
			scope: []func(*scope){func(s *scope) { s.now = epoch.Add(2 * time.Hour) }}, want: is{ready: "True Succeeded", stall: "-"},
		},
		"a site that was told 201 is never late": {
			scope: []func(*scope){notReady, frozen(v1alpha1.OutcomeCreated), func(s *scope) { s.now = epoch.Add(2 * time.Hour) }},
			want:  is{ready: "False Progressing", stall: "-"},
		},
		"a suspended site is never late": {
			scope: []func(*scope){suspended, func(s *scope) { s.now = epoch.Add(time.Hour) }}, want: is{ready: "False Suspended", stall: "-"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := whole(tc.scope...)
			s.summarize()
			for conditionType, want := range tc.want {
				got := "-"
				if c := find(s.site.Status.Conditions, conditionType); c != nil {
					got = string(c.Status) + " " + c.Reason
					if c.ObservedGeneration != 3 {
						t.Errorf("%s speaks of generation %d", conditionType, c.ObservedGeneration)
					}
					if c.Message == "" {
						t.Errorf("%s says nothing", conditionType)
					}
				}
				if got != want {
					t.Errorf("%s is %q, want %q", conditionType, got, want)
				}
			}
		})
	}
}

func TestTheSameScopeComputedLaterIsNoChange(t *testing.T) {
	s := whole(notReady)
	s.summarize()
	before := s.site.DeepCopy()
	s.now = s.now.Add(time.Minute)
	s.summarize()
	for _, c := range before.Status.Conditions {
		if now := find(s.site.Status.Conditions, c.Type); now == nil || *now != c {
			t.Errorf("%s became %+v, was %+v", c.Type, now, c)
		}
	}
}

func TestUntilComesBackAtTheNextDeadline(t *testing.T) {
	s := whole(notReady)
	s.now = epoch.Add(59 * time.Minute)
	if got := s.until(duty.Continue()).After(); got != time.Minute {
		t.Errorf("comes back after %s, want the minute to the deadline", got)
	}
	if got := s.until(duty.ContinueAfter(time.Second)).After(); got != time.Second {
		t.Errorf("comes back after %s, want what the steps asked for", got)
	}
}
