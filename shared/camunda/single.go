package camunda

import (
	"context"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
)

// within is a query of the instance that an id of something in it names: a variable is execution:name, an
// activity instance node:execution.
func within(id string) (Query, bool) {
	for _, part := range strings.Split(id, ":") {
		if instance, err := engine.ParseID(part); err == nil {
			return Query{values: map[string]any{"processInstanceId": instance.String()}}, true
		}
	}
	return Query{}, false
}

// kind is a list of things with ids.
type kind[T any] struct {
	what string
	list func(context.Context, access.Principal, Query) ([]T, int, error)
	of   func(T) string
}

// single finds the one item of a list that an id names.
func single[T any](ctx context.Context, p access.Principal, id string, k kind[T]) (T, error) {
	var none T
	q, ok := within(id)
	if !ok {
		return none, NotFound("%s with id %s does not exist", k.what, id)
	}
	items, _, err := k.list(ctx, p, q)
	if err != nil {
		return none, err
	}
	if i := slices.IndexFunc(items, func(one T) bool { return k.of(one) == id }); i >= 0 {
		return items[i], nil
	}
	return none, NotFound("%s with id %s does not exist", k.what, id)
}

// PastActivity returns one activity instance of the history.
func (s *Service) PastActivity(ctx context.Context, p access.Principal, id string) (PastActivity, error) {
	return single(ctx, p, id, kind[PastActivity]{"Historic activity instance", s.PastActivities, func(a PastActivity) string { return a.ID }})
}

// PastVariable returns one variable of the history.
func (s *Service) PastVariable(ctx context.Context, p access.Principal, id string) (PastVariable, error) {
	return single(ctx, p, id, kind[PastVariable]{"Historic variable instance", s.PastVariables, func(v PastVariable) string { return v.ID }})
}

// VariableInstance returns one variable of a running instance.
func (s *Service) VariableInstance(ctx context.Context, p access.Principal, id string) (VariableInstance, error) {
	return single(ctx, p, id, kind[VariableInstance]{"Variable instance", s.VariableInstances, func(v VariableInstance) string { return v.ID }})
}

// Topics lists the topics of the external tasks that there are.
func (s *Service) Topics(ctx context.Context, p access.Principal, q Query) ([]string, error) {
	list, _, err := s.ExternalTasks(ctx, p, q)
	topics := []string{}
	for _, t := range list {
		topics = append(topics, t.Topic)
	}
	slices.Sort(topics)
	return slices.Compact(topics), err
}

// PastEngineJob returns one entry of the log of the engine's own jobs.
func (s *Service) PastEngineJob(ctx context.Context, p access.Principal, id string) (PastEngineJob, error) {
	return single(ctx, p, id, kind[PastEngineJob]{"Historic job log", s.JobLog, func(l PastEngineJob) string { return l.ID }})
}

// PastTrace returns the text of the failure that an entry of the log of jobs is about; empty for another entry.
func (s *Service) PastTrace(ctx context.Context, p access.Principal, id string) (string, error) {
	l, err := s.PastEngineJob(ctx, p, id)
	return textOf(l.Message), err
}

// PastExternal returns one entry of the log of external tasks.
func (s *Service) PastExternal(ctx context.Context, p access.Principal, id string) (PastJob, error) {
	return single(ctx, p, id, kind[PastJob]{"Historic external task log", s.ExternalLog, func(l PastJob) string { return l.ID }})
}

// PastErrorDetails returns what a worker wrote of the failure that an entry of the log of external tasks is about.
func (s *Service) PastErrorDetails(ctx context.Context, p access.Principal, id string) (string, error) {
	l, err := s.PastExternal(ctx, p, id)
	return l.details, err
}
