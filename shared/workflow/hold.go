package workflow

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrBadHold: a hold does not say what it holds.
var ErrBadHold = fault.New(fault.Invalid, "bad_hold", "A hold names one of instanceId, businessKey, processKey and username.")

// NewHold is the body that places a hold: the reason, and exactly one of the others.
type NewHold struct {
	InstanceID  engine.ID `json:"instanceId,omitzero"`
	BusinessKey string    `json:"businessKey,omitempty"`
	ProcessKey  string    `json:"processKey,omitempty"`
	Username    string    `json:"username,omitempty"`
	Reason      string    `json:"reason" api:"required"`
}

// check returns what is wrong with the body, and what it holds.
func (n NewHold) check() (store.Hold, error) {
	h := store.Hold{InstanceID: n.InstanceID}
	named := 0
	if !n.InstanceID.IsZero() {
		named++
	}
	for _, f := range []struct {
		pointer, text string
		most          int
		into          **string
	}{{"/businessKey", n.BusinessKey, 255, &h.BusinessKey}, {"/processKey", n.ProcessKey, 255, &h.ProcessKey}, {"/username", n.Username, 64, &h.Username}} {
		if f.text == "" {
			continue
		}
		if err := checkLength(f.pointer, f.text, f.most); err != nil {
			return h, err
		}
		named++
		*f.into = &f.text
	}
	if named != 1 {
		return h, ErrBadHold
	}
	if h.Reason = strings.TrimSpace(n.Reason); h.Reason == "" {
		return h, ErrBadHold.With(fault.Detail{Pointer: "/reason", Code: "required", Detail: "The field is required."})
	}
	return h, checkLength("/reason", h.Reason, 1000)
}

// PlaceHold keeps instances from being deleted until LiftHold. Those that run go on. Who places it needs
// access.WorkflowHold. Errors: ErrBadHold, store.ErrNoInstance, store.ErrRepeated. The answer is a store.Hold.
func (s *Service) PlaceHold(ctx context.Context, call Call, n NewHold) (json.RawMessage, error) {
	h, err := n.check()
	if err != nil {
		return nil, err
	}
	h.ID, h.PlacedBy, h.PlacedAt = newID(), call.Principal.Username, instant()
	answer, err := recorded(http.StatusCreated, h)
	if err != nil {
		return nil, err
	}
	return answer.Body, s.store.PlaceHold(ctx, h, call.Idempotency, answer)
}

// LiftHold ends a hold; it stays in the list. Errors: store.ErrNoHold, store.ErrLifted.
func (s *Service) LiftHold(ctx context.Context, call Call, id engine.ID) (store.Hold, error) {
	return s.store.LiftHold(ctx, id, call.Principal.Username, instant())
}

// Holds lists holds; the list is store.HoldList.
func (s *Service) Holds(ctx context.Context, r page.Request) (page.Page[store.Hold], error) {
	f := store.HoldFilter{
		State: r.Filters.Get("state"), BusinessKey: r.Filters.Get("businessKey"), ProcessKey: r.Filters.Get("processKey"), Username: r.Filters.Get("username"),
	}
	f.InstanceID, _ = engine.ParseID(r.Filters.Get("instanceId")) // the list asks for an id
	return s.store.Holds(ctx, r, f)
}

// erase goes on with the erasure of a person's data.
func (s *Service) erase(ctx context.Context) (Ticked, bool, error) {
	more, err := s.store.EraseRound(ctx, instant(), tickLease)
	return Ticked{}, more && err == nil, err
}
