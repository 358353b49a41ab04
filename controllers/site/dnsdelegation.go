package site

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// delegation is what an admin chose to have the name lead to, in place of the name servers at which its Registrar keeps records.
type delegation struct {
	servers []string
	by      string // the field that says so
	remedy  string // what to do about it
}

// delegated finds out whether the name was given other name servers, where the Registrar's own records are to be published. A Domain's own choice is the later
// one: a Registrar's counts only when a name is bought.
func (r *Reconciler) delegated(ctx context.Context, s *scope) (delegation, error) {
	if s.class.DNS.Registrar == nil {
		return delegation{}, nil
	}
	domain, name := s.site.Spec.Domain, s.domain.Spec.RegistrarName
	if servers := s.domain.Spec.NameServers; len(servers) > 0 {
		return delegation{
			servers: servers, by: "spec.nameServers of Domain " + domain,
			remedy: "Name the Registrar's own there",
		}, nil
	}
	registrar, err := fetch(ctx, r, client.ObjectKey{Namespace: r.FactoryNamespace, Name: name}, &v1alpha1.Registrar{})
	if err != nil || registrar == nil || registrar.Spec.Provider.Combell == nil {
		return delegation{}, err
	}
	return delegation{
		servers: registrar.Spec.Provider.Combell.NameServers, by: "spec.provider.combell.nameServers of Registrar " + name,
		remedy: fmt.Sprintf("Leave it out there for the names that are yet to be bought, and name the Registrar's own in spec.nameServers of Domain %s for this one", domain),
	}, nil
}

// contradicts says why the records that were put will not be found: those who were asked, and do not answer so, are the name servers that an admin chose. It
// is not known which ones get their zones from the Registrar, so servers that answer as asked for are no contradiction, whoever named them.
func (d delegation) contradicts(asked []string) string {
	if !slices.ContainsFunc(d.servers, func(server string) bool { return slices.Contains(asked, server) }) {
		return ""
	}
	return fmt.Sprintf("The SiteClass has them published at the Registrar, but %s has the name lead to %s. %s, or have the SiteClass publish where these servers get the zone from.",
		d.by, strings.Join(d.servers, ", "), d.remedy)
}
