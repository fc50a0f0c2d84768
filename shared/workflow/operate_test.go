package workflow_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

var operating = workflow.Call{Principal: operator}

// deployText deploys testdata/operate.bpmn with some texts replaced and returns the definition.
func (f *fixture) deployText(replacements ...string) engine.ID {
	f.t.Helper()
	content, err := os.ReadFile("testdata/operate.bpmn")
	if err != nil {
		f.t.Fatal(err)
	}
	text := strings.NewReplacer(replacements...).Replace(string(content))
	request := workflow.DeploymentRequest{Resources: []store.Resource{{Name: "operate.bpmn", Kind: "bpmn", Content: []byte(text)}}}
	raw, err := f.Deploy(f.t.Context(), operating, request)
	return decode[workflow.DeploymentAnswer](f.t, raw, err).Definitions[0].ID
}

// run starts an instance of a definition.
func (f *fixture) run(definition engine.ID, variables engine.Variables) engine.ID {
	f.t.Helper()
	raw, err := f.StartDefinition(f.t.Context(), workflow.Call{Principal: employee}, definition, workflow.StartRequest{BusinessKey: "B-1", Variables: variables})
	return decode[workflow.Started](f.t, raw, err).Instance.ID
}

func (f *fixture) load(id engine.ID) *engine.Instance {
	f.t.Helper()
	in, err := f.store.LoadInstance(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return in
}

// holds checks the rows of an instance against its history and its state.
func (f *fixture) holds(id engine.ID) {
	f.t.Helper()
	found, err := invariant.Instance(f.t.Context(), f.store, id)
	if err != nil || len(found) > 0 {
		f.t.Fatalf("%+v %v", found, err)
	}
}

func nodes(in *engine.Instance) []string {
	list := []string{}
	for _, t := range in.Tokens {
		list = append(list, t.Node)
	}
	return list
}

func TestModifyInstance(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	id := f.run(f.deployText(), nil)
	m := workflow.Modification{Reason: "moved", Instructions: []workflow.Instruction{
		{Type: engine.CancelTokens, NodeID: "wait"},
		{Type: engine.MoveTokens, FromNodeID: "work", NodeID: "approve", AncestorToken: new(int)},
		{Type: engine.StartBefore, NodeID: "broken", Variables: engine.Variables{"nobody": "lina"}},
	}}
	raw, err := f.ModifyInstance(t.Context(), operating, id, m)
	answer := decode[workflow.InstanceAnswer](t, raw, err)
	if len(answer.Next) != 2 || answer.Instance.Version != 2 {
		t.Errorf("%+v", answer)
	}
	if diff := cmp.Diff([]string{"sub", "broken", "approve", "sub", "approve", "broken"}, nodes(f.load(id))); diff != "" {
		t.Error(diff)
	}
	f.holds(id)
	m.Instructions[1].FromNodeID = "wait"
	_, err = f.ModifyInstance(t.Context(), operating, id, m)
	if e := fault.From(err); e == nil || e.Code != "bad_modification" || e.Details[0].Pointer != "/instructions/1" {
		t.Errorf("%v", err)
	}
	if version := f.load(id).Version; version != 2 {
		t.Errorf("version %d", version)
	}
	if _, err := f.SuspendInstance(t.Context(), operating, id, ""); err != nil {
		t.Fatal(err)
	}
	raw, err = f.ModifyInstance(t.Context(), operating, id, workflow.Modification{Instructions: []workflow.Instruction{{Type: engine.StartBefore, NodeID: "wait"}}})
	if answer = decode[workflow.InstanceAnswer](t, raw, err); answer.Instance.State != engine.Suspended {
		t.Errorf("%+v", answer)
	}
	f.holds(id)
	end := workflow.Modification{Instructions: []workflow.Instruction{
		{Type: engine.CancelTokens, NodeID: "sub"}, {Type: engine.CancelTokens, NodeID: "wait"}, {Type: engine.CancelTokens, NodeID: "broken"},
	}}
	raw, err = f.ModifyInstance(t.Context(), operating, id, end)
	if answer = decode[workflow.InstanceAnswer](t, raw, err); answer.Instance.State != engine.Cancelled || answer.Instance.EndedAt == nil {
		t.Errorf("%+v", answer)
	}
	f.holds(id)
}

// The rows that repeat parts of the state follow a migration: to a later version, to another process, and
// to one that waits for no message.
func TestMigrateInstance(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	first := f.deployText()
	id := f.run(first, engine.Variables{"order": "O-7"})
	if _, err := f.SuspendInstance(t.Context(), operating, id, ""); err != nil {
		t.Fatal(err)
	}
	second := f.deployText(`"approve"`, `"check"`, `"late"`, `"tardy"`, `name="go on"`, `name="further"`, `topic="work"`, `topic="other"`, "PT1H", "PT2H")
	plan := workflow.MigrationPlan{SourceDefinitionID: first, TargetDefinitionID: second, Reason: "better"}
	_, err := f.MigrateInstance(t.Context(), operating, id, plan)
	if e := fault.From(err); e == nil || e.Code != "bad_migration" || len(e.Details) != 1 {
		t.Fatalf("%v", err)
	}
	generated, err := f.GenerateMigration(t.Context(), first, second, false)
	if err != nil {
		t.Fatal(err)
	}
	plan.Instructions = append(generated.Instructions, workflow.MappingInstruction{SourceNodeID: "approve", TargetNodeID: "check"}, workflow.MappingInstruction{SourceNodeID: "late", TargetNodeID: "tardy"})
	raw, err := f.MigrateInstance(t.Context(), operating, id, plan)
	answer := decode[workflow.InstanceAnswer](t, raw, err)
	if answer.Instance.DefinitionID != second || answer.Instance.ProcessVersion != 2 || answer.Instance.State != engine.Suspended {
		t.Errorf("%+v", answer)
	}
	f.holds(id)
	in := f.load(id)
	if in.Tasks[0].Node != "check" || in.Timers[0].Node != "tardy" || in.Timers[0].Cycle != "R/PT1H" || in.Subscriptions[0].Message != "go on" || in.Jobs[0].Topic != "work" {
		t.Errorf("%+v", in)
	}
	if _, err := f.MigrateInstance(t.Context(), operating, id, plan); fault.From(err) == nil || fault.From(err).Code != "bad_migration" {
		t.Errorf("from a definition that it has left: %v", err)
	}
	third := f.deployText(`"operate"`, `"other"`, `"approve"`, `"check"`, `"late"`, `"tardy"`, `name="go on"`, `name="further"`, `topic="work"`, `topic="other"`, "PT1H", "PT2H")
	if _, err := f.MigrateInstance(t.Context(), operating, id, workflow.MigrationPlan{TargetDefinitionID: third, UpdateEventTriggers: true}); err != nil {
		t.Fatal(err)
	}
	f.holds(id)
	in = f.load(id)
	if in.ProcessKey != "other" || in.Timers[0].Cycle != "R/PT2H" || in.Subscriptions[0].Message != "further" || in.Jobs[0].Topic != "other" {
		t.Errorf("%+v", in)
	}
	f.goOn(id)
}

// goOn resumes a migrated instance, which a message by a correlation key reaches.
func (f *fixture) goOn(id engine.ID) {
	f.t.Helper()
	if _, err := f.ResumeInstance(f.t.Context(), operating, id, ""); err != nil {
		f.t.Fatal(err)
	}
	c, err := f.Correlate(f.t.Context(), operating, workflow.Message{Name: "further", CorrelationKeys: engine.Variables{"order": "O-7"}}, nil)
	if err != nil || len(c.Results) != 1 || c.Results[0].InstanceID != id {
		f.t.Errorf("%+v %v", c, err)
	}
	in := f.load(id)
	raw, err := f.CompleteTask(f.t.Context(), workflow.Call{Principal: manager}, in.Tasks[0].ID, workflow.Completion{})
	if answer := decode[workflow.TaskAnswer](f.t, raw, err); answer.Task.NodeID != "check" {
		f.t.Errorf("%+v", answer)
	}
	f.holds(id)
}

func TestValidateMigration(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	first := f.deployText()
	second := f.deployText(`"approve"`, `"check"`)
	good, bad := f.run(first, nil), f.run(first, nil)
	move := workflow.Modification{Instructions: []workflow.Instruction{{Type: engine.CancelTokens, NodeID: "sub"}}}
	if _, err := f.ModifyInstance(t.Context(), operating, good, move); err != nil {
		t.Fatal(err)
	}
	generated, err := f.GenerateMigration(t.Context(), first, second, true)
	if err != nil {
		t.Fatal(err)
	}
	request := workflow.MigrationRequest{MigrationPlan: *generated, InstanceIDs: []engine.ID{good, bad, {9}}}
	report, err := f.ValidateMigration(t.Context(), request)
	if err != nil || report.Valid || len(report.Instructions) != 0 || len(report.Instances) != 2 || report.Instances[0].InstanceID != bad || report.Instances[0].Failures[0].NodeID != "approve" {
		t.Errorf("%+v %v", report, err)
	}
	request.InstanceIDs = request.InstanceIDs[:1]
	if report, err = f.ValidateMigration(t.Context(), request); err != nil || !report.Valid {
		t.Errorf("%+v %v", report, err)
	}
	request.Instructions = append(request.Instructions, workflow.MappingInstruction{SourceNodeID: "approve", TargetNodeID: "work"}, workflow.MappingInstruction{SourceNodeID: "nowhere", TargetNodeID: "work"})
	if report, err = f.ValidateMigration(t.Context(), request); err != nil || report.Valid || len(report.Instructions) != 2 || len(report.Instructions[0].Failures) != 2 {
		t.Errorf("%+v %v", report, err)
	}
}

// A plan of Camunda 7's names a multi-instance activity twice: as a whole and as an instance of it.
func TestMigrateMultiInstance(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	several := []string{
		`<bpmn:userTask id="broken" camunda:assignee="${nobody}"/>`,
		`<bpmn:userTask id="broken"><bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>`,
	}
	id := f.run(f.deployText(several...), nil)
	target := f.deployText(several[0], strings.ReplaceAll(several[1], `"broken"`, `"mended"`), `"broken"`, `"mended"`)
	plan := workflow.MigrationPlan{TargetDefinitionID: target}
	for source, to := range map[string]string{
		"sub": "sub", "approve": "approve", "late": "late", "wait": "wait", "work": "work", "broken" + engine.WholeSuffix: "mended" + engine.WholeSuffix, "broken": "mended",
	} {
		plan.Instructions = append(plan.Instructions, workflow.MappingInstruction{SourceNodeID: source, TargetNodeID: to})
	}
	if _, err := f.MigrateInstance(t.Context(), operating, id, plan); err != nil {
		t.Fatal(err)
	}
	f.holds(id)
	plan.Instructions[0] = workflow.MappingInstruction{SourceNodeID: "work" + engine.WholeSuffix, TargetNodeID: "work"}
	if _, err := f.MigrateInstance(t.Context(), operating, id, plan); fault.From(err) == nil {
		t.Errorf("a whole of what is no multi-instance activity: %v", err)
	}
}

func TestVariablesRetriesAndMessagesByHand(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	id := f.run(f.deployText(), engine.Variables{"order": "O-8", "x": int64(1)})
	if _, err := f.SetVariables(t.Context(), operating, id, workflow.VariableChange{Variables: engine.Variables{"order": "O-9"}, Remove: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	if v := f.load(id).Scopes[0].Variables; v["order"] != "O-9" || len(v) != 1 {
		t.Errorf("%v", v)
	}
	if n := f.countAll("workflow_search_variable"); n != 1 {
		t.Errorf("%d variables to search by", n)
	}
	job := f.load(id).Jobs[0].ID
	for _, retries := range []int{0, 0, 7} {
		if _, err := f.SetRetries(t.Context(), operating, job, retries); err != nil {
			t.Fatal(err)
		}
		f.holds(id)
	}
	if in := f.load(id); in.Jobs[0].Retries != 7 || len(in.Incidents) != 1 {
		t.Errorf("%+v", in)
	}
	if _, err := f.Repair(t.Context(), operating, id, engine.ID{}, workflow.Retry{Variables: engine.Variables{"nobody": "lina"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.HandOver(t.Context(), operating, id, workflow.Hint{Message: "go on", Variables: engine.Variables{"y": true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.HandOver(t.Context(), operating, id, workflow.Hint{Message: "go on"}); !errors.Is(err, engine.ErrNoSubscription) {
		t.Error(err)
	}
	f.holds(id)
}

func TestRestartAndDelete(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	id := f.run(f.deployText(), engine.Variables{"order": "O-1"})
	for _, err := range []error{second(f.RestartInstance(t.Context(), operating, id, workflow.Restart{})), second(f.DeleteInstance(t.Context(), operating, id))} {
		if !errors.Is(err, store.ErrNotEnded) {
			t.Error(err)
		}
	}
	if _, err := f.SetVariables(t.Context(), operating, id, workflow.VariableChange{Variables: engine.Variables{"order": "O-2"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.CancelInstance(t.Context(), operating, id, "by mistake"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		restart workflow.Restart
		order   string
		nodes   int
	}{
		{workflow.Restart{Instructions: []workflow.Instruction{{Type: engine.StartBefore, NodeID: "approve"}}}, "O-2", 2},
		{workflow.Restart{InitialVariables: true, WithoutBusinessKey: true}, "O-1", 5},
	} {
		raw, err := f.RestartInstance(t.Context(), operating, id, c.restart)
		anew := decode[workflow.Started](t, raw, err).Instance
		in := f.load(anew.ID)
		if in.Scopes[0].Variables["order"] != c.order || len(in.Tokens) != c.nodes || (anew.BusinessKey == nil) != c.restart.WithoutBusinessKey {
			t.Errorf("%+v", in)
		}
		f.holds(anew.ID)
	}
	if _, err := f.DeleteInstance(t.Context(), operating, id); !errors.Is(err, store.ErrUnsent) {
		t.Errorf("with unsent events: %v", err)
	}
	f.execute(`UPDATE workflow_history SET unsent = NULL`)
	if _, err := f.DeleteInstance(t.Context(), operating, id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.LoadInstance(t.Context(), id); !errors.Is(err, store.ErrNoInstance) || len(f.rows(id)) > 0 {
		t.Errorf("%v, %d rows of history", err, len(f.rows(id)))
	}
}

func second(_ json.RawMessage, err error) error { return err }

func (f *fixture) execute(text string) {
	f.t.Helper()
	var b database.Batch
	b.Add(text)
	if err := f.store.DB.Run(f.t.Context(), &b); err != nil {
		f.t.Fatal(err)
	}
}

// Nobody but operators operates.
func TestOperatorsAlone(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	id := f.run(f.deployText(), nil)
	mine, ctx := workflow.Call{Principal: employee}, t.Context()
	for name, err := range map[string]error{
		"modify":    second(f.ModifyInstance(ctx, mine, id, workflow.Modification{})),
		"migrate":   second(f.MigrateInstance(ctx, mine, id, workflow.MigrationPlan{})),
		"variables": second(f.SetVariables(ctx, mine, id, workflow.VariableChange{})),
		"repair":    second(f.Repair(ctx, mine, id, engine.ID{}, workflow.Retry{})),
		"retries":   second(f.SetRetries(ctx, mine, f.load(id).Jobs[0].ID, 1)),
		"hand over": second(f.HandOver(ctx, mine, id, workflow.Hint{})),
		"restart":   second(f.RestartInstance(ctx, mine, id, workflow.Restart{})),
		"elsewhere": second(f.StartElsewhere(ctx, mine, f.load(id).DefinitionID, workflow.StartRequest{}, nil)),
		"delete":    second(f.DeleteInstance(ctx, mine, id)),
		"batch":     second(f.CreateBatch(ctx, mine, workflow.BatchRequest{})),
		"pause":     second(f.ChangeBatch(ctx, mine, id, store.PauseBatch)),
	} {
		if !errors.Is(err, workflow.ErrNotOperator) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if version := f.load(id).Version; version != 1 {
		t.Errorf("version %d", version)
	}
}
