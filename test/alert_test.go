package test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/telemetry"
)

// alert is a rule of deploy/prometheus.
type alert struct {
	Alert, Expr string
	Labels      map[string]string
	Annotations map[string]string
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := fs.Glob(os.DirFS(".."), pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %q, %v", pattern, paths, err)
	}
	return paths
}

func alerts(t *testing.T) (list []alert) {
	t.Helper()
	for _, path := range glob(t, "deploy/prometheus/*.rules.yml") {
		var file struct{ Groups []struct{ Rules []alert } }
		if err := yaml.Unmarshal([]byte(document(t, path)), &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, g := range file.Groups {
			list = append(list, slices.DeleteFunc(g.Rules, func(r alert) bool { return r.Alert == "" })...)
		}
	}
	return list
}

// expected counts, for each alert, the tests in which it fires and those in which it is silent.
func expected(t *testing.T) (fires, silent map[string]int) {
	t.Helper()
	fires, silent = map[string]int{}, map[string]int{}
	for _, path := range glob(t, "deploy/prometheus/*_test.yml") {
		var file struct {
			Tests []struct {
				AlertRuleTest []struct {
					Alertname string
					ExpAlerts []any `json:"exp_alerts"`
				} `json:"alert_rule_test"`
			}
		}
		if err := yaml.Unmarshal([]byte(document(t, path)), &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, test := range file.Tests {
			for _, a := range test.AlertRuleTest {
				if len(a.ExpAlerts) > 0 {
					fires[a.Alertname]++
				} else {
					silent[a.Alertname]++
				}
			}
		}
	}
	return fires, silent
}

// Every alert has a severity, a page that names it, and tests in which it is silent, fires, and is over.
func TestAlertsAreRehearsed(t *testing.T) {
	t.Parallel()
	fires, silent := expected(t)
	for _, a := range alerts(t) {
		if a.Labels["severity"] != "page" && a.Labels["severity"] != "ticket" || a.Annotations["summary"] == "" {
			t.Errorf("%s: %v, %v", a.Alert, a.Labels, a.Annotations)
		}
		page, err := os.ReadFile("../" + a.Annotations["runbook"])
		if err != nil || !strings.Contains(strings.SplitN(string(page), "\n", 2)[0], a.Alert) {
			t.Errorf("%s: its runbook %q does not name it: %v", a.Alert, a.Annotations["runbook"], err)
		}
		if fires[a.Alert] < 1 || silent[a.Alert] < 2 {
			t.Errorf("%s: fires in %d tests, is silent in %d", a.Alert, fires[a.Alert], silent[a.Alert])
		}
	}
}

// own finds metrics of ours in a query; the rest belongs to Go and to exporters.
var own = regexp.MustCompile(`\bdiom_[a-z_]+`)

// besides are metrics of ours that a library makes.
var besides = []string{"diom_redis_connections", "diom_redis_connections_idle", "diom_redis_down", "diom_redis_pool_timeouts"}

// What rules and dashboards ask for, the product tells.
func TestQueriesNameMetrics(t *testing.T) {
	t.Parallel()
	known := append(telemetry.Names(), besides...)
	var asked int
	for _, path := range append(glob(t, "deploy/prometheus/*.rules.yml"), glob(t, "deploy/grafana/*.json")...) {
		for _, name := range own.FindAllString(document(t, path), -1) {
			asked++
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if base, cut := strings.CutSuffix(name, suffix); cut && slices.Contains(known, base) {
					name = base
				}
			}
			if !slices.Contains(known, name) {
				t.Errorf("%s asks for %s, which nobody tells", path, name)
			}
		}
	}
	if asked < 60 {
		t.Errorf("%d names are found", asked)
	}
}
