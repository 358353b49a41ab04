package domain

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// found is one situation of a search and how it was come to.
type found struct {
	situation
	from  ref
	event happening
}

// ref is where a situation is kept: the shard in the lowest bits.
type ref uint32

const (
	chunkBits = 14
	maxShards = 4
	noRef     = ^ref(0)
)

// shard keeps the situations of one part of the hash's range. Only one worker writes to it at a time.
type shard struct {
	chunks []*[1 << chunkBits]found
	count  uint32
	// table has the numbers of the situations plus one, by open addressing.
	table []uint32
}

func (s *shard) get(i uint32) *found { return &s.chunks[i>>chunkBits][i&(1<<chunkBits-1)] }

// add keeps a situation unless it is there already.
func (s *shard) add(f *found, hash uint64, of maphash.Seed) (uint32, bool) {
	if uint64(s.count+1)*4 > uint64(len(s.table))*3 {
		s.grow(of)
	}
	at := (hash >> 8) & uint64(len(s.table)-1)
	for ; s.table[at] != 0; at = (at + 1) & uint64(len(s.table)-1) {
		if s.get(s.table[at]-1).situation == f.situation {
			return 0, false
		}
	}
	if s.count>>chunkBits == uint32(len(s.chunks)) {
		s.chunks = append(s.chunks, new([1 << chunkBits]found))
	}
	i := s.count
	s.count++
	*s.get(i) = *f
	s.table[at] = i + 1
	return i, true
}

func (s *shard) grow(of maphash.Seed) {
	s.table = make([]uint32, max(1<<12, 2*len(s.table)))
	for i := range s.count {
		at := (maphash.Comparable(of, s.get(i).situation) >> 8) & uint64(len(s.table)-1)
		for s.table[at] != 0 {
			at = (at + 1) & uint64(len(s.table)-1)
		}
		s.table[at] = i + 1
	}
}

// search is a breadth-first walk over all situations.
type search struct {
	model  *model
	shards []shard
	seed   maphash.Seed
	// states and transitions that were seen, and how deep.
	states, transitions uint64
	depth               int
	// deepest is where in each shard the deepest level begins.
	deepest []uint32
	// wrong is the first thing that was, from the situation at by the happening.
	wrong string
	at    ref
	event happening
}

type counted struct {
	found
	hash uint64
}

// batch is how many situations are worked on before what follows from them is sorted into the shards.
const batch = 1 << 15

// run walks from the given situations until something is wrong, nothing is new, or that many events have happened.
func (s *search) run(from []situation, depth int) {
	workers := make([]*model, min(runtime.GOMAXPROCS(0), maxShards))
	s.shards, s.seed, s.deepest = make([]shard, len(workers)), maphash.MakeSeed(), make([]uint32, len(workers))
	for i := range workers {
		workers[i] = s.model.fork()
	}
	s.insert([][][]counted{s.firsts(from)})
	for s.depth < depth && s.wrong == "" {
		end := make([]uint32, len(workers))
		for i := range s.shards {
			end[i] = s.shards[i].count
		}
		if slices.Equal(s.deepest, end) {
			return
		}
		s.level(workers, s.deepest, end)
		if s.wrong == "" {
			s.depth++
			s.deepest = end
		}
	}
}

func (s *search) firsts(from []situation) [][]counted {
	out := make([][]counted, len(s.shards))
	for _, st := range from {
		s.sortIn(out, &found{situation: st, from: noRef})
	}
	return out
}

func (s *search) sortIn(out [][]counted, f *found) {
	hash := maphash.Comparable(s.seed, f.situation)
	to := hash % uint64(len(s.shards))
	out[to] = append(out[to], counted{*f, hash})
}

// level works on the situations from one number to the next in every shard.
func (s *search) level(workers []*model, from, to []uint32) {
	var refs []ref
	for i := range s.shards {
		for j := from[i]; j < to[i]; j++ {
			refs = append(refs, ref(j)*maxShards+ref(i))
		}
	}
	for part := range slices.Chunk(refs, batch) {
		if s.wrong != "" {
			return
		}
		out := make([][][]counted, len(workers))
		var all sync.WaitGroup
		var mu sync.Mutex
		for w, share := range shares(part, len(workers)) {
			all.Go(func() {
				mine, seen := make([][]counted, len(s.shards)), uint64(0)
				for _, at := range share {
					seen += s.expand(workers[w], at, mine, &mu)
				}
				out[w] = mine
				mu.Lock()
				defer mu.Unlock()
				s.transitions += seen
			})
		}
		all.Wait()
		s.insert(out)
	}
}

// leaves are the situations of the deepest level.
func (s *search) leaves() (refs []ref) {
	for i := range s.shards {
		for j := s.deepest[i]; j < s.shards[i].count; j++ {
			refs = append(refs, ref(j)*maxShards+ref(i))
		}
	}
	return refs
}

func shares(part []ref, workers int) map[int][]ref {
	out := map[int][]ref{}
	for w := range workers {
		out[w] = part[w*len(part)/workers : (w+1)*len(part)/workers]
	}
	return out
}

func (s *search) expand(m *model, at ref, out [][]counted, mu *sync.Mutex) (seen uint64) {
	before := s.get(at).situation
	m.successors(&before, func(e happening, next *situation, wrong string) {
		seen++
		if wrong == "" {
			wrong = m.objection(next)
		}
		if wrong != "" {
			mu.Lock()
			defer mu.Unlock()
			if s.wrong == "" {
				s.wrong, s.at, s.event = wrong, at, e
			}
			return
		}
		m.canonical(next)
		if *next != before {
			s.sortIn(out, &found{situation: *next, from: at, event: e})
		}
	})
	return seen
}

func (s *search) insert(out [][][]counted) {
	var all sync.WaitGroup
	for i := range s.shards {
		all.Go(func() {
			for _, from := range out {
				for j := range from[i] {
					s.shards[i].add(&from[i][j].found, from[i][j].hash, s.seed)
				}
			}
		})
	}
	all.Wait()
	s.states = 0
	for i := range s.shards {
		s.states += uint64(s.shards[i].count)
	}
}

func (s *search) get(at ref) *found { return s.shards[at%maxShards].get(uint32(at / maxShards)) }

// way is the shortest list of events that leads to a situation.
func (s *search) way(at ref) (from situation, events []happening) {
	for f := s.get(at); ; f = s.get(f.from) {
		if f.from == noRef {
			slices.Reverse(events)
			return f.situation, events
		}
		events = append(events, f.event)
	}
}

// tell says in words how the situation came about. Leaders keep their names, although the search puts them in order.
func (s *search) tell(at ref, then ...happening) string {
	st, events := s.way(at)
	m := s.model.fork()
	out := &strings.Builder{}
	fmt.Fprintf(out, "at %v, limit %d:\n", st.kind, m.registrars.get(uint32(st.registrar)).limit)
	names := [2]string{"leader A", "leader B"}
	for i, e := range append(events, then...) {
		fmt.Fprintf(out, "%3d. %s\n", i+1, m.story(&st, e, names[e.who%2]))
		var next *situation
		m.successors(&st, func(other happening, to *situation, _ string) {
			if other == e {
				c := *to
				next = &c
			}
		})
		if m.canonical(next) {
			names[0], names[1] = names[1], names[0]
		}
		st = *next
	}
	return out.String()
}
