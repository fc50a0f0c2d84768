package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// NewEventSource is the body that registers an event source. Types may be absent: then they are those
// of the mappings. Enabled is true where it is absent.
type NewEventSource struct {
	Source   string               `json:"source" api:"required"`
	Types    []string             `json:"types"`
	KeyID    string               `json:"keyId" api:"required"`
	Key      string               `json:"key" api:"required"`
	Mappings []store.EventMapping `json:"mappings"`
	Enabled  *bool                `json:"enabled"`
}

// EventSourceChange is the body that changes an event source; what is absent stays. A new key needs its
// id.
type EventSourceChange struct {
	Source   *string               `json:"source"`
	Types    *[]string             `json:"types"`
	KeyID    *string               `json:"keyId"`
	Key      *string               `json:"key"`
	Mappings *[]store.EventMapping `json:"mappings"`
	Enabled  *bool                 `json:"enabled"`
}

// EventSources lists the event sources, without their keys; the list is store.EventSourceList.
func (in *Inbound) EventSources(ctx context.Context, r page.Request) (page.Page[store.EventSource], error) {
	return in.store.EventSources(ctx, r)
}

// EventSource returns an event source without its key: store.ErrNoEventSource when there is none.
func (in *Inbound) EventSource(ctx context.Context, id engine.ID) (store.EventSource, error) {
	return in.store.EventSource(ctx, id)
}

// CreateEventSource registers an event source. Errors: ErrEventSource with a detail for each problem,
// store.ErrEventSourceUsed, store.ErrRepeated.
func (in *Inbound) CreateEventSource(ctx context.Context, body NewEventSource, i *store.Idempotency) (store.EventSource, error) {
	now := instant()
	e := store.EventSource{
		ID: newID(), Source: body.Source, Types: typesOf(body.Types, body.Mappings), KeyID: body.KeyID, Mappings: body.Mappings,
		Enabled: body.Enabled == nil || *body.Enabled, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := in.check(&e, &body.Key); err != nil {
		return e, err
	}
	answer, err := recorded(http.StatusCreated, e)
	if err != nil {
		return e, err
	}
	return e, in.store.CreateEventSource(ctx, e, i, answer)
}

// UpdateEventSource changes an event source. match is the version that the caller has seen, 0 for any.
// Errors: those of CreateEventSource, store.ErrNoEventSource, store.ErrPeopleStale.
func (in *Inbound) UpdateEventSource(ctx context.Context, id engine.ID, body EventSourceChange, match int64) (store.EventSource, error) {
	e, err := in.store.EventSource(ctx, id)
	if err != nil {
		return e, err
	}
	if match != 0 && match != e.Version {
		return e, store.ErrPeopleStale
	}
	change(&e.Source, body.Source)
	change(&e.KeyID, body.KeyID)
	change(&e.Enabled, body.Enabled)
	change(&e.Mappings, body.Mappings)
	change(&e.Types, body.Types)
	e.Types = typesOf(e.Types, e.Mappings)
	if err := in.check(&e, body.Key); err != nil {
		return e, err
	}
	e.UpdatedAt = instant()
	if err := in.store.UpdateEventSource(ctx, e); err != nil {
		return e, err
	}
	e.Version++
	return e, nil
}

// DeleteEventSource removes an event source; its events are refused from then on. It returns
// store.ErrNoEventSource.
func (in *Inbound) DeleteEventSource(ctx context.Context, id engine.ID) error {
	return in.store.DeleteEventSource(ctx, id)
}

func change[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// typesOf returns the types, or those of the mappings where none are given.
func typesOf(types []string, mappings []store.EventMapping) []string {
	if len(types) > 0 {
		return types
	}
	types = []string{}
	for _, m := range mappings {
		types = append(types, m.Type)
	}
	return types
}

// check holds the rules of an event source, and seals a new key.
func (in *Inbound) check(e *store.EventSource, key *string) error {
	if e.Mappings == nil {
		e.Mappings = []store.EventMapping{}
	}
	if _, err := compileSource(*e, key); err != nil {
		return err
	}
	if key == nil {
		return nil
	}
	var err error
	e.SealedKey, err = in.access.Seal(keyPlace(e.ID), []byte(*key))
	return err
}

// keyPlace is where the key of a source is sealed for.
func keyPlace(id engine.ID) access.Place {
	return access.Place{Table: "workflow_event_source", ID: id, Field: "sealed_key"}
}

// recorded is an answer as it is sent and kept for a repeated request.
func recorded(status int, answer any) (store.Recorded, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(answer)
	return store.Recorded{Status: status, Body: body.Bytes()}, err
}
