package whole

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// outcomeTime is more than a purchase takes that was cut off between its fence and its answer: the protocol waits for two minutes then.
const outcomeTime = 4 * time.Minute

// clockFace is how a time is printed that is compared with the programs' logs.
const clockFace = "15:04:05.000"

// maxAgain bounds how often a name is ordered again whose deadline passes while nobody leads.
const maxAgain = 12

// follow does what a story says. When it returns without an error, the last acceptance was told, and delivered.
func (t *town) follow(ctx context.Context, o order) error {
	if !t.clock.pass(ctx, o.after, 8*time.Second) {
		return ctx.Err()
	}
	by := t.onboarders[0]
	if o.story == late {
		by = t.onboarders[1]
		t.route.set(o.domain, false)
	}
	if err := t.chapters(ctx, by, o); err != nil {
		return fmt.Errorf("%s (%s): %w", o.domain, o.story, err)
	}
	return nil
}

func (t *town) chapters(ctx context.Context, by *onboarder, o order) error {
	switch o.story {
	case refused:
		return errors.Join(t.ordered(ctx, by, o, http.StatusInternalServerError), t.ordered(ctx, by, o, http.StatusInternalServerError))
	case taken:
		return errors.Join(t.ordered(ctx, by, o, http.StatusConflict), t.ordered(ctx, by, o, http.StatusConflict))
	case repeated:
		if err := t.ordered(ctx, by, o, http.StatusCreated); err != nil {
			return err
		}
		if err := by.order(ctx, o.domain, code(o)); err != nil {
			return err
		}
		return t.sentAgain(ctx, o)
	case deleted:
		return t.orderedAndDeleted(ctx, by, o)
	case late:
		if err := t.ordered(ctx, by, o, http.StatusInternalServerError); err != nil {
			return err
		}
		t.route.set(o.domain, true)
		for range maxAgain {
			if err := t.ordered(ctx, by, o, http.StatusCreated, http.StatusInternalServerError); err != nil {
				return err
			}
			if site, err := t.site(ctx, o.domain); err != nil || site.Status.Outcome.Code == v1alpha1.OutcomeCreated {
				return err
			}
		}
		return errors.New("never told 201")
	}
	return t.ordered(ctx, by, o, http.StatusCreated)
}

func code(o order) string { return "code of " + o.domain }

// ordered places an order and waits until its outcome was taken.
func (t *town) ordered(ctx context.Context, by *onboarder, o order, outcomes ...int) error {
	t.paused.RLock()
	t.books.accept(by, o.domain, outcomes...)
	err := by.order(ctx, o.domain, code(o))
	t.paused.RUnlock()
	if err != nil {
		return err
	}
	t.t.Logf("%s %s is accepted", time.Now().Format(clockFace), o.domain)
	return await(ctx, "the outcome to be taken", outcomeTime, func(ctx context.Context) error {
		site, err := t.site(ctx, o.domain)
		switch {
		case err != nil:
			return err
		case told(site):
			return nil
		}
		t.hasten(ctx, site)
		return fmt.Errorf("attempt %d: outcome %+v, delivery %+v", site.Spec.SetupAttempt, site.Status.Outcome, site.Status.Delivery)
	})
}

// sentAgain waits until an outcome that was asked for again was taken.
func (t *town) sentAgain(ctx context.Context, o order) error {
	return await(ctx, "the outcome to be taken again", outcomeTime, func(ctx context.Context) error {
		site, err := t.site(ctx, o.domain)
		switch {
		case err != nil:
			return err
		case told(site) && site.Status.Delivery.SendAgain == site.Annotations[v1alpha1.AnnotationSendAgain]:
			return nil
		}
		t.hasten(ctx, site)
		return fmt.Errorf("delivery %+v", site.Status.Delivery)
	})
}

// orderedAndDeleted deletes a site that was ordered some steps ago, waits until it has said farewell, and orders it anew.
func (t *town) orderedAndDeleted(ctx context.Context, by *onboarder, o order) error {
	t.books.accept(by, o.domain, http.StatusCreated, http.StatusInternalServerError)
	if err := by.order(ctx, o.domain, code(o)); err != nil {
		return err
	}
	t.clock.pass(ctx, o.patience, time.Second)
	site, err := t.site(ctx, o.domain)
	if err != nil {
		return err
	}
	if err := t.client.Delete(ctx, site, client.Preconditions{UID: &site.UID}); err != nil {
		return err
	}
	err = await(ctx, "the deleted site to go", outcomeTime, func(ctx context.Context) error {
		now, err := t.site(ctx, o.domain)
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return err
		}
		t.hasten(ctx, now)
		return fmt.Errorf("finalizers %v, delivery %+v", now.Finalizers, now.Status.Delivery)
	})
	if err != nil {
		return err
	}
	return t.ordered(ctx, by, o, http.StatusCreated)
}
