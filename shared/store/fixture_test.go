package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// noon is the time of the tests: what is due is due around it.
var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

func newID() engine.ID { return engine.ID(uuid.Must(uuid.NewV7())) }

// fixture is a store with one definition; its steps are written by hand, without a model.
type fixture struct {
	*Store
	t          *testing.T
	definition Definition
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Store: New(databasetest.Open(t)), t: t}
	f.definition = f.deploy("order")[0]
	return f
}

// deploy deploys processes without start events, or whatever with says.
func (f *fixture) deploy(key string, with ...StartEvent) []Definition {
	f.t.Helper()
	d, err := f.tryDeploy(Definition{Key: key, Starts: with})
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func (f *fixture) tryDeploy(definitions ...Definition) ([]Definition, error) {
	d := &Deployment{ID: newID(), Name: "test", DeployedBy: "zhouming", DeployedAt: noon, Definitions: definitions}
	for i := range d.Definitions {
		d.Definitions[i].ID, d.Definitions[i].Resource = newID(), "a.bpmn"
	}
	d.Resources = []Resource{{Name: "a.bpmn", Kind: "bpmn", Content: []byte("<x/>")}}
	err := f.Deploy(f.t.Context(), d, nil, func(*Deployment) (Recorded, error) { return Recorded{}, nil })
	return d.Definitions, err
}

// advance makes a step of changes and writes it. A nil in is a start. options change the step.
func (f *fixture) advance(in *engine.Instance, changes []engine.Change, options ...func(*Step)) (*engine.Instance, error) {
	f.t.Helper()
	after := &engine.Instance{}
	if in != nil {
		after = in.Clone()
	} else {
		begin := engine.Change{Kind: engine.InstanceStarted, Instance: &engine.Started{
			ID: newID(), DefinitionID: f.definition.ID, ProcessKey: f.definition.Key, ProcessVersion: 1, BusinessKey: "PO-1", Starter: "zhangwei", At: noon,
		}}
		changes = append([]engine.Change{begin}, changes...)
	}
	after.Version++
	for _, c := range changes {
		if err := after.Apply(c); err != nil {
			f.t.Fatal(err)
		}
	}
	step := Step{
		Before: in, After: after, Changes: changes, At: noon, Searchable: true,
		Command: engine.Command{ID: newID(), Actor: "zhangwei", Action: engine.Start{}},
	}
	for _, option := range options {
		option(&step)
	}
	return after, f.Commit(f.t.Context(), step)
}

// must is advance where nothing may fail.
func (f *fixture) must(in *engine.Instance, changes ...engine.Change) *engine.Instance {
	f.t.Helper()
	after, err := f.advance(in, changes)
	if err != nil {
		f.t.Fatal(err)
	}
	return after
}

// refused makes a step that must end in want and leave nothing behind.
func (f *fixture) refused(want error, in *engine.Instance, changes []engine.Change, options ...func(*Step)) {
	f.t.Helper()
	before := f.everything()
	if _, err := f.advance(in, changes, options...); !errors.Is(err, want) {
		f.t.Errorf("%v, not %v", err, want)
	}
	if after := f.everything(); after != before {
		f.t.Errorf("rows of a step that was refused: %v before, %v after", before, after)
	}
}

// everything counts the rows that steps write, and sums up what they change.
func (f *fixture) everything() (counts [9]int) {
	f.t.Helper()
	for i, text := range []string{
		`SELECT COUNT(*) FROM workflow_history`, `SELECT COUNT(*) FROM workflow_instance`, `SELECT COUNT(*) FROM workflow_job`,
		`SELECT COUNT(*) FROM workflow_timer`, `SELECT COUNT(*) FROM workflow_subscription`, `SELECT COUNT(*) FROM workflow_search_variable`,
		`SELECT COUNT(*) FROM workflow_inbox`, `SELECT IFNULL(SUM(state), 0) FROM workflow_inbox`, `SELECT IFNULL(SUM(fired), 0) FROM workflow_timer`,
	} {
		if err := f.DB.QueryRow(f.t.Context(), []any{&counts[i]}, text); err != nil {
			f.t.Fatal(err)
		}
	}
	return counts
}

func (f *fixture) count(text string, arguments ...any) (n int) {
	f.t.Helper()
	if err := f.DB.QueryRow(f.t.Context(), []any{&n}, text, arguments...); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// Changes by hand. The token of what they create is not looked at.

func jobCreated(topic string, priority int64) engine.Change {
	return engine.Change{Kind: engine.JobCreated, Job: &engine.Job{
		ID: newID(), Node: "work", Kind: engine.ExternalJob, Topic: topic, Priority: priority, Retries: 3, CreatedAt: noon,
	}}
}

func jobEnded(id engine.ID) engine.Change { return engine.Change{Kind: engine.JobCompleted, JobID: id} }

func timerCreated(due time.Time) engine.Change {
	return engine.Change{Kind: engine.TimerCreated, Timer: &engine.Timer{ID: newID(), Node: "wait", DueAt: due}}
}

func opened(message string) engine.Change {
	return engine.Change{Kind: engine.SubscriptionOpened, Subscription: &engine.Subscription{ID: newID(), Node: "catch", Message: message, CreatedAt: noon}}
}

func variablesSet(v engine.Variables) engine.Change {
	return engine.Change{Kind: engine.VariablesSet, Variables: v}
}

var (
	suspend = engine.Change{Kind: engine.InstanceSuspended}
	resume  = engine.Change{Kind: engine.InstanceResumed}
	cancel  = engine.Change{Kind: engine.InstanceCancelled, At: noon}
)

func delivery(d Delivery) func(*Step)     { return func(s *Step) { s.Delivery = &d } }
func startTimer(t StartTimer) func(*Step) { return func(s *Step) { s.StartTimer = &t } }

// all is the first page of a list.
var all = page.Request{Limit: page.MaxLimit}

// each reads a list that fits on one page.
func each[T any](t *testing.T, p page.Page[T], err error) []T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}
