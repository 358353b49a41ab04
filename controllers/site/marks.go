package site

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
)

// mark is what the factory itself publishes of a site, and where, as AnnotationDNSRecords has it. It says all that is needed to withdraw the records: the
// SiteClass may be another one by then, and the route gone.
type mark struct {
	// RFC2136 is the zone, or Registrar the name of the Registrar, in which they are.
	RFC2136   *v1alpha1.RFC2136DNS `json:"rfc2136,omitempty"`
	Registrar string               `json:"registrar,omitempty"`
	// Addresses that they lead to. While they change, those of before are here too.
	Addresses []netip.Addr `json:"addresses"`
	TTL       int32        `json:"ttl"`
	// Published is whether they were all taken.
	Published bool `json:"published,omitempty"`
}

// place tells whether two marks are of the same records. A changed key or TTL is none of it.
func (m *mark) place() string {
	if m.RFC2136 != nil {
		return "name server " + m.RFC2136.Server + " in the zone " + cmp.Or(m.RFC2136.Zone, "of the name itself")
	}
	return "Registrar " + m.Registrar
}

// says tells whether two marks say the same of their records, published or not.
func (m *mark) says(other *mark) bool {
	return m.place() == other.place() && m.TTL == other.TTL && slices.Equal(m.Addresses, other.Addresses) &&
		equality.Semantic.DeepEqual(m.RFC2136, other.RFC2136)
}

// marksOf reads a site's marks. What somebody wrote there that cannot be read is none.
func marksOf(site *v1alpha1.IndieSite) []mark {
	var marks []mark
	if err := json.Unmarshal([]byte(site.Annotations[v1alpha1.AnnotationDNSRecords]), &marks); err != nil {
		return nil
	}
	return marks
}

func markAt(marks []mark, place string) *mark {
	if i := slices.IndexFunc(marks, func(m mark) bool { return m.place() == place }); i >= 0 {
		return &marks[i]
	}
	return nil
}

// withMark replaces the mark of the same place.
func withMark(marks []mark, m mark) []mark {
	return append(withoutMark(marks, m.place()), m)
}

func withoutMark(marks []mark, place string) []mark {
	return slices.DeleteFunc(slices.Clone(marks), func(m mark) bool { return m.place() == place })
}

// union is what records may lead to while they change from one mark to the other.
func union(before *mark, want []netip.Addr) []netip.Addr {
	if before == nil {
		return want
	}
	return dns.Sorted(slices.Concat(before.Addresses, want))
}

// writeMarks puts marks and finalizer into the site, together: it is held back exactly while there is a mark.
func (r *Reconciler) writeMarks(ctx context.Context, s *scope, marks []mark) error {
	changed := s.before.DeepCopy()
	if len(marks) == 0 {
		controllerutil.RemoveFinalizer(changed, v1alpha1.FinalizerDNS)
		delete(changed.Annotations, v1alpha1.AnnotationDNSRecords)
	} else {
		data, err := json.Marshal(marks)
		if err != nil {
			return fmt.Errorf("encode the records of %s: %w", s.site.Name, err)
		}
		controllerutil.AddFinalizer(changed, v1alpha1.FinalizerDNS)
		if changed.Annotations == nil {
			changed.Annotations = map[string]string{}
		}
		changed.Annotations[v1alpha1.AnnotationDNSRecords] = string(data)
	}
	patch := client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{})
	switch err := r.Patch(ctx, changed, patch); {
	case apierrors.IsNotFound(err):
		s.gone = true
		return nil
	case err != nil:
		return fmt.Errorf("note the records of IndieSite %s: %w", s.site.Name, err)
	}
	s.before = changed
	s.site.ObjectMeta = *changed.ObjectMeta.DeepCopy()
	s.gone = s.deleting() && len(changed.Finalizers) == 0
	return nil
}

// marked says whether anything of a site may be published, or it is held back for it.
func (s *scope) marked() bool {
	_, noted := s.site.Annotations[v1alpha1.AnnotationDNSRecords]
	return noted || controllerutil.ContainsFinalizer(s.site, v1alpha1.FinalizerDNS)
}
