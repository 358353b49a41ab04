package sim

import (
	"fmt"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// kindOf is the kind of an object, or of the items of a list.
func (w *World) kindOf(o runtime.Object) schema.GroupVersionKind {
	kind, err := apiutil.GVKForObject(o, w.scheme)
	if err != nil {
		panic(fmt.Sprintf("the simulation does not know %T: %v", o, err))
	}
	kind.Kind = strings.TrimSuffix(kind.Kind, "List")
	return kind
}

// newOf makes an empty object of a kind as the store keeps it: of its Go type, or unstructured where there is none.
func (w *World) newOf(kind schema.GroupKind) (client.Object, error) {
	for _, version := range w.scheme.PrioritizedVersionsForGroup(kind.Group) {
		o, err := w.scheme.New(version.WithKind(kind.Kind))
		if err == nil {
			return o.(client.Object), nil
		}
	}
	return newForeign(kind)
}

// convert copies an object of the store into what a duty reads it as: the same type, its metadata, or unstructured.
func convert(scheme *runtime.Scheme, from client.Object, into runtime.Object) error {
	if reflect.TypeOf(from) == reflect.TypeOf(into) {
		reflect.ValueOf(into).Elem().Set(reflect.ValueOf(from.DeepCopyObject()).Elem())
		return nil
	}
	if metadata, ok := into.(*metav1.PartialObjectMetadata); ok {
		kind, err := apiutil.GVKForObject(from, scheme)
		if err != nil {
			return err
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(from)
		if err != nil {
			return err
		}
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{"metadata": content["metadata"]}, metadata)
		metadata.SetGroupVersionKind(kind)
		return err
	}
	return fmt.Errorf("the simulation cannot show a %T as %T", from, into)
}

func newItem(scheme *runtime.Scheme, list client.ObjectList, kind schema.GroupVersionKind) (runtime.Object, error) {
	if _, ok := list.(*metav1.PartialObjectMetadataList); ok {
		item := &metav1.PartialObjectMetadata{}
		item.SetGroupVersionKind(kind)
		return item, nil
	}
	return scheme.New(kind)
}

func labelsOf(o client.Object) labels.Set { return labels.Set(o.GetLabels()) }

// applied remembers what an apply configuration became.
func (w *World) applied(o applied) error {
	typed, err := w.newOf(o.GroupVersionKind().GroupKind())
	if err != nil {
		return err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.UnstructuredContent(), typed); err != nil {
		return fmt.Errorf("read the applied %s: %w", o.GetName(), err)
	}
	w.wrote(typed)
	return nil
}
