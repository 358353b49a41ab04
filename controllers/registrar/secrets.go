package registrar

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// credentialsOf names the Secret with a provider's credentials, or nothing where it needs none.
func credentialsOf(p *v1alpha1.RegistrarProvider) string {
	switch {
	case p.Combell != nil:
		return p.Combell.CredentialsSecretRef.Name
	case p.EPP != nil:
		return p.EPP.CredentialsSecretRef.Name
	case p.DNSimple != nil:
		return p.DNSimple.CredentialsSecretRef.Name
	default:
		return ""
	}
}

// inFactory leaves out the Secrets of sites, of which there are many.
func (r *Reconciler) inFactory() predicate.Predicate {
	return predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetNamespace() == r.FactoryNamespace })
}

// opensWith are the Registrars whose account is opened with a Secret.
func (r *Reconciler) opensWith(ctx context.Context, secret client.Object) []reconcile.Request {
	var list v1alpha1.RegistrarList
	if err := r.List(ctx, &list, client.InNamespace(r.FactoryNamespace)); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Cannot list the Registrars that name a Secret", "secret", secret.GetName())
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if reg := &list.Items[i]; credentialsOf(&reg.Spec.Provider) == secret.GetName() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(reg)})
		}
	}
	return requests
}
