package whole

import (
	"sync"
)

// pod keeps a program running, as the kubelet does: a manager that loses its lease ends, and one that is killed is started anew.
type pod struct {
	start func() (*process, error)

	mu      sync.Mutex
	current *process
	evicted bool
	done    chan struct{}
}

// pod starts a program that is started anew when it ends.
func (t *town) pod(start func() (*process, error)) *pod {
	t.t.Helper()
	p := &pod{start: start, done: make(chan struct{})}
	var err error
	p.current, err = start()
	t.must(err)
	t.pods = append(t.pods, p)
	go func() {
		defer close(p.done)
		for p.restart(t) {
		}
	}()
	return p
}

// restart waits for the end of what runs now and starts it again, unless the pod is evicted.
func (p *pod) restart(t *town) bool {
	<-p.now().ended
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.evicted {
		return false
	}
	next, err := p.start()
	if err != nil {
		t.t.Error(err)
		return false
	}
	p.current = next
	return true
}

// now is the process of the moment.
func (p *pod) now() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

// evict ends all pods for good.
func (t *town) evict() {
	for _, p := range t.pods {
		p.mu.Lock()
		p.evicted = true
		p.mu.Unlock()
		p.now().kill()
		<-p.done
	}
}
