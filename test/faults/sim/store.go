package sim

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// store is the history of every object. The API server decides what is; the store only remembers it.
type store struct {
	versions map[objectKey][]version
	// born and doomed are the simulation's times of what the API server dates by its own clock.
	born, doomed map[types.UID]metav1.Time
	// removed is when objects were gone.
	removed map[types.UID]time.Time
	// changes counts all that was put.
	changes int
}

type objectKey struct {
	schema.GroupKind
	types.NamespacedName
}

// version of an object; nil where there was none any more.
type version struct {
	object client.Object
	// change that made it; zero for what has been there for longer than any cache is behind.
	change int
}

func newStore() *store {
	return &store{versions: map[objectKey][]version{}, born: map[types.UID]metav1.Time{}, doomed: map[types.UID]metav1.Time{}, removed: map[types.UID]time.Time{}}
}

// date puts the simulation's times into an object that came from the API server.
func (s *store) date(o metav1.Object, now metav1.Time) {
	uid := o.GetUID()
	if uid == "" {
		return
	}
	if _, known := s.born[uid]; !known {
		s.born[uid] = now
	}
	o.SetCreationTimestamp(s.born[uid])
	if o.GetDeletionTimestamp() == nil {
		return
	}
	if _, known := s.doomed[uid]; !known {
		s.doomed[uid] = now
	}
	at := s.doomed[uid]
	o.SetDeletionTimestamp(&at)
}

// settle forgets what was before: what there is now has been there for long.
func (s *store) settle() {
	for key := range s.versions {
		if o := s.last(key); o != nil {
			s.versions[key] = []version{{o, 0}}
		} else {
			delete(s.versions, key)
		}
	}
}

// put remembers a version, unless it is known.
func (s *store) put(kind schema.GroupKind, o client.Object) bool {
	key := objectKey{kind, client.ObjectKeyFromObject(o)}
	if last := s.last(key); last != nil && last.GetResourceVersion() == o.GetResourceVersion() && last.GetUID() == o.GetUID() {
		return false
	}
	s.changes++
	s.versions[key] = append(s.versions[key], version{o, s.changes})
	return true
}

// remove remembers that an object is gone.
func (s *store) remove(key objectKey, now time.Time) bool {
	last := s.last(key)
	if last == nil {
		return false
	}
	s.removed[last.GetUID()] = now
	s.changes++
	s.versions[key] = append(s.versions[key], version{nil, s.changes})
	return true
}

func (s *store) last(key objectKey) client.Object { return s.at(key, 0, s.changes) }

// at is the object as it was seen at that change, and a number of its versions older; nil where there was none.
func (s *store) at(key objectKey, older, change int) client.Object {
	versions := s.versions[key]
	n := len(versions)
	for n > 0 && versions[n-1].change > change {
		n--
	}
	if n -= older; n > 0 {
		return versions[n-1].object
	}
	if len(versions) > 0 && versions[0].change == 0 {
		return versions[0].object
	}
	return nil
}

// depth is how often an object changed.
func (s *store) depth(key objectKey) int {
	versions := s.versions[key]
	if len(versions) > 0 && versions[0].change == 0 {
		return len(versions) - 1
	}
	return len(versions)
}

// depths is how often anything of a kind in a namespace changed.
func (s *store) depths(kind schema.GroupKind, namespace string) int {
	n := 0
	for key := range s.versions {
		if key.GroupKind == kind && (namespace == "" || key.Namespace == namespace) {
			n += s.depth(key)
		}
	}
	return n
}

// list gives the objects of a kind in a namespace, ordered by name, as they were seen at that change and a number of changes of the kind older.
func (s *store) list(kind schema.GroupKind, namespace string, older, change int) []client.Object {
	var keys []objectKey
	var changes []int
	for key, versions := range s.versions {
		if key.GroupKind != kind || namespace != "" && key.Namespace != namespace {
			continue
		}
		keys = append(keys, key)
		for _, v := range versions {
			if 0 < v.change && v.change <= change {
				changes = append(changes, v.change)
			}
		}
	}
	slices.Sort(changes)
	if older > 0 {
		change = 0
		if n := len(changes) - older; n > 0 {
			change = changes[n-1]
		}
	}
	slices.SortFunc(keys, func(a, b objectKey) int { return cmp.Compare(a.String(), b.String()) })
	var objects []client.Object
	for _, key := range keys {
		if o := s.at(key, 0, change); o != nil {
			objects = append(objects, o)
		}
	}
	return objects
}

// entry is an object and where it is.
type entry struct {
	key    objectKey
	object client.Object
}

// all gives the newest version of everything there is, ordered by kind and name.
func (s *store) all() []entry {
	var now []entry
	for key := range s.versions {
		if o := s.last(key); o != nil {
			now = append(now, entry{key, o})
		}
	}
	slices.SortFunc(now, func(a, b entry) int { return cmp.Compare(a.key.String(), b.key.String()) })
	return now
}

// String is for sorting and for messages.
func (k objectKey) String() string { return k.Kind + " " + k.Namespace + "/" + k.Name }
