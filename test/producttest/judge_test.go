package producttest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// TestJudgeFindsPlantedDamage damages what a running product has written, one thing at a time.
func TestJudgeFindsPlantedDamage(t *testing.T) {
	t.Parallel()
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), Secrets(t)
	Install(t, dsn, redis, secrets)
	j := NewJudge(t, dsn)
	id := started(t, dsn, redis, secrets)
	if found := j.Problems(id); found != nil {
		t.Fatalf("nothing is damaged: %q", found)
	}
	for name, c := range map[string]struct{ damage, repair, want string }{
		"gap":     {"UPDATE workflow_history SET seq = 7", "UPDATE workflow_history SET seq = 1", "has seq 7"},
		"version": {"UPDATE workflow_instance SET version = 2", "UPDATE workflow_instance SET version = 1", "another version"},
		"task":    {"UPDATE workflow_task SET state = 2", "UPDATE workflow_task SET state = 1", "no open row"},
	} {
		before := j.Fingerprint()
		if _, err := j.SQL.ExecContext(t.Context(), c.damage); err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(j.Problems(id), "\n"); !strings.Contains(found, c.want) {
			t.Errorf("%s: found %q", name, found)
		}
		if name != "gap" && j.Fingerprint() == before { // of the history only the number of rows counts
			t.Errorf("%s: the fingerprint is the same", name)
		}
		if _, err := j.SQL.ExecContext(t.Context(), c.repair); err != nil {
			t.Fatal(err)
		}
	}
	before := j.Fingerprint()
	started(t, dsn, redis, secrets)
	if j.Fingerprint() == before {
		t.Error("a start leaves the fingerprint as it was")
	}
}

// started deploys a model and starts an instance of it, without a process of the product.
func started(t *testing.T, dsn, redis, secrets string) engine.ID {
	t.Helper()
	app := openApp(t, dsn, redis, secrets)
	defer func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	}()
	operator, err := app.Access.Authenticate(t.Context(), Tokens(t, dsn, redis, secrets, "admin")["admin"])
	if err != nil {
		t.Fatal(err)
	}
	call := workflow.Call{Principal: operator}
	if _, err := app.Workflow.Deploy(t.Context(), call, workflow.DeploymentRequest{Name: "judge", Resources: []store.Resource{{Name: "judged.bpmn", Kind: "bpmn", Content: []byte(model)}}}); err != nil {
		t.Fatal(err)
	}
	raw, err := app.Workflow.StartProcess(t.Context(), call, "judged", workflow.StartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var answer workflow.Started
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Instance.ID
}

const model = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <process id="judged" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="u"/>
    <userTask id="u" camunda:assignee="lina"/><sequenceFlow id="b" sourceRef="u" targetRef="e"/><endEvent id="e"/>
  </process>
</definitions>`
