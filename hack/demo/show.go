package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// page is what a visitor got.
type page struct {
	status string
	title  string
	issuer string
}

// show looks at what was claimed from all sides and tells how to use it.
func (d *demo) show(ctx context.Context) error {
	site := &v1alpha1.IndieSite{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindIndieSite},
		ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: d.config.domain},
	}
	if err := d.waitForReady(ctx, site); err != nil {
		return err
	}
	visited, err := d.visit(ctx)
	if err != nil {
		return fmt.Errorf("visit https://%s/ at %s: %w", d.config.domain, d.cluster.route, err)
	}
	d.say.step("https://%s/ answers %s, %q, with a verified certificate of %q", d.config.domain, visited.status, visited.title, visited.issuer)
	response, err := d.told(ctx)
	if err != nil {
		return err
	}
	d.say.step("the callback was answered %s", response)
	d.say.step("the IndieSite is Ready")
	for _, what := range [][]string{{"indiesites", sitesNamespace}, {"domains", factoryNamespace}} {
		if err := d.list(ctx, what[0], what[1]); err != nil {
			return err
		}
	}
	d.say.done("%s", d.instructions())
	return nil
}

// visit fetches the page as a visitor's browser would, except that the route's address is given: on the internet the name
// leads elsewhere.
func (d *demo) visit(ctx context.Context) (page, error) {
	client, err := trusting(d.cluster.issuerCA, d.cluster.route)
	if err != nil {
		return page{}, err
	}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+d.config.domain+"/", http.NoBody)
	if err != nil {
		return page{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return page{}, err
	}
	if response.StatusCode != http.StatusOK {
		return page{}, fmt.Errorf("it answered %s", response.Status)
	}
	leaf := response.TLS.PeerCertificates[0]
	return page{status: response.Status, title: title(string(body)), issuer: leaf.Issuer.CommonName}, nil
}

// title is what stands between the title tags of a page.
func title(body string) string {
	_, rest, found := strings.Cut(body, "<title>")
	if !found {
		return ""
	}
	text, _, _ := strings.Cut(rest, "</title>")
	return strings.TrimSpace(text)
}

// list prints what kubectl get shows; a kind that lives elsewhere is looked for everywhere.
func (d *demo) list(ctx context.Context, kind, namespace string) error {
	out, err := output(d.cluster.command(ctx, "get", kind, "--namespace", namespace))
	if err != nil {
		return fmt.Errorf("list the %s: %w", kind, err)
	}
	d.say.done("$ kubectl get %s --namespace %s\n%s", kind, namespace, strings.TrimRight(string(out), "\n"))
	return nil
}

// instructions say how to go on from here.
func (d *demo) instructions() string {
	down := "make cluster-down"
	if d.config.cluster != "local" {
		down = "as docs/install.md says under Uninstall"
	}
	return strings.NewReplacer(
		"{host}", d.config.domain,
		"{route}", d.cluster.route,
		"{node}", d.cluster.node,
		"{ca}", d.cluster.issuerCA,
		"{factory}", d.factoryURL(),
		"{hallobot}", d.hallobotURL(),
		"{code}", d.codePath(),
		"{env}", d.environmentPath(),
		"{bin}", d.config.bin,
		"{down}", down,
	).Replace(`The factory    {factory}
The site       https://{host}/ (here at {route}; on the internet the name leads elsewhere). Its owner's code is in {code}

Claim one more . {env} && {bin}/hallo serve
               plays Hallobot at {hallobot} until Ctrl-C. Beside it, in another terminal:
In a browser   chromium --user-data-dir="$(mktemp -d)" --no-first-run --ignore-certificate-errors \
                 --host-resolver-rules='MAP *.gent:443 {route}, EXCLUDE {node}, MAP * ~NOTFOUND' \
                 {hallobot} https://{host}/
               (as root, add --no-sandbox. Nothing is installed: this new profile reaches Hallobot and the factory's sites and
               nothing else, which is why it may take certificates of authorities that it does not know.)
In a terminal  . {env} && {bin}/hallo claim alice.gent
               curl --cacert {ca} --connect-to {host}:443:{route} https://{host}/
With kubectl   . {env} && "$KUBECTL" get factory --all-namespaces
Take it down   {down}`)
}
