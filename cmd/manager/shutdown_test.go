package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"magicwebsitefactory.gent/test/apiserver"
)

// A purchase is broken off a minute after its fence at the latest, and then its result is written. That is what a manager that is told to end is given
// time for, and the pod more than the manager.
func TestAPurchaseIsSeenThroughWhenThePodIsToldToEnd(t *testing.T) {
	const purchase = 60*time.Second + 5*time.Second
	if shutdownTime != 75*time.Second || shutdownTime < purchase {
		t.Errorf("the manager has %s to end in", shutdownTime)
	}
	if reconcileTime <= purchase {
		t.Errorf("a pass is given up after %s", reconcileTime)
	}
	period := regexp.MustCompile(`(?m)^ *terminationGracePeriodSeconds: ([0-9]+)$`)
	for _, path := range []string{"config/manager/manager.yaml", "charts/magic-website-factory/templates/manager.yaml"} {
		content, err := os.ReadFile(filepath.Join(apiserver.Root(), path))
		if err != nil {
			t.Fatal(err)
		}
		found := period.FindSubmatch(content)
		if found == nil {
			t.Errorf("%s does not say how long the pod has", path)
			continue
		}
		seconds, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		if grace := time.Duration(seconds) * time.Second; grace != 90*time.Second || grace < shutdownTime+10*time.Second {
			t.Errorf("%s gives the pod %s", path, grace)
		}
	}
}
