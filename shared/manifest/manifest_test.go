package manifest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

func serve(context.Context, *faas.Request) (any, error) { return nil, nil }

func sample() []faas.Function {
	return []faas.Function{
		{
			Name: "tick", Summary: "Fire due timers.", Schedule: "* * * * *",
			Routes: []faas.Route{{Method: "POST", Pattern: "/{$}", Permission: access.Internal, Summary: "Run | once", Serve: serve}},
			Limits: faas.Limits{Exec: 55 * time.Second, Max: 1, Memory: "1Gi", MaxInflight: 2, Pool: 4},
		},
		{
			Name: "gateway", Summary: "The door.", Secrets: []string{"diom-data-key"},
			Routes: []faas.Route{{Pattern: "/", Permission: access.Public, Serve: serve}},
			Limits: faas.Limits{Min: 6, Max: 10},
		},
	}
}

func generate(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := Generate(sample())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestGenerateWritesTheFiles(t *testing.T) {
	t.Parallel()
	files := generate(t)
	for _, path := range []string{"stack.yml", "stack.pro.yml", "docs/functions.md", "knative/base/gateway.yaml", "knative/base/tick.yaml", "knative/base/kustomization.yaml"} {
		if len(files[path]) == 0 {
			t.Errorf("%s is missing", path)
		}
	}
	if again := generate(t); !cmp.Equal(files, again) {
		t.Error("the same functions give other files")
	}
}

func TestStack(t *testing.T) {
	t.Parallel()
	var s stack
	if err := yaml.UnmarshalStrict(generate(t)["stack.yml"], &s); err != nil {
		t.Fatal(err)
	}
	tick := s.Functions["tick"]
	want := map[string]string{
		"DIOM_ENV":          "${DIOM_ENV:-production}",
		"DIOM_FUNCTION_URL": "http://gateway.openfaas.svc.cluster.local:8080/function/{function}", "DIOM_MYSQL_POOL": "4", "GOMEMLIMIT": "921MiB", "exec_timeout": "55s",
		"healthcheck_interval": "5s", "max_inflight": "2", "read_timeout": "56s", "write_timeout": "56s",
	}
	if d := cmp.Diff(want, tick.Environment); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"diom-internal-key", "diom-jwt-public", "diom-mysql-dsn", "diom-redis-url"}, tick.Secrets); d != "" {
		t.Error(d)
	}
	if tick.Annotations["topic"] != "cron-function" || tick.Annotations["schedule"] != "* * * * *" || tick.Labels["com.openfaas.scale.min"] != "1" {
		t.Errorf("%+v", tick)
	}
	gateway := s.Functions["gateway"]
	if d := cmp.Diff([]string{"diom-data-key", "diom-jwt-public", "diom-mysql-dsn", "diom-redis-url"}, gateway.Secrets); d != "" {
		t.Error(d)
	}
	if e := gateway.Environment; e["DIOM_FUNCTION_URL"] == "" || e["DIOM_MYSQL_POOL"] != "5" || e["DIOM_GATEWAY_REPLICAS"] != "10" || e["DIOM_TRUSTED_PROXIES"] == "" {
		t.Errorf("%v", e)
	}
}

// OpenFaaS CE takes five replicas at most, Knative what the function says.
func TestReplicas(t *testing.T) {
	t.Parallel()
	files := generate(t)
	var s stack
	if err := yaml.Unmarshal(files["stack.yml"], &s); err != nil {
		t.Fatal(err)
	}
	if l := s.Functions["gateway"].Labels; l["com.openfaas.scale.min"] != "5" || l["com.openfaas.scale.max"] != "5" {
		t.Errorf("%v", l)
	}
	if !strings.Contains(string(files["knative/base/gateway.yaml"]), `max-scale: "10"`) {
		t.Errorf("%s", files["knative/base/gateway.yaml"])
	}
}

func TestOnlyTheGatewayIsPublic(t *testing.T) {
	t.Parallel()
	files := generate(t)
	const local = "networking.knative.dev/visibility: cluster-local"
	if strings.Contains(string(files["knative/base/gateway.yaml"]), local) || !strings.Contains(string(files["knative/base/tick.yaml"]), local) {
		t.Error("visibility")
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]func([]faas.Function) []faas.Function{
		"a sixteenth function": func(list []faas.Function) []faas.Function {
			for i := range 14 {
				f := list[0]
				f.Name = "f" + string(rune('a'+i))
				list = append(list, f)
			}
			return list
		},
		"min over max":     func(list []faas.Function) []faas.Function { list[0].Limits.Min = 2; return list },
		"the same name":    func(list []faas.Function) []faas.Function { list[0].Name = list[1].Name; return list },
		"no permission":    func(list []faas.Function) []faas.Function { list[0].Routes[0].Permission = ""; return list },
		"a strange memory": func(list []faas.Function) []faas.Function { list[0].Limits.Memory = "128M"; return list },
		"too many connections": func(list []faas.Function) []faas.Function {
			list[1].Limits.Pool = 40 // 10 replicas × 2 pools, and tick's 8
			return list
		},
		"a strange schedule": func(list []faas.Function) []faas.Function { list[0].Schedule = "@every 1m"; return list },
		"a schedule without a route": func(list []faas.Function) []faas.Function {
			list[0].Routes[0].Pattern = "/tick"
			return list
		},
	}
	if _, err := Generate(sample()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range tests {
		if _, err := Generate(spoil(sample())); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestErrorsTable(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"functions/a/handler.go": {Data: []byte("package a\nvar E = fault.New(fault.NotFound, \"no_a\", \"No \"+\"a | b.\").After(1)\n")},
		"shared/b/b.go":          {Data: []byte("package b\nvar E = fault.New(fault.TooLarge, \"b_large\", \"Large.\")\nvar F = fault.New(kind, code, \"x\")\n")},
		"shared/b/b_test.go":     {Data: []byte("package b\nvar E = fault.New(fault.Busy, \"test_only\", \"x\")\n")},
	}
	got, err := errorsTable(root)
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	for _, want := range []string{"| `b_large` | 413 | Large. |  | shared/b |\n| `no_a` | 404 | No a \\| b. |  | functions/a |", "| not_found | 404 | put it into the dead letter |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "test_only") {
		t.Error("a test's fault is listed")
	}
}

// Check finds a changed, a missing and a left-over file; Write mends them.
func TestCheckAndWrite(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, directory := range []string{"functions", "shared", "knative/base"} {
		if err := os.MkdirAll(filepath.Join(root, directory), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Write(root, sample()); err != nil {
		t.Fatal(err)
	}
	if differ, err := Check(root, sample()); err != nil || len(differ) > 0 {
		t.Fatalf("after Write: %v %v", differ, err)
	}
	spoil := func(path, content string) {
		if err := os.WriteFile(filepath.Join(root, path), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spoil("stack.yml", "version: 1.0")
	spoil("knative/base/old.yaml", "x: 1")
	if err := os.Remove(filepath.Join(root, "docs/errors.md")); err != nil {
		t.Fatal(err)
	}
	changed, err := Write(root, sample())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"docs/errors.md", "knative/base/old.yaml", "stack.yml"}, changed); d != "" {
		t.Error(d)
	}
	if differ, err := Check(root, sample()); err != nil || len(differ) > 0 {
		t.Errorf("after the second Write: %v %v", differ, err)
	}
}
