package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	pollInterval = 250 * time.Millisecond
	kindsWait    = time.Minute
	rolloutWait  = 5 * time.Minute
	readyWait    = 2 * time.Minute
)

// until asks again and again; when the time is up, the error says what was still missing.
func until(ctx context.Context, limit time.Duration, what string, ask func(context.Context) (missing string, err error)) error {
	var missing string
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := wait.PollUntilContextCancel(limited, pollInterval, true, func(ctx context.Context) (bool, error) {
		said, err := ask(ctx)
		if err != nil && ctx.Err() == nil && !transient(err) {
			return false, err
		}
		if err == nil {
			missing = said
		}
		return err == nil && said == "", nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("wait for %s: %w; last seen: %s", what, context.Cause(ctx), missing)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("wait for %s: not within %s; last seen: %s", what, limit, missing)
	}
	return fmt.Errorf("wait for %s: %w", what, err)
}

// transient errors are those of a server that is busy or just starting, and of a kind that discovery has not seen yet.
func transient(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || apimeta.IsNoMatchError(err) || apierrors.ReasonForError(err) == metav1.StatusReasonUnknown
}

// waitForKinds waits until the API server serves the kinds that were just applied.
func (d *demo) waitForKinds(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if object.GetKind() != "CustomResourceDefinition" {
			continue
		}
		err := until(ctx, kindsWait, "CustomResourceDefinition "+object.GetName(), func(ctx context.Context) (string, error) {
			crd := &apiextensionsv1.CustomResourceDefinition{}
			if err := d.client.Get(ctx, client.ObjectKeyFromObject(object), crd); err != nil {
				return "", err
			}
			for _, condition := range crd.Status.Conditions {
				if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
					return "", nil
				}
			}
			return "not established", nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// waitForDeployment waits until the newest pods have taken over, and says what keeps them when they do not.
func (d *demo) waitForDeployment(ctx context.Context, key client.ObjectKey) error {
	deployment := &appsv1.Deployment{}
	err := until(ctx, rolloutWait, "Deployment "+key.Name, func(ctx context.Context) (string, error) {
		if err := d.client.Get(ctx, key, deployment); err != nil {
			return "", err
		}
		return rolloutMissing(deployment), nil
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, d.explain(context.WithoutCancel(ctx), deployment))
	}
	return nil
}

func rolloutMissing(deployment *appsv1.Deployment) string {
	wanted := int32(1)
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	status := deployment.Status
	switch {
	case status.ObservedGeneration < deployment.Generation:
		return "not seen by its controller"
	case status.UpdatedReplicas < wanted:
		return fmt.Sprintf("%d of %d pods are of the newest version", status.UpdatedReplicas, wanted)
	case status.Replicas > status.UpdatedReplicas:
		return fmt.Sprintf("%d old pods are still there", status.Replicas-status.UpdatedReplicas)
	case status.AvailableReplicas < wanted:
		return fmt.Sprintf("%d of %d pods are available", status.AvailableReplicas, wanted)
	}
	return ""
}

// explain tells what the pods of a Deployment are waiting for.
func (d *demo) explain(ctx context.Context, deployment *appsv1.Deployment) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return err.Error()
	}
	pods := &corev1.PodList{}
	if err := d.client.List(ctx, pods, client.InNamespace(deployment.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return fmt.Sprintf("its pods cannot be listed: %v", err)
	}
	var out strings.Builder
	for i := range pods.Items {
		pod := &pods.Items[i]
		fmt.Fprintf(&out, "  Pod %s is %s\n", pod.Name, pod.Status.Phase)
		for _, condition := range pod.Status.Conditions {
			if condition.Status != corev1.ConditionTrue && condition.Message != "" {
				fmt.Fprintf(&out, "    %s: %s\n", condition.Reason, condition.Message)
			}
		}
		for _, container := range pod.Status.ContainerStatuses {
			if waiting := container.State.Waiting; waiting != nil {
				fmt.Fprintf(&out, "    container %s waits: %s %s\n", container.Name, waiting.Reason, waiting.Message)
			}
			if ended := container.LastTerminationState.Terminated; ended != nil {
				fmt.Fprintf(&out, "    container %s ended before: %s, code %d %s\n", container.Name, ended.Reason, ended.ExitCode, ended.Message)
			}
		}
		if log, err := output(d.cluster.command(ctx, "logs", "--namespace", pod.Namespace, pod.Name, "--all-containers", "--tail=15")); err == nil && len(log) > 0 {
			fmt.Fprintf(&out, "    its last lines:\n      %s\n", strings.ReplaceAll(strings.TrimSpace(string(log)), "\n", "\n      "))
		}
	}
	if out.Len() == 0 {
		return "  it has no pods; kubectl describe deployment " + deployment.Name + " says why"
	}
	return strings.TrimRight(out.String(), "\n")
}

// waitForReady waits for the condition Ready of one of our kinds, as its controller sees the newest generation.
func (d *demo) waitForReady(ctx context.Context, object client.Object) error {
	kind := object.GetObjectKind().GroupVersionKind()
	return until(ctx, readyWait, kind.Kind+" "+object.GetName()+" to be Ready", func(ctx context.Context) (string, error) {
		seen := &unstructured.Unstructured{}
		seen.SetGroupVersionKind(kind)
		if err := d.client.Get(ctx, client.ObjectKeyFromObject(object), seen); err != nil {
			return "", err
		}
		return readyMissing(seen)
	})
}

func readyMissing(object *unstructured.Unstructured) (string, error) {
	var status struct {
		Status struct {
			ObservedGeneration int64              `json:"observedGeneration"`
			Conditions         []metav1.Condition `json:"conditions"`
		} `json:"status"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &status); err != nil {
		return "", fmt.Errorf("read the status: %w", err)
	}
	ready := apimeta.FindStatusCondition(status.Status.Conditions, "Ready")
	switch {
	case ready == nil:
		return "no condition Ready yet", nil
	case status.Status.ObservedGeneration < object.GetGeneration():
		return "the newest change is not seen by its controller yet", nil
	case ready.Status != metav1.ConditionTrue:
		return fmt.Sprintf("Ready is %s, %s: %s", ready.Status, ready.Reason, ready.Message), nil
	}
	return "", nil
}
