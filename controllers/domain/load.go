package domain

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// load reads what the decision is made from. As long as money may still be spent, or a Domain let go, it reads past the cache; once the name is
// ours or will not be bought, the cache is good enough.
func (r *Reconciler) load(ctx context.Context, s *scope) (duty.Outcome, error) {
	s.facts = facts{now: r.Clock.Now()}
	d := &v1alpha1.Domain{}
	if err := r.Get(ctx, s.key, d); err != nil {
		return r.gone(s, err)
	}
	s.facts.domain = d
	if p := phaseOf(d); p == phaseOurs || p == phaseEnded {
		return duty.Continue(), r.loadRest(ctx, s)
	}
	return r.loadFresh(ctx, s)
}

func (r *Reconciler) loadFresh(ctx context.Context, s *scope) (duty.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	s.facts.now = r.Clock.Now()
	d := &v1alpha1.Domain{}
	if err := r.Reader.Get(ctx, s.key, d); err != nil {
		return r.gone(s, err)
	}
	s.facts, s.account = facts{now: s.facts.now, domain: d}, nil
	return duty.Continue(), r.loadRest(ctx, s)
}

func (r *Reconciler) gone(s *scope, err error) (duty.Outcome, error) {
	if !apierrors.IsNotFound(err) {
		return duty.Stop(), fmt.Errorf("read Domain %s: %w", s.key.Name, err)
	}
	r.calendar.forget(s.key)
	return duty.Stop(), nil
}

// loadRest reads site, Secret and Registrar, as far as the Domain's phase asks for them.
func (r *Reconciler) loadRest(ctx context.Context, s *scope) error {
	f := &s.facts
	p := phaseOf(f.domain)
	if p == phaseEnded {
		return nil
	}
	if p != phaseOurs || f.domain.Spec.AfterSite == v1alpha1.AfterSiteStopRenewing {
		if err := r.loadSite(ctx, f, p != phaseOurs); err != nil {
			return err
		}
	}
	if p == phaseOurs {
		f.due, _ = r.calendar.due(f, s.key, r.Random())
		f.promised = r.calendar.promised(s.key)
		if !f.due {
			return nil
		}
	}
	return r.loadRegistrar(ctx, s)
}

func (r *Reconciler) loadSite(ctx context.Context, f *facts, withSecret bool) error {
	site := &v1alpha1.IndieSite{}
	found, err := r.find(ctx, client.ObjectKey{Namespace: r.SitesNamespace, Name: f.domain.Name}, site)
	if !found || err != nil {
		return err
	}
	f.site = site
	if !withSecret {
		return nil
	}
	// Only that it is there and whose it is: the duty has no business with what is in it.
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	found, err = r.find(ctx, client.ObjectKey{Namespace: r.SitesNamespace, Name: site.Spec.InstallerSecretRef.Name}, secret)
	if found {
		f.secret = secret
	}
	return err
}

func (r *Reconciler) loadRegistrar(ctx context.Context, s *scope) error {
	reg := &v1alpha1.Registrar{}
	found, err := r.find(ctx, client.ObjectKey{Namespace: r.FactoryNamespace, Name: s.facts.domain.Spec.RegistrarName}, reg)
	if !found || err != nil {
		return err
	}
	s.facts.registrar = reg
	account, err := r.Registrars.For(ctx, reg)
	if err != nil {
		// The Registrar's own duty says in its Ready condition what is wrong; here it is a reason to wait.
		ctrl.LoggerFrom(ctx).Info("The Registrar's account cannot be opened", "registrar", reg.Name, "reason", err.Error())
		return nil
	}
	s.account, s.facts.askable, s.facts.account = account, true, account.Account()
	return nil
}

func (r *Reconciler) find(ctx context.Context, key client.ObjectKey, into client.Object) (bool, error) {
	if err := r.Reader.Get(ctx, key, into); err != nil {
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return false, fmt.Errorf("read %T %s: %w", into, key.Name, err)
	}
	return true, nil
}
