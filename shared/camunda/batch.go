package camunda

import (
	"cmp"
	"context"
	"encoding/json"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Batch is one operation on many instances. To Camunda each instance is a job of it.
type Batch struct {
	ID         string  `json:"id"`
	Type       string  `json:"type"`
	Total      int     `json:"totalJobs"`
	Created    int     `json:"jobsCreated"`
	PerSeed    int     `json:"batchJobsPerSeed"`
	PerJob     int     `json:"invocationsPerBatchJob"`
	Seed       *string `json:"seedJobDefinitionId"`
	Monitor    *string `json:"monitorJobDefinitionId"`
	Job        *string `json:"batchJobDefinitionId"`
	Suspended  bool    `json:"suspended"`
	Tenant     *string `json:"tenantId"`
	CreateUser *string `json:"createUserId"`
	Start      Date    `json:"startTime"`
	Executed   Date    `json:"executionStartTime"`

	row store.Batch
}

// BatchStatistics is a batch with its progress.
type BatchStatistics struct {
	Batch
	Remaining int `json:"remainingJobs"`
	Completed int `json:"completedJobs"`
	Failed    int `json:"failedJobs"`
}

// PastBatch is a batch of the history.
type PastBatch struct {
	ID         string  `json:"id"`
	Type       string  `json:"type"`
	Total      int     `json:"totalJobs"`
	PerSeed    int     `json:"batchJobsPerSeed"`
	PerJob     int     `json:"invocationsPerBatchJob"`
	Seed       *string `json:"seedJobDefinitionId"`
	Monitor    *string `json:"monitorJobDefinitionId"`
	Job        *string `json:"batchJobDefinitionId"`
	Tenant     *string `json:"tenantId"`
	CreateUser *string `json:"createUserId"`
	Start      Date    `json:"startTime"`
	End        Date    `json:"endTime"`
	Removal    Date    `json:"removalTime"`
	Executed   Date    `json:"executionStartTime"`
}

// batchTypes are Camunda's words for the kinds of operation.
var batchTypes = map[workflow.OperationKind]string{
	workflow.CancelOperation: "instance-deletion", workflow.DeleteOperation: "historic-instance-deletion",
	workflow.SuspendOperation: "instance-update-suspension-state", workflow.ResumeOperation: "instance-update-suspension-state",
	workflow.RetryOperation: "set-job-retries", workflow.VariablesOperation: "set-variables", workflow.ModifyOperation: "instance-modification",
	workflow.MigrateOperation: "instance-migration", workflow.CorrelateOperation: "correlate-message", workflow.RestartOperation: "instance-restart",
}

// perSeed is how many jobs a batch of Camunda's makes at a time.
const perSeed = 100

func showBatch(b store.Batch) Batch {
	start := Date{b.CreatedAt}
	return Batch{
		ID: b.ID.String(), Type: batchTypes[workflow.OperationKind(b.Kind)], Total: b.Total, Created: b.Total, PerSeed: perSeed, PerJob: 1,
		Suspended: b.State == store.BatchPaused, CreateUser: pointer(b.CreatedBy), Start: start, Executed: start, row: b,
	}
}

// open reports whether Camunda would still have the batch: it goes on, or some of its jobs have failed.
func (b Batch) open() bool {
	return b.row.State == store.BatchRunning || b.row.State == store.BatchPaused || b.row.State == store.BatchCompleted && b.row.Failed > 0
}

func (s *Service) batches(ctx context.Context, q Query) ([]Batch, error) {
	rows, err := s.workflow.Batches(ctx, "", page.Request{Limit: most})
	var list []Batch
	for _, row := range rows.Items {
		if b := showBatch(row); q.is("batchId", b.ID) && q.is("type", b.Type) && q.unowned() {
			list = append(list, b)
		}
	}
	return list, err
}

var batchSorts = sorts[Batch]{
	"batchId":  func(a, b Batch) int { return cmp.Compare(a.ID, b.ID) },
	"tenantId": func(Batch, Batch) int { return 0 },
}

func (q Query) wantsBatch(b Batch) bool {
	return b.open() && q.equal("suspended", b.Suspended) && q.is("createdBy", textOf(b.CreateUser)) && q.is("userId", textOf(b.CreateUser)) &&
		q.before("startedBefore", b.Start.Time) && q.after("startedAfter", b.Start.Time) && q.equal("withFailures", b.row.Failed > 0) && q.equal("withoutFailures", b.row.Failed == 0)
}

// Batches lists the batches that have not ended, or that ended with failures.
func (s *Service) Batches(ctx context.Context, _ access.Principal, q Query) ([]Batch, int, error) {
	found, err := s.batches(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	var list []Batch
	for _, b := range found {
		if q.wantsBatch(b) {
			list = append(list, b)
		}
	}
	return finish(q, list, batchSorts)
}

// BatchStatistics lists batches as Batches does, with their progress.
func (s *Service) BatchStatistics(ctx context.Context, p access.Principal, q Query) ([]BatchStatistics, int, error) {
	found, total, err := s.Batches(ctx, p, q)
	list := make([]BatchStatistics, 0, len(found))
	for _, b := range found {
		list = append(list, BatchStatistics{b, b.Total - b.row.Done, b.row.Done, b.row.Failed})
	}
	return list, total, err
}

// PastBatches lists all batches.
func (s *Service) PastBatches(ctx context.Context, _ access.Principal, q Query) ([]PastBatch, int, error) {
	found, err := s.batches(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	var list []PastBatch
	for _, b := range found {
		if past := showPastBatch(b); q.equal("completed", !past.End.IsZero()) {
			list = append(list, past)
		}
	}
	return finish(q, list, sorts[PastBatch]{
		"batchId":   func(a, b PastBatch) int { return cmp.Compare(a.ID, b.ID) },
		"startTime": func(a, b PastBatch) int { return a.Start.Compare(b.Start.Time) },
		"endTime":   func(a, b PastBatch) int { return a.End.Compare(b.End.Time) },
		"tenantId":  func(PastBatch, PastBatch) int { return 0 },
	})
}

func showPastBatch(b Batch) PastBatch {
	past := PastBatch{ID: b.ID, Type: b.Type, Total: b.Total, PerSeed: b.PerSeed, PerJob: b.PerJob, CreateUser: b.CreateUser, Start: b.Start, Executed: b.Executed}
	if !b.open() {
		past.End = date(b.row.EndedAt)
	}
	return past
}

// batch finds a batch that Camunda would still have, or any.
func (s *Service) batch(ctx context.Context, id string, past bool) (Batch, error) {
	gone := NotFound("Batch with id '%s' does not exist", id)
	if past {
		gone = NotFound("Historic batch with id '%s' does not exist", id)
	}
	parsed, err := engine.ParseID(id)
	if err != nil {
		return Batch{}, gone
	}
	row, err := s.workflow.Batch(ctx, parsed)
	if err != nil {
		return Batch{}, Unknowns(err, gone)
	}
	if b := showBatch(*row); past || b.open() {
		return b, nil
	}
	return Batch{}, gone
}

// Batch returns one batch that has not ended, or that ended with failures.
func (s *Service) Batch(ctx context.Context, id string) (Batch, error) {
	return s.batch(ctx, id, false)
}

// PastBatch returns one batch of the history.
func (s *Service) PastBatch(ctx context.Context, id string) (PastBatch, error) {
	b, err := s.batch(ctx, id, true)
	return showPastBatch(b), err
}

// SuspendBatch pauses a batch or lets it go on; that it is so already is no error.
func (s *Service) SuspendBatch(ctx context.Context, call workflow.Call, id string, suspended bool) error {
	b, err := s.batch(ctx, id, false)
	if err != nil {
		e := Failure(err)
		return BadRequest("%s", e.Message)
	}
	switch {
	case suspended && b.row.State == store.BatchRunning:
		_, err = s.workflow.ChangeBatch(ctx, call, b.row.ID, store.PauseBatch)
	case !suspended && b.Suspended:
		_, err = s.workflow.ChangeBatch(ctx, call, b.row.ID, store.ResumeBatch)
	}
	return err
}

// DeleteBatch ends a batch; what it has done stays done, and it stays in the history.
func (s *Service) DeleteBatch(ctx context.Context, call workflow.Call, id string) error {
	b, err := s.batch(ctx, id, false)
	if err != nil {
		e := Failure(err)
		return BadRequest("%s", e.Message)
	}
	if b.row.State == store.BatchCompleted {
		return nil
	}
	_, err = s.workflow.ChangeBatch(ctx, call, b.row.ID, store.CancelBatch)
	return err
}

// create makes a batch of what a request asks for.
func (s *Service) create(ctx context.Context, call workflow.Call, ids []engine.ID, o workflow.Operation) (Batch, error) {
	raw, err := s.workflow.CreateBatch(ctx, call, workflow.BatchRequest{Operation: o, InstanceIDs: ids})
	if err != nil {
		return Batch{}, As(err, 400, invalidRequest, "")
	}
	var made store.Batch
	if err := json.Unmarshal(raw, &made); err != nil {
		return Batch{}, err
	}
	return showBatch(made), nil
}
