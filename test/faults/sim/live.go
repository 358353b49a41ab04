package sim

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Reads past the cache see the newest version of what is read. Whoever writes, writes through the simulation, so the store has what the API server would answer, and half of all
// requests are saved. Where World.Compares is set, the API server is asked as well, and both must say the same.

// errStore says that the simulation remembers something else than what is so.
var errStore = errors.New("the simulation itself: the store and the API server differ")

func (p *Process) liveGet(ctx context.Context, c client.WithWatch, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	w := p.world
	return taskOf(ctx).enter(p.call(verbGet, into, ""), func(Verdict) error {
		empty := into.DeepCopyObject().(client.Object)
		err := w.read(key, into)
		if !w.Compares {
			return err
		}
		live := c.Get(context.WithoutCancel(ctx), key, empty, opts...)
		if live == nil {
			w.store.date(empty, w.timestamp())
		}
		w.compare(key.String(), into, err, empty, live)
		return err
	})
}

// read is the object as it is now.
func (w *World) read(key client.ObjectKey, into client.Object) error {
	kind := w.kindOf(into)
	o := w.store.last(objectKey{kind.GroupKind(), key})
	if o == nil {
		return apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, key.Name)
	}
	return convert(w.scheme, o, into)
}

func (p *Process) liveList(ctx context.Context, c client.WithWatch, into client.ObjectList, opts ...client.ListOption) error {
	w := p.world
	return taskOf(ctx).enter(p.call(verbList, into, ""), func(Verdict) error {
		empty := into.DeepCopyObject().(client.ObjectList)
		err := w.list(into, 0, w.store.changes, opts...)
		if !w.Compares {
			return err
		}
		live := c.List(context.WithoutCancel(ctx), empty, opts...)
		w.compare(w.kindOf(into).Kind+" list", w.items(into), err, w.items(empty), live)
		return err
	})
}

// list fills a list with what there was at a change, and a number of changes of its kind older.
func (w *World) list(into client.ObjectList, older, change int, opts ...client.ListOption) error {
	kind := w.kindOf(into)
	var options client.ListOptions
	options.ApplyOptions(opts)
	var items []runtime.Object
	for _, o := range w.store.list(kind.GroupKind(), options.Namespace, older, change) {
		if !selected(o, &options) {
			continue
		}
		item, err := newItem(w.scheme, into, kind)
		if err != nil {
			return err
		}
		if err := convert(w.scheme, o, item); err != nil {
			return err
		}
		items = append(items, item)
	}
	return apimeta.SetList(into, items)
}

// items are those of a list, with the simulation's times.
func (w *World) items(list client.ObjectList) []runtime.Object {
	var items []runtime.Object
	_ = apimeta.EachListItem(list, func(o runtime.Object) error {
		if accessor, err := apimeta.Accessor(o); err == nil {
			w.store.date(accessor, w.timestamp())
		}
		items = append(items, o)
		return nil
	})
	return items
}

func (w *World) compare(what string, stored any, err error, live any, also error) {
	switch {
	case apierrors.IsNotFound(err) && apierrors.IsNotFound(also):
	case err != nil || also != nil:
		w.fail(fmt.Errorf("%w: %s: %w", errStore, what, errors.Join(err, also)))
	case !reflect.DeepEqual(stored, live):
		// Neither kinds, which a typed client leaves out, nor what is empty in one way or the other.
		if diff := cmp.Diff(stored, live, cmpopts.IgnoreTypes(metav1.TypeMeta{}), cmpopts.EquateEmpty()); diff != "" {
			w.fail(fmt.Errorf("%w: %s: %s", errStore, what, diff))
		}
	}
}
