package workflow_test

import (
	"os"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// redeploy deploys calls.bpmn with other texts and returns the definition of a process.
func (c *calls) redeploy(key string, pairs ...string) engine.ID {
	c.t.Helper()
	content, err := os.ReadFile("testdata/calls.bpmn")
	if err != nil {
		c.t.Fatal(err)
	}
	text := strings.NewReplacer(pairs...).Replace(string(content))
	raw, err := c.Deploy(c.t.Context(), workflow.Call{Principal: operator}, workflow.DeploymentRequest{
		Name: "again", Resources: []store.Resource{{Name: "calls.bpmn", Content: []byte(text)}},
	})
	for _, d := range decode[workflow.DeploymentAnswer](c.t, raw, err).Definitions {
		if d.Key == key {
			return d.ID
		}
	}
	c.t.Fatalf("no %s is deployed", key)
	return engine.ID{}
}

// migrate lets an instance of parent wait by another call activity.
func (c *calls) migrate(in *engine.Instance, target engine.ID, from, to string) {
	c.t.Helper()
	plan := workflow.MigrationPlan{TargetDefinitionID: target, Instructions: []workflow.MappingInstruction{{SourceNodeID: from, TargetNodeID: to}}}
	if _, err := c.MigrateInstance(c.ctx, workflow.Call{Principal: operator}, in.ID, plan); err != nil {
		c.t.Fatal(err)
	}
}

// knows holds by which call activity a called instance is waited for: its state, and its row.
func (c *calls) knows(called *engine.Instance, node string) {
	c.t.Helper()
	list, err := c.store.LoadInstances(c.t.Context(), []engine.ID{called.ID})
	if err != nil || list[called.ID].ParentNode != node {
		c.t.Errorf("the called instance is waited for at %q, not %q (%v)", list[called.ID].ParentNode, node, err)
	}
	var row string
	if err := c.store.DB.QueryRow(c.t.Context(), []any{&row}, "SELECT parent_node FROM workflow_instance WHERE id = ?", called.ID[:]); err != nil || row != node {
		c.t.Errorf("its row says %q, not %q (%v)", row, node, err)
	}
}

// A called instance knows by which call activity its caller waits for it after that was migrated, and comes
// back to it there.
func TestCallOfMigratedCaller(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, c *calls) {
		parent := c.start("parent", engine.Variables{"called": "child", "amount": int64(4)})
		called := c.called(parent, 0)
		c.knows(called, "call")
		second := c.redeploy("parent", `"call"`, `"ask"`)
		third := c.redeploy("parent", `"call"`, `"demand"`)
		c.migrate(parent, second, "call", "ask")
		c.migrate(parent, third, "ask", "demand")
		c.settle()
		c.knows(called, "demand")
		c.finish(called, "work", engine.Variables{"result": "fine"})
		c.at(parent, engine.Active, "after")
		if got := c.load(parent.ID); got.Scopes[0].Variables["result"] != "fine" || len(got.Calls) != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// Two moves that are told in the wrong order end with the later one.
func TestCallMovedOutOfOrder(t *testing.T) {
	t.Parallel()
	c := openCalls(t, nil)
	parent := c.start("parent", engine.Variables{"called": "child", "amount": int64(4)})
	called := c.called(parent, 0)
	c.ctx = workflow.Undrained(t.Context())
	c.migrate(parent, c.redeploy("parent", `"call"`, `"ask"`), "call", "ask")
	between := c.load(parent.ID)
	c.migrate(parent, c.redeploy("parent", `"call"`, `"demand"`), "ask", "demand")
	moves, _ := c.sent(parent.ID, engine.CallMoved)
	for _, from := range []*engine.Instance{c.load(parent.ID), between} {
		if err := c.DeliverStale(t.Context(), from, moves[0]); err != nil {
			t.Fatal(err)
		}
	}
	c.knows(called, "demand")
	c.allSound()
}
