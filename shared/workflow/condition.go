package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

const (
	conditionSource = "/diom/conditions" // of the starts by conditions
	conditionPage   = 200                // start events that are looked at at once
)

// Conditions is the answer to a look at the conditions of start events: the instances that were started.
type Conditions struct {
	Instances []store.Instance `json:"instances"`
}

// EvaluateConditions starts each process whose latest version has a conditional start event whose condition holds
// for the variables, each in a transaction of its own (Camunda 7 EvaluateStartConditionCmd). That none holds is
// no error. Repeated under its Idempotency-Key after a failure it goes on where it stopped. It returns the limits
// of variables, ErrBusinessKey, or store.ErrRepeated.
func (s *Service) EvaluateConditions(ctx context.Context, call Call, request StartRequest) (json.RawMessage, error) {
	return s.EvaluateConditionsOf(ctx, call, ConditionRequest{StartRequest: request})
}

// ConditionRequest is a look at the conditions of the start events of one definition, or of all where it is zero.
type ConditionRequest struct {
	StartRequest
	DefinitionID engine.ID
}

// EvaluateConditionsOf is EvaluateConditions for one definition alone.
func (s *Service) EvaluateConditionsOf(ctx context.Context, call Call, r ConditionRequest) (json.RawMessage, error) {
	request := r.StartRequest
	if err := checkBusinessKey(request.BusinessKey); err != nil {
		return nil, err
	}
	if err := checkVariables(request.Variables); err != nil {
		return nil, err
	}
	answer, after := Conditions{Instances: []store.Instance{}}, engine.ID{}
	for {
		page, err := s.store.StartConditions(ctx, after, conditionPage)
		if err != nil {
			return nil, err
		}
		started, err := s.startByConditions(ctx, call, r, page)
		if err != nil {
			return nil, err
		}
		answer.Instances = append(answer.Instances, started...)
		if len(page) < conditionPage {
			break
		}
		after = page[len(page)-1].ID
	}
	recorded, err := recorded(http.StatusOK, answer)
	if err != nil {
		return nil, err
	}
	return recorded.Body, s.store.Answer(ctx, call.Idempotency, recorded, instant())
}

// startByConditions starts the processes whose conditions hold, of some start events.
func (s *Service) startByConditions(ctx context.Context, call Call, r ConditionRequest, page []store.Subscription) ([]store.Instance, error) {
	var started []store.Instance
	for _, sub := range page {
		if !r.DefinitionID.IsZero() && sub.DefinitionID != r.DefinitionID {
			continue
		}
		in, err := s.startByCondition(ctx, call, r.StartRequest, sub)
		if err != nil {
			return nil, err
		}
		if in != nil {
			started = append(started, *in)
		}
	}
	return started, nil
}

// startByCondition starts a process if the condition of its start event holds, else it returns nil.
func (s *Service) startByCondition(ctx context.Context, call Call, request StartRequest, sub store.Subscription) (*store.Instance, error) {
	d, err := s.definition(ctx, sub.DefinitionID)
	if err != nil {
		return nil, err
	}
	event := d.process.Node(sub.NodeID)
	if event == nil || !engine.StartHolds(d.process, event, request.Variables, instant(), engine.World{Location: s.location}) {
		return nil, nil
	}
	b := beginning{
		node: sub.NodeID, definition: sub.DefinitionID, delivery: conditionDelivery(call, sub), request: request,
		answer: func(r *result) any { return store.ShowInstance(r.after) },
	}
	raw, err := s.begin(ctx, Call{Principal: call.Principal, Types: call.Types, Strict: call.Strict}, b)
	switch {
	case errors.Is(err, store.ErrDelivered):
		return s.startedBefore(ctx, b.delivery)
	case errors.Is(err, store.ErrNoDefinition) || errors.Is(err, ErrSuspendedDefinition): // replaced meanwhile
		return nil, nil
	case err != nil:
		return nil, err
	}
	in := &store.Instance{}
	return in, json.Unmarshal(raw, in)
}

// startedBefore returns the instance that an earlier call with the same Idempotency-Key has started.
func (s *Service) startedBefore(ctx context.Context, d *store.Delivery) (*store.Instance, error) {
	id, err := s.store.DeliveredTo(ctx, d.Source, d.EventID)
	if err != nil {
		return nil, err
	}
	in, err := s.store.LoadInstance(ctx, id)
	if err != nil {
		return nil, err
	}
	shown := store.ShowInstance(in)
	return &shown, nil
}

// conditionDelivery names a start so that a repeated request makes it once; nil where the request has no key.
func conditionDelivery(call Call, sub store.Subscription) *store.Delivery {
	k := call.Idempotency
	if k == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(k.Principal + "\n" + k.Key + "\n" + sub.ProcessKey + "\n" + sub.NodeID))
	return &store.Delivery{Source: conditionSource, EventID: hex.EncodeToString(sum[:])}
}
