package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// Takeover is an instance that another product has run. Past are the steps of its history before Step, which
// brings it to where it stands. Nothing of it is told to others.
type Takeover struct {
	Step
	Past   []Row
	Done   []DoneTask
	Leases []Lease
}

// DoneTask is a task of the past.
type DoneTask struct {
	engine.Task
	Completed bool // not cancelled
	EndedAt   time.Time
	EndedBy   string
}

// Lease says who has fetched a job, until when.
type Lease struct {
	Job    engine.ID
	Worker string
	Until  time.Time
}

// TakeOver writes an instance with its history and its rows in one commit. database.ErrDuplicate says that there is
// an instance with the id, database.ErrGuard that there is no such definition. A definition that is suspended does
// not stop it.
func (s *Store) TakeOver(ctx context.Context, t Takeover) error {
	w := writer{Step: t.Step}
	var err error
	if w.body, err = s.codec.encode(t.After); err != nil {
		return err
	}
	if err = w.standing(s, t); err != nil {
		return err
	}
	w.Before = nil
	w.tasks()
	for _, d := range t.Done {
		w.insertDone(d)
	}
	w.incidents()
	w.jobs()
	for _, l := range t.Leases {
		w.change(`UPDATE workflow_job SET worker_id = ?, locked_until = ?`, []engine.ID{l.Job}, l.Worker, l.Until)
	}
	w.timers()
	w.subscriptions()
	w.searchVariables()
	w.closeGuard()
	return s.DB.Run(ctx, &w.batch)
}

// FitsTakeOver reports whether an instance is too large to be kept: ErrTooLarge.
func (s *Store) FitsTakeOver(t Takeover) error {
	_, err := s.codec.encode(t.After)
	for _, row := range t.Past {
		if err == nil {
			_, err = s.codec.encode(row.Changes)
		}
	}
	if err == nil {
		_, err = s.codec.encode(t.Changes)
	}
	return err
}

const insertStanding = `INSERT INTO workflow_instance (id, definition_id, process_key, process_version, business_key, state, version, starter, started_at, ended_at, body, parent_id, parent_node, root_id)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM workflow_definition WHERE id = ?`

// standing writes the instance and its history; the first row of that guards the instance.
func (w *writer) standing(s *Store, t Takeover) error {
	in := w.After
	w.batch.Add(insertStanding, in.ID[:], in.DefinitionID[:], in.ProcessKey, in.ProcessVersion, null(in.BusinessKey), stateCode(in.State), in.Version,
		in.Starter, in.StartedAt, nullTime(in.EndedAt), w.body, nullableID(in.ParentID), null(in.ParentNode), nullableID(in.RootID), in.DefinitionID[:])
	rows := append(slices.Clone(t.Past), Row{
		InstanceID: in.ID, Seq: in.Version, CommandID: w.Command.ID, Command: w.Command.Action.Name(), Actor: w.Command.Actor, At: w.At, Changes: w.Changes,
	})
	for n, row := range rows {
		changes, err := s.codec.encode(row.Changes)
		if err != nil {
			return err
		}
		seq := "?"
		if n == 0 {
			seq = `IF(ROW_COUNT() = 1, ?, NULL)`
		}
		w.batch.Add(historyColumns+`(?, `+seq+`, ?, ?, ?, ?, ?, NULL)`, in.ID[:], row.Seq, row.CommandID[:], row.Command, row.Actor, row.At, changes)
	}
	w.guarded = true
	return nil
}

func (w *writer) insertDone(d DoneTask) {
	state := taskCancelled
	if d.Completed {
		state = taskCompleted
	}
	t := &d.Task
	w.batch.Add(`INSERT INTO workflow_task (id, version, instance_id, process_key, node_id, name, state, assignee, owner, candidates, priority, form_key, due_at, follow_up_at, created_at, ended_at, ended_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID[:], w.After.Version, w.After.ID[:], w.After.ProcessKey, t.Node, t.Name, state, null(t.Assignee), null(t.Owner), candidates(t),
		t.Priority, null(t.FormKey), nullTime(t.DueAt), nullTime(t.FollowUpAt), t.CreatedAt, nullTime(d.EndedAt), null(d.EndedBy))
}

// TakeDeployment writes a deployment that another product has made, with the versions that it gave. Which version of
// a key is the latest is worked out anew; only that one has its start events. database.ErrDuplicate says that a
// version, or the deployment, is there already.
func (s *Store) TakeDeployment(ctx context.Context, d *Deployment) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO workflow_deployment (id, name, source, deployed_by, deployed_at) VALUES (?, ?, ?, ?, ?)`,
			d.ID[:], d.Name, null(d.Source), d.DeployedBy, d.DeployedAt); err != nil {
			return err
		}
		if err := insertResources(ctx, tx, d); err != nil {
			return err
		}
		if err := insertVersions(ctx, tx, d, true); err != nil {
			return err
		}
		return replaceStarts(ctx, tx, slices.DeleteFunc(slices.Clone(d.Definitions), func(f Definition) bool { return !f.Latest }))
	})
}

// TakenDefinition returns the definition with a version of a key; false when there is none.
func (s *Store) TakenDefinition(ctx context.Context, key string, version int) (engine.ID, bool, error) {
	rows, err := s.DB.Query(ctx, definitionOfVersion, key, version)
	found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	if err != nil || len(found) == 0 {
		return engine.ID{}, false, database.Classify(err)
	}
	return found[0], true, nil
}
