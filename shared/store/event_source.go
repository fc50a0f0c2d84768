package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why an event source is not found or changed.
var (
	ErrNoEventSource   = fault.New(fault.NotFound, "event_source_not_found", "There is no such event source.")
	ErrEventSourceUsed = fault.New(fault.Conflict, "event_source_taken", "An event source of this name is registered.")
)

// EventSource is another system whose CloudEvents are taken: its key, the types that it may send, and
// what becomes of each. Source and the types have at most 255 characters.
type EventSource struct {
	ID        engine.ID      `json:"id"`
	Source    string         `json:"source"`
	Types     []string       `json:"types"`
	KeyID     string         `json:"keyId"`
	SealedKey []byte         `json:"-"`
	Mappings  []EventMapping `json:"mappings"`
	Enabled   bool           `json:"enabled"`
	Version   int64          `json:"version"`
	CreatedAt time.Time      `json:"createdAt"`
	UpdatedAt time.Time      `json:"updatedAt"`
}

// EventMapping makes a message of the events of a type. Message is its name; the rest are JUEL
// expressions over the event, correlation keys and variables by their names.
type EventMapping struct {
	Type            string            `json:"type"`
	Message         string            `json:"message"`
	BusinessKey     string            `json:"businessKey,omitempty"`
	CorrelationKeys map[string]string `json:"correlationKeys,omitempty"`
	Variables       map[string]string `json:"variables,omitempty"`
}

var kindEventSource = kind{"event-source", `SELECT 'event-source', source, key_id, SHA2(sealed_key, 256), types, mappings, enabled FROM workflow_event_source WHERE id = ?`}

const eventSourceColumns = `id, source, key_id, sealed_key, types, mappings, enabled, version, created_at, updated_at FROM workflow_event_source`

// document scans a JSON column.
type document[T any] struct{ into *T }

// Scan reads the JSON.
func (d document[T]) Scan(value any) error {
	raw, ok := value.([]byte)
	if !ok {
		return fmt.Errorf("JSON column holds a %T", value)
	}
	return json.Unmarshal(raw, d.into)
}

func (e *EventSource) fields() []any {
	return []any{
		&e.ID, &e.Source, &e.KeyID, &e.SealedKey, document[[]string]{&e.Types}, document[[]EventMapping]{&e.Mappings}, &e.Enabled,
		&e.Version, &e.CreatedAt, &e.UpdatedAt,
	}
}

// arguments are the columns that a change writes.
func (e *EventSource) arguments() ([]any, error) {
	types, err := json.Marshal(e.Types)
	if err != nil {
		return nil, err
	}
	mappings, err := json.Marshal(e.Mappings)
	return []any{e.Source, e.KeyID, e.SealedKey, types, mappings, e.Enabled, e.UpdatedAt}, err
}

// EventSourceList names the list of event sources.
var EventSourceList = page.List{Name: "event-sources", Sorts: []string{"source"}}

// EventSources reads one page of event sources by their source.
func (s *Store) EventSources(ctx context.Context, r page.Request) (page.Page[EventSource], error) {
	l := list[EventSource]{
		columns: eventSourceColumns, count: "workflow_event_source", sort: byName("source"), scan: into((*EventSource).fields),
		key: func(e EventSource) []string { return []string{e.Source} },
	}
	return l.read(ctx, s, query{}, r)
}

// EventSource returns an event source by its id: ErrNoEventSource when there is none.
func (s *Store) EventSource(ctx context.Context, id engine.ID) (EventSource, error) {
	return s.eventSource(ctx, `id = ?`, id[:])
}

// EventSourceOf returns the event source that is registered for the source of a CloudEvent:
// ErrNoEventSource when there is none.
func (s *Store) EventSourceOf(ctx context.Context, source string) (EventSource, error) {
	return s.eventSource(ctx, `source = ?`, source)
}

func (s *Store) eventSource(ctx context.Context, condition string, argument any) (EventSource, error) {
	var e EventSource
	err := s.DB.QueryRow(ctx, e.fields(), `SELECT `+eventSourceColumns+` WHERE `+condition, argument)
	if errors.Is(err, sql.ErrNoRows) {
		return e, ErrNoEventSource
	}
	if err != nil {
		return e, fmt.Errorf("event source: %w", err)
	}
	return e, nil
}

// CreateEventSource inserts an event source and the answer. Errors: ErrRepeated, ErrEventSourceUsed.
func (s *Store) CreateEventSource(ctx context.Context, e EventSource, i *Idempotency, answer Recorded) error {
	arguments, err := e.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"event-source.create", kindEventSource, e.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, e.CreatedAt); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_event_source (source, key_id, sealed_key, types, mappings, enabled, updated_at, id, version, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(arguments, e.ID[:], e.Version, e.CreatedAt)...)
		return taken(err, ErrEventSourceUsed)
	})
}

// UpdateEventSource writes everything but the id where the row still has e.Version, and counts the
// version up. Errors: ErrPeopleStale, ErrEventSourceUsed.
func (s *Store) UpdateEventSource(ctx context.Context, e EventSource) error {
	arguments, err := e.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"event-source.update", kindEventSource, e.ID}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_event_source SET source = ?, key_id = ?, sealed_key = ?, types = ?, mappings = ?, enabled = ?, updated_at = ?,
 version = version + 1 WHERE id = ? AND version = ?`, append(arguments, e.ID[:], e.Version)...)
		return changedOne(result, taken(err, ErrEventSourceUsed), ErrPeopleStale)
	})
}

// DeleteEventSource removes an event source: its events are refused from then on. It returns
// ErrNoEventSource.
func (s *Store) DeleteEventSource(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"event-source.delete", kindEventSource, id}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM workflow_event_source WHERE id = ?`, id[:])
		return changedOne(result, err, ErrNoEventSource)
	})
}

// Buried reports whether an event that came in lies among the dead letters and was not resubmitted: a
// sender that tries again makes no second one.
func (s *Store) Buried(ctx context.Context, source, eventID string) (bool, error) {
	return s.found(ctx, buried, source, eventID, string(In))
}
