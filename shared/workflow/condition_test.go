package workflow_test

import (
	"errors"
	"strings"
	"testing"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func (f *fixture) evaluate(call workflow.Call, variables engine.Variables) ([]store.Instance, error) {
	f.t.Helper()
	raw, err := f.EvaluateConditions(f.t.Context(), call, workflow.StartRequest{BusinessKey: "K", Variables: variables})
	if err != nil {
		return nil, err
	}
	return decode[workflow.Conditions](f.t, raw, err).Instances, nil
}

// TestEvaluateConditions: each start event of a latest version whose condition holds begins an instance; what it
// waits for is kept, and the history says what it was decided by.
func TestEvaluateConditions(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("conditions.bpmn")
	d := f.deploy("conditions.bpmn").Definitions
	call := workflow.Call{Principal: operator}
	for _, c := range []struct {
		name      string
		variables engine.Variables
		want      string
	}{
		{"nothing known", nil, ""},
		{"none holds", engine.Variables{"temperature": int64(10)}, ""},
		{"cannot be evaluated", engine.Variables{"temperature": "hot"}, ""},
		{"another process", engine.Variables{"temperature": int64(31)}, "cool"},
		{"both of one process", engine.Variables{"temperature": int64(-3), "news": true}, "heat heat"},
	} {
		started, err := f.evaluate(call, c.variables)
		if err != nil {
			t.Fatal(c.name, err)
		}
		var keys []string
		for _, in := range started {
			keys = append(keys, in.ProcessKey)
			if in.ProcessVersion != 2 || in.BusinessKey == nil || *in.BusinessKey != "K" {
				t.Errorf("%s: %+v", c.name, in)
			}
			if found := f.problems(in.ID); found != nil {
				t.Errorf("%s: %v", c.name, found)
			}
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%s started %q, want %q", c.name, got, c.want)
		}
		if c.want == "heat heat" {
			f.warmed(started[0].ID)
		}
	}
	if _, err := f.SetDefinitionSuspended(t.Context(), call, d[0].ID, true); err != nil {
		t.Fatal(err)
	}
	if started, err := f.evaluate(call, engine.Variables{"temperature": int64(-3)}); err != nil || len(started) != 0 {
		t.Errorf("suspended: %v, %v", started, err)
	}
	if _, err := f.evaluate(call, engine.Variables{"": nil}); !errors.Is(err, workflow.ErrVariableName) {
		t.Errorf("a bad name: %v", err)
	}
	if _, err := f.EvaluateConditions(t.Context(), call, workflow.StartRequest{BusinessKey: strings.Repeat("x", 256)}); !errors.Is(err, workflow.ErrBusinessKey) {
		t.Errorf("a bad key: %v", err)
	}
}

// warmed holds that an instance tells why it was started, and that it passes its condition later.
func (f *fixture) warmed(id engine.ID) {
	f.t.Helper()
	all := employee
	all.Permissions = append(all.Permissions, "WORKFLOW_OPERATE", "WORKFLOW_AUDIT")
	why, err := f.Why(f.t.Context(), all, id)
	if err != nil || len(why) != 2 || why[0].NodeID != "cold" || why[0].Why[0].Subject != "condition" || why[1].NodeID != "told" {
		f.t.Errorf("why: %+v, %v", why, err)
	}
	tasks, err := f.store.InstanceTasks(f.t.Context(), id, 10)
	if err != nil || len(tasks) != 2 {
		f.t.Fatalf("%+v, %v", tasks, err)
	}
	for _, task := range tasks {
		variables := engine.Variables{}
		if task.NodeID == "fire" {
			variables["temperature"] = int64(21)
		}
		if _, err := f.CompleteTask(f.t.Context(), workflow.Call{Principal: employee}, task.ID, workflow.Completion{Variables: variables}); err != nil {
			f.t.Fatal(err)
		}
	}
	in, err := f.store.LoadInstance(f.t.Context(), id)
	if err != nil || in.State != engine.Completed {
		f.t.Errorf("%+v, %v", in, err)
	}
	if found := f.problems(id); found != nil {
		f.t.Error(found)
	}
}

// A repeated request starts nothing, and one that failed on its way goes on where it stopped.
func TestEvaluateConditionsRepeated(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("conditions.bpmn")
	call := workflow.Call{Principal: operator, Idempotency: key("wuqiang", "k", "body")}
	first, err := f.evaluate(call, engine.Variables{"temperature": int64(-3)})
	if err != nil || len(first) != 2 {
		t.Fatal(first, err)
	}
	if _, err := f.evaluate(call, engine.Variables{"temperature": int64(-3)}); !errors.Is(err, store.ErrRepeated) {
		t.Errorf("the repetition: %v", err)
	}
	var forget database.Batch // as if it had not come so far
	forget.Add("DELETE FROM workflow_idempotency")
	if err := f.store.DB.Run(t.Context(), &forget); err != nil {
		t.Fatal(err)
	}
	again, err := f.evaluate(call, engine.Variables{"temperature": int64(-3)})
	if err != nil || len(again) != 2 || again[0].ID != first[0].ID || again[1].ID != first[1].ID || f.countAll("workflow_instance") != 2 {
		t.Errorf("%+v, %v", again, err)
	}
}
