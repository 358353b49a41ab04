//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo"
)

// kill ends the processes of a program at once, wherever they are, as a crash would, and then their pods, so that new ones start without
// the kubelet's growing pauses.
func (w *world) kill(t *testing.T, program string) {
	t.Helper()
	pids := processes(t, "/"+program)
	if len(pids) == 0 {
		t.Skipf("no process of %s on this machine: the cluster runs elsewhere", program)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("kill -9 %d (%s): %v", pid, program, err)
		}
	}
	pods := &corev1.PodList{}
	if err := w.client.List(t.Context(), pods, client.InNamespace(w.factoryNamespace)); err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods.Items {
		if pod.Spec.Containers[0].Name == program {
			if err := w.client.Delete(t.Context(), &pod, client.GracePeriodSeconds(0)); client.IgnoreNotFound(err) != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("killed %s (%d processes)", program, len(pids))
}

// processes finds those whose program is exactly the given path, as it is inside their container.
func processes(t *testing.T, program string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		if first, _, _ := bytes.Cut(line, []byte{0}); string(first) == program {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestManagerKilledAtEachStageGoesOnAndTheCallbackArrives(t *testing.T) {
	w := theWorld
	o := w.onboarder(t, hallo.Bearer)
	stages := []struct {
		name    string
		reached func(*v1alpha1.IndieSite, *v1alpha1.Domain) bool
	}{
		{"the order was just taken", func(*v1alpha1.IndieSite, *v1alpha1.Domain) bool { return true }},
		{"the purchase is decided", func(_ *v1alpha1.IndieSite, d *v1alpha1.Domain) bool { return d != nil }},
		{"the call is fenced", func(_ *v1alpha1.IndieSite, d *v1alpha1.Domain) bool { return d != nil && d.Status.Call != nil }},
		{"the name is ours", func(s *v1alpha1.IndieSite, _ *v1alpha1.Domain) bool {
			return condition(s.Status.Conditions, v1alpha1.ConditionDomainRegistered) == "True "+v1alpha1.ReasonSucceeded
		}},
		{"the outcome is frozen", func(s *v1alpha1.IndieSite, _ *v1alpha1.Domain) bool { return s.Status.Outcome != nil }},
	}
	for i, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			domain := w.name(fmt.Sprintf("killed-%d", i))
			o.script(domain, http.StatusServiceUnavailable) // keeps the last stage open
			o.claim(t, domain, "code-of-"+domain)
			w.eventually(t, stage.name, outcomeTime, func() error {
				site, name := &v1alpha1.IndieSite{}, &v1alpha1.Domain{}
				if err := w.client.Get(t.Context(), client.ObjectKey{Namespace: w.sitesNamespace, Name: domain}, site); err != nil {
					return err
				}
				if w.client.Get(t.Context(), client.ObjectKey{Namespace: w.factoryNamespace, Name: domain}, name) != nil {
					name = nil
				}
				if !stage.reached(site, name) {
					return errors.New("not yet")
				}
				return nil
			})
			w.kill(t, "manager")
			o.awaitOutcomes(t, domain, 3*time.Minute, http.StatusCreated)
			w.deliveredRecord(t, domain)
			w.bought(t, domain, 1)
			w.deleteSite(t, domain)
		})
	}
}

func TestFrontEndKilledWhileOrdersComeInEndsInOneSiteEach(t *testing.T) {
	w := theWorld
	o := w.onboarder(t, hallo.Bearer)
	const count = 5
	var orders sync.WaitGroup
	failures := make(chan error, count)
	for i := range count {
		domain := w.name(fmt.Sprintf("repeated-%d", i))
		o.receiver.Expect(domain)
		orders.Go(func() {
			// A good client repeats a lost answer with the same body.
			failures <- o.factory.Order(t.Context(), hallo.Order{Domain: domain, Callback: o.callback, Code: "code-of-" + domain})
		})
		if i == count/2 {
			w.kill(t, "frontend")
		}
	}
	orders.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			t.Error(err)
		}
	}
	for i := range count {
		domain := w.name(fmt.Sprintf("repeated-%d", i))
		o.claim(t, domain, "code-of-"+domain) // once more, whatever was answered
		w.eventually(t, "callback for "+domain, 3*time.Minute, func() error {
			if told := o.told(domain); len(told) == 0 || told[0] != http.StatusCreated {
				return fmt.Errorf("the receiver has taken %v", told)
			}
			return nil
		})
		w.bought(t, domain, 1)
		w.deleteSite(t, domain)
	}
}
