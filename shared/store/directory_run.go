package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrNoRun: there is no run of a directory with this id.
var ErrNoRun = fault.New(fault.NotFound, "directory_run_not_found", "There is no such run of a directory.")

// The states of a run.
const (
	RunWaiting = "waiting"
	RunRunning = "running"
	RunDone    = "done"
	RunStopped = "stopped" // too many people would be disabled
	RunFailed  = "failed"
)

// DirectoryRun is one comparison of a directory with what is here, and what it changed.
type DirectoryRun struct {
	ID        engine.ID
	Directory string // name
	DryRun    bool
	Forced    bool
	AskedBy   string // username, or system
	State     string
	CreatedAt time.Time
	EndedAt   *time.Time
	Report    json.RawMessage // nil while there is none
}

const runColumns = `id, directory, dry_run, forced, asked_by, state, created_at, ended_at, report FROM sys_directory_run`

func (r *DirectoryRun) fields() []any {
	return []any{&r.ID, &r.Directory, &r.DryRun, &r.Forced, &r.AskedBy, &r.State, &r.CreatedAt, &r.EndedAt, (*[]byte)(&r.Report)}
}

// keptRuns is how many ended runs of one directory are kept.
const keptRuns = 50

// AddDirectoryRun writes a run that waits, and the answer to the request. It returns ErrRepeated.
func (s *Store) AddDirectoryRun(ctx context.Context, r DirectoryRun, i *Idempotency, answer Recorded) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, r.CreatedAt); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sys_directory_run (id, directory, dry_run, forced, asked_by, state, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			r.ID[:], r.Directory, r.DryRun, r.Forced, r.AskedBy, RunWaiting, r.CreatedAt); err != nil {
			return err
		}
		action := "directory.sync"
		if r.DryRun {
			action = "directory.dry-run"
		}
		return insertAudit(ctx, tx, Audit{Action: action, ObjectType: "directory", ObjectID: r.ID.String(), ObjectName: r.Directory, Decision: DecidedDone})
	})
}

// DirectoryRun returns a run: ErrNoRun when there is none.
func (s *Store) DirectoryRun(ctx context.Context, id engine.ID) (DirectoryRun, error) {
	var r DirectoryRun
	err := s.DB.QueryRow(ctx, r.fields(), `SELECT `+runColumns+` WHERE id = ?`, id[:])
	return r, absent(err, ErrNoRun)
}

// LastDirectoryRun returns the newest run of a directory: ErrNoRun when there was none. Where scheduled is true those
// that somebody asked for do not count.
func (s *Store) LastDirectoryRun(ctx context.Context, directory string, scheduled bool) (DirectoryRun, error) {
	var r DirectoryRun
	condition := ` WHERE directory = ?`
	if scheduled {
		condition += ` AND asked_by = '` + system + `'`
	}
	err := s.DB.QueryRow(ctx, r.fields(), `SELECT `+runColumns+condition+` ORDER BY id DESC LIMIT 1`, directory)
	return r, absent(err, ErrNoRun)
}

// ScheduleDirectoryRun writes a run that waits unless the directory has a scheduled one that is not older than since:
// of several processes one writes it.
func (s *Store) ScheduleDirectoryRun(ctx context.Context, r DirectoryRun, since time.Time) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sys_directory_run (id, directory, dry_run, forced, asked_by, state, created_at)
SELECT ?, ?, 0, 0, ?, ?, ? FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM sys_directory_run WHERE directory = ? AND asked_by = ? AND created_at >= ?)`,
			r.ID[:], r.Directory, system, RunWaiting, r.CreatedAt, r.Directory, system, since)
		return err
	})
}

// OpenDirectoryRuns returns the runs that wait, or whose process has gone away, the oldest first.
func (s *Store) OpenDirectoryRuns(ctx context.Context, now time.Time) ([]DirectoryRun, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+runColumns+` WHERE state = ? OR state = ? AND leased_until < ? ORDER BY id LIMIT 20`, RunWaiting, RunRunning, now)
	return collect(rows, err, into((*DirectoryRun).fields))
}

// ClaimDirectoryRun takes a run until a time; false says that another process has it, or another run of the directory.
func (s *Store) ClaimDirectoryRun(ctx context.Context, r DirectoryRun, now, until time.Time) (bool, error) {
	claimed := false
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		claimed = false
		var others int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sys_directory_run WHERE directory = ? AND state = ? AND leased_until >= ? FOR UPDATE`,
			r.Directory, RunRunning, now).Scan(&others); err != nil || others > 0 {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE sys_directory_run SET state = ?, leased_until = ? WHERE id = ? AND (state = ? OR state = ? AND leased_until < ?)`,
			RunRunning, until, r.ID[:], RunWaiting, RunRunning, now)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		claimed = n == 1
		return err
	})
	return claimed, err
}

// EndDirectoryRun writes what became of a run, and forgets the oldest of its directory.
func (s *Store) EndDirectoryRun(ctx context.Context, r DirectoryRun) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE sys_directory_run SET state = ?, ended_at = ?, report = ?, leased_until = NULL WHERE id = ?`,
			r.State, r.EndedAt, []byte(r.Report), r.ID[:]); err != nil {
			return err
		}
		var oldest engine.ID
		err := tx.QueryRowContext(ctx, `SELECT id FROM sys_directory_run WHERE directory = ? AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?`, r.Directory, keptRuns).Scan(&oldest)
		if err = absent(err, nil); err != nil || oldest.IsZero() {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sys_directory_run WHERE directory = ? AND ended_at IS NOT NULL AND id <= ?`, r.Directory, oldest[:])
		return err
	})
}
