package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrJobLock: the job is not the worker's.
var ErrJobLock = fault.New(fault.Conflict, "job_locked_by_another", "Another worker has the job, or its lock has expired.")

// JobClaim is a worker's wish for up to Limit jobs of a topic, which nobody else gets until Until.
type JobClaim struct {
	Worker string
	Topic  string
	Limit  int
	Now    time.Time
	Until  time.Time
	Filter ClaimFilter
}

// ClaimFilter narrows the jobs that a worker wants; zero fields do not.
type ClaimFilter struct {
	ProcessKeys []string
	BusinessKey *string // "" is none
}

// text returns the condition and its arguments.
func (f ClaimFilter) text() (string, []any) {
	q := query{}
	if len(f.ProcessKeys) > 0 {
		arguments := make([]any, len(f.ProcessKeys))
		for i, key := range f.ProcessKeys {
			arguments[i] = key
		}
		q.where("process_key IN ("+placeholders(len(arguments))+")", arguments...)
	}
	if f.BusinessKey != nil {
		q.where("IFNULL(business_key, '') = ?", *f.BusinessKey)
	}
	if len(q.conditions) == 0 {
		return "", nil
	}
	return " AND " + strings.Join(q.conditions, " AND "), q.arguments
}

// candidates finds the jobs of a topic that may be free, in no order.
func (c JobClaim) candidates() (string, []any) {
	more, arguments := c.Filter.text()
	text := strings.ReplaceAll(jobCandidates, " ORDER BY", more+" ORDER BY")
	fresh := append(append([]any{c.Topic}, arguments...), c.Limit+spare)
	return text, append(append(append(fresh, c.Topic, c.Now), arguments...), maxDue)
}

// FetchJobs leases external jobs to a worker, those of a higher priority first, then the older ones:
// jobs with retries left, that are due, that nobody has, or whose lock has expired, of instances that
// are not suspended. While several fetch at once one may get fewer than there are.
func (s *Store) FetchJobs(ctx context.Context, c JobClaim) ([]Job, error) {
	if c.Topic == "" || c.Limit <= 0 {
		return nil, nil
	}
	return s.claimJobs(ctx, c, freeExternal)
}

// ClaimContinuations leases asynchronous continuations until now+lease, in the order of FetchJobs.
func (s *Store) ClaimContinuations(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]Job, error) {
	return s.claimJobs(ctx, JobClaim{Limit: limit, Now: now, Until: now.Add(lease)}, freeContinuations)
}

const (
	// jobCandidates are the jobs that nobody has had, in their order, and those whose lock or pause is over,
	// by the time at which it was: neither what others have nor what is not due is looked at. Both parts
	// are read from the index alone.
	jobCandidates = `(SELECT id, precedence FROM workflow_job WHERE topic = ? AND suspended = 0 AND locked_until IS NULL ORDER BY precedence, id LIMIT ?)
UNION ALL (SELECT id, precedence FROM workflow_job WHERE topic = ? AND suspended = 0 AND locked_until <= ? ORDER BY locked_until LIMIT ?)`

	// maxDue is how many jobs of the second kind are looked at, and put in their order.
	maxDue = 500

	readJobs = `SELECT ` + jobColumns + ` FROM workflow_job j` + byPrimary
	freeJobs = ` AND j.suspended = 0 AND (j.locked_until IS NULL OR j.locked_until <= ?)`
	markJobs = `UPDATE workflow_job` + byPrimary + ` SET worker_id = ?, locked_until = ?`

	// The kind is asked for beside the topic: to the database a topic of blanks is the empty one.
	freeExternal      = freeJobs + ` AND j.kind = 1 FOR UPDATE SKIP LOCKED`
	freeContinuations = freeJobs + ` AND j.kind > 1 FOR UPDATE SKIP LOCKED`
)

// candidate is a row of jobCandidates.
type candidate struct {
	id         engine.ID
	precedence int64
}

func (s *Store) claimJobs(ctx context.Context, c JobClaim, free string) ([]Job, error) {
	c.Until = c.Until.Truncate(time.Millisecond) // as the column keeps it
	text, arguments := c.candidates()
	rows, err := s.DB.Query(ctx, text, arguments...)
	found, err := collect(rows, err, into(func(c *candidate) []any { return []any{&c.id, &c.precedence} }))
	if err != nil {
		return nil, fmt.Errorf("jobs of %q: %w", c.Topic, err)
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.precedence, b.precedence), bytes.Compare(a.id[:], b.id[:]))
	})
	taken, err := claim[Job]{
		candidates: ids(found, func(c candidate) engine.ID { return c.id }), limit: c.Limit, read: readJobs, scan: scanJob,
		id: func(j Job) engine.ID { return j.ID }, free: free, freeArguments: []any{c.Now}, mark: markJobs, markArguments: []any{null(c.Worker), c.Until},
	}.take(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("jobs of %q: %w", c.Topic, err)
	}
	for i := range taken {
		if taken[i].WorkerID, taken[i].LockExpiresAt = pointer(c.Worker), nil; c.Worker != "" {
			taken[i].LockExpiresAt = &c.Until
		}
	}
	slices.SortFunc(taken, func(a, b Job) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return taken, nil
}

// ExtendJob lets a worker keep a job that it has until another time. It returns ErrJobLock when the
// worker's lock is gone, ErrNoJob when the job is.
func (s *Store) ExtendJob(ctx context.Context, id engine.ID, worker string, until, now time.Time) error {
	return s.lockJob(ctx, id, worker, until, func(holder string, lockedUntil time.Time) bool { return holder == worker && now.Before(lockedUntil) })
}

// LockJob gives one job to a worker until another time, if it is the worker's or nobody's, and no pause
// after a failure lasts. The errors are those of ExtendJob.
func (s *Store) LockJob(ctx context.Context, id engine.ID, worker string, until, now time.Time) error {
	return s.lockJob(ctx, id, worker, until, func(holder string, lockedUntil time.Time) bool { return holder == worker || !now.Before(lockedUntil) })
}

// ReleaseJob gives back a job that the worker has. The errors are those of ExtendJob.
func (s *Store) ReleaseJob(ctx context.Context, id engine.ID, worker string, now time.Time) error {
	return s.lockJob(ctx, id, "", now, func(holder string, lockedUntil time.Time) bool { return holder == worker && now.Before(lockedUntil) })
}

// lockJob is all of them: the job is the worker's until then, nobody's where there is no name. may says by who has
// the job whether that may be.
func (s *Store) lockJob(ctx context.Context, id engine.ID, worker string, until time.Time, may func(holder string, lockedUntil time.Time) bool) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var holder sql.NullString
		var lockedUntil sql.NullTime
		err := tx.QueryRowContext(ctx, `SELECT worker_id, locked_until FROM workflow_job WHERE id = ? FOR UPDATE`, id[:]).Scan(&holder, &lockedUntil)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNoJob
		case err != nil:
			return err
		case !may(holder.String, lockedUntil.Time):
			return ErrJobLock
		}
		_, err = tx.ExecContext(ctx, `UPDATE workflow_job SET worker_id = ?, locked_until = ? WHERE id = ?`, null(worker), until, id[:])
		return err
	})
}
