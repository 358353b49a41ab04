package registrar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
		return &problem{reason: v1alpha1.ReasonCredentialsRefused, message: "the credentials cannot work: " + shortened(credentials.Err), retry: checkInterval}
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
		var others []string
		for i := range all {
			if o := &all[i]; o.Name != r.Name && o.DeletionTimestamp.IsZero() && slices.Contains(o.Spec.Suffixes, suffix) {
				others = append(others, o.Name)
			}
		}
		if len(others) > 0 {
			slices.Sort(others)
			return &problem{reason: v1alpha1.ReasonSuffixShared, message: fmt.Sprintf("the suffix %s is also sold by Registrar %s", suffix, others[0])}
		}
	}
	return nil
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

// checkProblem is what the provider said. Only what it is certain to have refused is called refused; every other error may pass. The errors of providers hold
// no secrets and no words of the remote side (see the package registrar), so they may stand in the status.
func checkProblem(err error) *problem {
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
		return &problem{reason: v1alpha1.ReasonCredentialsRefused, message: "the provider does not take the credentials: " + shortened(credentials.Err), retry: checkInterval}
	case errors.As(err, &throttled):
		return &problem{reason: v1alpha1.ReasonProviderUnreachable, message: "the provider asks to come back later", retry: max(throttled.RetryAfter, retryInterval)}
	default:
		return &problem{reason: v1alpha1.ReasonProviderUnreachable, message: "the provider did not answer: " + shortened(err), retry: retryInterval}
	}
}

// maxError is how much of an error stands in a status.
const maxError = 300

func shortened(err error) string {
	text := []rune(strings.Join(strings.Fields(err.Error()), " "))
	return string(text[:min(len(text), maxError)])
}
