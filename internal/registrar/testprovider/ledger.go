package testprovider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// LedgerName is the ConfigMap of the Registrar of that name.
func LedgerName(registrarName string) string { return registrarName + "-ledger" }

// ledger keeps an Entry per name in a ConfigMap. It has no owner: as at a real registrar, what was bought outlives the access to it.
type ledger struct {
	client client.Client
	reader client.Reader
	key    client.ObjectKey
	// busy keeps buyers in this process from running into each other's resourceVersion; between processes that alone decides.
	busy *sync.Mutex
}

// contention is how long a buyer in one process goes on against buyers in others.
var contention = wait.Backoff{Duration: 10 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 8, Cap: time.Second}

// read returns the entry of a name, or nil, and the ConfigMap that it was read from, or nil.
func (l *ledger) read(ctx context.Context, domain string) (*Entry, *corev1.ConfigMap, error) {
	cm := &corev1.ConfigMap{}
	if err := l.reader.Get(ctx, l.key, cm); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil, nil
		}
		return nil, nil, fmt.Errorf("read the ledger %s: %w", l.key.Name, err)
	}
	text, ok := cm.Data[domain]
	if !ok {
		return nil, cm, nil
	}
	e := &Entry{}
	err := json.Unmarshal([]byte(text), e)
	if err == nil {
		err = e.State.check()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s in the ledger %s: %w", domain, l.key.Name, err)
	}
	return e, cm, nil
}

// change makes of a name's entry what f makes of it, against the state that f saw; nothing where f returns none.
func (l *ledger) change(ctx context.Context, domain string, f func(*Entry) *Entry) error {
	l.busy.Lock()
	defer l.busy.Unlock()
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, contention, func(ctx context.Context) (bool, error) {
		e, cm, err := l.read(ctx, domain)
		if err != nil {
			return false, err
		}
		next := f(e)
		if next == nil {
			return true, nil
		}
		last = l.write(ctx, cm, domain, next)
		if apierrors.IsConflict(last) || (cm == nil && apierrors.IsAlreadyExists(last)) {
			return false, nil
		}
		return true, last
	})
	if wait.Interrupted(err) && last != nil {
		return last
	}
	return err
}

func (l *ledger) write(ctx context.Context, cm *corev1.ConfigMap, domain string, e *Entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write %s in the ledger %s: %w", domain, l.key.Name, err)
	}
	if cm == nil {
		cm = &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: l.key.Namespace, Name: l.key.Name,
				Labels: map[string]string{"app.kubernetes.io/part-of": "magic-website-factory", "app.kubernetes.io/component": "test-registrar"},
			},
			Data: map[string]string{domain: string(text)},
		}
		err = l.client.Create(ctx, cm)
	} else {
		cm = cm.DeepCopy()
		cm.Data = maps.Clone(cm.Data)
		if cm.Data == nil {
			cm.Data = map[string]string{}
		}
		if cm.Data[domain] == string(text) {
			return nil
		}
		cm.Data[domain] = string(text)
		err = l.client.Update(ctx, cm)
	}
	if err != nil {
		return fmt.Errorf("write %s in the ledger %s: %w", domain, l.key.Name, err)
	}
	return nil
}

// certainlyUnwritten says whether an error of change means that the API server turned the write down, rather than that its answer was lost.
func certainlyUnwritten(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) ||
		apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err) || apierrors.IsTooManyRequests(err) || apierrors.IsNotFound(err)
}
