package faults

import "testing"

// What the oracles say of factories that keep to the protocol of buying, and are wrong in something else. Full runs only: the safeguards themselves are
// taken out in every run of the tests.

func onlyInFull(t *testing.T) {
	t.Helper()
	if !full {
		t.Skip("with FAULTS=full")
	}
}

func TestAFactoryThatTellsEverybody500IsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file:  "controllers/callback/transition.go",
		edits: [][2]string{{"		return v1alpha1.OutcomeCreated, 0\n", "		return v1alpha1.OutcomeFailed, 0\n"}},
		only:  "process dies: all is well, after callback send", finds: "it ended in 500",
	}.mustBeFound(t)
}

func TestAFactoryThatGivesUpAfterTheFirstNoIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file:  "internal/delivery/state.go",
		edits: [][2]string{{"	if tooLate(d) {\n		d.NextAttemptTime = nil\n	}\n	return d\n", "	d.NextAttemptTime = nil\n	return d\n"}},
		only:  "process dies: the receiver fails at first, after callback send", finds: "is not told",
	}.mustBeFound(t)
}

func TestAFactoryThatDoesNotSayFarewellIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file:  "controllers/callback/scope.go",
		edits: [][2]string{{"		wait = min(wait, s.farewellLeft())\n", "		wait = s.farewellLeft()\n"}},
		only:  "process dies: deleted half-way, after domain buy", finds: "was not told how it ended",
	}.mustBeFound(t)
}

func TestAFactoryThatTellsHowItIsNowAndNotHowItEndedIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file: "controllers/callback/addressee.go",
		edits: [][2]string{{
			"callbackurl.Target(callback.URL, callback.Domain, site.Status.Outcome.Code)",
			"callbackurl.Target(callback.URL, callback.Domain, map[bool]v1alpha1.OutcomeCode{true: site.Status.Outcome.Code, false: v1alpha1.OutcomeFailed}[site.DeletionTimestamp.IsZero()])",
		}},
		only: "admin interferes: the receiver fails at first, the site is deleted before callback send Receiver #2", finds: "was told two outcomes",
	}.mustBeFound(t)
}

func TestAFactoryWhoseCallbacksMayBeLateIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file: "internal/delivery/state.go",
		edits: [][2]string{{
			"	return max(d.LastAttemptTime.Add(SendWindow+Timeout).Sub(now), 0)\n",
			"	return max(d.LastAttemptTime.Add(SendWindow+Timeout).Sub(now), 0) + time.Hour\n",
		}},
		only: "two leaders: refused, ordered again, one stands still before callback send Receiver #1, the other works", finds: "an older outcome was told after a newer one",
	}.mustBeFound(t)
}

func TestAFactoryThatWritesWhatIsThereAlreadyIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file:  "internal/duty/status.go",
		edits: [][2]string{{"	if equality.Semantic.DeepEqual(before, after) {", "	if before == after || equality.Semantic.DeepEqual(nil, after) {"}},
		only:  "process dies: all is well, after callback send", finds: "something was written although nothing was left to do",
	}.mustBeFound(t)
}

func TestAFactoryThatAsksPeopleTooSoonIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file: "controllers/domain/verdict.go",
		edits: [][2]string{{
			"		return verdictTooEarly\n	case s.InAccount == registrar.Unanswerable:\n", "		return verdictUndecidable\n	case s.InAccount == registrar.Unanswerable:\n",
		}},
		only: "call fails: all is well, before domain buy", finds: "a person is asked for without need",
	}.mustBeFound(t)
}

func TestAFactoryThatLeavesItsWorkloadBehindIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file:  "controllers/site/ending.go",
		edits: [][2]string{{"		func(ctx context.Context, s *scope) (duty.Outcome, error) { return remove(ctx, r, s, s.service) },\n", ""}},
		only:  "process dies: setup deadline, after callback send", finds: "is left over",
	}.mustBeFound(t)
}

func TestAFactoryThatTakesWrongCredentialsForSilenceIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file: "controllers/registrar/problem.go",
		edits: [][2]string{{
			"reason: v1alpha1.ReasonCredentialsRefused, message: \"the provider does not take the credentials: \"",
			"reason: v1alpha1.ReasonProviderUnreachable, message: \"the provider does not take the credentials: \"",
		}},
		only:  "credentials: wrong credentials before the order at dnsimple, it dies after registrar patch Registrar/status #1",
		finds: "the Registrar does not say how it is with its account: Ready is False, ProviderUnreachable",
	}.mustBeFound(t)
}

func TestAFactoryThatShowsAPasswordIsRed(t *testing.T) {
	onlyInFull(t)
	mutant{
		file: "internal/registrar/epp/session.go",
		edits: [][2]string{{
			"		return nil, fmt.Errorf(\"log in: %w\", errorOf(code))\n",
			"		return nil, &registrar.CredentialsError{Err: fmt.Errorf(\"log in with %s: %w\", password, errorOf(code))}\n",
		}},
		only:  "credentials: wrong credentials before the order at epp, it dies after registrar patch Registrar/status #1",
		finds: "a secret stands in a status: Registrar names has the password",
	}.mustBeFound(t)
}
