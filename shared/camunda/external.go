package camunda

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// ExternalTask is a job of a worker.
type ExternalTask struct {
	ID               string  `json:"id"`
	Topic            string  `json:"topicName"`
	Worker           *string `json:"workerId"`
	Activity         string  `json:"activityId"`
	ActivityInstance string  `json:"activityInstanceId"`
	Execution        string  `json:"executionId"`
	Instance         string  `json:"processInstanceId"`
	Definition       string  `json:"processDefinitionId"`
	DefinitionKey    string  `json:"processDefinitionKey"`
	VersionTag       *string `json:"processDefinitionVersionTag"`
	LockExpires      Date    `json:"lockExpirationTime"`
	Created          Date    `json:"createTime"`
	Retries          *int    `json:"retries"`
	Error            *string `json:"errorMessage"`
	Suspended        bool    `json:"suspended"`
	Priority         int64   `json:"priority"`
	BusinessKey      *string `json:"businessKey"`
	Tenant           *string `json:"tenantId"`
}

// LockedTask is an external task that a worker has fetched.
type LockedTask struct {
	ExternalTask
	Details    *string           `json:"errorDetails"`
	Properties map[string]string `json:"extensionProperties"`
	Variables  Values            `json:"variables"`
}

func (x scene) external(j engine.Job) ExternalTask {
	t := ExternalTask{
		ID: j.ID.String(), Topic: j.Topic, Activity: j.Node, ActivityInstance: ActivityInstanceID(j.Node, x.ID, j.Token), Execution: ExecutionID(x.ID, j.Token),
		Instance: x.ID.String(), Definition: x.definition(), DefinitionKey: x.ProcessKey, VersionTag: pointer(x.process.VersionTag), Created: Date{j.CreatedAt},
		Error: pointer(j.Failure), Suspended: x.State == engine.Suspended, Priority: j.Priority, BusinessKey: pointer(x.BusinessKey),
	}
	if j.Tried { // Camunda knows no number before a worker has named one
		t.Retries = &j.Retries
	}
	return t
}

// Fetch is the body by which a worker asks for external tasks.
type Fetch struct {
	Worker     string       `json:"workerId"`
	Max        *int         `json:"maxTasks"`
	Wait       int64        `json:"asyncResponseTimeout"` // milliseconds
	Topics     []FetchTopic `json:"topics"`
	Priority   bool         `json:"usePriority"`
	Extensions bool         `json:"includeExtensionProperties"`
}

// FetchTopic is one topic of it.
type FetchTopic struct {
	Name           string           `json:"topicName"`
	Lock           int64            `json:"lockDuration"` // milliseconds
	Variables      []string         `json:"variables"`
	Local          bool             `json:"localVariables"`
	Open           bool             `json:"deserializeValues"`
	BusinessKey    *string          `json:"businessKey"`
	Definition     string           `json:"processDefinitionId"`
	Definitions    []string         `json:"processDefinitionIdIn"`
	DefinitionKey  string           `json:"processDefinitionKey"`
	DefinitionKeys []string         `json:"processDefinitionKeyIn"`
	VersionTag     string           `json:"processDefinitionVersionTag"`
	Wanted         engine.Variables `json:"processVariables"`
	Tenants        []string         `json:"tenantIdIn"`
	Extensions     bool             `json:"includeExtensionProperties"`
}

const (
	maxWait    = 30 * time.Minute
	mostLocked = 100 // external tasks of one fetch
)

// FetchAndLock locks external tasks for a worker. A wait is at most 25 s here; the worker asks again.
func (s *Service) FetchAndLock(ctx context.Context, f Fetch) ([]LockedTask, error) {
	wait := time.Duration(f.Wait) * time.Millisecond
	switch {
	case wait < 0 || wait > maxWait:
		return nil, BadRequest("The asynchronous response timeout cannot be set to a value greater than %d milliseconds", maxWait.Milliseconds())
	case f.Worker == "":
		return nil, nullValue("workerId")
	case f.Max == nil || *f.Max <= 0:
		return []LockedTask{}, nil
	}
	n := min(*f.Max, mostLocked)
	request := workflow.JobFetch{WorkerID: f.Worker, Wait: wait, MaxJobs: &n}
	topics := map[string]FetchTopic{}
	for _, t := range f.Topics {
		switch {
		case t.Name == "":
			return nil, nullValue("topicName")
		case t.Lock <= 0:
			return nil, engineRefuses("lockTime is not greater than 0")
		case len(t.Tenants) > 0 || topics[t.Name].Name != "":
			continue // there are no tenants; of a topic that is given twice the first counts
		}
		topics[t.Name] = t
		request.Topics = append(request.Topics, s.topic(ctx, t))
	}
	if len(request.Topics) == 0 {
		return []LockedTask{}, nil
	}
	jobs, err := s.workflow.FetchJobs(ctx, request)
	if err != nil {
		return nil, err
	}
	return s.locked(ctx, f, jobs, topics)
}

func (s *Service) locked(ctx context.Context, f Fetch, jobs []workflow.FetchedJob, topics map[string]FetchTopic) ([]LockedTask, error) {
	list := make([]LockedTask, 0, len(jobs))
	for _, j := range jobs {
		_, process, err := s.workflow.Model(ctx, j.Instance.DefinitionID)
		if err != nil {
			return nil, err
		}
		x, own := scene{j.Instance, process}, j.Instance.Job(j.ID)
		t := LockedTask{ExternalTask: x.external(*own), Properties: map[string]string{}}
		t.Worker, t.LockExpires = &f.Worker, Date{j.LockExpiresAt}
		if node := process.Node(own.Node); node != nil && (f.Extensions || topics[j.Topic].Extensions) {
			maps.Copy(t.Properties, node.Properties)
		}
		types := x.VisibleTypes(own.Token)
		t.Variables = ShowAll(j.Variables, types, topics[j.Topic].Open)
		if own.Failure != "" {
			details, err := s.details(ctx, x.ID, j.ID)
			if err != nil {
				return nil, err
			}
			t.Details = pointer(details)
		}
		list = append(list, t)
	}
	if f.Priority {
		slices.SortStableFunc(list, func(a, b LockedTask) int { return cmp.Compare(b.Priority, a.Priority) })
	}
	return list, nil
}

// topic turns a topic of Camunda's into one of a fetch.
func (s *Service) topic(ctx context.Context, t FetchTopic) workflow.JobTopic {
	topic := workflow.JobTopic{
		Name: t.Name, Lock: time.Duration(t.Lock) * time.Millisecond, Variables: t.Variables, LocalOnly: t.Local,
		Filter: store.ClaimFilter{ProcessKeys: t.DefinitionKeys, BusinessKey: t.BusinessKey},
	}
	if t.DefinitionKey != "" {
		topic.Filter.ProcessKeys = append(topic.Filter.ProcessKeys, t.DefinitionKey)
	}
	ids := t.Definitions
	if t.Definition != "" {
		ids = append(ids, t.Definition)
	}
	if len(ids) == 0 && len(t.Wanted) == 0 && t.VersionTag == "" {
		return topic
	}
	topic.Fits = func(in *engine.Instance) bool {
		fits := len(ids) == 0 || slices.ContainsFunc(ids, func(text string) bool {
			id, err := ParseDefinitionID(text)
			return err == nil && id == in.DefinitionID
		})
		if t.VersionTag != "" {
			_, process, err := s.workflow.Model(ctx, in.DefinitionID)
			fits = fits && err == nil && process.VersionTag == t.VersionTag
		}
		for name, want := range t.Wanted {
			got, there := in.Scopes[0].Variables[name]
			fits = fits && there && equal(got, want)
		}
		return fits
	}
	return topic
}

var externalSorts = sorts[ExternalTask]{
	"id":                   func(a, b ExternalTask) int { return cmp.Compare(a.ID, b.ID) },
	"lockExpirationTime":   func(a, b ExternalTask) int { return a.LockExpires.Compare(b.LockExpires.Time) },
	"processInstanceId":    func(a, b ExternalTask) int { return cmp.Compare(a.Instance, b.Instance) },
	"processDefinitionId":  func(a, b ExternalTask) int { return cmp.Compare(a.Definition, b.Definition) },
	"processDefinitionKey": func(a, b ExternalTask) int { return cmp.Compare(a.DefinitionKey, b.DefinitionKey) },
	"taskPriority":         func(a, b ExternalTask) int { return cmp.Compare(a.Priority, b.Priority) },
	"createTime":           func(a, b ExternalTask) int { return a.Created.Compare(b.Created.Time) },
	"tenantId":             func(ExternalTask, ExternalTask) int { return 0 },
}

// ExternalTasks lists external tasks.
func (s *Service) ExternalTasks(ctx context.Context, p access.Principal, q Query) ([]ExternalTask, int, error) {
	running, err := s.running(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.store.Jobs(ctx, store.JobFilter{Kind: engine.ExternalJob, Topic: q.Text("topicName")}, page.Request{Limit: most})
	if err != nil {
		return nil, 0, err
	}
	locks := make(map[engine.ID]store.Job, len(rows.Items))
	for _, row := range rows.Items {
		locks[row.ID] = row
	}
	now := time.Now()
	var list []ExternalTask
	for _, x := range running {
		for _, j := range x.Jobs {
			row, ok := locks[j.ID]
			if !ok {
				continue
			}
			t := x.external(j)
			t.Worker, t.LockExpires = row.WorkerID, date(row.LockExpiresAt)
			if q.wantsExternal(t, j, now) {
				list = append(list, t)
			}
		}
	}
	return finish(q, list, externalSorts)
}

func (q Query) wantsExternal(t ExternalTask, j engine.Job, now time.Time) bool {
	locked := t.Worker != nil && t.LockExpires.After(now)
	least, most := int64(q.Number("priorityHigherThanOrEquals", int(t.Priority))), int64(q.Number("priorityLowerThanOrEquals", int(t.Priority)))
	return q.is("externalTaskId", t.ID) && q.in("externalTaskIdIn", t.ID) && q.is("topicName", t.Topic) && q.is("workerId", textOf(t.Worker)) &&
		q.holds("locked", locked) && q.holds("notLocked", !locked) && q.holds("withRetriesLeft", j.Retries > 0) && q.holds("noRetriesLeft", j.Retries == 0) &&
		q.is("activityId", t.Activity) && q.in("activityIdIn", t.Activity) && q.is("executionId", t.Execution) && q.in("processInstanceIdIn", t.Instance) &&
		q.holds("active", !t.Suspended) && q.holds("suspended", t.Suspended) && t.Priority >= least && t.Priority <= most &&
		q.before("lockExpirationBefore", t.LockExpires.Time) && q.after("lockExpirationAfter", t.LockExpires.Time) && q.unowned()
}

// ExternalTask returns one external task.
func (s *Service) ExternalTask(ctx context.Context, p access.Principal, id string) (ExternalTask, error) {
	job, err := jobID(id)
	if err != nil {
		return ExternalTask{}, err
	}
	row, in, err := s.store.LoadByJob(ctx, job)
	if err != nil {
		return ExternalTask{}, external(err, id)
	}
	x, err := s.scene(ctx, p, in.ID)
	if err != nil {
		return ExternalTask{}, err
	}
	own := x.Job(job)
	if own == nil || own.Kind != engine.ExternalJob {
		return ExternalTask{}, noExternal(id, nil)
	}
	t := x.external(*own)
	t.Worker, t.LockExpires = row.WorkerID, date(row.LockExpiresAt)
	return t, nil
}

// ErrorDetails returns what a worker wrote of the last failure of an external task.
func (s *Service) ErrorDetails(ctx context.Context, p access.Principal, id string) (string, error) {
	t, err := s.ExternalTask(ctx, p, id)
	if err != nil {
		return "", err
	}
	instance, err := engine.ParseID(t.Instance)
	if err != nil {
		return "", err
	}
	job, err := jobID(id)
	if err != nil {
		return "", err
	}
	return s.details(ctx, instance, job)
}

// details reads the details of the last failure of a job from the history: they may be long, so that the
// state of the instance does not keep them.
func (s *Service) details(ctx context.Context, instance, job engine.ID) (string, error) {
	rows, err := s.store.History(ctx, instance, 0, most)
	if err != nil {
		return "", err
	}
	for _, row := range slices.Backward(rows) {
		for _, c := range slices.Backward(row.Changes) {
			if c.Kind == engine.JobFailed && c.JobID == job {
				return c.Comment, nil
			}
		}
	}
	return "", nil
}
