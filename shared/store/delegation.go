package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a delegation is not found or kept.
var (
	ErrNoDelegation = fault.New(fault.NotFound, "delegation_not_found", "There is no such delegation.")
	ErrOverlap      = fault.New(fault.Conflict, "delegation_overlaps", "Somebody else stands in for the person at that time.")
	ErrUnknownOwner = fault.New(fault.Invalid, "unknown_owner", "There is no such user to stand in for.")
)

// Delegation says who stands in for whom, from From until before To, in the processes with these keys; without keys in
// all. Owner and Substitute are usernames. BatchID is the batch that hands over what is open, where one was asked for
// and there was something.
type Delegation struct {
	ID          engine.ID `json:"id"`
	Owner       string    `json:"owner"`
	Substitute  string    `json:"substitute"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	ProcessKeys []string  `json:"processKeys"`
	Reason      string    `json:"reason"`
	CreatedBy   string    `json:"createdBy"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
	BatchID     engine.ID `json:"batchId,omitzero"`
}

// Covers reports whether the delegation is for a process at a time.
func (d Delegation) Covers(processKey string, at time.Time) bool {
	return !at.Before(d.From) && at.Before(d.To) && (len(d.ProcessKeys) == 0 || slices.Contains(d.ProcessKeys, processKey))
}

// meets reports whether two delegations of a person are for the same process at the same time.
func (d Delegation) meets(o Delegation) bool {
	shared := len(d.ProcessKeys) == 0 || len(o.ProcessKeys) == 0 || slices.ContainsFunc(d.ProcessKeys, func(key string) bool { return slices.Contains(o.ProcessKeys, key) })
	return shared && d.From.Before(o.To) && o.From.Before(d.To)
}

const delegationColumns = `d.id, d.owner, d.substitute, d.begins_at, d.ends_at, d.process_keys, d.reason, d.created_by, d.version, d.created_at, d.updated_at
 FROM workflow_delegation d`

func (d *Delegation) fields() []any {
	return []any{&d.ID, &d.Owner, &d.Substitute, &d.From, &d.To, (*nameList)(&d.ProcessKeys), &d.Reason, &d.CreatedBy, &d.Version, &d.CreatedAt, &d.UpdatedAt}
}

// The views of delegations.
const (
	OwnDelegations   = "mine"
	Substituting     = "substituting"
	EveryDelegation  = "all"
	maxDelegations   = 10_000
	delegationsOfOne = `SELECT ` + delegationColumns + ` WHERE d.owner = ? AND d.ends_at > ? FOR UPDATE`
	// Somebody who cannot log in stands in for nobody.
	delegationsFrom = `SELECT ` + delegationColumns + ` JOIN sys_user u ON u.username = d.substitute AND u.enabled = 1 WHERE d.ends_at > ? ORDER BY d.ends_at LIMIT ?`
)

// DelegationList names the list of delegations.
var DelegationList = page.List{Name: "delegations", Sorts: []string{"-createdAt"}, Filters: []page.Filter{
	{Name: "view", Values: []string{OwnDelegations, Substituting, EveryDelegation}, Summary: "whose: without it those of oneself; substituting are those in which one stands in; all is for administrators"},
}}

func delegationsOf(view, username string) (list[Delegation], query) {
	l := list[Delegation]{
		columns: delegationColumns, count: "workflow_delegation d", sort: byID("d.id"), scan: into((*Delegation).fields),
		key: func(d Delegation) []string { return []string{d.ID.String()} },
	}
	q := query{}
	switch view {
	case Substituting:
		q.where("d.substitute = ?", username)
	case EveryDelegation:
	default:
		q.where("d.owner = ?", username)
	}
	return l, q
}

// Delegations lists the delegations of a view of a person.
func (s *Store) Delegations(ctx context.Context, view, username string, r page.Request) (page.Page[Delegation], error) {
	l, q := delegationsOf(view, username)
	return l.read(ctx, s, q, r)
}

// Delegation returns one delegation, or ErrNoDelegation.
func (s *Store) Delegation(ctx context.Context, id engine.ID) (Delegation, error) {
	var d Delegation
	err := s.DB.QueryRow(ctx, d.fields(), `SELECT `+delegationColumns+` WHERE d.id = ?`, id[:])
	return d, absent(err, ErrNoDelegation)
}

// DelegationsFrom returns the delegations that are not over at a time and whose substitutes may log in: at most 10,000,
// those that end first.
func (s *Store) DelegationsFrom(ctx context.Context, now time.Time) ([]Delegation, error) {
	rows, err := s.DB.Query(ctx, delegationsFrom, now, maxDelegations)
	list, err := collect(rows, err, into((*Delegation).fields))
	if err != nil {
		return nil, fmt.Errorf("delegations: %w", err)
	}
	return list, nil
}

// NewDelegation is a delegation to add, with the batch that hands over what is open; nil: nothing is.
type NewDelegation struct {
	Delegation  *Delegation
	Batch       *Batch
	Of          BatchOf
	Idempotency *Idempotency
	Answer      func(Delegation) (Recorded, error)
}

// CreateDelegation inserts a delegation, its batch and the answer, or nothing. Where nothing is open there is no batch:
// n.Batch becomes nil. Errors: ErrUnknownOwner, ErrOverlap, ErrBatchTooLarge, ErrRepeated.
func (s *Store) CreateDelegation(ctx context.Context, n *NewDelegation) error {
	return s.inClaim(ctx, func(tx *sql.Tx) error {
		d := *n.Delegation
		if err := alone(ctx, tx, d); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_delegation (id, owner, substitute, begins_at, ends_at, process_keys, reason, created_by, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			d.ID[:], d.Owner, d.Substitute, d.From, d.To, nameList(d.ProcessKeys), d.Reason, d.CreatedBy, d.Version, d.CreatedAt, d.UpdatedAt)
		if err != nil {
			return err
		}
		if n.Batch != nil {
			switch err := s.insertBatch(ctx, tx, n.Batch, n.Of); {
			case errors.Is(err, ErrBatchEmpty):
			case err != nil:
				return err
			default:
				d.BatchID = n.Batch.ID
			}
		}
		a, err := n.Answer(d)
		if err != nil {
			return err
		}
		*n.Delegation = d
		return n.Idempotency.Record(ctx, tx, a, d.CreatedAt)
	})
}

// alone holds that no other delegation of the owner meets one that is about to be written. The owner's row is locked:
// of two at once one waits for the other.
func alone(ctx context.Context, tx *sql.Tx, d Delegation) error {
	found, err := exists(ctx, tx, `SELECT 1 FROM sys_user WHERE username = ? FOR UPDATE`, d.Owner)
	if err == nil && !found {
		return unknown(ErrUnknownOwner, "/owner", d.Owner)
	}
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, delegationsOfOne, d.Owner, d.From)
	others, err := collect(rows, err, into((*Delegation).fields))
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.ID != d.ID && o.meets(d) {
			return ErrOverlap
		}
	}
	return nil
}

// UpdateDelegation writes everything but the id and the owner where the row still has d.Version, and counts the version
// up. Errors: ErrPeopleStale, ErrOverlap, ErrUnknownOwner.
func (s *Store) UpdateDelegation(ctx context.Context, d Delegation) error {
	return s.inClaim(ctx, func(tx *sql.Tx) error {
		if err := alone(ctx, tx, d); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE workflow_delegation SET substitute = ?, begins_at = ?, ends_at = ?, process_keys = ?, reason = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?`,
			d.Substitute, d.From, d.To, nameList(d.ProcessKeys), d.Reason, d.UpdatedAt, d.ID[:], d.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// DeleteDelegation removes a delegation, or returns ErrNoDelegation. What was handed over stays so.
func (s *Store) DeleteDelegation(ctx context.Context, id engine.ID) error {
	return s.write(ctx, ErrNoDelegation, `DELETE FROM workflow_delegation WHERE id = ?`, id[:])
}
