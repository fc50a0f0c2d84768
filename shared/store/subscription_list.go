package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// Waiting is a subscription as the API lists it: with when it was opened and whether it sleeps with its instance.
type Waiting struct {
	Subscription
	Suspended bool      `json:"suspended"`
	CreatedAt time.Time `json:"createdAt"`
}

// WaitingFilter narrows a list of subscriptions; zero fields do not.
type WaitingFilter struct {
	InstanceID engine.ID
	Message    string
	Signal     string
}

var waitingList = list[Waiting]{
	columns: `id, instance_id, definition_id, process_key, node_id, message, COALESCE(signal_name, ''), business_key, suspended, created_at FROM workflow_subscription`,
	count:   "workflow_subscription", sort: byID("id"), scan: scanWaiting,
	key: func(w Waiting) []string { return []string{w.ID.String()} },
}

func scanWaiting(rows *sql.Rows) (w Waiting, err error) {
	var instance *engine.ID
	err = rows.Scan(&w.ID, &instance, &w.DefinitionID, &w.ProcessKey, &w.NodeID, &w.Message, &w.Signal, &w.BusinessKey, &w.Suspended, &w.CreatedAt)
	if instance != nil {
		w.InstanceID = *instance
	}
	return w, err
}

// Waiting lists what is waited for, by the time when it was opened (its id).
func (s *Store) Waiting(ctx context.Context, f WaitingFilter, r page.Request) (page.Page[Waiting], error) {
	q := query{}
	q.equalID("instance_id", f.InstanceID)
	q.equal("message", f.Message)
	q.equal("signal_name", f.Signal)
	return waitingList.read(ctx, s, q, r)
}
