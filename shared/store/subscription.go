package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrTooManyKeys: a message has more correlation keys than one query can look for.
var ErrTooManyKeys = fault.New(fault.Invalid, "too_many_correlation_keys", "A message has at most 10 correlation keys.")

// maxKeys bounds the joins of a query.
const maxKeys = 10

// Subscription is a message, signal or conditional event that is waited for, with one of Message and Signal or neither: by an instance, or by the start event of the
// latest version of a process, whose InstanceID is zero.
type Subscription struct {
	ID           engine.ID `json:"id"`
	InstanceID   engine.ID `json:"instanceId,omitzero"`
	DefinitionID engine.ID `json:"definitionId"`
	ProcessKey   string    `json:"processKey"`
	NodeID       string    `json:"nodeId"`
	Message      string    `json:"message"`
	Signal       string    `json:"signal,omitempty"`
	BusinessKey  *string   `json:"businessKey"`
}

const insertSubscription = `INSERT INTO workflow_subscription (suspended, id, instance_id, definition_id, process_key, node_id, message, start_message, signal_name, start_condition, business_key) VALUES `

func (s *Subscription) values(suspended bool) []any {
	var start, condition any
	switch {
	case !s.InstanceID.IsZero() || s.Signal != "":
	case s.Message == "":
		condition = 1
	default:
		start = s.Message
	}
	return []any{suspended, s.ID[:], nullableID(s.InstanceID), s.DefinitionID[:], s.ProcessKey, s.NodeID, s.Message, start, null(s.Signal), condition, s.BusinessKey}
}

// subscriptions writes the rows of subscriptions.
func (w *writer) subscriptions() {
	var rows turnover
	for i := range w.Changes {
		switch c := &w.Changes[i]; c.Kind {
		case engine.SubscriptionOpened:
			rows.create(c.Subscription.ID)
		case engine.SubscriptionClosed:
			rows.end(c.SubscriptionID)
		}
	}
	values := make([][]any, 0, len(rows.created))
	for _, id := range rows.created {
		s := w.After.Subscription(id)
		row := Subscription{
			ID: s.ID, InstanceID: w.After.ID, DefinitionID: w.After.DefinitionID, ProcessKey: w.After.ProcessKey, NodeID: s.Node,
			Message: s.Message, BusinessKey: pointer(w.After.BusinessKey),
		}
		if s.Signal {
			row.Message, row.Signal = "", s.Message
		}
		values = append(values, row.values(w.suspended()))
	}
	w.insert(insertSubscription, values, "")
	w.remove("workflow_subscription", rows.ended)
}

const subscriptionColumns = `s.id, s.instance_id, s.definition_id, s.process_key, s.node_id, s.message, IFNULL(s.signal_name, ''), s.business_key FROM workflow_subscription s`

func (s *Subscription) destinations() []any {
	return []any{&s.ID, &s.InstanceID, &s.DefinitionID, &s.ProcessKey, &s.NodeID, &s.Message, &s.Signal, &s.BusinessKey}
}

// MessageQuery looks for who waits for a message: its name, and, unless they are empty, the business
// key of the instance and variables of its process scope, as canonical JSON texts by name. A text that
// is too long to be kept (255 characters) matches nothing. Unkeyed asks for instances without a business
// key.
type MessageQuery struct {
	Name        string
	BusinessKey string
	Unkeyed     bool
	Keys        map[string]string
}

// Subscriptions returns up to limit subscriptions of instances that a message matches, in no order;
// suspended instances do not take part. It returns ErrTooManyKeys.
func (s *Store) Subscriptions(ctx context.Context, m MessageQuery, limit int) ([]Subscription, error) {
	if len(m.Keys) > maxKeys {
		return nil, ErrTooManyKeys
	}
	text, arguments := m.statement(limit)
	rows, err := s.DB.Query(ctx, text, arguments...)
	list, err := collect(rows, err, into((*Subscription).destinations))
	if err != nil {
		return nil, fmt.Errorf("subscriptions to %q: %w", m.Name, err)
	}
	return list, nil
}

// statement joins one row of workflow_search_variable for each key; which table the database begins
// with is up to it and its statistics.
func (m MessageQuery) statement(limit int) (string, []any) {
	var joins strings.Builder
	var arguments []any
	for n, name := range slices.Sorted(maps.Keys(m.Keys)) {
		fmt.Fprintf(&joins, ` JOIN workflow_search_variable k%d ON k%d.instance_id = s.instance_id AND k%d.name = ? AND k%d.value = ?`, n, n, n, n)
		arguments = append(arguments, name, m.Keys[name])
	}
	q := query{arguments: arguments}
	q.where("s.message = ? AND s.suspended = 0 AND s.instance_id IS NOT NULL", m.Name)
	q.equal("s.business_key", m.BusinessKey)
	if m.Unkeyed {
		q.where("s.business_key IS NULL")
	}
	return `SELECT ` + subscriptionColumns + joins.String() + q.text() + ` LIMIT ?`, append(q.arguments, limit)
}

const startSubscription = `SELECT ` + subscriptionColumns + ` WHERE s.start_message = ? AND s.suspended = 0`

// StartSubscription returns the start event that a message triggers: of the latest version of a
// process, which must not be suspended. found is false when there is none.
func (s *Store) StartSubscription(ctx context.Context, name string) (sub Subscription, found bool, err error) {
	err = s.DB.QueryRow(ctx, sub.destinations(), startSubscription, name)
	if errors.Is(err, sql.ErrNoRows) {
		return Subscription{}, false, nil
	}
	return sub, err == nil, err
}
