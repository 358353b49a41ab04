package domain

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// gate stands between a real Reconciler and a world, and is passed by every call that the search knows.
type gate struct {
	t     *testing.T
	world *world
	// before gets each call, and says how it is to be answered; after is when it was carried out.
	before func(verb) uint8
	after  func()
}

func (g *gate) process() *Reconciler {
	r := g.world.newProcess()
	r.Client, r.Reader, r.Registrars = &gatedClient{Client: g.world.client, gate: g, cached: true}, &gatedClient{Client: g.world.client, gate: g}, g
	return r
}

func (g *gate) pass(v verb, call func() error) error {
	choice := g.before(v)
	err := call()
	g.after()
	if choice != 0 && err == nil {
		return errLost
	}
	return err
}

type gatedClient struct {
	client.Client
	*gate
	cached bool
}

func (c *gatedClient) Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	v := opReadDomain
	switch into.(type) {
	case *v1alpha1.Domain:
		if c.cached {
			v = opReadCache
		}
	case *v1alpha1.IndieSite:
		v = opReadSite
	case *metav1.PartialObjectMetadata:
		v = opReadSecret
	case *v1alpha1.Registrar:
		v = opReadRegistrar
	default:
		c.t.Errorf("the duty reads a %T", into)
	}
	return c.pass(v, func() error { return c.Client.Get(ctx, key, into, opts...) })
}

func (c *gatedClient) Patch(ctx context.Context, obj client.Object, p client.Patch, opts ...client.PatchOption) error {
	return c.pass(opWriteMeta, func() error { return c.Client.Patch(ctx, obj, p, opts...) })
}

func (c *gatedClient) Status() client.SubResourceWriter {
	return &gatedStatus{SubResourceWriter: c.Client.Status(), gate: c.gate}
}

type gatedStatus struct {
	client.SubResourceWriter
	gate *gate
}

func (s *gatedStatus) Patch(ctx context.Context, obj client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	v := opWriteStatus
	if _, ok := obj.(*v1alpha1.Registrar); ok {
		v = opReserve
	}
	return s.gate.pass(v, func() error { return s.SubResourceWriter.Patch(ctx, obj, p, opts...) })
}

// For opens the world's account behind the gate.
func (g *gate) For(ctx context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
	a, err := g.world.source.For(ctx, r)
	return &gatedAccount{Registrar: a, gate: g}, err
}

type gatedAccount struct {
	registrar.Registrar
	gate *gate
}

func (a *gatedAccount) LookUp(ctx context.Context, q registrar.Query) (s registrar.Sighting, err error) {
	err = a.gate.pass(opLookUp, func() (err error) {
		s, err = a.Registrar.LookUp(ctx, q)
		return err
	})
	return s, err
}

func (a *gatedAccount) Buy(ctx context.Context, o registrar.Order) (result registrar.Result) {
	choice := a.gate.before(opBuy)
	if choice != buyLost {
		result = a.Registrar.Buy(ctx, o)
	}
	a.gate.after()
	if choice != 0 {
		return registrar.Unknown{Err: errLost}
	}
	return result
}

func (a *gatedAccount) Renew(ctx context.Context, r registrar.Renewal) (result registrar.Result) {
	_ = a.gate.pass(opRenew, func() error {
		result = a.Registrar.Renew(ctx, r)
		return nil
	})
	return result
}
