package site

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/names"
)

// trouble is what keeps a pod from being ready.
type trouble struct {
	// failing is a pod that will not come up by itself; else it is on its way.
	failing bool
	message string
}

// inspectPods finds out why a site is not available. It reads pods only then, and not through a cache of all pods; resourceVersion 0 lets the API server
// answer from its own cache. What a pod waits for changes without the StatefulSet changing, so it comes back.
func (r *Reconciler) inspectPods(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.available() || s.site.Spec.Suspend {
		return duty.Continue(), nil
	}
	var pods corev1.PodList
	err := r.Reader.List(ctx, &pods, client.InNamespace(s.site.Namespace),
		client.MatchingLabels{v1alpha1.LabelSite: names.Child(s.site.Spec.Domain)},
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: "0"}})
	if err != nil { // knowing why is no reason to hold the rest up
		logf.FromContext(ctx).Error(err, "cannot list the pods of a site that is not available")
	} else {
		s.trouble = diagnose(pods.Items)
	}
	var since time.Time
	if c := find(s.site.Status.Conditions, v1alpha1.ConditionSiteAvailable); c != nil {
		since = c.LastTransitionTime.Time
	}
	return duty.ContinueAfter(2 * pause(s.now.Sub(since))), nil
}

// manyRestarts is when a container that ended counts as one that keeps ending: once can be a node that restarted.
const manyRestarts = 2

// waitingReasons of a container that will not start by itself, and what they mean. Some alternate while the kubelet tries again: they are one.
var waitingReasons = map[string]string{
	"ErrImagePull":               "ImagePullBackOff",
	"ImagePullBackOff":           "ImagePullBackOff",
	"ErrImageNeverPull":          "ErrImageNeverPull",
	"InvalidImageName":           "InvalidImageName",
	"ImageInspectError":          "ImageInspectError",
	"RegistryUnavailable":        "ImagePullBackOff",
	"CreateContainerConfigError": "CreateContainerConfigError",
	"CreateContainerError":       "CreateContainerError",
	"RunContainerError":          "RunContainerError",
	"CrashLoopBackOff":           "CrashLoopBackOff",
}

// diagnose says what keeps the pod from being ready, in words that stay the same while the pod's state does: no times, no counts, no back-off.
func diagnose(pods []corev1.Pod) *trouble {
	var pod *corev1.Pod
	for i := range pods {
		if pods[i].DeletionTimestamp.IsZero() {
			pod = &pods[i]
		}
	}
	switch {
	case pod == nil && len(pods) > 0:
		return &trouble{message: "The pod before it is still ending."}
	case pod == nil:
		return &trouble{message: "There is no pod yet; if none comes, the events of the StatefulSet say why."}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return &trouble{message: fmt.Sprintf("Pod %s is not scheduled: %s.", pod.Name, c.Reason)}
		}
	}
	for i := range pod.Status.ContainerStatuses {
		if t := diagnoseContainer(pod.Name, &pod.Status.ContainerStatuses[i]); t != nil {
			return t
		}
	}
	return &trouble{message: fmt.Sprintf("Pod %s is starting.", pod.Name)}
}

func diagnoseContainer(pod string, c *corev1.ContainerStatus) *trouble {
	if last := lastEnd(c); last != nil && !c.Ready && c.RestartCount >= manyRestarts {
		return &trouble{failing: true, message: fmt.Sprintf("The container of pod %s keeps ending: %s, exit code %d.", pod, last.Reason, last.ExitCode)}
	}
	if w := c.State.Waiting; w != nil {
		if reason, ok := waitingReasons[w.Reason]; ok {
			return &trouble{failing: true, message: fmt.Sprintf("The container of pod %s cannot start: %s.", pod, reason)}
		}
	}
	if c.State.Running != nil && !c.Ready {
		return &trouble{message: fmt.Sprintf("Pod %s runs and does not answer its probes yet.", pod)}
	}
	return nil
}

func lastEnd(c *corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if c.State.Terminated != nil {
		return c.State.Terminated
	}
	return c.LastTerminationState.Terminated
}
