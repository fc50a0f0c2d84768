package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
)

// Projected is a row that repeats a part of an instance's state where others look for it. Text is all that
// the row says of it, in a form that can be compared.
type Projected struct {
	InstanceID engine.ID
	Kind       string // task, candidate … of task, job, timer, subscription, incident
	ID         engine.ID
	Text       string
}

// Projections returns the rows that the state of an instance should have.
func Projections(in *engine.Instance) []Projected {
	suspended := in.State == engine.Suspended
	var list []Projected
	add := func(kind string, id engine.ID, parts ...any) {
		list = append(list, projected(in.ID, kind, id, parts...))
	}
	for _, t := range in.Tasks {
		add("task", t.ID, atMilliseconds(ShowTask(in, t)))
		for _, identity := range identities(&t) {
			add(candidateKind(identity), t.ID)
		}
	}
	for _, j := range in.Jobs {
		add("job", j.ID, j.Node, j.Kind, j.Topic, j.Priority, j.Retries, milliseconds(j.DueAt), suspended)
	}
	for _, t := range in.Timers {
		add("timer", t.ID, t.Node, milliseconds(t.DueAt), excerpt.Cut(t.Cycle, maxCycle), t.Fired, suspended)
	}
	for _, s := range in.Subscriptions {
		message, signal := s.Message, ""
		if s.Signal {
			message, signal = "", s.Message
		}
		add("subscription", s.ID, s.Node, message, signal, in.BusinessKey, suspended)
	}
	for _, i := range in.Incidents {
		add("incident", i.ID, i.Node, i.Job, i.Code, excerpt.Cut(i.Message, 1000))
	}
	return list
}

// candidateKind tells the candidates of one task apart.
func candidateKind(identity string) string { return "candidate " + identity + " of task" }

func projected(instance engine.ID, kind string, id engine.ID, parts ...any) Projected {
	raw, _ := json.Marshal(parts) // values of ours always marshal
	return Projected{instance, kind, id, string(raw)}
}

// milliseconds is a time as the columns keep it; zero is absent.
func milliseconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Round(time.Millisecond)
}

// atMilliseconds is a task with its times as the columns keep them.
func atMilliseconds(t Task) Task {
	for _, at := range []**time.Time{&t.DueAt, &t.FollowUpAt} {
		if *at != nil {
			rounded := (*at).UTC().Round(time.Millisecond)
			*at = &rounded
		}
	}
	t.CreatedAt = t.CreatedAt.UTC().Round(time.Millisecond)
	return t
}

// projections reads the open rows of instances, a statement each; the ids follow the text.
var projections = []struct {
	text string
	scan func(*sql.Rows) (Projected, error)
}{
	{`SELECT ` + taskColumns + ` FROM workflow_task t WHERE t.state = 1 AND t.instance_id IN (`, func(rows *sql.Rows) (Projected, error) {
		t, err := scanTask(rows)
		return projected(t.InstanceID, "task", t.ID, atMilliseconds(t)), err
	}},
	{`SELECT t.instance_id, c.task_id, c.identity FROM workflow_task t JOIN workflow_task_candidate c ON c.task_id = t.id WHERE t.state = 1 AND t.instance_id IN (`, func(rows *sql.Rows) (Projected, error) {
		var instance, task engine.ID
		var identity string
		err := rows.Scan(&instance, &task, &identity)
		return projected(instance, candidateKind(identity), task), err
	}},
	{`SELECT ` + jobColumns + `, j.suspended FROM workflow_job j WHERE j.instance_id IN (`, func(rows *sql.Rows) (Projected, error) {
		var r jobRow
		var suspended bool
		err := rows.Scan(append(r.destinations(), &suspended)...)
		if err != nil || r.kind < 1 || r.kind >= len(jobKinds) {
			return projected(r.InstanceID, "job", r.ID, "kind", r.kind), err
		}
		j := r.job()
		return projected(j.InstanceID, "job", j.ID, j.NodeID, j.Kind, j.Topic, j.Priority, j.Retries, optional(j.DueAt), suspended), nil
	}},
	{`SELECT suspended, ` + timerColumns + ` WHERE instance_id IN (`, func(rows *sql.Rows) (Projected, error) {
		var t Timer
		var suspended bool
		var anchor sql.NullTime
		err := rows.Scan(&suspended, &t.ID, &t.InstanceID, &t.DefinitionID, &t.ProcessKey, &t.NodeID, &t.DueAt, &t.Cycle, &anchor, &t.Fired)
		return projected(t.InstanceID, "timer", t.ID, t.NodeID, milliseconds(t.DueAt), t.Cycle, t.Fired, suspended), err
	}},
	{`SELECT s.suspended, ` + subscriptionColumns + ` WHERE s.instance_id IN (`, func(rows *sql.Rows) (Projected, error) {
		var s Subscription
		var suspended bool
		err := rows.Scan(append([]any{&suspended}, s.destinations()...)...)
		var key string
		if s.BusinessKey != nil {
			key = *s.BusinessKey
		}
		return projected(s.InstanceID, "subscription", s.ID, s.NodeID, s.Message, s.Signal, key, suspended), err
	}},
	{`SELECT ` + incidentColumns + ` WHERE resolved_at IS NULL AND instance_id IN (`, func(rows *sql.Rows) (Projected, error) {
		var i Incident
		err := rows.Scan(i.destinations()...)
		var job engine.ID
		if i.JobID != nil {
			job = *i.JobID
		}
		return projected(i.InstanceID, "incident", i.ID, i.NodeID, job, i.Code, i.Message), err
	}},
}

func optional(t *time.Time) any {
	if t == nil {
		return nil
	}
	return milliseconds(*t)
}

// Projections returns the open rows of instances.
func (x *Inspection) Projections(ctx context.Context, ids []engine.ID) ([]Projected, error) {
	var all []Projected
	for _, p := range projections {
		rows, err := x.tx.QueryContext(ctx, p.text+placeholders(len(ids))+`)`, arguments16(ids)...)
		list, err := collect(rows, err, p.scan)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}
