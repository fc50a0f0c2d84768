package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// What is said of holds.
var (
	ErrHeld     = fault.New(fault.Conflict, "instance_held", "The instance is under a legal hold: nothing of it is deleted until the hold is lifted.")
	ErrUserHeld = fault.New(fault.Conflict, "user_held", "The person, or an instance that the person took part in, is under a legal hold.")
	ErrNoHold   = fault.New(fault.NotFound, "hold_not_found", "There is no such hold.")
	ErrLifted   = fault.New(fault.Conflict, "hold_lifted", "The hold was lifted.")
)

// Hold keeps instances from being deleted: one, with all that it calls and that calls it; those that have a business
// key; those of a process; or those that a person has started, whose account stays, too. Exactly one of the four is set.
type Hold struct {
	ID          engine.ID  `json:"id"`
	InstanceID  engine.ID  `json:"instanceId,omitzero"`
	RootID      engine.ID  `json:"-"`
	BusinessKey *string    `json:"businessKey,omitempty"`
	ProcessKey  *string    `json:"processKey,omitempty"`
	Username    *string    `json:"username,omitempty"`
	Reason      string     `json:"reason"`
	PlacedBy    string     `json:"placedBy"`
	PlacedAt    time.Time  `json:"placedAt"`
	LiftedBy    *string    `json:"liftedBy"`
	LiftedAt    *time.Time `json:"liftedAt"`
}

const holdColumns = `id, instance_id, root_id, business_key, process_key, username, reason, placed_by, placed_at, lifted_by, lifted_at FROM workflow_hold`

func (h *Hold) fields() []any {
	return []any{&h.ID, &h.InstanceID, &h.RootID, &h.BusinessKey, &h.ProcessKey, &h.Username, &h.Reason, &h.PlacedBy, &h.PlacedAt, &h.LiftedBy, &h.LiftedAt}
}

var kindHold = kind{"hold", `SELECT 'hold', COALESCE(LOWER(HEX(instance_id)), business_key, process_key, username), reason, placed_by, placed_at, lifted_by, lifted_at FROM workflow_hold WHERE id = ?`}

// heldInstance is the condition that the instance i is held. A called instance is held with the one that everything
// began with.
const heldInstance = `(EXISTS (SELECT 1 FROM workflow_hold h WHERE h.root_id = IFNULL(i.root_id, i.id) AND h.lifted_at IS NULL)
 OR EXISTS (SELECT 1 FROM workflow_hold h WHERE h.business_key = i.business_key AND h.lifted_at IS NULL)
 OR EXISTS (SELECT 1 FROM workflow_hold h WHERE h.process_key = i.process_key AND h.lifted_at IS NULL)
 OR EXISTS (SELECT 1 FROM workflow_hold h WHERE h.username = i.starter AND h.lifted_at IS NULL)
 OR EXISTS (SELECT 1 FROM workflow_instance r JOIN workflow_hold h ON h.business_key = r.business_key WHERE r.id = i.root_id AND h.lifted_at IS NULL)
 OR EXISTS (SELECT 1 FROM workflow_instance r JOIN workflow_hold h ON h.process_key = r.process_key WHERE r.id = i.root_id AND h.lifted_at IS NULL)
 OR EXISTS (SELECT 1 FROM workflow_instance r JOIN workflow_hold h ON h.username = r.starter WHERE r.id = i.root_id AND h.lifted_at IS NULL))`

// Statements that find a row if an instance is held, by what is to be deleted.
const (
	instanceHeld   = `SELECT 1 FROM workflow_instance i WHERE i.id = ? AND ` + heldInstance + ` LIMIT 1`
	commentHeld    = `SELECT 1 FROM workflow_comment c JOIN workflow_instance i ON i.id = c.instance_id WHERE c.id = ? AND ` + heldInstance + ` LIMIT 1`
	attachmentHeld = `SELECT 1 FROM workflow_attachment a JOIN workflow_instance i ON i.id = a.instance_id WHERE a.id = ? AND ` + heldInstance + ` LIMIT 1`
	definitionHeld = `SELECT 1 FROM workflow_instance i WHERE i.definition_id = ? AND ` + heldInstance + ` LIMIT 1`
	userHeld       = `SELECT 1 FROM sys_user u JOIN workflow_hold h ON h.username = u.username WHERE u.id = ? AND h.lifted_at IS NULL LIMIT 1`
)

// checkHold returns held where the statement finds something with the id. In a transaction that has locked what it
// deletes, it comes after the lock: a hold locks its instances while it is placed.
func checkHold(ctx context.Context, tx *sql.Tx, text string, id engine.ID, held error) error {
	var one int
	err := tx.QueryRowContext(ctx, text, id[:]).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = held
	}
	return err
}

// unless is a statement that finds out whether what has the id is held.
type unless struct {
	held string
	id   engine.ID
}

// writeUnheld is write, unless the row is held: then it returns ErrHeld.
func (s *Store) writeUnheld(ctx context.Context, u unless, otherwise error, text string, arguments ...any) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := checkHold(ctx, tx, u.held, u.id, ErrHeld); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, text, arguments...)
		return changedOne(result, err, otherwise)
	})
}

// DefinitionHeld returns ErrHeld where an instance of a definition is held.
func (s *Store) DefinitionHeld(ctx context.Context, definition engine.ID) error {
	held, err := s.found(ctx, definitionHeld, definition[:])
	if err == nil && held {
		err = ErrHeld
	}
	return err
}

// HoldList names the list of holds, the newest first.
var HoldList = page.List{Name: "holds", Sorts: []string{"-placedAt"}, Filters: []page.Filter{
	{Name: "state", Values: []string{"open", "lifted"}, Summary: "without it both"},
	{Name: "instanceId", Form: page.ID}, {Name: "businessKey"}, {Name: "processKey"}, {Name: "username"},
}}

// HoldFilter narrows the list of holds; zero fields do not.
type HoldFilter struct {
	State, BusinessKey, ProcessKey, Username string
	InstanceID                               engine.ID
}

// Holds reads one page of holds.
func (s *Store) Holds(ctx context.Context, r page.Request, f HoldFilter) (page.Page[Hold], error) {
	q := query{}
	q.equalID("instance_id", f.InstanceID)
	q.equal("business_key", f.BusinessKey)
	q.equal("process_key", f.ProcessKey)
	q.equal("username", f.Username)
	switch f.State {
	case "open":
		q.where("lifted_at IS NULL")
	case "lifted":
		q.where("lifted_at IS NOT NULL")
	}
	l := list[Hold]{columns: holdColumns, count: "workflow_hold", sort: byID("id"), scan: into((*Hold).fields), key: func(h Hold) []string { return []string{h.ID.String()} }}
	return l.read(ctx, s, q, r)
}

// PlaceHold inserts a hold and the answer. RootID is found by InstanceID. What is being deleted meanwhile is gone
// before the hold is there, but for a hold of a process or of a person, which holds what is not being deleted. Errors:
// ErrNoInstance, ErrRepeated.
func (s *Store) PlaceHold(ctx context.Context, h Hold, i *Idempotency, answer Recorded) error {
	return s.inAudited(ctx, act{"hold.place", kindHold, h.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, h.PlacedAt); err != nil {
			return err
		}
		if err := h.lock(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_hold (id, instance_id, root_id, business_key, process_key, username, reason, placed_by, placed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			h.ID[:], nullableID(h.InstanceID), nullableID(h.RootID), h.BusinessKey, h.ProcessKey, h.Username, h.Reason, h.PlacedBy, h.PlacedAt)
		return err
	})
}

// lock finds the root of the instance and waits for who deletes what is to be held.
func (h *Hold) lock(ctx context.Context, tx *sql.Tx) error {
	if h.BusinessKey != nil {
		rows, err := tx.QueryContext(ctx, `SELECT id FROM workflow_instance WHERE business_key = ? FOR UPDATE`, *h.BusinessKey)
		_, err = collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
		return err
	}
	if h.InstanceID.IsZero() {
		return nil
	}
	err := tx.QueryRowContext(ctx, `SELECT IFNULL(root_id, id) FROM workflow_instance WHERE id = ? FOR UPDATE`, h.InstanceID[:]).Scan(&h.RootID)
	return absent(err, ErrNoInstance)
}

// LiftHold ends a hold. Errors: ErrNoHold, ErrLifted.
func (s *Store) LiftHold(ctx context.Context, id engine.ID, by string, at time.Time) (Hold, error) {
	var h Hold
	err := s.inAudited(ctx, act{"hold.lift", kindHold, id}, func(tx *sql.Tx) error {
		h = Hold{}
		err := tx.QueryRowContext(ctx, `SELECT `+holdColumns+` WHERE id = ? FOR UPDATE`, id[:]).Scan(h.fields()...)
		if err := absent(err, ErrNoHold); err != nil {
			return err
		}
		if h.LiftedAt != nil {
			return ErrLifted
		}
		h.LiftedBy, h.LiftedAt = &by, &at
		_, err = tx.ExecContext(ctx, `UPDATE workflow_hold SET lifted_by = ?, lifted_at = ? WHERE id = ?`, by, at, id[:])
		return err
	})
	return h, err
}
