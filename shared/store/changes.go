package store

import (
	"context"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/telemetry"
)

// Step is what one step of the engine leaves to be written, all of it or nothing.
type Step struct {
	Before  *engine.Instance // as it was loaded; nil for a start
	After   *engine.Instance
	Changes []engine.Change
	Command engine.Command
	At      time.Time
	// Latest demands, at a start, that the definition is still the latest of its key.
	Latest bool
	// Idempotency and Answer are recorded with the step; nil when the caller gave no key.
	Idempotency *Idempotency
	Answer      Recorded
	// Delivery is the CloudEvent, StartTimer the start timer that causes the step; nil when none does.
	Delivery   *Delivery
	StartTimer *StartTimer
	// Searchable keeps the variables of the process scope where Subscriptions looks for correlation keys.
	Searchable bool
	// SearchNames are the variables of the process scope that people search by.
	SearchNames []string
	// Hides says of which of them the model hides something from somebody; nil: of none.
	Hides func(variable string) bool
}

// Commit writes a step in one round trip and one commit. The history row comes first: its primary
// key (instance, seq) is the fence that stops a writer whose instance is stale with
// database.ErrDuplicate; so does the inbox's a CloudEvent that has come before. A start whose
// definition is suspended or no longer the latest ends in database.ErrGuard, and so does a step whose
// event is not parked any more or whose start timer has been fired or removed by another. The other
// errors are those of database.Run.
func (s *Store) Commit(ctx context.Context, step Step) error {
	w := writer{Step: step, trace: telemetry.Kept(ctx)}
	var err error
	if w.body, err = s.codec.encode(step.After); err != nil {
		return err
	}
	if w.history, err = s.codec.encode(step.Changes); err != nil {
		return err
	}
	if step.Before == nil {
		w.start()
	} else {
		w.advance()
	}
	w.triggers()
	w.tasks()
	w.copies()
	w.incidents()
	w.suspension()
	w.migration()
	w.caller()
	w.jobs()
	w.timers()
	w.subscriptions()
	if err := w.signals(s); err != nil {
		return err
	}
	w.searchVariables()
	w.closeGuard()
	return s.DB.Run(ctx, &w.batch)
}

// writer turns a step into the statements of a batch.
type writer struct {
	Step
	batch   database.Batch
	body    []byte
	history []byte
	trace   []byte // nil where none is kept
	guarded bool   // the statement that must have changed one row has been followed by one that checks it
}

const (
	historyColumns = `INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes, unsent) VALUES `
	tracedColumns  = `INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes, unsent, trace) VALUES `
)

func (w *writer) start() {
	in := w.After
	w.records()
	text, arguments := insertInstance, []any{in.ID[:], in.DefinitionID[:], in.ProcessKey, in.ProcessVersion, null(in.BusinessKey), stateCode(in.State),
		in.Version, in.Starter, in.StartedAt, nullTime(in.EndedAt), w.body}
	arguments = append(arguments, requestArguments(in)...)
	if !in.ParentID.IsZero() {
		text, arguments = insertCalled, append(arguments, in.ParentID[:], in.ParentNode, in.RootID[:])
	}
	if w.Latest {
		text += " AND latest = 1"
	}
	w.batch.Add(text, append(arguments, in.DefinitionID[:])...)
	w.row(`IF(ROW_COUNT() = 1, ?, NULL)`)
	w.guarded = true
}

// The definition must exist and not be suspended at the moment of the start. insertCalled is of an instance
// that another has called.
const (
	insertInstance = `INSERT INTO workflow_instance (id, definition_id, process_key, process_version, business_key, state, version, starter, started_at, ended_at, body, number, summary, department, started_by, origin_id)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM workflow_definition WHERE id = ? AND suspended = 0`
	insertCalled = `INSERT INTO workflow_instance (id, definition_id, process_key, process_version, business_key, state, version, starter, started_at, ended_at, body, number, summary, department, started_by, origin_id, parent_id, parent_node, root_id)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM workflow_definition WHERE id = ? AND suspended = 0`
)

func (w *writer) advance() {
	in := w.After
	w.row(`?`)
	w.records()
	if in.Summary != w.Before.Summary {
		w.batch.Add(`UPDATE workflow_instance SET summary = ?, state = ?, version = ?, ended_at = ?, body = ? WHERE id = ? AND version = ?`,
			null(in.Summary), stateCode(in.State), in.Version, nullTime(in.EndedAt), w.body, in.ID[:], w.Before.Version)
		return
	}
	w.batch.Add(`UPDATE workflow_instance SET state = ?, version = ?, ended_at = ?, body = ? WHERE id = ? AND version = ?`,
		stateCode(in.State), in.Version, nullTime(in.EndedAt), w.body, in.ID[:], w.Before.Version)
}

// row adds the history row, whose seq is an expression.
func (w *writer) row(seq string) {
	c := w.Command
	arguments := []any{w.After.ID[:], w.After.Version, c.ID[:], c.Action.Name(), c.Actor, w.At, w.history, w.unsent()}
	if w.trace == nil {
		w.batch.Add(historyColumns+`(?, `+seq+`, ?, ?, ?, ?, ?, ?)`, arguments...)
		return
	}
	w.batch.Add(tracedColumns+`(?, `+seq+`, ?, ?, ?, ?, ?, ?, ?)`, append(arguments, w.trace)...)
}

// unsent is 1 when the changes hold something that others may see.
func (w *writer) unsent() any {
	for i := range w.Changes {
		if cloudevent.TypeOf(&w.Changes[i]) != "" {
			return 1
		}
	}
	return nil
}

// records writes the keys at which a repeated request or CloudEvent stops.
func (w *writer) records() {
	if w.Idempotency != nil {
		w.batch.Add(insertIdempotency, w.Idempotency.arguments(w.Answer.Status, w.Answer.Body, w.At)...)
	}
	if d := w.Delivery; d != nil && !d.Parked {
		w.batch.Add(insertDelivery, d.Source, d.EventID, inboxDone, w.After.ID[:], w.At)
	}
}

// triggers takes what causes the step, a parked event or a start timer, away from everybody else.
func (w *writer) triggers() {
	if d := w.Delivery; d != nil && d.Parked {
		w.once(takeParked, inboxParked, inboxDone, w.After.ID[:], d.Source, d.EventID)
	}
	switch t := w.StartTimer; {
	case t == nil:
	case t.NextDue.IsZero():
		w.once(endStartTimer, t.ID[:], t.Fired)
	default:
		w.once(moveStartTimer, t.NextDue, t.NextDue, t.Fired+1, t.ID[:], t.Fired)
	}
}

// once adds a statement that must change one row; the next statement checks it.
func (w *writer) once(text string, arguments ...any) {
	w.closeGuard()
	w.batch.Add(text, arguments...)
	w.guarded = false
}

// guard returns the placeholder for a NOT NULL column of the first statement after the UPDATE of the
// instance (or another that must change one row): NULL, and with it an error before COMMIT, when that
// one did not.
func (w *writer) guard() string {
	if w.guarded {
		return "?"
	}
	w.guarded = true
	return "IF(ROW_COUNT() = 1, ?, NULL)"
}

// closeGuard checks the last statement that must change one row by a statement of its own, where the
// next one cannot: it may hit no row, or it sets no column that is NOT NULL.
func (w *writer) closeGuard() {
	if !w.guarded {
		w.guarded = true
		w.batch.Add(`UPDATE workflow_instance SET version = IF(ROW_COUNT() = 1, version, NULL) WHERE id = ?`, w.After.ID[:])
	}
}

func (w *writer) tasks() {
	created := map[engine.ID]bool{}
	for i := range w.Changes {
		c := &w.Changes[i] // a copy would move to the heap
		switch c.Kind {
		case engine.TaskCreated:
			created[c.Task.ID] = true
			w.insertTask(c.Task)
		case engine.TaskAssigned:
			w.batch.Add(`UPDATE workflow_task SET version = `+w.guard()+`, assignee = ?, owner = ? WHERE id = ?`,
				w.After.Version, null(c.Assignee), null(c.Owner), c.TaskID[:])
		case engine.TaskChanged:
			w.changeTask(c.Task)
		case engine.TaskCompleted, engine.TaskReturned:
			w.endTask(c, taskCompleted, created)
		case engine.TaskCancelled:
			w.endTask(c, taskCancelled, created)
		}
	}
}

func (w *writer) insertTask(t *engine.Task) {
	w.batch.Add(`INSERT INTO workflow_task (id, version, instance_id, process_key, node_id, name, state, assignee, owner, candidates, priority, form_key, due_at, follow_up_at, created_at)
VALUES (?, `+w.guard()+`, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID[:], w.After.Version, w.After.ID[:], w.After.ProcessKey, t.Node, t.Name, taskOpen, null(t.Assignee), null(t.Owner), candidates(t),
		t.Priority, null(t.FormKey), nullTime(t.DueAt), nullTime(t.FollowUpAt), t.CreatedAt)
	for _, identity := range identities(t) {
		w.batch.Add(`INSERT IGNORE INTO workflow_task_candidate (identity, task_id) VALUES (?, ?)`, identity, t.ID[:])
	}
}

func (w *writer) endTask(c *engine.Change, state int, created map[engine.ID]bool) {
	w.batch.Add(`UPDATE workflow_task SET version = `+w.guard()+`, state = ?, assignee = IFNULL(?, assignee), ended_at = ?, ended_by = ? WHERE id = ?`,
		w.After.Version, state, null(c.Assignee), w.At, null(w.Command.Actor), c.TaskID[:])
	var before *engine.Task
	if w.Before != nil {
		before = w.Before.Task(c.TaskID)
	}
	if created[c.TaskID] || (before != nil && len(identities(before)) > 0) {
		w.batch.Add(`DELETE FROM workflow_task_candidate WHERE task_id = ?`, c.TaskID[:])
	}
}

func (w *writer) incidents() {
	for i := range w.Changes {
		switch c := &w.Changes[i]; c.Kind {
		case engine.IncidentRaised:
			i := c.Incident
			w.batch.Add(`INSERT INTO workflow_incident (id, raised_at, instance_id, process_key, node_id, job_id, code, message) VALUES (?, `+w.guard()+`, ?, ?, ?, ?, ?, ?)`,
				i.ID[:], i.RaisedAt, w.After.ID[:], w.After.ProcessKey, i.Node, nullableID(i.Job), i.Code, excerpt.Cut(i.Message, 1000))
		case engine.IncidentResolved:
			w.closeGuard()
			w.batch.Add(`UPDATE workflow_incident SET resolved_at = ? WHERE id = ?`, w.At, c.IncidentID[:])
		}
	}
}

// candidateList is the JSON of the column candidates.
type candidateList struct {
	Users  []string `json:"users,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

func candidates(t *engine.Task) any {
	if len(t.CandidateUsers)+len(t.CandidateGroups) == 0 {
		return nil
	}
	raw, _ := json.Marshal(candidateList{t.CandidateUsers, t.CandidateGroups}) // strings always marshal
	return string(raw)
}

func identities(t *engine.Task) []string {
	var list []string
	for _, u := range t.CandidateUsers {
		list = append(list, "u:"+u)
	}
	for _, g := range t.CandidateGroups {
		list = append(list, "g:"+g)
	}
	return list
}

func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func nullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
