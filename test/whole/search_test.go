package whole

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// search looks everywhere, and proves that it would have found something.
func (v *vault) search(seen map[string]int) {
	v.t.Helper()
	figures := v.scrape()
	for program, text := range figures {
		v.nothingIn("the metrics of the "+program, text)
	}
	v.nothingIn("what was answered", v.answers.String())
	v.nothingIn("the arguments of the programs", fmt.Sprint(v.manager.cmd.Args, v.frontend.cmd.Args))
	for kind, count := range v.searchObjects(v.report) {
		seen[kind] += count
	}
	for _, kind := range []string{
		"indiesites.magicwebsitefactory.gent", "domains.magicwebsitefactory.gent", "onboarders.magicwebsitefactory.gent", "events.events.k8s.io", "events",
		"configmaps", "statefulsets.apps", "controllerrevisions.apps", "ingresses.networking.k8s.io", "certificates.cert-manager.io", "secrets", "namespaces",
	} {
		if seen[kind] == 0 {
			v.t.Errorf("there were no %s to search: %v", kind, seen)
		}
	}
	for what, needles := range map[string][2]string{
		"the manager's output":         {v.manager.log.String(), "called back"},
		"the front end's output":       {v.frontend.log.String(), `"route":"/v1/site"`},
		"the metrics of the manager":   {figures["manager"], "controller_runtime_reconcile_total"},
		"the metrics of the front end": {figures["frontend"], "http_request"},
		"what was answered":            {v.answers.String(), "application/problem+json"},
	} {
		if !strings.Contains(needles[0], needles[1]) {
			v.t.Errorf("%s (%d bytes) does not even say %q", what, len(needles[0]), needles[1])
		}
	}
	v.t.Logf("searched %d pieces in %v objects, %d and %d bytes of logs, %d bytes of metrics, %d bytes of answers", len(v.marks.pieces), total(seen),
		len(v.manager.log.String()), len(v.frontend.log.String()), len(figures["manager"])+len(figures["frontend"]), len(v.answers.String()))
	v.plant()
}

func (v *vault) report(where string, found []string) {
	v.t.Helper()
	v.t.Errorf("%s has %s", where, strings.Join(found, "; "))
}

func total(seen map[string]int) (n int) {
	for _, count := range seen {
		n += count
	}
	return n
}

func (v *vault) nothingIn(where, text string) {
	v.t.Helper()
	const enough = 5
	found := v.marks.find([]byte(text))
	for _, f := range found[:min(len(found), enough)] {
		v.t.Errorf("%s has %s", where, f)
	}
	if len(found) > enough {
		v.t.Errorf("%s has %d more", where, len(found)-enough)
	}
}

// searchObjects looks through every object of every kind, also through what is known of a Secret without its content, and counts the kinds.
func (v *vault) searchObjects(report func(where string, found []string)) map[string]int {
	v.t.Helper()
	seen := map[string]int{}
	for _, kind := range listables(v.t) {
		v.must(v.each(v.t.Context(), kind, func(o *unstructured.Unstructured) {
			seen[kind.resource.GroupResource().String()]++
			secretly(o)
			text, err := o.MarshalJSON()
			v.must(err)
			if found := v.marks.find(text); len(found) > 0 {
				report(kind.resource.GroupResource().String()+" "+o.GetNamespace()+"/"+o.GetName(), found)
			}
		}))
	}
	return seen
}

// secretly takes away what may be secret: the content of a Secret, and the digests by which an Onboarder's status knows tokens.
func secretly(o *unstructured.Unstructured) {
	switch o.GetKind() {
	case "Secret":
		delete(o.Object, "data")
	case v1alpha1.KindOnboarder:
		unstructured.RemoveNestedField(o.Object, "status", "tokenDigests")
	}
}

// plant puts a piece of a secret where it must not be, and expects it to be found there and nowhere else.
func (v *vault) plant() {
	v.t.Helper()
	leak := forms(v.marks.secret("a planted secret"))
	v.create(
		&corev1.ConfigMap{ObjectMeta: v.inFactory("planted-1"), Data: map[string]string{"note": "it begins with " + leak["as it is"][:window]}},
		&corev1.ConfigMap{ObjectMeta: v.inFactory("planted-2"), BinaryData: map[string][]byte{"note": []byte("-" + leak["as it is"])}},
		&corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: v.sites, Name: "planted-3"}, Message: "token " + leak["in a query"],
			InvolvedObject: corev1.ObjectReference{Namespace: v.sites},
		},
		&v1alpha1.Onboarder{
			ObjectMeta: metav1.ObjectMeta{Namespace: v.factory, Name: "planted-4", Annotations: map[string]string{"digest": leak["SHA-256 in hex"]}},
			Spec:       v1alpha1.OnboarderSpec{TokenSecretRef: v1alpha1.LocalReference{Name: "none"}, Callback: v1alpha1.OnboarderCallback{URLPrefixes: []string{"https://planted.example"}}},
		},
	)
	var where []string
	v.searchObjects(func(place string, _ []string) { where = append(where, place[strings.LastIndex(place, "/")+1:]) })
	slices.Sort(where)
	if where = slices.Compact(where); !slices.Equal(where, []string{"planted-1", "planted-2", "planted-3", "planted-4"}) {
		v.t.Errorf("what was planted was found in %v", where)
	}
}
