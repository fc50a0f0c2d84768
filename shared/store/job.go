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

// ErrNoJob: there is no such job; the row of a job goes when the job ends.
var ErrNoJob = fault.New(fault.NotFound, "job_not_found", "There is no such job, or it has ended.")

// Job is an open job as the API shows it. DueAt is when it may be tried again. WorkerID is who fetched
// it last, LockExpiresAt until when nobody else may.
type Job struct {
	ID            engine.ID      `json:"id"`
	InstanceID    engine.ID      `json:"instanceId"`
	ProcessKey    string         `json:"processKey"`
	BusinessKey   *string        `json:"businessKey"`
	NodeID        string         `json:"nodeId"`
	Kind          engine.JobKind `json:"kind"`
	Topic         string         `json:"topic"` // empty unless Kind is external
	Priority      int64          `json:"priority"`
	Retries       int            `json:"retries"`
	DueAt         *time.Time     `json:"dueAt"`
	WorkerID      *string        `json:"workerId"`
	LockExpiresAt *time.Time     `json:"lockExpiresAt"`
	CreatedAt     time.Time      `json:"createdAt"`
}

// jobKinds are the kinds as they are stored.
var jobKinds = []engine.JobKind{1: engine.ExternalJob, 2: engine.BeforeJob, 3: engine.AfterJob}

// never is until when a job without retries waits: an operator ends it, not the time.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// notBefore returns the time before which nobody takes a job; nil is at once.
func notBefore(retries int, due time.Time) any {
	if retries <= 0 {
		return never
	}
	return nullTime(due)
}

const insertJob = `INSERT INTO workflow_job (retries, id, instance_id, process_key, business_key, node_id, kind, topic, precedence, due_at, suspended, locked_until, created_at) VALUES `

// jobs writes the rows of jobs, those that are created as they are at the end of the step.
func (w *writer) jobs() {
	var rows turnover
	for i := range w.Changes {
		switch c := &w.Changes[i]; c.Kind {
		case engine.JobCreated:
			rows.create(c.Job.ID)
		case engine.JobCompleted, engine.JobCancelled:
			rows.end(c.JobID)
		}
	}
	values := make([][]any, 0, len(rows.created))
	for _, id := range rows.created {
		values = append(values, w.jobValues(w.After.Job(id)))
	}
	w.insert(insertJob, values, "")
	for i := range w.Changes {
		c := &w.Changes[i]
		if (c.Kind == engine.JobFailed || c.Kind == engine.JobRetried) && !slices.Contains(rows.created, c.JobID) {
			w.change(`UPDATE workflow_job SET retries = ?, due_at = ?, worker_id = NULL, locked_until = ?`, []engine.ID{c.JobID},
				c.Retries, nullTime(c.DueAt), notBefore(c.Retries, c.DueAt))
		}
	}
	for i := range w.Changes {
		if c := &w.Changes[i]; c.Kind == engine.JobChanged && !slices.Contains(rows.created, c.JobID) {
			w.changeJob(c)
		}
	}
	w.remove("workflow_job", rows.ended)
}

func (w *writer) jobValues(j *engine.Job) []any {
	in := w.After
	return []any{
		j.Retries, j.ID[:], in.ID[:], in.ProcessKey, null(in.BusinessKey), j.Node, slices.Index(jobKinds, j.Kind), j.Topic, -j.Priority,
		nullTime(j.DueAt), w.suspended(), notBefore(j.Retries, j.DueAt), j.CreatedAt,
	}
}

const jobColumns = `j.id, j.instance_id, j.process_key, j.business_key, j.node_id, j.kind, j.topic, j.precedence, j.retries, j.due_at, j.worker_id, j.locked_until, j.created_at`

// jobRow scans jobColumns.
type jobRow struct {
	Job
	kind        int
	precedence  int64
	lockedUntil *time.Time
}

func (r *jobRow) destinations() []any {
	return []any{&r.ID, &r.InstanceID, &r.ProcessKey, &r.BusinessKey, &r.NodeID, &r.kind, &r.Topic, &r.precedence, &r.Retries, &r.DueAt,
		&r.WorkerID, &r.lockedUntil, &r.CreatedAt}
}

func (r *jobRow) job() Job {
	r.Kind, r.Priority = jobKinds[r.kind], -r.precedence
	if r.WorkerID != nil {
		r.LockExpiresAt = r.lockedUntil
	}
	return r.Job
}

func scanJob(rows *sql.Rows) (Job, error) {
	var r jobRow
	err := rows.Scan(r.destinations()...)
	return r.job(), err
}

const loadByJob = `SELECT ` + jobColumns + `, i.body FROM workflow_job j JOIN workflow_instance i ON i.id = j.instance_id WHERE j.id = ?`

// LoadByJob returns an open job and the state of its instance in one round trip, or ErrNoJob.
func (s *Store) LoadByJob(ctx context.Context, id engine.ID) (Job, *engine.Instance, error) {
	var r jobRow
	var body []byte
	err := s.DB.QueryRow(ctx, append(r.destinations(), &body), loadByJob, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, nil, ErrNoJob
	}
	if err != nil {
		return Job{}, nil, fmt.Errorf("job %s: %w", id, err)
	}
	in, err := s.decodeInstance(r.InstanceID, body)
	return r.job(), in, err
}

// JobFilter narrows a list of jobs; zero fields do not.
type JobFilter struct {
	InstanceID engine.ID
	ProcessKey string
	Topic      string
	Kind       engine.JobKind
}

// Jobs lists open jobs by the time of their creation (their id).
func (s *Store) Jobs(ctx context.Context, f JobFilter, r page.Request) (page.Page[Job], error) {
	return jobList.read(ctx, s, f.query(), r)
}

var jobList = list[Job]{
	columns: jobColumns + " FROM workflow_job j", count: "workflow_job j", sort: byID("j.id"), scan: scanJob,
	key: func(j Job) []string { return []string{j.ID.String()} },
}

func (f JobFilter) query() query {
	q := query{}
	q.equalID("j.instance_id", f.InstanceID)
	q.equal("j.process_key", f.ProcessKey)
	q.equal("j.topic", f.Topic)
	if f.Kind != "" {
		q.where("j.kind = ?", slices.Index(jobKinds, f.Kind))
	}
	return q
}
