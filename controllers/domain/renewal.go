package domain

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

const (
	// renewalWindow is how long before it runs out a registration is extended that the registrar does not renew by itself.
	renewalWindow = 30 * oneDay
	// lastDays is when what look-ups say of automatic renewal counts, and not what the registrar goes on answering to being asked for it.
	lastDays = 14 * oneDay
	// acquaintance is for how long a name must have been known as ours before its registration is extended. Where the status was lost, and with it the
	// record of an extension, the registrar's books have caught up by then. So they have with automatic renewal that was switched on.
	acquaintance = oneDay
	// sameTerm is by how much two times of expiry may differ and still be the same one: registrars show times of day as they like, and no
	// registration is extended by less.
	sameTerm = 30 * oneDay

	// minExtendPause lets a name whose extension is turned down reserve its price four times a day, and not the whole day's budget.
	minExtendPause = 6 * time.Hour
	maxExtendPause = oneDay

	oneDay = 24 * time.Hour
)

// sameExpiry says whether a time of expiry is the one that a renewal extends from.
func sameExpiry(renewal *v1alpha1.DomainRenewal, expiry time.Time) bool {
	return renewal != nil && expiry.Sub(renewal.ExpiryTime.Time).Abs() < sameTerm
}

// extendPause is how long to wait after an extension that was turned down: a day, in the last eight days an eighth of what is left, in the last two
// six hours.
func extendPause(left time.Duration) time.Duration {
	return min(max(left.Abs()/8, minExtendPause), maxExtendPause)
}

// openPause is how long to wait between look-ups of an extension that is so old and does not show yet: an eighth of its age, as for a purchase, but
// growing until nothing is left to hurry for.
func openPause(age time.Duration) time.Duration {
	return min(max(age/8, minPollPause), keepInterval)
}

// renewalIsOver is when nobody can be making the call any more, nor its effect still be on its way into a look-up.
func renewalIsOver(renewal *v1alpha1.DomainRenewal) time.Time {
	return renewal.NotAfter.Add(readTimeout + clockSkew)
}

// newRenewal is the fence of an extension that begins now.
func newRenewal(before *v1alpha1.DomainRenewal, expiry, now time.Time) *v1alpha1.DomainRenewal {
	try := int32(1)
	if sameExpiry(before, expiry) {
		try = before.Try + 1
	}
	call := newCall(try, now)
	return &v1alpha1.DomainRenewal{
		ExpiryTime: metav1.NewTime(expiry.UTC().Truncate(time.Second)), Try: try, StartedTime: call.StartedTime, NotAfter: call.NotAfter,
	}
}

// holding is how the name stands: as it was seen, and as it was set since.
func (f *facts) holding() registrar.Holding {
	h := f.sighting.Holding
	if _, done := f.answer.(registrar.Done); done {
		on := f.autoRenewWanted()
		h.AutoRenew = &on
	}
	return h
}

// runsOut says whether the name is wanted and its registration ends soon unless the factory extends it: the registrar was seen not to
// renew it by itself. Not knowing whether it does is no reason to pay.
func (f *facts) runsOut() bool {
	s := f.sighting
	if s == nil || s.InAccount != registrar.Yes || s.Holding.Expiry.IsZero() || s.Holding.AutoRenew == nil || *s.Holding.AutoRenew || !f.autoRenewWanted() {
		return false
	}
	left := s.Holding.Expiry.Sub(f.now)
	no, refused := f.answer.(registrar.Rejected)
	if left <= lastDays {
		// Many registrars renew at once where automatic renewal is switched on so late, which only another look-up shows. So there must be a guard, or
		// a clear no, or a yes of which nothing has come.
		return s.ExtendsOnce || refused || f.promiseBroken()
	}
	return left <= renewalWindow && refused && no.Reason.Final()
}

// promise is facts.promised after this pass.
func (f *facts) promise() time.Time {
	switch _, done := f.answer.(registrar.Done); {
	case f.answer == nil, !f.autoRenewWanted():
		// A look-up has shown it as it shall be, or it shall run out.
		return time.Time{}
	case done && (f.promised.IsZero() || f.promised.After(f.now)):
		return f.now
	default:
		return f.promised
	}
}

// promiseBroken says whether the registrar has been saying that it renews the name for as long as its books may lag behind, and they do not show it.
func (f *facts) promiseBroken() bool {
	return !f.promised.IsZero() && !f.now.Before(f.promised.Add(acquaintance))
}

// notNow says whether an extension has to wait for the registrar: it works on an order for the name, perhaps one whose record was lost, or it has just
// asked to be left alone, and would turn the extension down, which costs its reservation.
func (f *facts) notNow() bool {
	no, _ := f.answer.(registrar.Rejected)
	return f.sighting.Order == registrar.OrderOpen || no.RetryAfter > 0
}

// extension says whether the registration is to be extended now; else after how long it may be, zero for not before something else happens.
func (f *facts) extension() (bool, time.Duration) {
	if !f.runsOut() || f.sighting.NoExtension != "" {
		return false, 0
	}
	if known := f.domain.Status.RegisteredTime; known == nil || f.now.Before(known.Add(acquaintance)) {
		return false, acquaintance
	}
	before, expiry := f.domain.Status.Renewal, f.sighting.Holding.Expiry
	pause := extendPause(expiry.Sub(f.now))
	if f.notNow() {
		return false, pause
	}
	if !sameExpiry(before, expiry) {
		return true, 0
	}
	switch before.Outcome {
	case v1alpha1.RenewalDone, v1alpha1.RenewalPending:
		return false, 0
	case v1alpha1.RenewalRejected:
	default:
		// Nobody knows what came of it. It may be sent again where the registrar is sure to refuse it if it was carried out.
		if wait := renewalIsOver(before).Sub(f.now); wait > 0 {
			return false, wait
		}
		if !f.sighting.ExtendsOnce {
			return false, 0
		}
	}
	if wait := before.StartedTime.Add(pause).Sub(f.now); wait > 0 && !ahead(before.StartedTime, f.now) {
		return false, wait
	}
	return true, 0
}

// detailUnclear is what only a person can mend.
const detailUnclear = "sending it again might pay for the year twice: see the registrar's own pages, and renew it there"

// renewalSeen is the record of the last extension, after what was seen in this pass.
func (f *facts) renewalSeen() *v1alpha1.DomainRenewal {
	renewal, s := f.domain.Status.Renewal.DeepCopy(), f.sighting
	if renewal == nil || s == nil || s.InAccount != registrar.Yes || s.Holding.Expiry.IsZero() {
		return renewal
	}
	open := renewal.Outcome == "" || renewal.Outcome == v1alpha1.RenewalPending
	switch {
	case !open:
	case !sameExpiry(renewal, s.Holding.Expiry):
		renewal.Outcome, renewal.Detail = v1alpha1.RenewalDone, ""
	case renewal.Outcome == v1alpha1.RenewalPending && s.Order == registrar.OrderRejected && s.Reference == renewal.Reference:
		renewal.Outcome, renewal.Detail = v1alpha1.RenewalRejected, shortened(s.Rejection.Detail)
	case renewal.Outcome == "" && (farAhead(renewal.NotAfter, f.now) || !s.ExtendsOnce && !f.now.Before(renewalIsOver(renewal))):
		renewal.Detail = detailUnclear
	}
	return renewal
}

// extended is what becomes of the result of an extension that was sent in this pass.
func (f *facts) extended(result registrar.Result) v1alpha1.DomainStatus {
	g := *f
	g.domain = f.domain.DeepCopy()
	renewal, h := g.domain.Status.Renewal, f.holding()
	switch r := result.(type) {
	case registrar.Done:
		renewal.Outcome = v1alpha1.RenewalDone
		if !r.Holding.Expiry.IsZero() {
			h.Expiry = r.Holding.Expiry
		}
		if r.Holding.AutoRenew != nil {
			h.AutoRenew = r.Holding.AutoRenew
		}
	case registrar.Pending:
		renewal.Outcome, renewal.Reference = v1alpha1.RenewalPending, r.Reference
	case registrar.Rejected:
		renewal.Outcome, renewal.Detail = v1alpha1.RenewalRejected, shortened(r.Detail)
	}
	return g.registered(h, false)
}

// maxDetail is what status.renewal.detail holds.
const maxDetail = 512

func shortened(detail string) string {
	runes := []rune(detail)
	return string(runes[:min(len(runes), maxDetail)])
}

// renewalOpen says whether an extension of the registration as it stands was sent and does not show yet.
func renewalOpen(status *v1alpha1.DomainStatus) bool {
	return status.ExpiryTime != nil && sameExpiry(status.Renewal, status.ExpiryTime.Time) && status.Renewal.Outcome != v1alpha1.RenewalRejected
}
