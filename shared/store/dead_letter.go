package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Failures of looking at a dead letter.
var (
	ErrNoDeadLetter = fault.New(fault.NotFound, "dead_letter_not_found", "There is no such dead letter.")
	ErrResubmitted  = fault.New(fault.Conflict, "dead_letter_resubmitted", "The dead letter has been resubmitted.")
)

// Direction says which way a dead letter was going.
type Direction string

// The directions: from outside to us, and from us to a sink.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// DeadLetter is a CloudEvent that nobody took. Content is the event as JSON, or what came or was stored
// where that is none.
type DeadLetter struct {
	ID            engine.ID  `json:"id"`
	Direction     Direction  `json:"direction"`
	Source        string     `json:"source"`
	EventID       string     `json:"eventId"`
	Type          string     `json:"type"`
	Reason        string     `json:"reason"`
	Attempts      int        `json:"attempts"`
	CreatedAt     time.Time  `json:"createdAt"`
	ResubmittedAt *time.Time `json:"resubmittedAt"`
	Content       []byte     `json:"-"`
}

const (
	maxDeadLetter = 255  // characters of what names an event
	maxReason     = 1000 // characters

	deadLetterColumns = `id, direction, source, event_id, type, reason, attempts, created_at, resubmitted_at`
	insertDeadLetter  = `INSERT INTO workflow_dead_letter (id, direction, source, event_id, type, reason, attempts, content, created_at) `
)

func (d *DeadLetter) destinations() []any {
	return []any{&d.ID, &d.Direction, &d.Source, &d.EventID, &d.Type, &d.Reason, &d.Attempts, &d.CreatedAt, &d.ResubmittedAt}
}

// arguments are those of insertDeadLetter. What is too long for its column is cut.
func (d *DeadLetter) arguments() []any {
	content := d.Content
	if content == nil {
		content = []byte{}
	}
	return []any{
		d.ID[:], string(d.Direction), excerpt.Cut(d.Source, maxDeadLetter), excerpt.Cut(d.EventID, maxDeadLetter), excerpt.Cut(d.Type, maxDeadLetter),
		excerpt.Cut(d.Reason, maxReason), d.Attempts, content, d.CreatedAt,
	}
}

// AddDeadLetter keeps a CloudEvent that came in and cannot be taken.
func (s *Store) AddDeadLetter(ctx context.Context, d DeadLetter) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error { return addDeadLetter(ctx, tx, d) })
	if err != nil {
		return fmt.Errorf("dead letter %s: %w", d.EventID, err)
	}
	return nil
}

// Bury is AddDeadLetter for an event that may come by several deliveries at once: it is kept once. The
// read locks the place of the row; of two that then insert, one is told of a deadlock, and looks again.
func (s *Store) Bury(ctx context.Context, d DeadLetter) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var one int
		err := tx.QueryRowContext(ctx, buried+` FOR UPDATE`, excerpt.Cut(d.Source, maxDeadLetter), excerpt.Cut(d.EventID, maxDeadLetter), string(d.Direction)).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			err = addDeadLetter(ctx, tx, d)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("dead letter %s: %w", d.EventID, err)
	}
	return nil
}

func addDeadLetter(ctx context.Context, tx *sql.Tx, d DeadLetter) error {
	_, err := tx.ExecContext(ctx, insertDeadLetter+`VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, d.arguments()...)
	return err
}

// DeadLetterFilter narrows a list of dead letters; zero fields do not.
type DeadLetterFilter struct {
	Direction   Direction
	Source      string
	Type        string
	Resubmitted bool // resubmitted ones too
}

// DeadLetterList names the list: it goes by the time of the dead letters.
var DeadLetterList = page.List{Name: "dead-letters", Sorts: []string{"-createdAt"}, Filters: []page.Filter{
	{Name: "direction", Values: []string{string(In), string(Out)}}, {Name: "source"}, {Name: "type"},
	{Name: "resubmitted", Form: page.Flag, Summary: "true lists those that were resubmitted too"},
}}

// DeadLetters lists dead letters without their content.
func (s *Store) DeadLetters(ctx context.Context, f DeadLetterFilter, r page.Request) (page.Page[DeadLetter], error) {
	return deadLetterList.read(ctx, s, f.query(), r)
}

var deadLetterList = list[DeadLetter]{
	columns: deadLetterColumns + ` FROM workflow_dead_letter`, count: "workflow_dead_letter", sort: byID("id"),
	scan: into((*DeadLetter).destinations), key: func(d DeadLetter) []string { return []string{d.ID.String()} },
}

func (f DeadLetterFilter) query() query {
	q := query{}
	q.equal("direction", string(f.Direction))
	q.equal("source", f.Source)
	q.equal("type", f.Type)
	if !f.Resubmitted {
		q.where("resubmitted_at IS NULL")
	}
	return q
}

const deadLetterText = `SELECT ` + deadLetterColumns + `, content FROM workflow_dead_letter WHERE id = ?`

// DeadLetter returns a dead letter with its content, or ErrNoDeadLetter.
func (s *Store) DeadLetter(ctx context.Context, id engine.ID) (DeadLetter, error) {
	var d DeadLetter
	err := s.DB.QueryRow(ctx, append(d.destinations(), &d.Content), deadLetterText, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return d, ErrNoDeadLetter
	}
	if err != nil {
		return d, fmt.Errorf("dead letter %s: %w", id, err)
	}
	return d, nil
}

// Resubmit marks a dead letter as resubmitted and records the answer for i. One that was going out is
// sent again: its history row is unsent once more, with no failures. One that came in is the caller's to
// take again. Errors: ErrNoDeadLetter, ErrResubmitted, ErrRepeated.
func (s *Store) Resubmit(ctx context.Context, id engine.ID, now time.Time, i *Idempotency, answer func(DeadLetter) (Recorded, error)) (DeadLetter, error) {
	var d DeadLetter
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		d = DeadLetter{}
		err := tx.QueryRowContext(ctx, deadLetterText+` FOR UPDATE`, id[:]).Scan(append(d.destinations(), &d.Content)...)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNoDeadLetter
		case err != nil:
			return err
		case d.ResubmittedAt != nil:
			return ErrResubmitted
		}
		d.ResubmittedAt = &now
		if _, err := tx.ExecContext(ctx, `UPDATE workflow_dead_letter SET resubmitted_at = ? WHERE id = ?`, now, id[:]); err != nil {
			return err
		}
		if err := revive(ctx, tx, d); err != nil {
			return err
		}
		a, err := answer(d)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, now)
	})
	if err != nil {
		return d, fmt.Errorf("dead letter %s: %w", id, err)
	}
	return d, nil
}

// revive puts the history row, or the definition, of an event of ours back into the outbox: from among
// the dead ones, or from those that a broker took and then gave up.
func revive(ctx context.Context, tx *sql.Tx, d DeadLetter) error {
	if definition, err := engine.ParseID(d.EventID); err == nil && d.Direction == Out && d.Type == cloudevent.TypeDefinitionDeployed {
		_, err := tx.ExecContext(ctx, `UPDATE workflow_definition SET unsent = 1 WHERE id = ?`, definition[:])
		return err
	}
	id, ours := cloudevent.ParseID(d.EventID)
	if d.Direction != Out || !ours {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE workflow_history SET unsent = ?, attempts = 0, locked_until = NULL WHERE instance_id = ? AND seq = ? AND (unsent = ? OR unsent IS NULL)`,
		outboxUnsent, id.Instance[:], id.Seq, outboxDead)
	return err
}
