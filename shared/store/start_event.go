package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrMessageTaken: the latest version of another process begins with the same message.
var ErrMessageTaken = fault.New(fault.Invalid, "start_message_taken", "The message starts another process.")

// StartEvent is a start event that a message, a signal, a timer or, if it has none of these, a condition triggers. Of
// Timer, DueAt, Cycle and Anchor count.
type StartEvent struct {
	NodeID  string
	Line    int    // in the model
	Message string // empty for another trigger
	Signal  string
	Timer   *Timer
}

// The rows of start events have no instance. Found that way, and not by the process, they are locked
// without those of its running instances.
const (
	byInstance = ` FORCE INDEX (instance)`

	deleteStartTimers         = `DELETE t FROM workflow_timer t` + byInstance + ` WHERE t.instance_id IS NULL AND t.process_key = ?`
	deleteStartSubscriptions  = `DELETE s FROM workflow_subscription s` + byInstance + ` WHERE s.instance_id IS NULL AND s.process_key = ?`
	suspendStartTimers        = `UPDATE workflow_timer` + byInstance + ` SET suspended = ? WHERE instance_id IS NULL AND definition_id = ?`
	suspendStartSubscriptions = `UPDATE workflow_subscription` + byInstance + ` SET suspended = ? WHERE instance_id IS NULL AND definition_id = ?`

	// A later version of a process takes what the earlier one would have got: a signal that is being spread.
	inheritSignals = `UPDATE workflow_subscription` + byPrimary + ` SET created_at = '2000-01-01' WHERE id = ?`

	startsBy = `SELECT process_key FROM workflow_subscription WHERE start_message = ? FOR UPDATE`
)

// replaceStarts removes the start events of earlier versions, of all definitions before it adds any:
// a message may move from one process to another in one deployment.
func replaceStarts(ctx context.Context, tx *sql.Tx, definitions []Definition) error {
	for i := range definitions {
		d := &definitions[i]
		if d.Version == 1 {
			continue // nothing to remove; a DELETE would lock the gap in which other deployments insert
		}
		for _, text := range []string{deleteStartTimers, deleteStartSubscriptions} {
			if _, err := tx.ExecContext(ctx, text, d.Key); err != nil {
				return err
			}
		}
	}
	for i := range definitions {
		d := &definitions[i]
		for n, start := range d.Starts {
			if err := insertStart(ctx, tx, d, start, d.ID.Derive(n+1)); err != nil {
				return fmt.Errorf("definition %s: %w", d.Key, err)
			}
		}
	}
	return nil
}

func insertStart(ctx context.Context, tx *sql.Tx, d *Definition, start StartEvent, id engine.ID) error {
	if start.Timer != nil {
		t := Timer{
			ID: id, DefinitionID: d.ID, ProcessKey: d.Key, NodeID: start.NodeID,
			DueAt: start.Timer.DueAt, Cycle: start.Timer.Cycle, Anchor: start.Timer.Anchor,
		}
		values := t.values(d.Suspended)
		_, err := tx.ExecContext(ctx, insertTimer+`(`+placeholders(len(values))+`)`, values...)
		return err
	}
	sub := Subscription{ID: id, DefinitionID: d.ID, ProcessKey: d.Key, NodeID: start.NodeID, Message: start.Message, Signal: start.Signal}
	values := sub.values(d.Suspended)
	_, err := tx.ExecContext(ctx, insertSubscription+`(`+placeholders(len(values))+`)`, values...)
	if err == nil && start.Signal != "" && d.Version > 1 {
		_, err = tx.ExecContext(ctx, inheritSignals, id[:])
	}
	if !errors.Is(database.Classify(err), database.ErrDuplicate) {
		return err
	}
	var other string
	if err := tx.QueryRowContext(ctx, startsBy, start.Message).Scan(&other); err != nil {
		return err
	}
	return ErrMessageTaken.With(fault.Detail{
		Pointer: "/resources/" + d.Resource, Code: ErrMessageTaken.Code, Rule: ErrMessageTaken.Code, Element: start.NodeID, Line: start.Line,
		Detail: fmt.Sprintf("The message %q starts the process %s.", start.Message, other), Fix: "Give the message another name.",
	})
}

// suspendStarts lets the start events of a definition, if they are the latest, follow its state.
func suspendStarts(ctx context.Context, tx *sql.Tx, definition engine.ID, suspended bool) error {
	for _, text := range []string{suspendStartTimers, suspendStartSubscriptions} {
		if _, err := tx.ExecContext(ctx, text, suspended, definition[:]); err != nil {
			return err
		}
	}
	return nil
}
