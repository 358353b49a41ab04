package sim

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// funcs are the calls of a process to the API server. A call outlasts the deadline that its duty gave it: in the simulation time stands still meanwhile.
func (p *Process) funcs() interceptor.Funcs {
	w := p.world
	return interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			return p.write(ctx, "create", "", o, func(ctx context.Context) error { return c.Create(ctx, o, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			// The API server knows other times than the simulation, and keeps its own where an update has none.
			o.SetCreationTimestamp(metav1.Time{})
			o.SetDeletionTimestamp(nil)
			return p.write(ctx, "update", "", o, func(ctx context.Context) error { return c.Update(ctx, o, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			return p.write(ctx, "patch", "", o, func(ctx context.Context) error { return c.Patch(ctx, o, patch, opts...) })
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			return p.write(ctx, "patch", sub, o, func(ctx context.Context) error { return c.SubResource(sub).Patch(ctx, o, patch, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return taskOf(ctx).enter(p.call("delete", o, ""), func(Verdict) error {
				return w.delete(context.WithoutCancel(ctx), o, func(ctx context.Context) error { return c.Delete(ctx, o, opts...) })
			})
		},
		Apply: p.apply,
		Get:   p.liveGet,
		List:  p.liveList,
	}
}

// write passes a write to the Script, carries it out, and remembers what came of it.
func (p *Process) write(ctx context.Context, verb, sub string, o client.Object, do func(context.Context) error) error {
	t := taskOf(ctx)
	return t.enter(p.call(verb, o, sub), func(Verdict) error {
		if err := do(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		p.world.wrote(o)
		t.wrote(o, sub)
		return nil
	})
}

// wrote keeps what the oracles want to know of a task.
func (t *Task) wrote(o client.Object, sub string) {
	t.world.judgeDiscretion(o)
	switch o := o.(type) {
	case *v1alpha1.Domain:
		if sub != "" {
			t.fenced = t.world.store.changes
		}
		if r := t.world.Registry; apimeta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionNeedsAttention) && !r.NoOrders && !r.NoOperations {
			t.world.fail(fmt.Errorf("%w: %s", ErrAttention, o.Name))
		}
	case *v1alpha1.IndieSite:
		if sub != "" && o.Status.Delivery != nil {
			t.telling = told{o.UID, o.Status.Delivery.Attempt}
		}
	}
}

// applied is an apply configuration, which has the answer once it was applied.
type applied interface {
	metav1.Object
	GroupVersionKind() schema.GroupVersionKind
	UnstructuredContent() map[string]any
}

func (p *Process) apply(ctx context.Context, c client.WithWatch, config runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	o, ok := config.(applied)
	if !ok {
		return fmt.Errorf("the simulation takes only unstructured apply configurations, not %T", config)
	}
	kind := o.GroupVersionKind()
	return taskOf(ctx).enter(Call{Verb: "apply", Kind: kind.Kind}, func(Verdict) error {
		ctx := context.WithoutCancel(ctx)
		if err := c.Apply(ctx, config, opts...); err != nil {
			return err
		}
		p.world.store.date(o, p.world.timestamp())
		return p.world.applied(o)
	})
}

func (p *Process) call(verb string, o runtime.Object, sub string) Call {
	return Call{Verb: verb, Kind: p.world.kindOf(o).Kind, Sub: sub}
}

// cached is what a manager's client is: reads from the cache, but for Secrets, and writes.
type cached struct {
	client.WithWatch
	p *Process
}

// Get reads from the cache, but whole Secrets, which are never in it.
func (c *cached) Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	if _, secret := into.(*corev1.Secret); secret {
		return c.WithWatch.Get(ctx, key, into, opts...)
	}
	w := c.p.world
	kind := w.kindOf(into)
	call := c.p.call(verbCacheGet, into, "")
	t := taskOf(ctx)
	return t.enter(call, func(v Verdict) error {
		w.Depths[w.lastCall()] = w.store.depth(objectKey{kind.GroupKind(), key})
		if v.Older > 0 {
			c.p.catchUp(objectKey{kind.GroupKind(), key})
		}
		o := w.store.at(objectKey{kind.GroupKind(), key}, v.Older, c.p.sees(w))
		if o == nil {
			return apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, key.Name)
		}
		return convert(w.scheme, o, into)
	})
}

// List reads from the cache.
func (c *cached) List(ctx context.Context, into client.ObjectList, opts ...client.ListOption) error {
	w := c.p.world
	kind := w.kindOf(into).GroupKind()
	var options client.ListOptions
	options.ApplyOptions(opts)
	return taskOf(ctx).enter(c.p.call(verbCacheList, into, ""), func(v Verdict) error {
		w.Depths[w.lastCall()] = w.store.depths(kind, options.Namespace)
		if v.Older > 0 {
			for _, o := range w.store.list(kind, options.Namespace, 0, w.store.changes) {
				c.p.catchUp(objectKey{kind, client.ObjectKeyFromObject(o)})
			}
		}
		return w.list(into, v.Older, c.p.sees(w), opts...)
	})
}

// catchUp has the process hear of what its cache did not show yet.
func (p *Process) catchUp(key objectKey) {
	w := p.world
	w.later(time.Second, "the cache catches up", func(context.Context) {
		versions := w.store.versions[key]
		for i := len(versions) - 1; i >= 0 && !p.dead; i-- {
			if versions[i].object != nil { // of one that is gone, as it was last
				w.wakeOne(p, key, versions[i].object)
				return
			}
		}
	})
}

func selected(o client.Object, options *client.ListOptions) bool {
	if options.LabelSelector != nil && !options.LabelSelector.Matches(labelsOf(o)) {
		return false
	}
	if options.FieldSelector == nil {
		return true
	}
	for _, r := range options.FieldSelector.Requirements() {
		if indexed(o, r.Field) != r.Value {
			return false
		}
	}
	return true
}

// indexed is what the duties' own indexes say, which need a manager.
func indexed(o client.Object, field string) string {
	site, ok := o.(*v1alpha1.IndieSite)
	switch {
	case !ok:
	case field == "siteclass.spec.siteClassName":
		return site.Spec.SiteClassName
	case field == "site.spec.installerSecretRef.name":
		return site.Spec.InstallerSecretRef.Name
	}
	panic("the simulation knows no index " + field)
}
