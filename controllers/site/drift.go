package site

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// hashLen is how many hex digits of a configuration's SHA-256 AnnotationApplied carries.
const hashLen = 16

// desire turns an apply configuration into what is sent, with its own hash in AnnotationApplied.
func desire(config any) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encode an apply configuration: %w", err)
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &u.Object); err != nil {
		return nil, fmt.Errorf("decode an apply configuration: %w", err)
	}
	if u.GetKind() == "PersistentVolumeClaim" { // what is applied to a volume follows what is there, see resources.PersistentVolumeClaim
		return u, nil
	}
	sum := sha256.Sum256(data)
	annotations := u.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.AnnotationApplied] = hex.EncodeToString(sum[:])[:hashLen]
	u.SetAnnotations(annotations)
	return u, nil
}

// upToDate says whether applying desired would change nothing.
func upToDate(desired *unstructured.Unstructured, observed client.Object) (bool, error) {
	if observed.GetAnnotations()[v1alpha1.AnnotationApplied] != desired.GetAnnotations()[v1alpha1.AnnotationApplied] {
		return false, nil
	}
	o, err := runtime.DefaultUnstructuredConverter.ToUnstructured(observed)
	if err != nil {
		return false, fmt.Errorf("read %T %s: %w", observed, observed.GetName(), err)
	}
	for field, want := range desired.Object {
		if field == "apiVersion" || field == "kind" { // a typed object from the cache does not carry them
			continue
		}
		if !covers(o[field], want) {
			return false, nil
		}
	}
	return true, nil
}

// covers says whether observed has everything that desired says. It may have more: defaults, and what others manage. A list must have the same
// length, as its members have no names here. A zero value is covered by nothing at all, as the API server leaves it out.
func covers(observed, desired any) bool {
	switch want := desired.(type) {
	case map[string]any:
		have, ok := observed.(map[string]any)
		if !ok && observed != nil {
			return false
		}
		for field, value := range want {
			if !covers(have[field], value) {
				return false
			}
		}
		return true
	case []any:
		have, ok := observed.([]any)
		if (!ok && observed != nil) || len(have) != len(want) {
			return false
		}
		for i := range want {
			if !covers(have[i], want[i]) {
				return false
			}
		}
		return true
	default:
		if observed == nil {
			return desired == nil || reflect.ValueOf(desired).IsZero()
		}
		return reflect.DeepEqual(observed, desired)
	}
}
