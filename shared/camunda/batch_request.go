package camunda

import (
	"context"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/workflow"
)

// BatchBody is the body of all requests that make a batch: the instances by their ids or by queries, and
// what the kind of batch needs.
type BatchBody struct {
	Instances     []string       `json:"processInstanceIds"`
	Listed        []string       `json:"processInstances"` // of job-retries
	Historic      []string       `json:"historicProcessInstanceIds"`
	Query         map[string]any `json:"processInstanceQuery"`
	HistoricQuery map[string]any `json:"historicProcessInstanceQuery"`
	Jobs          []string       `json:"jobIds"`
	JobQuery      map[string]any `json:"jobQuery"`
	External      []string       `json:"externalTaskIds"`
	ExternalQuery map[string]any `json:"externalTaskQuery"`

	DeleteReason string         `json:"deleteReason"`
	Suspended    bool           `json:"suspended"`
	Retries      *int           `json:"retries"`
	Message      string         `json:"messageName"`
	Variables    Variables      `json:"variables"`
	Definition   string         `json:"processDefinitionId"`
	Instructions []*Instruction `json:"instructions"`
	Annotation   string         `json:"annotation"`
	Skips
}

// BatchMaker makes a batch of a request, or returns why it cannot be made.
type BatchMaker func(context.Context, workflow.Call, BatchBody) (Batch, error)

// DeleteMany ends running instances.
func (s *Service) DeleteMany(ctx context.Context, call workflow.Call, b BatchBody) (Batch, error) {
	return s.make(ctx, call, b, workflow.Operation{Kind: workflow.CancelOperation, Reason: excerpt.Cut(b.DeleteReason, 255)})
}

// DeletePast removes instances that have ended.
func (s *Service) DeletePast(ctx context.Context, call workflow.Call, b BatchBody) (Batch, error) {
	return s.make(ctx, call, b, workflow.Operation{Kind: workflow.DeleteOperation})
}

// SuspendMany suspends or resumes instances.
func (s *Service) SuspendMany(ctx context.Context, call workflow.Call, b BatchBody) (Batch, error) {
	if b.Suspended {
		return s.make(ctx, call, b, workflow.Operation{Kind: workflow.SuspendOperation})
	}
	return s.make(ctx, call, b, workflow.Operation{Kind: workflow.ResumeOperation})
}

// RetryMany gives retries to what has failed in instances. Of jobs that are named, all that has failed in
// their instances is tried again.
func (s *Service) RetryMany(ctx context.Context, call workflow.Call, b BatchBody) (Batch, error) {
	if b.Retries == nil || *b.Retries < 0 {
		return Batch{}, BadRequest("retries must be a number and not negative")
	}
	return s.make(ctx, call, b, workflow.Operation{Kind: workflow.RetryOperation, Retry: &workflow.Retry{Retries: *b.Retries}})
}

// CorrelateMany hands a message to each instance.
func (s *Service) CorrelateMany(ctx context.Context, call workflow.Call, b BatchBody) (Batch, error) {
	values, _, err := b.Variables.Read()
	if err != nil {
		return Batch{}, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	if b.Message == "" {
		return Batch{}, BadRequest("messageName is null")
	}
	return s.make(ctx, call, b, workflow.Operation{Kind: workflow.CorrelateOperation, Correlate: &workflow.Hint{Message: b.Message, Variables: values}})
}

// SetMany sets variables of instances; their types are those that the values have.
func (s *Service) SetMany(ctx context.Context, call workflow.Call, b BatchBody) (Batch, error) {
	values, _, err := b.Variables.Read()
	if err != nil {
		return Batch{}, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	if len(values) == 0 {
		return Batch{}, BadRequest("variables is empty")
	}
	return s.make(ctx, call, b, workflow.Operation{Kind: workflow.VariablesOperation, Variables: &workflow.VariableChange{Variables: values}})
}

// ModifyMany modifies instances of one definition.
func (s *Service) ModifyMany(ctx context.Context, call workflow.Call, b BatchBody) (Batch, error) {
	list, err := s.modification(ctx, b)
	if err != nil {
		return Batch{}, err
	}
	m := workflow.Modification{Reason: excerpt.Cut(b.Annotation, 255), Instructions: list}
	return s.make(ctx, call, b, workflow.Operation{Kind: workflow.ModifyOperation, Modify: &m})
}

// modification reads what is to be done to the instances of a definition, which must be there.
func (s *Service) modification(ctx context.Context, b BatchBody) ([]workflow.Instruction, error) {
	list, _, err := readInstructions(b.Instructions)
	if err != nil {
		return nil, err
	}
	if b.Definition == "" || len(list) == 0 {
		return nil, BadRequest("processDefinitionId and instructions must be set")
	}
	if _, _, err := s.FindDefinition(ctx, b.Definition, ""); err != nil {
		return nil, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	return list, nil
}

// ModifyOne is ModifyMany of one instance.
func (s *Service) ModifyOne(ctx context.Context, call workflow.Call, id string, b BatchBody) (Batch, error) {
	x, err := s.runningScene(ctx, call.Principal, id)
	if err != nil {
		return Batch{}, err
	}
	b.Instances, b.Definition = []string{id}, x.definition()
	return s.ModifyMany(ctx, call, b)
}

// ModifyAtOnce is ModifyMany without a batch: the first instance that cannot be modified is the failure,
// those before it are modified.
func (s *Service) ModifyAtOnce(ctx context.Context, call workflow.Call, b BatchBody) error {
	if _, err := s.modification(ctx, b); err != nil {
		return err
	}
	ids, err := s.meant(ctx, call.Principal, b)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.Modify(ctx, call, id.String(), InstanceModification{Annotation: b.Annotation, Instructions: b.Instructions, Skips: b.Skips}); err != nil {
			return err
		}
	}
	return nil
}

// MigrateMany is MigrateInstances as a batch: the plan is looked at before, the instances when they are
// migrated.
func (s *Service) MigrateMany(ctx context.Context, call workflow.Call, r MigrationRequest) (Batch, error) {
	plan, err := r.Plan.read()
	if err != nil {
		return Batch{}, err
	}
	ids, err := s.migrants(ctx, call.Principal, r)
	if err != nil {
		return Batch{}, err
	}
	report, err := s.workflow.ValidateMigration(ctx, workflow.MigrationRequest{MigrationPlan: plan})
	if err != nil {
		return Batch{}, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	if !report.Valid {
		return Batch{}, unfit(report)
	}
	return s.create(ctx, call, ids, workflow.Operation{Kind: workflow.MigrateOperation, Migrate: &plan})
}

// RestartMany is Restart as a batch.
func (s *Service) RestartMany(ctx context.Context, call workflow.Call, definition string, body Restart) (Batch, error) {
	r, ids, err := s.restarts(ctx, call.Principal, definition, body)
	if err != nil {
		return Batch{}, err
	}
	return s.create(ctx, call, ids, workflow.Operation{Kind: workflow.RestartOperation, Restart: &r})
}

func (s *Service) make(ctx context.Context, call workflow.Call, b BatchBody, o workflow.Operation) (Batch, error) {
	ids, err := s.meant(ctx, call.Principal, b)
	if err != nil {
		return Batch{}, err
	}
	return s.create(ctx, call, ids, o)
}

// meant are the instances that a request is about, each once.
func (s *Service) meant(ctx context.Context, p access.Principal, b BatchBody) ([]engine.ID, error) {
	names := slices.Concat(b.Instances, b.Listed, b.Historic)
	for _, find := range []func() ([]string, error){
		func() ([]string, error) {
			return named(ctx, p, b.Query, s.Instances, func(i Instance) string { return i.ID })
		},
		func() ([]string, error) {
			return named(ctx, p, b.HistoricQuery, s.PastInstances, func(i PastInstance) string { return i.ID })
		},
		func() ([]string, error) { return s.holders(ctx, p, b) },
	} {
		found, err := find()
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	if len(names) == 0 {
		return nil, BadRequest("processInstanceIds is empty")
	}
	ids := make([]engine.ID, 0, len(names))
	for _, name := range names {
		id, err := engine.ParseID(name)
		if err != nil {
			return nil, BadRequest("Process instance with id %s does not exist", name)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// holders are the instances of the jobs and external tasks that a request is about.
func (s *Service) holders(ctx context.Context, p access.Principal, b BatchBody) ([]string, error) {
	names, err := named(ctx, p, b.JobQuery, s.Jobs, func(j Job) string { return textOf(j.Instance) })
	if err != nil {
		return nil, err
	}
	more, err := named(ctx, p, b.ExternalQuery, s.ExternalTasks, func(t ExternalTask) string { return t.Instance })
	if err != nil {
		return nil, err
	}
	names = append(names, more...)
	for _, id := range b.Jobs {
		job, err := s.Job(ctx, p, id)
		if err != nil {
			return nil, err
		}
		names = append(names, textOf(job.Instance))
	}
	for _, text := range b.External {
		id, err := engine.ParseID(text)
		if err != nil {
			return nil, NotFound("External task with id %s does not exist", text)
		}
		job, _, err := s.store.LoadByJob(ctx, id)
		if err != nil {
			return nil, Unknowns(err, NotFound("External task with id %s does not exist", text))
		}
		names = append(names, job.InstanceID.String())
	}
	return names, nil
}

// named returns the names of what a query finds; nothing where there is no query.
func named[T any](ctx context.Context, p access.Principal, query map[string]any, list func(context.Context, access.Principal, Query) ([]T, int, error), name func(T) string) ([]string, error) {
	if query == nil {
		return nil, nil
	}
	found, _, err := list(ctx, p, Query{values: query})
	names := make([]string, len(found))
	for i, one := range found {
		names[i] = name(one)
	}
	return names, err
}
