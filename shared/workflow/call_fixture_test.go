package workflow_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// calls is the use cases with processes that call one another. Where ctx is workflow.Undrained nothing is
// delivered but by consume.
type calls struct {
	*fixture
	ctx context.Context
}

// ways runs a test with deliveries after the commit, by events alone, and by both with each event twice.
func ways(t *testing.T, run func(t *testing.T, c *calls)) {
	t.Helper()
	for _, name := range []string{"drain", "events", "both"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openCalls(t, nil)
			if name == "events" {
				c.ctx = workflow.Undrained(t.Context())
			}
			run(t, c)
			if name == "both" {
				c.consume(2)
			}
			c.allSound()
		})
	}
}

func openCalls(t *testing.T, wire *wiretest.Wire) *calls {
	t.Helper()
	c := &calls{fixture: setup(t, wire), ctx: t.Context()}
	c.deploy("calls.bpmn")
	return c
}

// consume sends the events that wait, each so many times, to whoever takes them, until there are none.
func (c *calls) consume(times int) {
	c.t.Helper()
	take := func(ctx context.Context, e event.Event) error {
		switch e.Type() {
		case cloudevent.TypeCallStarted, cloudevent.TypeCallCancelled, cloudevent.TypeCallReturned, cloudevent.TypeCallMoved:
		default:
			return nil
		}
		id, _ := cloudevent.ParseID(e.ID())
		for range times {
			if err := c.DeliverCall(workflow.Undrained(ctx), id); err != nil {
				return err
			}
		}
		return nil
	}
	relay := workflow.NewRelay(c.store, take, "/diom/test", slog.New(slog.NewTextHandler(io.Discard, nil)))
	for {
		sent, err := relay.Round(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		if sent == 0 {
			return
		}
	}
}

// settle lets everything be delivered.
func (c *calls) settle() {
	c.t.Helper()
	if c.ctx != c.t.Context() {
		c.consume(1)
	}
}

func (c *calls) start(key string, variables engine.Variables) *engine.Instance {
	c.t.Helper()
	raw, err := c.StartProcess(c.ctx, workflow.Call{Principal: employee}, key, workflow.StartRequest{BusinessKey: "B-1", Variables: variables})
	started := decode[workflow.Started](c.t, raw, err)
	c.settle()
	return c.load(started.Instance.ID)
}

func (c *calls) load(id engine.ID) *engine.Instance {
	c.t.Helper()
	in, err := c.store.LoadInstance(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return in
}

// called returns the instance of the n-th call of another.
func (c *calls) called(in *engine.Instance, n int) *engine.Instance {
	c.t.Helper()
	if len(in.Calls) <= n {
		c.t.Fatalf("%s has %d calls: %+v", in.ProcessKey, len(in.Calls), in)
	}
	return c.load(in.Calls[n].ID)
}

// finish completes the open task of a node.
func (c *calls) finish(in *engine.Instance, node string, variables engine.Variables) *engine.Instance {
	c.t.Helper()
	for _, task := range c.load(in.ID).Tasks {
		if task.Node == node {
			_, err := c.CompleteTask(c.ctx, workflow.Call{Principal: operator}, task.ID, workflow.Completion{Variables: variables})
			if err != nil {
				c.t.Fatal(err)
			}
			c.settle()
			return c.load(in.ID)
		}
	}
	c.t.Fatalf("%s has no task %s: %+v", in.ProcessKey, node, c.load(in.ID))
	return nil
}

// at holds in which state an instance is, and which tasks are open in it.
func (c *calls) at(in *engine.Instance, state engine.State, nodes ...string) {
	c.t.Helper()
	now := c.load(in.ID)
	open := map[string]int{}
	for _, task := range now.Tasks {
		open[task.Node]++
	}
	for _, node := range nodes {
		open[node]--
	}
	for node, n := range open {
		if n != 0 {
			c.t.Errorf("%s has %+d tasks %s", in.ProcessKey, n, node)
		}
	}
	if now.State != state {
		c.t.Errorf("%s is %s, not %s", in.ProcessKey, now.State, state)
	}
}

// allSound holds that the history of every instance gives its state.
func (c *calls) allSound() {
	c.t.Helper()
	err := c.store.Inspect(c.t.Context(), func(x *store.Inspection) error {
		rows, err := x.Instances(c.t.Context(), engine.ID{}, 1000)
		for _, row := range rows {
			if found := c.problems(row.ID); found != nil {
				c.t.Errorf("%s: %v", row.ProcessKey, found)
			}
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}
