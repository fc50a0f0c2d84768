package camunda

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Job is what the engine does by itself: an asynchronous continuation, a timer, or a step that has failed,
// which an incident of ours stands for.
type Job struct {
	ID             string  `json:"id"`
	JobDefinition  *string `json:"jobDefinitionId"`
	Instance       *string `json:"processInstanceId"`
	Definition     string  `json:"processDefinitionId"`
	DefinitionKey  string  `json:"processDefinitionKey"`
	Execution      *string `json:"executionId"`
	Message        *string `json:"exceptionMessage"`
	FailedActivity *string `json:"failedActivityId"`
	Retries        int     `json:"retries"`
	Due            Date    `json:"dueDate"`
	Suspended      bool    `json:"suspended"`
	Priority       int64   `json:"priority"`
	Tenant         *string `json:"tenantId"`
	Created        Date    `json:"createTime"`
	Batch          *string `json:"batchId"`
	Acquired       bool    `json:"acquired"`

	timer bool
	node  string
}

// defaultRetries is how often Camunda tries a job.
const defaultRetries = 3

// jobs are the jobs of a running instance, the oldest kinds first.
func (x scene) jobs() []Job {
	var list []Job
	job := func(id engine.ID, token int, node string) Job {
		return Job{
			ID: id.String(), Instance: pointer(x.ID.String()), Definition: x.definition(), DefinitionKey: x.ProcessKey,
			Execution: pointer(ExecutionID(x.ID, token)), Retries: defaultRetries, Suspended: x.State == engine.Suspended, node: node,
		}
	}
	for _, j := range x.Jobs {
		if j.Kind != engine.ExternalJob {
			one := job(j.ID, j.Token, j.Node)
			kind := asyncBefore
			if j.Kind == engine.AfterJob {
				kind = asyncAfter
			}
			one.JobDefinition = pointer(jobDefinitionID(x.DefinitionID, j.Node, x.ofInstance(j.Token)+kind))
			one.Retries, one.Priority, one.Due, one.Created = j.Retries, j.Priority, Date{j.DueAt}, Date{j.CreatedAt}
			one.Message, one.FailedActivity = pointer(j.Failure), pointer(j.FailedNode)
			list = append(list, one)
		}
	}
	for _, t := range x.Timers {
		one := job(t.ID, t.Token, t.Node)
		one.Due, one.timer, one.JobDefinition = Date{t.DueAt}, true, pointer(jobDefinitionID(x.DefinitionID, t.Node, ""))
		one.Retries, one.Priority, one.Message, one.FailedActivity = t.TriesLeft(), t.Priority, pointer(t.Failure), pointer(t.FailedNode)
		list = append(list, one)
	}
	for _, i := range x.Incidents {
		if i.Job.IsZero() {
			one := job(i.ID, i.Token, i.Node)
			one.Retries, one.Message, one.FailedActivity, one.Created = 0, pointer(i.Message), pointer(i.Node), Date{i.RaisedAt}
			list = append(list, one)
		}
	}
	return list
}

var jobSorts = sorts[Job]{
	"jobId":                func(a, b Job) int { return cmp.Compare(a.ID, b.ID) },
	"executionId":          func(a, b Job) int { return cmp.Compare(textOf(a.Execution), textOf(b.Execution)) },
	"processInstanceId":    func(a, b Job) int { return cmp.Compare(textOf(a.Instance), textOf(b.Instance)) },
	"processDefinitionId":  func(a, b Job) int { return cmp.Compare(a.Definition, b.Definition) },
	"processDefinitionKey": func(a, b Job) int { return cmp.Compare(a.DefinitionKey, b.DefinitionKey) },
	"jobPriority":          func(a, b Job) int { return cmp.Compare(a.Priority, b.Priority) },
	"jobRetries":           func(a, b Job) int { return cmp.Compare(a.Retries, b.Retries) },
	"jobDueDate":           func(a, b Job) int { return a.Due.Compare(b.Due.Time) },
	"tenantId":             func(Job, Job) int { return 0 },
}

// Jobs lists jobs, the timers of start events among them.
func (s *Service) Jobs(ctx context.Context, p access.Principal, q Query) ([]Job, int, error) {
	running, err := s.running(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	var all []Job
	for _, x := range running {
		all = append(all, x.jobs()...)
	}
	starts, err := s.startTimers(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	now := time.Now()
	var list []Job
	for _, j := range append(all, starts...) {
		if q.wantsJob(j, now) {
			list = append(list, j)
		}
	}
	return finish(q, list, jobSorts)
}

// startTimers are the timers of start events, which belong to no instance.
func (s *Service) startTimers(ctx context.Context, p access.Principal, q Query) ([]Job, error) {
	if !p.SeesAll() || q.Has("processInstanceId") || q.Has("processInstanceIds") || q.Has("executionId") {
		return nil, nil
	}
	timers, err := s.store.Timers(ctx, store.TimerFilter{ProcessKey: q.Text("processDefinitionKey")}, page.Request{Limit: most})
	if err != nil {
		return nil, err
	}
	var list []Job
	for _, t := range timers.Items {
		if !t.InstanceID.IsZero() {
			continue
		}
		d, _, err := s.store.Definition(ctx, t.DefinitionID)
		if err != nil {
			return nil, err
		}
		list = append(list, Job{
			ID: t.ID.String(), Definition: DefinitionID(d.Key, d.Version, d.ID), DefinitionKey: d.Key, Retries: defaultRetries, Due: Date{t.DueAt},
			Suspended: d.Suspended, timer: true, node: t.NodeID, JobDefinition: pointer(jobDefinitionID(d.ID, t.NodeID, "")),
		})
	}
	return list, nil
}

func (q Query) wantsJob(j Job, now time.Time) bool {
	due := j.Due.IsZero() || !j.Due.After(now)
	definition, err := ParseDefinitionID(q.Text("processDefinitionId"))
	return q.is("jobId", j.ID) && q.in("jobIds", j.ID) && q.in("processInstanceIds", textOf(j.Instance)) && q.is("executionId", textOf(j.Execution)) &&
		(!q.Has("processDefinitionId") || err == nil && strings.HasSuffix(j.Definition, definition.String())) && q.is("processDefinitionKey", j.DefinitionKey) &&
		q.is("activityId", j.node) && q.is("failedActivityId", textOf(j.FailedActivity)) && q.holds("timers", j.timer) && q.holds("messages", !j.timer) &&
		q.holds("withException", j.Message != nil) && q.is("exceptionMessage", textOf(j.Message)) && q.holds("withRetriesLeft", j.Retries > 0) &&
		q.holds("noRetriesLeft", j.Retries == 0) && q.holds("executable", j.Retries > 0 && due) && q.holds("active", !j.Suspended) && q.holds("suspended", j.Suspended) &&
		q.times("dueDates", j.Due.Time) && q.times("createTimes", j.Created.Time) &&
		j.Priority >= int64(q.Number("priorityHigherThanOrEquals", int(j.Priority))) && j.Priority <= int64(q.Number("priorityLowerThanOrEquals", int(j.Priority))) &&
		q.is("jobDefinitionId", textOf(j.JobDefinition)) && q.unowned()
}

// times holds lt_date,gt_date of a URL, or [{operator, value}] of a body.
func (q Query) times(name string, at time.Time) bool {
	switch v := q.values[name].(type) {
	case string:
		for part := range strings.SplitSeq(v, ",") {
			operator, text, _ := strings.Cut(part, "_")
			if !timeHolds(operator, text, at) {
				return false
			}
		}
	case []any:
		for _, one := range v {
			m, _ := one.(map[string]any)
			operator, _ := m["operator"].(string)
			text, _ := m["value"].(string)
			if !timeHolds(operator, text, at) {
				return false
			}
		}
	}
	return true
}

func timeHolds(operator, text string, at time.Time) bool {
	limit, err := ParseDate(text)
	return err == nil && !at.IsZero() && (operator == "lt" && at.Before(limit) || operator == "gt" && at.After(limit))
}

// Job returns one job.
func (s *Service) Job(ctx context.Context, p access.Principal, id string) (Job, error) {
	list, _, err := s.Jobs(ctx, p, Query{values: map[string]any{"jobId": id}})
	if err == nil && len(list) == 0 {
		err = NotFound("Job with id %s does not exist", id)
	}
	if err != nil {
		return Job{}, err
	}
	return list[0], nil
}

// ExecuteJob runs a job at once, due or not.
func (s *Service) ExecuteJob(ctx context.Context, call workflow.Call, id string) error {
	parsed, err := engine.ParseID(id)
	if err != nil {
		return noJob(id, nil)
	}
	call.Strict = true
	err = s.workflow.RunJob(ctx, call, parsed)
	if errors.Is(err, engine.ErrSuspended) {
		return As(err, http.StatusNotFound, invalidRequest, "")
	}
	if errors.Is(err, workflow.ErrIncident) || errors.Is(err, engine.ErrOutput) { // which counts as a try, and Camunda answers 404
		node, message, _ := strings.Cut(Failure(err).Message, ": ")
		err = &Error{Status: http.StatusNotFound, Type: invalidRequest, Message: Failure(err).Message, cause: err}
		call.Strict = false
		if counted := s.workflow.CountFailure(ctx, call, parsed, node, message); counted != nil {
			return counted
		}
	}
	return goneJob(err, id)
}

func noJob(id string, cause error) *Error {
	return &Error{Status: http.StatusNotFound, Type: invalidRequest, Message: "No job found with id '" + id + "'", cause: cause}
}

func goneJob(err error, id string) error {
	if errors.Is(err, workflow.ErrNoWork) || errors.Is(err, store.ErrNoJob) || errors.Is(err, engine.ErrNoJob) || errors.Is(err, engine.ErrTimerGone) {
		return noJob(id, err)
	}
	return err
}

// JobChange is the body that changes a job.
type JobChange struct {
	Retries   *int  `json:"retries"`
	Due       Date  `json:"dueDate"`
	NewDue    Date  `json:"duedate"`
	Priority  int64 `json:"priority"`
	Suspended bool  `json:"suspended"`
}

// SetJobRetries sets how often a job may still be tried, and when.
func (s *Service) SetJobRetries(ctx context.Context, call workflow.Call, id string, body JobChange) error {
	parsed, err := engine.ParseID(id)
	if err != nil {
		return setJob(noJob(id, nil), id)
	}
	if body.Retries == nil || *body.Retries < 0 {
		return setJob(BadRequest("The number of job retries must be a non-negative Integer"), id)
	}
	return setJob(s.workflow.SetJobRetries(ctx, call, parsed, *body.Retries, body.Due.Time), id)
}

// SetJobDue makes a job due at another time; without one it is due at once.
func (s *Service) SetJobDue(ctx context.Context, call workflow.Call, id string, body JobChange) error {
	parsed, err := engine.ParseID(id)
	if err != nil {
		return setJob(noJob(id, nil), id)
	}
	due := body.NewDue.Time
	if due.IsZero() {
		due = body.Due.Time
	}
	if due.IsZero() {
		due = time.Now().UTC().Truncate(time.Millisecond)
	}
	return setJob(s.workflow.SetJobDue(ctx, call, parsed, due), id)
}

// SetJobPriority sets the priority of a continuation.
func (s *Service) SetJobPriority(ctx context.Context, call workflow.Call, id string, body JobChange) error {
	parsed, err := engine.ParseID(id)
	if err != nil {
		return noJob(id, nil)
	}
	return goneJob(s.workflow.SetJobPriority(ctx, call, parsed, body.Priority), id)
}

// Trace returns the text of what made a job fail.
func (s *Service) Trace(ctx context.Context, p access.Principal, id string) (string, error) {
	j, err := s.Job(ctx, p, id)
	return textOf(j.Message), err
}
