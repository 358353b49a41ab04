package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// claim orders the site with hallo, the reference onboarder. The sign-up code is kept, so that another run repeats the same order.
func (d *demo) claim(ctx context.Context) error {
	code := d.codePath()
	args := []string{"claim", d.config.domain, "--code-file", code, "--name", "Magic Website Factory demo"}
	switch _, err := os.Stat(code); {
	case err == nil:
		args = append(args, "--resume")
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for the sign-up code of an earlier run: %w", err)
	}
	d.say.step("claiming %s as Hallo.gent would", d.config.domain)
	cmd := exec.CommandContext(ctx, filepath.Join(d.config.bin, "hallo"), args...)
	cmd.Stdout, cmd.Stderr = d.say.out, d.say.out
	cmd.Env = os.Environ()
	for _, s := range d.environment() {
		cmd.Env = append(cmd.Env, s.name+"="+s.value)
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("claim %s: hallo: %w\n%s", d.config.domain, err, d.siteState(context.WithoutCancel(ctx)))
	}
	return nil
}

// codePath is where the sign-up code of the demo's site is kept.
func (d *demo) codePath() string { return filepath.Join(d.state(), "code-"+d.config.domain) }

// siteState tells how far the factory says it is.
func (d *demo) siteState(ctx context.Context) string {
	site := &v1alpha1.IndieSite{}
	if err := d.client.Get(ctx, d.siteKey(), site); err != nil {
		return fmt.Sprintf("its IndieSite cannot be read: %v", err)
	}
	text := "its IndieSite says:"
	for _, condition := range site.Status.Conditions {
		text += fmt.Sprintf("\n  %s=%s %s %s", condition.Type, condition.Status, condition.Reason, condition.Message)
	}
	return text
}

func (d *demo) siteKey() client.ObjectKey {
	return client.ObjectKey{Namespace: sitesNamespace, Name: d.config.domain}
}

// told waits until the factory has noted down that the onboarder answered 200, and returns what it noted.
func (d *demo) told(ctx context.Context) (string, error) {
	site := &v1alpha1.IndieSite{}
	err := until(ctx, readyWait, "the callback of "+d.config.domain, func(ctx context.Context) (string, error) {
		if err := d.client.Get(ctx, d.siteKey(), site); err != nil {
			return "", err
		}
		condition := apimeta.FindStatusCondition(site.Status.Conditions, v1alpha1.ConditionCallbackDelivered)
		switch {
		case condition == nil:
			return "no condition " + v1alpha1.ConditionCallbackDelivered + " yet", nil
		case condition.Status != metav1.ConditionTrue:
			return fmt.Sprintf("%s is %s, %s: %s", condition.Type, condition.Status, condition.Reason, condition.Message), nil
		}
		return "", nil
	})
	if err != nil {
		return "", err
	}
	response := "200"
	if site.Status.Delivery != nil && site.Status.Delivery.LastResponse != "" {
		response = site.Status.Delivery.LastResponse
	}
	return response, nil
}
