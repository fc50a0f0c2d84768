package manifest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
)

// named returns the objects of a file of the base by their names.
func named(t *testing.T, functions []faas.Function, file string) map[string]object {
	t.Helper()
	files, err := Generate(functions)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]object{}
	for text := range strings.SplitSeq(string(files[knativeBase+"/"+file]), "---\n") {
		var o struct {
			Metadata struct{ Name string }
		}
		var all object
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		found[o.Metadata.Name] = all
	}
	return found
}

// consumers and schedules of a second kind: what another branch of the product may add.
func extended() []faas.Function {
	take := func(context.Context, *faas.Request) error { return nil }
	return append(sample(),
		faas.Function{
			Name: "backup", Summary: "Back up.", Schedule: "30 2 * * *",
			Routes: []faas.Route{{Method: "POST", Pattern: "/{$}", Permission: access.Public, Serve: serve}},
			Limits: faas.Limits{Max: 1},
		},
		faas.Function{
			Name: "notify", Summary: "Notify.",
			Events: []faas.Event{{Type: cloudevent.TypeTaskCreated, Serve: take}, {Type: cloudevent.TypeInstanceEnded, Serve: take}},
		},
	)
}

// Each consumed type has a Trigger that gives up at receive-event.
func TestTriggers(t *testing.T) {
	t.Parallel()
	list := named(t, extended(), "triggers.yaml")
	if len(list) != 2 || list["notify-instance-ended-v1"] == nil {
		t.Fatalf("%v", list)
	}
	service := func(name, path string) map[string]any {
		return map[string]any{"ref": map[string]any{"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": name}, "uri": path}
	}
	want := map[string]any{
		"broker":     "diom",
		"filter":     map[string]any{"attributes": map[string]any{"type": "io.diom.workflow.task.created.v1"}},
		"subscriber": service("notify", "/events"),
		"delivery": map[string]any{
			"retry": 10.0, "backoffPolicy": "exponential", "backoffDelay": "PT0.2S", "deadLetterSink": service("receive-event", "/dead-letter"),
		},
	}
	if d := cmp.Diff(want, list["notify-task-created-v1"]["spec"]); d != "" {
		t.Error(d)
	}
}

// A schedule is meant in the product's time zone: Knative is told the zone, cron-connector the hour in
// UTC.
func TestSchedules(t *testing.T) {
	t.Parallel()
	sources := named(t, extended(), "schedules.yaml")
	for name, schedule := range map[string]string{"tick": "* * * * *", "backup": "30 2 * * *"} {
		want := map[string]any{
			"schedule": schedule, "timezone": "Asia/Shanghai",
			"sink": map[string]any{"ref": map[string]any{"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": name}},
		}
		if d := cmp.Diff(want, sources[name]["spec"]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	files, err := Generate(extended())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"stack.yml", "stack.pro.yml"} {
		var s stack
		if err := yaml.UnmarshalStrict(files[file], &s); err != nil {
			t.Fatal(err)
		}
		if a := s.Functions["backup"].Annotations; a["schedule"] != "30 18 * * *" || a["topic"] != "cron-function" {
			t.Errorf("%s: %v", file, a)
		}
	}
}

func TestInUTC(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"* * * * *": "* * * * *", "*/5 * * * *": "*/5 * * * *", "0 2 * * *": "0 18 * * *", "15 9 * * *": "15 1 * * *", "0 */4 * * *": "0 */4 * * *",
		"0 */3 * * *": "", "0 */5 * * *": "", "0 */0 * * *": "", "0 1,13 * * *": "", "0 24 * * *": "", "0 2 * * 1": "", "0 2 1 * *": "", "0 2 * *": "", "@daily": "", "": "",
	} {
		got, err := inUTC(schedule)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", schedule, got, err, want)
		}
	}
}

// OpenFaaS Pro scales to zero what may, and calls again what can come twice.
func TestProStack(t *testing.T) {
	t.Parallel()
	files, err := Generate(extended())
	if err != nil {
		t.Fatal(err)
	}
	var ce, s stack
	for file, into := range map[string]*stack{"stack.yml": &ce, "stack.pro.yml": &s} {
		if err := yaml.UnmarshalStrict(files[file], into); err != nil {
			t.Fatal(err)
		}
	}
	gateway, notify := s.Functions["gateway"], s.Functions["notify"]
	if l := gateway.Labels; l["com.openfaas.scale.max"] != "10" || l["com.openfaas.scale.min"] != "6" || l["com.openfaas.scale.zero"] != "false" || l["com.openfaas.scale.target"] != "50" {
		t.Errorf("%v", l)
	}
	if l := notify.Labels; l["com.openfaas.scale.zero"] != "true" || l["com.openfaas.scale.min"] != "1" || l["com.openfaas.scale.type"] != "capacity" {
		t.Errorf("%v", l)
	}
	if gateway.Annotations["com.openfaas.retry.codes"] != "429" || notify.Annotations["com.openfaas.retry.codes"] != "429,500,502,503,504" {
		t.Errorf("%v %v", gateway.Annotations, notify.Annotations)
	}
	for name, f := range ce.Functions {
		for key := range f.Labels {
			if !slices.Contains([]string{"app.kubernetes.io/part-of", "com.openfaas.scale.min", "com.openfaas.scale.max"}, key) {
				t.Errorf("%s: CE gets the label %s", name, key)
			}
		}
		other := s.Functions[name]
		f.Labels, f.Annotations, other.Labels, other.Annotations = nil, nil, nil, nil
		if d := cmp.Diff(f, other); d != "" {
			t.Errorf("the editions differ in more than labels and annotations: %s", d)
		}
	}
}

// A budget says how many pods may be missing, so that it never holds up a drain.
func TestDisruptionBudgets(t *testing.T) {
	t.Parallel()
	budgets := named(t, extended(), "disruption.yaml")
	if len(budgets) != 2 || budgets["tick"] != nil {
		t.Fatalf("%v", budgets)
	}
	want := map[string]any{"maxUnavailable": 1.0, "selector": map[string]any{"matchLabels": map[string]any{"serving.knative.dev/service": "gateway"}}}
	if d := cmp.Diff(want, budgets["gateway"]["spec"]); d != "" {
		t.Error(d)
	}
}

// A base without consumers and schedules has no empty files.
func TestNoEmptyFiles(t *testing.T) {
	t.Parallel()
	files, err := Generate(sample()[1:])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"triggers.yaml", "schedules.yaml"} {
		if files[knativeBase+"/"+name] != nil || strings.Contains(string(files[knativeBase+"/kustomization.yaml"]), name) {
			t.Errorf("%s is written", name)
		}
	}
}
