package faults

import "testing"

const buying = "controllers/domain/purchase.go"

// A proof is worth as much as its ability to fail.

func TestWithoutTheFenceItIsRed(t *testing.T) {
	mutant{
		file: buying,
		edits: [][2]string{
			{"	if _, err := duty.WriteStatus(ctx, r.Client, before, after); err != nil {\n		return duty.Stop(), err\n	}\n	s.facts.domain, s.fence =", "	s.facts.domain, s.fence ="},
			{"	if now.UID != written.UID || !equality.Semantic.DeepEqual(now.Status, written.Status) {", "	if now.UID != written.UID {"},
		},
		only: "two leaders: a careless reseller, one stands still before domain buy", finds: "a name was paid for twice",
	}.mustBeFound(t)
}

func TestWithoutALookUpAfterACrashItIsRed(t *testing.T) {
	mutant{
		file: "controllers/domain/machine.go",
		edits: [][2]string{
			{"	case phaseNew, phaseCalled:\n		// Whatever", "	case phaseCalled:\n	case phaseNew:\n		// Whatever"},
			{"	if d, settled := observe(f); settled {\n		return d\n	}\n	return decision{act: actBuy", "	if d, settled := observe(f); settled && phaseOf(f.domain) != phaseCalled {\n		return d\n	}\n	return decision{act: actBuy"},
		},
		only: "process dies: a careless reseller, after domain buy", finds: "a name was paid for twice",
	}.mustBeFound(t)
}

func TestWithoutTheSecondReadItIsRed(t *testing.T) {
	mutant{
		file: buying,
		edits: [][2]string{{
			"	if s.fence == nil {\n		return duty.Continue(), nil\n	}\n	ctx, cancel := detached(ctx, readTimeout)",
			"	if s.fence == nil || s.reserved == actBuy {\n		return duty.Continue(), nil\n	}\n	ctx, cancel := detached(ctx, readTimeout)",
		}},
		only: "admin interferes: all is well, the site is deleted before domain patch", finds: "a name was ordered that nobody wanted any more",
	}.mustBeFound(t)
}

func TestWithoutAFrozenOutcomeItIsRed(t *testing.T) {
	mutant{
		file:  "controllers/callback/transition.go",
		edits: [][2]string{{"	if s.ended() {\n		return 0\n	}\n	code, wait", "	code, wait"}},
		only:  "process dies: all is well, after callback send", finds: "the outcome of an attempt is frozen",
	}.mustBeFound(t)
}

func TestWithoutARecordOfTheDeliveryItIsRed(t *testing.T) {
	mutant{
		file:  "controllers/callback/deliver.go",
		edits: [][2]string{{"	s.site.Status.Delivery = &next\n	s.blocked = nil\n", "	s.blocked = nil\n"}},
		only:  "process dies: all is well, after callback send", finds: "is not told",
	}.mustBeFound(t)
}

func TestWithoutReservedLimitsItIsRed(t *testing.T) {
	mutant{
		file:  buying,
		edits: [][2]string{{"		after.Status.Usage = &usage\n", "		_ = usage\n"}},
		only:  "limits: more names than a day has", finds: "more names were ordered than the limit allows",
	}.mustBeFound(t)
}

func TestWithADomainThatItsSiteOwnsItIsRed(t *testing.T) {
	mutant{
		file: "controllers/site/domain.go",
		edits: [][2]string{{
			"			Annotations: map[string]string{v1alpha1.AnnotationAttempt: attemptID(s.site)},\n",
			"			Annotations: map[string]string{v1alpha1.AnnotationAttempt: attemptID(s.site)},\n" +
				"			OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindIndieSite, Name: s.site.Name, UID: s.site.UID}},\n",
		}},
		only: "admin interferes: all is well, the site is deleted before site probe", finds: "is paid for, and is to be deleted",
	}.mustBeFound(t)
}

func TestAtARegistrarThatTakesALostOrderForNoneItIsRed(t *testing.T) {
	mutant{
		file: "internal/registrar/combell/account.go",
		edits: [][2]string{{
			"		return registrar.Sighting{InAccount: registrar.No}, nil\n",
			"		return registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderNone, Registered: registrar.No}, nil\n",
		}},
		only: "provider's fault: pending for long at combell, the server hangs after buy #1", finds: "a name was paid for twice",
	}.mustBeFound(t)
}

func TestAtARegistryWhereWhatIsTakenIsTakenForOursItIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file:  "internal/registrar/epp/buy.go",
		edits: [][2]string{{"		return a.exists(ctx, s, o, no)\n", "		return registrar.Done{}\n"}},
		only:  "provider's fault: taken at the registration at epp, the server resets the connection before buy #1", finds: "it is not released",
	}.mustBeFound(t)
}

func TestAtARegistrarWhoseWordOnCredentialsIsTakenForOneOnTheNameItIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file: "internal/registrar/combell/order.go",
		edits: [][2]string{{
			"	case errors.As(err, &credentials):\n		no.Detail = credentials.Error()\n	default:",
			"	case errors.As(err, &credentials):\n		no.Reason, no.Detail = registrar.RejectedRefused, credentials.Error()\n	default:",
		}},
		only:  "credentials: credentials refused as the order comes at combell, it dies after registrar patch Registrar/status #1",
		finds: "an outcome was told that is not true: 500, while the credentials are refused",
	}.mustBeFound(t)
}
