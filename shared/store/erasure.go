package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// What is said of erasures.
var (
	ErrUserEnabled = fault.New(fault.Conflict, "user_enabled", "The account is enabled: disable it first.")
	ErrUserErased  = fault.New(fault.Conflict, "user_erased", "The person's data were erased, or are being.")
)

// Erasure is what has become of the request to erase a person's data. Waiting is how many instances the last round left
// because they run or are held; they are looked at again. EndedAt is when nothing more was found.
type Erasure struct {
	UserID    engine.ID  `json:"userId"`
	Username  string     `json:"username"`
	Pseudonym string     `json:"pseudonym"`
	Reason    string     `json:"reason"`
	AskedBy   string     `json:"askedBy"`
	AskedAt   time.Time  `json:"askedAt"`
	Changed   int        `json:"changed"` // instances and other rows
	Waiting   int        `json:"waiting"`
	EndedAt   *time.Time `json:"endedAt"`
}

const erasureColumns = `user_id, username, pseudonym, reason, asked_by, asked_at, changed, waiting, ended_at FROM sys_erasure`

func (e *Erasure) fields() []any {
	return []any{&e.UserID, &e.Username, &e.Pseudonym, &e.Reason, &e.AskedBy, &e.AskedAt, &e.Changed, &e.Waiting, &e.EndedAt}
}

// ErasureList names the list of erasures, in the order of the users' ids.
var ErasureList = page.List{Name: "erasures", Sorts: []string{"userId"}}

// Erasures reads one page of erasures.
func (s *Store) Erasures(ctx context.Context, r page.Request) (page.Page[Erasure], error) {
	l := list[Erasure]{columns: erasureColumns, count: "sys_erasure", sort: byID("user_id"), scan: into((*Erasure).fields), key: func(e Erasure) []string { return []string{e.UserID.String()} }}
	return l.read(ctx, s, query{}, r)
}

// partOfHeld finds out whether somebody took part in an instance that is held.
const partOfHeld = `SELECT 1 FROM workflow_instance i WHERE ` + heldInstance + ` AND (i.starter = ? OR i.started_by = ?
 OR EXISTS (SELECT 1 FROM workflow_task t WHERE t.instance_id = i.id AND (t.assignee = ? OR t.owner = ? OR t.ended_by = ?))
 OR EXISTS (SELECT 1 FROM workflow_history y WHERE y.instance_id = i.id AND y.actor = ?)
 OR EXISTS (SELECT 1 FROM workflow_comment c WHERE c.instance_id = i.id AND c.author = ?)) LIMIT 1`

// holdsPerson returns ErrUserHeld where a person or an instance that he took part in is held.
func holdsPerson(ctx context.Context, tx *sql.Tx, id engine.ID, username string) error {
	if err := checkHold(ctx, tx, userHeld, id, ErrUserHeld); err != nil {
		return err
	}
	open, err := exists(ctx, tx, `SELECT 1 FROM workflow_hold WHERE lifted_at IS NULL LIMIT 1`)
	if err != nil || !open {
		return err
	}
	part, err := exists(ctx, tx, partOfHeld, username, username, username, username, username, username, username)
	if err == nil && part {
		err = ErrUserHeld
	}
	return err
}

// Of a person: rows by the id, and by the username. What others see, too, such as a public template, stays.
var (
	erasedByID = []string{
		`DELETE FROM sys_user_role WHERE user_id = ?`, `DELETE FROM sys_user_group WHERE user_id = ?`, `DELETE FROM sys_user_post WHERE user_id = ?`,
		`DELETE FROM sys_session WHERE user_id = ?`, `DELETE FROM sys_api_token WHERE user_id = ?`, `DELETE FROM sys_password_history WHERE user_id = ?`,
		`DELETE FROM sys_phrase WHERE user_id = ?`, `DELETE FROM sys_identity WHERE object_id = ?`,
		`UPDATE sys_department d JOIN sys_user u ON u.username = d.head SET d.head = NULL, d.version = d.version + 1 WHERE u.id = ?`,
	}
	erasedByName = []string{
		`DELETE FROM workflow_saved_filter WHERE owner = ?`, `DELETE FROM workflow_notification WHERE username = ?`, `DELETE FROM workflow_notification_preference WHERE username = ?`,
		`DELETE FROM workflow_delivery WHERE username = ?`, `DELETE FROM workflow_draft WHERE owner = ?`, `DELETE FROM workflow_template WHERE owner = ? AND public = 0`,
		`DELETE FROM workflow_delegation WHERE owner = ?`, `DELETE FROM workflow_delegation WHERE substitute = ?`, `DELETE FROM workflow_task_link WHERE username = ?`,
		`DELETE FROM workflow_copy WHERE username = ?`, `DELETE FROM workflow_idempotency WHERE principal = ?`, unuseOwn,
		`DELETE FROM workflow_file WHERE owner = ? AND instance_id IS NULL`,
	}
)

// EraseUser takes what a person is called and what is his alone out of the account, which stays with its username, and
// leaves to EraseRound what is elsewhere. Errors: ErrNoUser, ErrUserEnabled, ErrUserHeld, ErrUserErased.
func (s *Store) EraseUser(ctx context.Context, e Erasure) error {
	return s.inAudited(ctx, act{"user.erase", kindUser, e.UserID}, func(tx *sql.Tx) error {
		u := User{ID: e.UserID}
		err := tx.QueryRowContext(ctx, `SELECT username, display_name, email, enabled FROM sys_user WHERE id = ? FOR UPDATE`, e.UserID[:]).Scan(&u.Username, &u.DisplayName, &u.Email, &u.Enabled)
		switch err = absent(err, ErrNoUser); {
		case err != nil:
			return err
		case u.Enabled:
			return ErrUserEnabled
		}
		if err := holdsPerson(ctx, tx, u.ID, u.Username); err != nil {
			return err
		}
		looked, err := json.Marshal(termsOf(u))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sys_erasure (user_id, username, pseudonym, reason, asked_by, asked_at, terms, passed, changed, waiting, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`,
			u.ID[:], u.Username, e.Pseudonym, e.Reason, e.AskedBy, e.AskedAt, string(looked), make([]byte, 16), e.AskedAt)
		if err := taken(err, ErrUserErased); err != nil {
			return err
		}
		return eraseAccount(ctx, tx, u, e)
	})
}

func eraseAccount(ctx context.Context, tx *sql.Tx, u User, e Erasure) error {
	for _, text := range erasedByID {
		if _, err := tx.ExecContext(ctx, text, u.ID[:]); err != nil {
			return err
		}
	}
	for _, text := range erasedByName {
		if _, err := tx.ExecContext(ctx, text, u.Username); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE sys_user SET display_name = ?, email = '', title = '', department_id = NULL, password = ?, password_at = NULL, must_change = 0,
 token_version = token_version + 1, version = version + 1, updated_at = ? WHERE id = ?`, e.Pseudonym, NoPassword, e.AskedAt, u.ID[:])
	return err
}

// again is after how long a round begins that looks at what had to wait.
const again = time.Hour

// EraseRound goes on with one erasure that is due, until it is over or the time is up, and reports whether there was one.
// Who else asks for one meanwhile, within the lease, does not get it.
func (s *Store) EraseRound(ctx context.Context, now time.Time, lease time.Duration) (bool, error) {
	var x erasing
	var looked []byte
	err := s.inClaim(ctx, func(tx *sql.Tx) error {
		x = erasing{store: s, end: now.Add(lease / 2)}
		err := tx.QueryRowContext(ctx, `SELECT terms, passed, `+erasureColumns+` WHERE due_at <= ? ORDER BY due_at LIMIT 1 FOR UPDATE`, now).Scan(append([]any{&looked, &x.passed}, x.Erasure.fields()...)...)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE sys_erasure SET due_at = ? WHERE user_id = ?`, now.Add(lease), x.UserID[:])
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		err = x.round(ctx, looked)
	}
	if err != nil {
		return true, fmt.Errorf("erasure of %s: %w", x.UserID, err)
	}
	return true, nil
}

// round looks through the instances behind the one that the last round has come to, and at last through the rest.
func (x *erasing) round(ctx context.Context, looked []byte) error {
	var list []term
	if err := json.Unmarshal(looked, &list); err != nil {
		return err
	}
	list, err := x.store.meet(ctx, list, x.Username)
	if err != nil {
		return err
	}
	x.terms = terms{list: list, username: x.Username, pseudonym: x.Pseudonym}
	if x.passed.IsZero() {
		x.Waiting = 0
	}
	over, err := x.instances(ctx)
	if err == nil && over {
		err = x.elsewhere(ctx)
	}
	if err != nil {
		return err
	}
	return x.store.write(ctx, ErrNoUser, `UPDATE sys_erasure SET passed = ?, changed = ?, waiting = ?, due_at = ?, ended_at = ?, terms = ? WHERE user_id = ?`,
		append(x.outcome(over, looked), x.UserID[:])...)
}

// outcome are the columns that a round writes: the terms are forgotten when nothing waits.
func (x *erasing) outcome(over bool, looked []byte) []any {
	now := time.Now().UTC().Truncate(time.Millisecond)
	switch {
	case !over:
		return []any{x.passed[:], x.Changed, x.Waiting, now, nil, string(looked)}
	case x.Waiting > 0:
		return []any{make([]byte, 16), x.Changed, x.Waiting, now.Add(again), nil, string(looked)}
	default:
		return []any{make([]byte, 16), x.Changed, 0, nil, now, nil}
	}
}
