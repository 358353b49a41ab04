package orders

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// A claim is an IndieSite. What follows reads and builds claims and does nothing else.

// ownedBy says whether the onboarder made the claim. A site made with kubectl belongs to no onboarder.
func ownedBy(claim *v1alpha1.IndieSite, onboarder string) bool {
	return claim.Spec.OnboarderName != nil && *claim.Spec.OnboarderName == onboarder
}

func leaving(claim *v1alpha1.IndieSite) bool { return !claim.DeletionTimestamp.IsZero() }

// ended gives the outcome of the claim's current attempt, and false while there is none. An outcome of an attempt before says nothing.
func ended(claim *v1alpha1.IndieSite) (v1alpha1.OutcomeCode, bool) {
	outcome := claim.Status.Outcome
	if outcome == nil || outcome.Attempt != claim.Spec.SetupAttempt {
		return 0, false
	}
	return outcome.Code, true
}

// told says whether telling the onboarder is over: it has answered 200, or it was given up.
func told(claim *v1alpha1.IndieSite) bool {
	delivery := claim.Status.Delivery
	condition := apimeta.FindStatusCondition(claim.Status.Conditions, v1alpha1.ConditionCallbackDelivered)
	if delivery == nil || delivery.Attempt != claim.Spec.SetupAttempt || condition == nil {
		return false
	}
	return condition.Status == metav1.ConditionTrue || condition.Reason == v1alpha1.ReasonExhausted
}

// sendingAgain says whether a wish to send again stands and has not been obeyed yet.
func sendingAgain(claim *v1alpha1.IndieSite) bool {
	wish := claim.Annotations[v1alpha1.AnnotationSendAgain]
	return wish != "" && (claim.Status.Delivery == nil || wish != claim.Status.Delivery.SendAgain)
}

// givenUp says whether the claim was found to have no installer Secret for too long. It is about to be removed, and nobody will be told of it.
func givenUp(claim *v1alpha1.IndieSite) bool {
	_, over := ended(claim)
	stalled := apimeta.FindStatusCondition(claim.Status.Conditions, v1alpha1.ConditionStalled)
	return !over && stalled != nil && stalled.Status == metav1.ConditionTrue && stalled.Reason == v1alpha1.ReasonInstallerSecretMissing
}

// newClaim builds the IndieSite of a first attempt.
func newClaim(namespace string, onboarder *v1alpha1.Onboarder, o Order, digest, secret string) *v1alpha1.IndieSite {
	name := onboarder.Name // a copy: the answer to the Create is read into the claim, and the Onboarder belongs to a cache
	return &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{
			Name:       o.Domain.String(),
			Namespace:  namespace,
			Labels:     map[string]string{v1alpha1.LabelOnboarder: name},
			Finalizers: []string{v1alpha1.FinalizerCallback},
		},
		Spec: v1alpha1.IndieSiteSpec{
			Domain:             o.Domain.String(),
			SiteClassName:      onboarder.Spec.SiteClassName,
			OnboarderName:      &name,
			SetupAttempt:       1,
			RequestDigest:      digest,
			InstallerSecretRef: v1alpha1.LocalReference{Name: secret},
			Callback:           o.callback(),
		},
	}
}

// nextAttempt builds the claim with its attempt raised by one for the order. The finalizer, which is taken off once an outcome is told, is put back
// in the same write: from now on something is owed again, whether the manager is there to see it or not.
func nextAttempt(claim *v1alpha1.IndieSite, o Order, digest, secret string) *v1alpha1.IndieSite {
	next := claim.DeepCopy()
	controllerutil.AddFinalizer(next, v1alpha1.FinalizerCallback)
	next.Spec.SetupAttempt++
	next.Spec.RequestDigest = digest
	next.Spec.InstallerSecretRef.Name = secret
	next.Spec.Callback = o.callback()
	return next
}

// secretName is fixed in the claim before the Secret is made. The random end keeps a site that is made anew from meeting the Secret of the
// one before, which garbage collection may not have reached yet.
func secretName(domain names.Name, attempt int32, random string) string {
	return fmt.Sprintf("%s-installer-%d-%s", domain, attempt, random)
}

// installerFile is the installer file of the Indie Site contract. Both spellings are in use.
type installerFile struct {
	SignUpCode string `json:"secretSignUpCode"`
	SignupCode string `json:"secretSignupCode"`
}

// installerSecret builds the Secret that a claim names. It goes with its claim.
func installerSecret(claim *v1alpha1.IndieSite, code string) (*corev1.Secret, error) {
	file, err := json.Marshal(installerFile{SignUpCode: code, SignupCode: code})
	if err != nil {
		return nil, fmt.Errorf("write the installer file: %w", err)
	}
	immutable := true
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:        claim.Spec.InstallerSecretRef.Name,
			Namespace:   claim.Namespace,
			Labels:      map[string]string{v1alpha1.LabelSite: names.Child(claim.Name)},
			Annotations: map[string]string{v1alpha1.AnnotationDomain: claim.Name},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindIndieSite, Name: claim.Name, UID: claim.UID,
			}},
		},
		Type:      corev1.SecretTypeOpaque,
		Immutable: &immutable,
		Data:      map[string][]byte{v1alpha1.SecretKeyInstallerFile: file},
	}, nil
}
