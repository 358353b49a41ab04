package registrar

import (
	"errors"
	"fmt"
	"slices"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// problem is why a Registrar is not Ready.
type problem struct {
	reason, message string
	// retry is when to look again; zero where only a change of a Registrar can mend it.
	retry time.Duration
}

// readyCondition is what the status says.
func readyCondition(p *problem) metav1.Condition {
	if p == nil {
		return metav1.Condition{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded,
			Message: "the account works",
		}
	}
	return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: p.reason, Message: p.message}
}

// openingProblem is what kept the account from being opened.
func openingProblem(err error) *problem {
	var environment *registrar.EnvironmentError
	var spec *registrar.SpecError
	var credentials *registrar.CredentialsError
	var missing *registrar.MissingSecretError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &environment):
		return &problem{reason: v1alpha1.ReasonWrongEnvironment, message: environment.Error()}
	case errors.As(err, &spec):
		return &problem{reason: v1alpha1.ReasonInvalid, message: spec.Error()}
	case errors.As(err, &missing):
		return &problem{reason: v1alpha1.ReasonSecretMissing, message: "the provider's credentials are not there: " + missing.Error(), retry: retryInterval}
	case errors.As(err, &credentials):
		return &problem{reason: v1alpha1.ReasonCredentialsRefused, message: "the credentials cannot work: " + registrar.InBrief(credentials.Err.Error()), retry: checkInterval}
	default:
		return &problem{reason: v1alpha1.ReasonProviderUnreachable, message: "the account could not be opened", retry: retryInterval}
	}
}

// limitsProblem is what is wrong with the limits beyond what the API server checks.
func limitsProblem(r *v1alpha1.Registrar) *problem {
	limit, err := registrar.MoneyOf(r.Spec.Limits.MaxPrice)
	switch {
	case err != nil:
		return &problem{reason: v1alpha1.ReasonInvalid, message: fmt.Sprintf("spec.limits.maxPrice: %v", err)}
	case limit.Minor == 0:
		return &problem{reason: v1alpha1.ReasonInvalid, message: "spec.limits.maxPrice: must be more than 0.00, or every name is too dear"}
	case r.Spec.Limits.SpendingPerDay == nil:
		return nil
	}
	budget, err := registrar.MoneyOf(*r.Spec.Limits.SpendingPerDay)
	if err != nil {
		return &problem{reason: v1alpha1.ReasonInvalid, message: fmt.Sprintf("spec.limits.spendingPerDay: %v", err)}
	}
	switch c, err := budget.Compare(limit); {
	case err != nil:
		return &problem{reason: v1alpha1.ReasonInvalid, message: fmt.Sprintf(
			"spec.limits.spendingPerDay.currency: must be %s as in spec.limits.maxPrice, as amounts of different currencies cannot be added up", limit.Currency)}
	case c < 0 && budget.Minor > 0:
		return &problem{reason: v1alpha1.ReasonInvalid, message: fmt.Sprintf(
			"spec.limits.spendingPerDay: must be at least spec.limits.maxPrice (%s), which is reserved for each name, or 0.00 to stop all spending", limit)}
	default:
		return nil
	}
}

// sharedSuffix is a suffix that another Registrar sells as well: then neither may, as nothing says where a name is to be bought.
func sharedSuffix(r *v1alpha1.Registrar, all []v1alpha1.Registrar) *problem {
	for _, suffix := range r.Spec.Suffixes {
		if others := otherSellers(r, all, suffix); len(others) > 0 {
			return &problem{reason: v1alpha1.ReasonSuffixShared, message: fmt.Sprintf("the suffix %s is also sold by Registrar %s", suffix, others[0])}
		}
	}
	return nil
}

// unshared are the suffixes that nobody else sells.
func unshared(r *v1alpha1.Registrar, all []v1alpha1.Registrar) []string {
	return slices.DeleteFunc(slices.Clone(r.Spec.Suffixes), func(suffix string) bool { return len(otherSellers(r, all, suffix)) > 0 })
}

// otherSellers are the names of those that sell a suffix as well, in order.
func otherSellers(r *v1alpha1.Registrar, all []v1alpha1.Registrar, suffix string) []string {
	var others []string
	for i := range all {
		if o := &all[i]; o.Name != r.Name && o.DeletionTimestamp.IsZero() && slices.Contains(o.Spec.Suffixes, suffix) {
			others = append(others, o.Name)
		}
	}
	slices.Sort(others)
	return others
}

// leftAlone is for how long the provider asks to be left alone, where the account is known to work: that is no reason to stop selling. Zero where
// it does not.
func leftAlone(r *v1alpha1.Registrar, err error) time.Duration {
	var throttled *registrar.Throttled
	before := apimeta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionReady)
	if !errors.As(err, &throttled) || before == nil || before.Status != metav1.ConditionTrue || before.ObservedGeneration != r.Generation {
		return 0
	}
	return max(throttled.RetryAfter, retryInterval)
}

// nextTry is when credentials that were refused are tried again: after a minute, then two, four and so on. Not all that refuses credentials is for a person to mend (a clock that is
// off, an egress address that the provider must know), and who locks accounts counts the tries. For how long they have been refused stands in the condition.
func nextTry(r *v1alpha1.Registrar, now time.Time) time.Duration {
	before := apimeta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionReady)
	if before == nil || before.Status != metav1.ConditionFalse || before.Reason != v1alpha1.ReasonCredentialsRefused {
		return retryInterval
	}
	return min(max(now.Sub(before.LastTransitionTime.Time), 0)+retryInterval, checkInterval)
}

// checkProblem is what the provider said. Only what it is certain to have refused is called refused; every other error may pass. The errors of providers hold
// no secrets and no words of the remote side (see the package registrar), so they may stand in the status.
// Credentials that it refuses are tried again when the caller says.
func checkProblem(err error, again time.Duration) *problem {
	var credentials *registrar.CredentialsError
	var spec *registrar.SpecError
	var throttled *registrar.Throttled
	switch {
	case err == nil:
		return nil
	case errors.As(err, &spec):
		// It was told by the provider, which may tell otherwise some day.
		return &problem{reason: v1alpha1.ReasonInvalid, message: spec.Error(), retry: checkInterval}
	case errors.As(err, &credentials):
		return &problem{reason: v1alpha1.ReasonCredentialsRefused, message: "the provider does not take the credentials: " + registrar.InBrief(credentials.Err.Error()), retry: again}
	case errors.As(err, &throttled):
		return &problem{reason: v1alpha1.ReasonProviderUnreachable, message: "the provider asks to come back later", retry: max(throttled.RetryAfter, retryInterval)}
	default:
		return &problem{reason: v1alpha1.ReasonProviderUnreachable, message: "the provider did not answer: " + registrar.InBrief(err.Error()), retry: retryInterval}
	}
}
