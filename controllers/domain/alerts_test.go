package domain

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/yaml"
)

// registered are the metrics of the duties that this package knows, and of the one beside it that sells the names.
func registeredMetrics(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{"magicwebsitefactory_registrar_ready": true}
	if content, err := os.ReadFile(filepath.Join("..", "registrar", "metrics.go")); err != nil || !strings.Contains(string(content), `"magicwebsitefactory_registrar_ready"`) {
		t.Fatalf("the duty registrar has no metric of that name: %v", err)
	}
	ch := make(chan *prometheus.Desc, 1000)
	for _, c := range []prometheus.Collector{purchases, renewals, extensions, census} {
		if err := metrics.Registry.Register(c); err == nil {
			t.Fatal("a metric was not registered")
		}
		c.Describe(ch)
	}
	close(ch)
	name := regexp.MustCompile(`fqName: "([a-z_]+)"`)
	for d := range ch {
		names[name.FindStringSubmatch(d.String())[1]] = true
	}
	return names
}

func TestTheAlertRulesSpeakOfMetricsThatThereAre(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	known, days := registeredMetrics(t), map[string]bool{}
	metric := regexp.MustCompile(`magicwebsitefactory_[a-z_]+`)
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			found := metric.FindAllString(rule.Expr, -1)
			if rule.Alert == "" || len(found) == 0 {
				t.Errorf("%+v is no rule about a metric of the factory", rule)
			}
			for _, name := range found {
				if !known[name] {
					t.Errorf("%s: there is no metric %s", rule.Alert, name)
				}
			}
			for _, a := range expiryAlarms {
				if strings.Contains(rule.Expr, fmt.Sprintf(`days="%s"`, a.label)) {
					days[a.label] = true
				}
			}
		}
	}
	for _, a := range expiryAlarms {
		if !days[a.label] {
			t.Errorf("no rule for %s days", a.label)
		}
	}
}
