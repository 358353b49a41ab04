package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// CredentialsSecret has the credentials of the account at the shop. It lies beside the Registrar.
const CredentialsSecret = "shop-credentials"

// What must not be while a shop refuses the credentials, beside an outcome.
var (
	// ErrUnsaid: a Registrar does not say how it is with its account.
	ErrUnsaid = errors.New("the Registrar does not say how it is with its account")
	// ErrIndiscreet: a secret stands where many can read it.
	ErrIndiscreet = errors.New("a secret stands in a status")
	// ErrBoughtUnknown: something was sold to whom the shop does not know.
	ErrBoughtUnknown = errors.New("something was bought with credentials that are refused")
)

// spoilt is what wrong credentials begin with. A password of EPP has 16 characters at most.
const spoilt = "no-"

// Secrets reads the credentials as they are now. That is no call that could be disturbed by itself: it comes before each call to the shop, and to fail there is to fail
// before that.
func (w *World) Secrets() client.Reader { return secrets{w} }

type secrets struct{ world *World }

// Get reads one.
func (s secrets) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	return s.world.read(key, into)
}

// List reads many.
func (s secrets) List(_ context.Context, into client.ObjectList, opts ...client.ListOption) error {
	return s.world.list(into, 0, s.world.store.changes, opts...)
}

// keepCredentials makes the Secret as one that has been there for long.
func (w *World) keepCredentials() error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.Factory, Name: CredentialsSecret}, Data: w.shop.secretData("")}
	if err := w.api.Create(w.ctx, secret); err != nil {
		return err
	}
	w.store.date(secret, w.timestamp())
	w.store.put(secretKind, secret)
	w.store.settle()
	return nil
}

// secretData are the credentials, with something before each of them.
func (s *Shop) secretData(before string) map[string][]byte {
	data := map[string][]byte{}
	for key, value := range s.Credentials {
		data[key] = []byte(before + value)
	}
	return data
}

// SpoilCredentials has an admin put wrong credentials into the Secret.
func (w *World) SpoilCredentials() error {
	w.tracef("an admin gets the credentials wrong")
	w.turnAway()
	return w.changeCredentials(spoilt)
}

// MendCredentials has the admin put the right ones back.
func (w *World) MendCredentials() error {
	w.tracef("an admin mends the credentials")
	w.letIn()
	return w.changeCredentials("")
}

func (w *World) changeCredentials(before string) error {
	key := types.NamespacedName{Namespace: w.Factory, Name: CredentialsSecret}
	secret := w.store.last(objectKey{secretKind, key}).DeepCopyObject().(*corev1.Secret)
	return w.Change(secret, func() { secret.Data = w.shop.secretData(before) })
}

// RefuseCredentials has the shop's server take the credentials no longer, although nobody changed them.
func (w *World) RefuseCredentials() {
	w.tracef("the shop's server refuses the credentials")
	w.turnAway()
	w.shop.Refuse(true)
}

// TakeCredentials has it take them again.
func (w *World) TakeCredentials() {
	w.tracef("the shop's server takes the credentials again")
	w.letIn()
	w.shop.Refuse(false)
}

// Refuses is nil while the credentials are refused.
func (w *World) Refuses() error {
	if w.refused == nil {
		return errors.New("the credentials are not refused")
	}
	return nil
}

// turnAway remembers what was sold before.
func (w *World) turnAway() {
	w.refused = map[string]int{}
	for name, e := range w.shop.Book.Names() {
		w.refused[name] = e.Purchases
	}
}

// letIn judges what was sold meanwhile.
func (w *World) letIn() {
	for name, e := range w.shop.Book.Names() {
		if e.Purchases > w.refused[name] {
			w.fail(fmt.Errorf("%w: %s", ErrBoughtUnknown, name))
		}
	}
	w.refused = nil
}

// SaysRefused is nil where the Registrar says that its credentials are refused.
func (w *World) SaysRefused() error {
	return w.says(metav1.ConditionFalse, v1alpha1.ReasonCredentialsRefused)
}

// SaysReady is nil where the Registrar says that its account works.
func (w *World) SaysReady() error {
	return w.says(metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func (w *World) says(status metav1.ConditionStatus, reason string) error {
	is := apimeta.FindStatusCondition(w.Registrar().Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case is == nil:
		return fmt.Errorf("%w: it has no condition %s", ErrUnsaid, v1alpha1.ConditionReady)
	case is.Status != status || is.Reason != reason:
		return fmt.Errorf("%w: Ready is %s, %s, and not %s, %s", ErrUnsaid, is.Status, is.Reason, status, reason)
	}
	return nil
}

// judgeDiscretion looks for the credentials in a status that was written, right and wrong ones alike.
func (w *World) judgeDiscretion(o client.Object) {
	var status any
	switch o := o.(type) {
	case *v1alpha1.Registrar:
		status = o.Status
	case *v1alpha1.Domain:
		status = o.Status
	}
	if w.shop == nil || status == nil {
		return
	}
	text, err := json.Marshal(status)
	w.must("read a status", err)
	for _, key := range slices.Sorted(maps.Keys(w.shop.Credentials)) {
		if strings.Contains(string(text), w.shop.Credentials[key]) {
			w.fail(fmt.Errorf("%w: %s %s has the %s: %s", ErrIndiscreet, w.kindOf(o).Kind, o.GetName(), key, text))
		}
	}
}
