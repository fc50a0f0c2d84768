package workflow_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// sent returns the changes of a kind in the history of an instance, and where they are.
func (c *calls) sent(id engine.ID, kind engine.Kind) (list []engine.Change, ids []cloudevent.ID) {
	for _, row := range c.rows(id) {
		for n, change := range row.Changes {
			if change.Kind == kind {
				list, ids = append(list, change), append(ids, cloudevent.NewID(id, row.Seq, n+1, row.CommandID))
			}
		}
	}
	return list, ids
}

// undelivered starts an instance that calls another, and delivers nothing.
func undelivered(t *testing.T, wire *wiretest.Wire) (*calls, *engine.Instance) {
	t.Helper()
	c := openCalls(t, wire)
	c.ctx = workflow.Undrained(t.Context())
	raw, err := c.StartProcess(c.ctx, workflow.Call{Principal: employee}, "parent", workflow.StartRequest{Variables: engine.Variables{"called": "child", "how": "notice"}})
	return c, c.load(decode[workflow.Started](t, raw, err).Instance.ID)
}

// giveUp lets the call be given up, and started, by one who does not know that, in that order.
func giveUp(t *testing.T, wire *wiretest.Wire) *calls {
	t.Helper()
	c, parent := undelivered(t, wire)
	if _, err := c.CancelInstance(c.ctx, workflow.Call{Principal: operator}, parent.ID, ""); err != nil {
		t.Fatal(err)
	}
	given, _ := c.sent(parent.ID, engine.CallCancelled)
	started, _ := c.sent(parent.ID, engine.CallStarted)
	for _, change := range []engine.Change{given[0], started[0], given[0], started[0], given[0]} {
		if err := c.DeliverStale(t.Context(), parent, change); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// A call that is given up before its instance is started is not started any more.
func TestCallGivenUpBeforeItStarts(t *testing.T) {
	t.Parallel()
	if n := giveUp(t, nil).countAll("workflow_instance"); n != 1 {
		t.Errorf("%d instances", n)
	}
}

// Without the key of the inbox it is.
func TestCallGivenUpWithoutTheInbox(t *testing.T) {
	t.Parallel()
	c := giveUp(t, planted(`INSERT INTO workflow_inbox`, `INSERT IGNORE INTO workflow_inbox`))
	if n := c.countAll("workflow_instance"); n != 2 {
		t.Errorf("%d instances although the inbox is off", n)
	}
}

// Whoever starts a call and whoever gives it up at the same time agree: it has one instance, which is
// cancelled, or none.
func TestCallRace(t *testing.T) {
	t.Parallel()
	for range 5 {
		c, parent := undelivered(t, nil)
		started, _ := c.sent(parent.ID, engine.CallStarted)
		if _, err := c.CancelInstance(c.ctx, workflow.Call{Principal: operator}, parent.ID, ""); err != nil {
			t.Fatal(err)
		}
		given, _ := c.sent(parent.ID, engine.CallCancelled)
		var group sync.WaitGroup
		failures := make([]error, 16)
		for n := range failures {
			group.Go(func() {
				change := started[0]
				if n%2 > 0 {
					change = given[0]
				}
				for range 10 {
					if failures[n] = c.DeliverStale(t.Context(), parent, change); fault.VerdictOf(failures[n]) != fault.Retry {
						break
					}
				}
			})
		}
		group.Wait()
		if err := errors.Join(failures...); err != nil {
			t.Error(err)
		}
		child, err := c.store.LoadInstance(t.Context(), started[0].Call.ID)
		if !errors.Is(err, store.ErrNoInstance) && (err != nil || child.State != engine.Cancelled) {
			t.Errorf("%+v %v", child, err)
		}
	}
}

// However many start the same call, it has one instance.
func TestCallStartedOnce(t *testing.T) {
	t.Parallel()
	c, parent := undelivered(t, nil)
	started, ids := c.sent(parent.ID, engine.CallStarted)
	var group sync.WaitGroup
	failures := make([]error, 8)
	for n := range failures {
		group.Go(func() {
			if n%2 > 0 {
				failures[n] = c.DeliverCall(workflow.Undrained(t.Context()), ids[0])
				return
			}
			failures[n] = c.DeliverStale(t.Context(), parent, started[0])
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Error(err)
	}
	if n := c.countAll("workflow_instance"); n != 2 {
		t.Errorf("%d instances", n)
	}
	c.allSound()
}

// What a called instance tells in two steps arrives in their order, and each once.
func TestCallReturnsInOrder(t *testing.T) {
	t.Parallel()
	c, parent := undelivered(t, nil)
	c.consume(1)
	child := c.called(parent, 0)
	for _, node := range []string{"work", "more"} {
		task := c.load(child.ID).Tasks[0]
		if task.Node != node {
			t.Fatalf("%+v", task)
		}
		if _, err := c.CompleteTask(c.ctx, workflow.Call{Principal: operator}, task.ID, workflow.Completion{}); err != nil {
			t.Fatal(err)
		}
	}
	_, ids := c.sent(child.ID, engine.CallReturned)
	deliver := func(n int) error {
		return c.DeliverCall(workflow.Undrained(t.Context()), ids[n])
	}
	if err := deliver(1); !errors.Is(err, engine.ErrCallOrder) || fault.VerdictOf(err) != fault.Retry {
		t.Errorf("too early: %v", err)
	}
	for _, n := range []int{0, 0, 1, 1, 0} {
		if err := deliver(n); err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
	c.at(parent, engine.Active, "noticed", "after")
	if err := c.DeliverCall(t.Context(), cloudevent.ID{Instance: child.ID, Seq: 1, N: 1}); !errors.Is(err, workflow.ErrNoCallEvent) {
		t.Errorf("another change: %v", err)
	}
}

// A deployment warns of a call of a process that is not there.
func TestDeployWarnsOfUnknownCalls(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	warned := func(processes string) []string {
		t.Helper()
		content := `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">` + processes + `</definitions>`
		raw, err := f.Deploy(t.Context(), workflow.Call{Principal: operator}, workflow.DeploymentRequest{Resources: []store.Resource{{Name: "m.bpmn", Kind: "bpmn", Content: []byte(content)}}})
		var list []string
		for _, w := range decode[workflow.DeploymentAnswer](t, raw, err).Warnings {
			list = append(list, w.Rule+" "+w.Element)
		}
		return list
	}
	caller := func(called, attributes string) string {
		return `<process id="caller" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="call"/><callActivity id="call" calledElement="` + called + `" ` + attributes + `/></process>`
	}
	const same, other = `c:calledElementBinding="deployment"`, `<process id="other" isExecutable="true"><startEvent id="o"/></process>`
	unknown := []string{"called_process_unknown call"}
	for _, c := range []struct {
		processes string
		want      []string
	}{
		{caller("other", ""), unknown},
		{caller("caller", same), nil},
		{caller("${other}", ""), nil},
		{caller("other", "") + other, nil},
		{caller("other", ""), nil},
		{caller("other", same), unknown},
	} {
		if got := warned(c.processes); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.processes, got)
		}
	}
}
