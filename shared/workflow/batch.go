package workflow

import (
	"context"
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrBatchOf: a batch must name its instances, by their ids or by a filter, and not by both.
var ErrBatchOf = fault.New(fault.Invalid, "bad_batch", "A batch names its instances by their ids or by a filter with at least one field.")

// BatchRequest is one operation on many instances: those with the ids, or all that the filter finds when the
// batch is made.
type BatchRequest struct {
	Operation
	InstanceIDs []engine.ID  `json:"instanceIds"`
	Filter      *BatchFilter `json:"filter"`
}

// BatchFilter finds instances: of restart and delete those that have ended, else those that have not. Each
// field narrows.
type BatchFilter struct {
	ProcessKey    string    `json:"processKey,omitempty"`
	DefinitionID  engine.ID `json:"definitionId,omitzero"`
	BusinessKey   string    `json:"businessKey,omitempty"`
	Starter       string    `json:"starter,omitempty"`
	State         string    `json:"state,omitempty"`
	WithIncidents bool      `json:"withIncidents,omitempty"`
}

// CreateBatch makes a batch and begins with it; ticking goes on, piece by piece. Operators may. It returns
// what the operation on one instance does, ErrBatchOf, store.ErrBatchEmpty or store.ErrBatchTooLarge. The
// answer is a store.Batch.
func (s *Service) CreateBatch(ctx context.Context, call Call, r BatchRequest) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	of, err := instancesOf(r)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx, r.Operation); err != nil {
		return nil, err
	}
	b := &store.Batch{ID: newID(), Kind: string(r.Kind), CreatedBy: call.Principal.Username, CreatedAt: instant()}
	if b.Request, err = json.Marshal(r.Operation); err != nil {
		return nil, err
	}
	var raw json.RawMessage
	err = s.store.CreateBatch(ctx, b, of, call.Idempotency, func(b *store.Batch) (store.Recorded, error) {
		a, err := recorded(http.StatusCreated, b)
		raw = a.Body
		return a, err
	})
	if err != nil {
		return nil, err
	}
	s.beginBatch(ctx, *b)
	return raw, nil
}

// check returns what is wrong with an operation, whatever the instance.
func (s *Service) check(ctx context.Context, o Operation) error {
	switch {
	case o.Kind == DeleteOperation:
		return nil
	case o.Kind != RestartOperation:
		_, err := o.decision(ctx, s)
		return err
	case o.Restart == nil:
		return ErrOperation
	}
	_, err := steps(o.Restart.Instructions)
	return err
}

func instancesOf(r BatchRequest) (store.BatchOf, error) {
	of := store.BatchOf{IDs: r.InstanceIDs, Ended: r.Kind.ends()}
	if len(r.InstanceIDs) > store.MaxBatch {
		return of, store.ErrBatchTooLarge
	}
	if r.Filter == nil || *r.Filter == (BatchFilter{}) || len(r.InstanceIDs) > 0 {
		if len(r.InstanceIDs) == 0 || r.Filter != nil {
			return of, ErrBatchOf
		}
		return of, nil
	}
	f := *r.Filter
	of.Incidents = f.WithIncidents
	of.Filter = store.InstanceFilter{ProcessKey: f.ProcessKey, DefinitionID: f.DefinitionID, BusinessKey: f.BusinessKey, Starter: f.Starter}
	if f.State != "" {
		code, known := store.StateCode(f.State)
		if !known {
			return of, ErrBatchOf.With(fault.Detail{Pointer: "/filter/state", Code: ErrBatchOf.Code, Detail: "There is no such state."})
		}
		of.Filter.State = code
	}
	return of, nil
}

// ChangeBatch pauses, resumes or cancels a batch, or tries again what has failed. Operators may. It returns
// store.ErrNoBatch or store.ErrBatchState. The answer is a store.Batch.
func (s *Service) ChangeBatch(ctx context.Context, call Call, id engine.ID, step store.BatchStep) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	var raw json.RawMessage
	err := s.store.ChangeBatch(ctx, id, step, call.Idempotency, func(b *store.Batch) (store.Recorded, error) {
		a, err := recorded(http.StatusOK, b)
		raw = a.Body
		return a, err
	})
	return raw, err
}

// Batch returns a batch with its progress, or store.ErrNoBatch.
func (s *Service) Batch(ctx context.Context, id engine.ID) (*store.Batch, error) {
	b, err := s.store.Batch(ctx, id)
	return &b, err
}

// Batches lists batches, of one state or of all.
func (s *Service) Batches(ctx context.Context, state string, r page.Request) (page.Page[store.Batch], error) {
	return s.store.Batches(ctx, store.BatchState(state), r)
}

// BatchItems lists the instances of a batch with what has become of each, of one state or of all. It returns
// store.ErrNoBatch.
func (s *Service) BatchItems(ctx context.Context, id engine.ID, state string, r page.Request) (page.Page[store.BatchItem], error) {
	if _, err := s.store.Batch(ctx, id); err != nil {
		return page.Page[store.BatchItem]{}, err
	}
	return s.store.BatchItems(ctx, id, store.ItemState(state), r)
}
