package receiveevent

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// message is the body of a message; without ttlSeconds somebody must wait for it now.
type message struct {
	Name            string           `json:"name" api:"required"`
	BusinessKey     string           `json:"businessKey"`
	CorrelationKeys engine.Variables `json:"correlationKeys"`
	Variables       engine.Variables `json:"variables"`
	TTLSeconds      int32            `json:"ttlSeconds"`
}

// correlate answers 200 with who took the message, or 202 where it waits for somebody.
func correlate(ctx context.Context, r *faas.Request) (any, error) {
	var body message
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	c, err := r.App.Workflow.Correlate(ctx, r.Call(), workflow.Message{
		Name: body.Name, BusinessKey: body.BusinessKey, CorrelationKeys: body.CorrelationKeys, Variables: body.Variables,
		TTL: time.Duration(body.TTLSeconds) * time.Second,
	}, nil)
	if errors.Is(err, store.ErrDelivered) { // the same request has parked it before
		c, err = &workflow.Correlation{Results: []workflow.CorrelationResult{}, Parked: true}, nil
	}
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if c.Parked {
		status = http.StatusAccepted
	}
	raw, err := json.Marshal(c) // the bytes that are recorded for a repetition
	return faas.Answer{Status: status, Body: json.RawMessage(raw)}, err
}
