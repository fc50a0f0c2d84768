package workflow

import (
	"context"
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// Restart starts an ended instance anew, as an instance of its own: of the same definition or another, with
// the variables that it had last or those that it was started with, at its start event or where the
// instructions say.
type Restart struct {
	DefinitionID       engine.ID     `json:"definitionId,omitzero"`
	InitialVariables   bool          `json:"initialVariables,omitempty"`
	WithoutBusinessKey bool          `json:"withoutBusinessKey,omitempty"`
	Instructions       []Instruction `json:"instructions,omitempty"`
}

// RestartInstance starts an ended instance anew. Operators may; who does is its starter. The answer is a
// Started. It returns store.ErrNotEnded, and what StartElsewhere does.
func (s *Service) RestartInstance(ctx context.Context, call Call, id engine.ID, r Restart) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	return s.restart(ctx, call, id, r, nil)
}

func (s *Service) restart(ctx context.Context, call Call, id engine.ID, r Restart, d *store.Delivery) (json.RawMessage, error) {
	instructions, err := steps(r.Instructions)
	if err != nil {
		return nil, err
	}
	in, err := s.store.LoadInstance(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case !in.State.Ended():
		return nil, store.ErrNotEnded
	}
	b := beginning{definition: in.DefinitionID, elsewhere: instructions, answer: startedAnswer, delivery: d}
	if !r.DefinitionID.IsZero() {
		b.definition = r.DefinitionID
	}
	if !r.WithoutBusinessKey {
		b.request.BusinessKey = in.BusinessKey
	}
	if b.request.Variables = in.Scopes[0].Variables; r.InitialVariables {
		if b.request.Variables, err = s.initial(ctx, id); err != nil {
			return nil, err
		}
	}
	return s.begin(ctx, call, b)
}

// initial returns the variables that an instance was started with.
func (s *Service) initial(ctx context.Context, id engine.ID) (engine.Variables, error) {
	rows, err := s.store.History(ctx, id, 0, 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for _, c := range rows[0].Changes {
		switch c.Kind {
		case engine.VariablesSet:
			return c.Variables, nil
		case engine.TokenCreated:
			return nil, nil
		}
	}
	return nil, nil
}

// Deleted is the answer to a deletion.
type Deleted struct {
	ID engine.ID `json:"id"`
}

// DeleteInstance removes an instance that has ended, with its history. Operators may. It returns
// store.ErrNoInstance, store.ErrNotEnded, store.ErrHeld or store.ErrUnsent.
func (s *Service) DeleteInstance(ctx context.Context, call Call, id engine.ID) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	answer, err := recorded(http.StatusOK, Deleted{id})
	if err != nil {
		return nil, err
	}
	return answer.Body, s.store.DeleteInstance(ctx, id, call.Idempotency, answer)
}
