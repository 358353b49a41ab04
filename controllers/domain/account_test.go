package domain

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// fixedSource always gives the same account.
type fixedSource struct{ account registrar.Registrar }

func (s *fixedSource) For(context.Context, *v1alpha1.Registrar) (registrar.Registrar, error) {
	return s.account, nil
}

// neverSells is a registrar that knows no name and has no credit left.
type neverSells struct{}

func (*neverSells) Account() string { return "never sells" }

func (*neverSells) Check(context.Context) error { return nil }

func (*neverSells) LookUp(context.Context, registrar.Query) (registrar.Sighting, error) {
	return registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderNone, Registered: registrar.No}, nil
}

func (*neverSells) Buy(context.Context, registrar.Order) registrar.Result {
	return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "no credit"}
}

func (*neverSells) Renew(context.Context, registrar.Renewal) registrar.Result {
	return registrar.Rejected{Reason: registrar.RejectedRefused}
}

// staleReader shows a Domain once as it was at some time, and then as it is.
type staleReader struct {
	client.Client
	stale *v1alpha1.Domain
}

func (s *staleReader) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if d, ok := obj.(*v1alpha1.Domain); ok && s.stale != nil {
		s.stale.DeepCopyInto(d)
		s.stale = nil
		return nil
	}
	return s.Client.Get(ctx, key, obj, opts...)
}

// domainsFail lets the process die at the next write of a Domain's status.
func domainsFail(w *world) func(client.Object) error {
	return func(o client.Object) error {
		if _, ok := o.(*v1alpha1.Domain); ok {
			w.failStatusWrite = nil
			panic(errCrash)
		}
		return nil
	}
}

// registrarsFail lets the next read of a Registrar fail.
func registrarsFail(w *world) func(client.Object) error {
	return func(o client.Object) error {
		if _, ok := o.(*v1alpha1.Registrar); ok {
			w.failRead = nil
			return errCrash
		}
		return nil
	}
}
