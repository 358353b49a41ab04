package site

import (
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// memory holds what was learnt last of each site, outside the cluster. It is kept in this process alone: after a restart it is learnt anew.
type memory[T any] struct {
	sync.Mutex
	last map[client.ObjectKey]T
}

func (m *memory[T]) get(key client.ObjectKey) (T, bool) {
	m.Lock()
	defer m.Unlock()
	last, ok := m.last[key]
	return last, ok
}

func (m *memory[T]) put(key client.ObjectKey, last T) {
	m.Lock()
	defer m.Unlock()
	if m.last == nil {
		m.last = map[client.ObjectKey]T{}
	}
	m.last[key] = last
}

func (m *memory[T]) forget(key client.ObjectKey) {
	m.Lock()
	defer m.Unlock()
	delete(m.last, key)
}
