package site

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

func pod(change ...func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: names.Child(domainName) + "-0", Namespace: sitesNamespace, Labels: map[string]string{v1alpha1.LabelSite: names.Child(domainName)},
		},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: containerName}}},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

// containerName as the builders call it.
const containerName = "site"

func waits(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	}
}

func restarted(times int32, exit int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].RestartCount = times
		p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: exit, Reason: "Error"}
	}
}

func runs(p *corev1.Pod) {
	p.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{}
}

func TestDiagnose(t *testing.T) {
	ending := pod(func(p *corev1.Pod) { now := metav1.Now(); p.DeletionTimestamp = &now })
	for name, tc := range map[string]struct {
		pods    []corev1.Pod
		failing bool
		says    string
	}{
		"no pod":                         {nil, false, "no pod yet"},
		"a pod that is ending":           {[]corev1.Pod{ending}, false, "still ending"},
		"a pod that is being made":       {[]corev1.Pod{pod(waits("ContainerCreating", ""))}, false, "is starting"},
		"an image that cannot be pulled": {[]corev1.Pod{pod(waits("ErrImagePull", "secret-registry said no"))}, true, "ImagePullBackOff"},
		"and its pause":                  {[]corev1.Pod{pod(waits("ImagePullBackOff", "back-off"))}, true, "ImagePullBackOff"},
		"a missing image":                {[]corev1.Pod{pod(waits("ErrImageNeverPull", ""))}, true, "ErrImageNeverPull"},
		"a pod that does not answer yet": {[]corev1.Pod{pod(runs)}, false, "does not answer its probes"},
		"one restart":                    {[]corev1.Pod{pod(runs, restarted(1, 255))}, false, "does not answer its probes"},
		"a crash loop between restarts":  {[]corev1.Pod{pod(waits("CrashLoopBackOff", "back-off 40s"), restarted(3, 1))}, true, "keeps ending: Error, exit code 1"},
		"a crash loop while it runs":     {[]corev1.Pod{pod(runs, restarted(3, 1))}, true, "keeps ending: Error, exit code 1"},
		"a pod that fits nowhere": {[]corev1.Pod{pod(func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/7 nodes"}}
		})}, false, "not scheduled: Unschedulable"},
	} {
		t.Run(name, func(t *testing.T) {
			got := diagnose(tc.pods)
			if got.failing != tc.failing || !contains(got.message, tc.says) {
				t.Errorf("failing %t, %q; want %t, %q", got.failing, got.message, tc.failing, tc.says)
			}
			for _, volatile := range []string{"back-off", "0/7", "said no"} {
				if contains(got.message, volatile) {
					t.Errorf("%q says %q, which changes by itself", got.message, volatile)
				}
			}
		})
	}
}

func TestAFailingPodIsSaidAndWatched(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	failing := pod(waits("ImagePullBackOff", ""))
	w.create(&failing)
	result := w.reconcile()
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonPodFailing)
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing) // the name comes first
	if result.RequeueAfter == 0 || result.RequeueAfter > 2*firstPause {
		t.Errorf("looked at again after %s", result.RequeueAfter)
	}
	if !w.published("PodFailing") {
		t.Error("no event")
	}
}

// published says whether an event with this reason was published.
func (w *world) published(reason string) bool {
	for {
		select {
		case event := <-w.events.Events:
			if contains(event, reason) {
				return true
			}
		default:
			return false
		}
	}
}

func contains(s, part string) bool { return strings.Contains(s, part) }
