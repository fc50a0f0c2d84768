package camunda

import (
	"context"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
)

// PastJob is one thing that happened to a job: of a worker, or of the engine itself.
type PastJob struct {
	ID            string  `json:"id"`
	Time          Date    `json:"timestamp"`
	Removal       Date    `json:"removalTime"`
	External      string  `json:"externalTaskId"`
	Topic         *string `json:"topicName"`
	Worker        *string `json:"workerId"`
	Retries       int     `json:"retries"`
	Priority      int64   `json:"priority"`
	Message       *string `json:"errorMessage"`
	Activity      string  `json:"activityId"`
	Execution     string  `json:"executionId"`
	Instance      string  `json:"processInstanceId"`
	Definition    string  `json:"processDefinitionId"`
	DefinitionKey string  `json:"processDefinitionKey"`
	Tenant        *string `json:"tenantId"`
	Root          string  `json:"rootProcessInstanceId"`
	CreationLog   bool    `json:"creationLog"`
	FailureLog    bool    `json:"failureLog"`
	SuccessLog    bool    `json:"successLog"`
	DeletionLog   bool    `json:"deletionLog"`

	job, side, failed string // of a job of the engine: its id, what kind of continuation it is (empty: a timer), where it failed
	due               time.Time
	details           string // of a failure
}

// PastEngineJob is one thing that happened to a job of the engine itself.
type PastEngineJob struct {
	ID             string  `json:"id"`
	Time           Date    `json:"timestamp"`
	Removal        Date    `json:"removalTime"`
	Job            string  `json:"jobId"`
	Due            Date    `json:"jobDueDate"`
	Retries        int     `json:"jobRetries"`
	Priority       int64   `json:"jobPriority"`
	Message        *string `json:"jobExceptionMessage"`
	FailedActivity *string `json:"failedActivityId"`
	JobDefinition  string  `json:"jobDefinitionId"`
	Type           string  `json:"jobDefinitionType"`
	Configuration  string  `json:"jobDefinitionConfiguration"`
	Activity       string  `json:"activityId"`
	Execution      string  `json:"executionId"`
	Instance       string  `json:"processInstanceId"`
	Definition     string  `json:"processDefinitionId"`
	DefinitionKey  string  `json:"processDefinitionKey"`
	Deployment     *string `json:"deploymentId"`
	Root           string  `json:"rootProcessInstanceId"`
	Tenant         *string `json:"tenantId"`
	Host           *string `json:"hostname"`
	Batch          *string `json:"batchId"`
	CreationLog    bool    `json:"creationLog"`
	FailureLog     bool    `json:"failureLog"`
	SuccessLog     bool    `json:"successLog"`
	DeletionLog    bool    `json:"deletionLog"`

	of PastJob
}

// engineJob shows an entry of the log of a job that is nobody's work but the engine's.
func (f *past) engineJob(l PastJob) PastEngineJob {
	j := PastEngineJob{
		ID: l.ID, Time: l.Time, Removal: l.Removal, Job: l.job, Due: Date{l.due}, Retries: l.Retries, Priority: l.Priority, Message: l.Message,
		FailedActivity: pointer(l.failed), JobDefinition: jobDefinitionID(f.DefinitionID, l.Activity, l.side), Activity: l.Activity, Execution: l.Execution,
		Instance: l.Instance, Definition: l.Definition, DefinitionKey: l.DefinitionKey, Root: l.Root,
		CreationLog: l.CreationLog, FailureLog: l.FailureLog, SuccessLog: l.SuccessLog, DeletionLog: l.DeletionLog, of: l,
	}
	n := f.process.Node(l.Activity)
	switch {
	case l.side != "":
		j.Type, j.Configuration = asyncJob, strings.TrimPrefix(l.side, oneInstance)
		if strings.HasPrefix(l.side, oneInstance) || n == nil || n.MultiInstance == nil {
			break
		}
		j.Activity += multiInstanceBody
	case n != nil && n.Event != nil && n.Event.Timer != nil:
		j.Type, j.Configuration = timerType(n), timerConfiguration(n.Event.Timer)
	}
	return j
}

// JobLog lists what happened to the jobs of the engine itself.
func (s *Service) JobLog(ctx context.Context, p access.Principal, q Query) ([]PastEngineJob, int, error) {
	wants := func(l PastEngineJob) bool {
		return q.is("logId", l.ID) && q.is("jobId", l.Job) && q.is("jobExceptionMessage", textOf(l.Message)) && q.is("jobDefinitionId", l.JobDefinition) && q.is("jobDefinitionType", l.Type) &&
			q.is("jobDefinitionConfiguration", l.Configuration) && q.in("activityIdIn", l.Activity) && q.in("failedActivityIdIn", textOf(l.FailedActivity)) && q.in("executionIdIn", l.Execution) &&
			l.Priority >= int64(q.Number("jobPriorityHigherThanOrEquals", int(l.Priority))) && l.Priority <= int64(q.Number("jobPriorityLowerThanOrEquals", int(l.Priority))) &&
			q.holds("creationLog", l.CreationLog) && q.holds("failureLog", l.FailureLog) && q.holds("successLog", l.SuccessLog) && q.holds("deletionLog", l.DeletionLog) && q.unowned()
	}
	order := sorts[PastEngineJob]{}
	for name, compare := range jobLogSorts {
		order[name] = func(a, b PastEngineJob) int { return compare(a.of, b.of) }
	}
	return history(ctx, s, p, q, part[PastEngineJob]{(*past).engineJobs, wants, order})
}

func (f *past) engineJobs() []PastEngineJob {
	var list []PastEngineJob
	for _, l := range f.jobs {
		if l.External == "" {
			list = append(list, f.engineJob(l))
		}
	}
	return list
}

// ExternalLog lists what happened to external tasks.
func (s *Service) ExternalLog(ctx context.Context, p access.Principal, q Query) ([]PastJob, int, error) {
	wants := func(l PastJob) bool {
		return l.External != "" && q.is("logId", l.ID) && q.is("externalTaskId", l.External) && q.is("topicName", textOf(l.Topic)) && q.is("errorMessage", textOf(l.Message)) &&
			q.in("activityIdIn", l.Activity) && q.is("activityId", l.Activity) && q.in("executionIdIn", l.Execution) && q.holds("creationLog", l.CreationLog) && q.holds("failureLog", l.FailureLog) &&
			q.holds("successLog", l.SuccessLog) && q.holds("deletionLog", l.DeletionLog) && q.unowned()
	}
	return history(ctx, s, p, q, part[PastJob]{func(f *past) []PastJob { return f.jobs }, wants, jobLogSorts})
}

// log notes what happened to a job.
func (f *past) log(j engine.Job, c *engine.Change) {
	x := scene{f.state, f.process}
	l := PastJob{
		ID: fmt.Sprintf("%s:%d:%d", x.ID, f.at.Seq, len(f.jobs)), Time: Date{f.at.At}, Retries: j.Retries, Priority: j.Priority, Activity: j.Node,
		Execution: ExecutionID(x.ID, j.Token), Instance: x.ID.String(), Definition: x.definition(), DefinitionKey: x.ProcessKey, Root: f.scene.Root().String(), due: j.DueAt,
	}
	switch j.Kind {
	case engine.ExternalJob:
		l.External, l.Topic = j.ID.String(), pointer(j.Topic)
	case engine.BeforeJob:
		l.job, l.side = j.ID.String(), x.ofInstance(j.Token)+asyncBefore
	case engine.AfterJob:
		l.job, l.side = j.ID.String(), x.ofInstance(j.Token)+asyncAfter
	default:
		l.job = j.ID.String()
	}
	switch c.Kind {
	case engine.JobCreated, engine.TimerCreated:
		l.CreationLog = true
	case engine.JobFailed, engine.TimerRetried:
		l.FailureLog, l.Message, l.failed, l.details = true, pointer(c.Reason), c.Failed, c.Comment
	case engine.JobCompleted, engine.TimerFired:
		l.SuccessLog = true
	default:
		l.DeletionLog = true
	}
	f.jobs = append(f.jobs, l)
}

// timer notes what happened to a timer, which is a job to Camunda. Retries that somebody has set are no entry.
func (f *past) timer(id engine.ID, c *engine.Change) {
	t := f.state.Timer(id)
	if t == nil || c.Kind == engine.TimerRetried && c.Reason == "" {
		return
	}
	f.log(engine.Job{ID: t.ID, Token: t.Token, Node: t.Node, Retries: t.TriesLeft(), DueAt: t.DueAt}, c)
}
