package workflow

import (
	"context"
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// DefinitionState is a definition after it was suspended or resumed. BatchID is the batch that does the same
// to its instances; absent where there is none.
type DefinitionState struct {
	store.Definition
	BatchID engine.ID `json:"batchId,omitzero"`
}

// SetDefinitionSuspended suspends or resumes a definition: a suspended one starts nothing, running
// instances go on. The answer is a DefinitionState. It returns store.ErrNoDefinition.
func (s *Service) SetDefinitionSuspended(ctx context.Context, call Call, id engine.ID, suspended bool) (json.RawMessage, error) {
	return s.suspendDefinition(ctx, call, store.Suspension{ID: id, Suspended: suspended})
}

// SetInstancesSuspended suspends or resumes a definition with its running instances, by a batch that begins
// at once (Camunda 7's includeProcessInstances). Operators may. The errors and the answer are those of
// SetDefinitionSuspended.
func (s *Service) SetInstancesSuspended(ctx context.Context, call Call, id engine.ID, suspended bool) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	o := Operation{Kind: ResumeOperation}
	if suspended {
		o.Kind = SuspendOperation
	}
	request, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	b := &store.Batch{ID: newID(), Kind: string(o.Kind), Request: request, CreatedBy: call.Principal.Username, CreatedAt: instant()}
	raw, err := s.suspendDefinition(ctx, call, store.Suspension{ID: id, Suspended: suspended, Batch: b})
	if err == nil && b.Total > 0 {
		s.beginBatch(ctx, *b)
	}
	return raw, err
}

func (s *Service) suspendDefinition(ctx context.Context, call Call, x store.Suspension) (json.RawMessage, error) {
	var raw json.RawMessage
	err := s.store.SuspendDefinition(ctx, x, call.Idempotency, func(d store.Definition) (store.Recorded, error) {
		state := DefinitionState{Definition: d}
		if x.Batch != nil && x.Batch.Total > 0 {
			state.BatchID = x.Batch.ID
		}
		s.latest.Invalidate(d.Key)
		var err error
		raw, err = json.Marshal(state)
		return store.Recorded{Status: http.StatusOK, Body: raw}, err
	})
	s.definitions.Invalidate(x.ID)
	return raw, err
}
