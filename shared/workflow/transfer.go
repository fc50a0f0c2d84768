package workflow

import (
	"context"
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Transfer gives everything that waits for somebody in an instance to somebody else. From and To are usernames; From
// may be gone. With KeepOwner the first stays the owner of his tasks, and is still offered what was offered to him: he
// is away.
type Transfer struct {
	From      string `json:"from" api:"required"`
	To        string `json:"to" api:"required"`
	KeepOwner bool   `json:"keepOwner,omitempty"`
	Comment   string `json:"comment,omitempty"`
}

// ErrTransfer: a transfer goes from one person to another.
var ErrTransfer = fault.New(fault.Invalid, "bad_transfer", "A transfer names two different people.")

func (t Transfer) decision(ctx context.Context, s *Service) (chooser, error) {
	if err := checkTexts("", t.Comment); err != nil {
		return nil, err
	}
	switch {
	case t.From == "":
		return nil, ErrTransfer.With(fault.Detail{Pointer: "/from", Code: ErrTransfer.Code})
	case t.To == "" || t.To == t.From:
		return nil, ErrTransfer.With(fault.Detail{Pointer: "/to", Code: ErrTransfer.Code})
	}
	if err := s.active(ctx, "/to", t.To); err != nil {
		return nil, err
	}
	a := engine.HandOver{From: t.From, To: t.To, Reason: engine.Transferred, Comment: t.Comment}
	if t.KeepOwner {
		a.Reason = engine.Substituted
	}
	return always(a), nil
}

// active returns ErrUnknownUser unless an active user has a username.
func (s *Service) active(ctx context.Context, pointer, username string) error {
	standing, err := s.store.Standing(ctx, username)
	if fault.KindOf(err) == fault.NotFound || err == nil && !standing.Enabled {
		return ErrUnknownUser.With(fault.Detail{Pointer: pointer, Code: ErrUnknownUser.Code})
	}
	return err
}

// TransferTasks gives all that waits for somebody, in every instance, to somebody else: as a batch, which counts what is
// done and can be retried where it failed. Operators may. The answer is a store.Batch. Errors: ErrTransfer, ErrUnknownUser,
// store.ErrBatchEmpty where nothing waits for the person, store.ErrBatchTooLarge.
func (s *Service) TransferTasks(ctx context.Context, call Call, t Transfer) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	if _, err := t.decision(ctx, s); err != nil {
		return nil, err
	}
	b, err := transferBatch(call, t)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	err = s.store.CreateBatch(ctx, b, store.BatchOf{Person: t.From}, call.Idempotency, func(b *store.Batch) (store.Recorded, error) {
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

func transferBatch(call Call, t Transfer) (*store.Batch, error) {
	request, err := json.Marshal(Operation{Kind: TransferOperation, Transfer: &t})
	return &store.Batch{ID: newID(), Kind: string(TransferOperation), Request: request, CreatedBy: call.Principal.Username, CreatedAt: instant()}, err
}
