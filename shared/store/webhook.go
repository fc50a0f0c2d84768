package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a webhook is not found or changed.
var (
	ErrNoWebhook   = fault.New(fault.NotFound, "webhook_not_found", "There is no such webhook.")
	ErrWebhookUsed = fault.New(fault.Conflict, "webhook_taken", "A webhook of this name is there.")
)

// Webhook is where another system is told of events of the product. Host is what is shown of its URL; Types are
// those of the events; ProcessKeys are the processes whose events it wants, all where there are none. RetiresAt is
// how long the secret before the present one signs, too.
type Webhook struct {
	ID          engine.ID  `json:"id"`
	Name        string     `json:"name"`
	Host        string     `json:"host"`
	Sealed      []byte     `json:"-"`
	RetiresAt   *time.Time `json:"retiresAt"`
	Types       []string   `json:"types"`
	ProcessKeys []string   `json:"processKeys"`
	Enabled     bool       `json:"enabled"`
	Version     int64      `json:"version"`
	CreatedAt   time.Time  `json:"createdAt"`
	UpdatedAt   time.Time  `json:"updatedAt"`
}

var kindWebhook = kind{"webhook", `SELECT 'webhook', name, host, SHA2(sealed, 256), retires_at, types, process_keys, enabled FROM workflow_webhook WHERE id = ?`}

const webhookColumns = `id, name, host, sealed, retires_at, types, process_keys, enabled, version, created_at, updated_at FROM workflow_webhook`

func (w *Webhook) fields() []any {
	return []any{&w.ID, &w.Name, &w.Host, &w.Sealed, &w.RetiresAt, document[[]string]{&w.Types}, document[[]string]{&w.ProcessKeys}, &w.Enabled, &w.Version, &w.CreatedAt, &w.UpdatedAt}
}

// arguments are the columns that a change writes.
func (w *Webhook) arguments() ([]any, error) {
	types, err := json.Marshal(w.Types)
	if err != nil {
		return nil, err
	}
	keys, err := json.Marshal(w.ProcessKeys)
	return []any{w.Name, w.Host, w.Sealed, w.RetiresAt, types, keys, w.Enabled, w.UpdatedAt}, err
}

// WebhookList names the list of webhooks.
var WebhookList = page.List{Name: "webhooks", Sorts: []string{"name"}}

// Webhooks reads one page of webhooks by their name.
func (s *Store) Webhooks(ctx context.Context, r page.Request) (page.Page[Webhook], error) {
	l := list[Webhook]{
		columns: webhookColumns, count: "workflow_webhook", sort: byName("name"), scan: into((*Webhook).fields),
		key: func(w Webhook) []string { return []string{w.Name} },
	}
	return l.read(ctx, s, query{}, r)
}

// OpenWebhooks returns the enabled webhooks by name, at most limit of them.
func (s *Store) OpenWebhooks(ctx context.Context, limit int) ([]Webhook, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+webhookColumns+` WHERE enabled = 1 ORDER BY name LIMIT ?`, limit)
	found, err := collect(rows, err, into((*Webhook).fields))
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	return found, nil
}

// Webhook returns a webhook by its id: ErrNoWebhook when there is none.
func (s *Store) Webhook(ctx context.Context, id engine.ID) (Webhook, error) {
	var w Webhook
	err := s.DB.QueryRow(ctx, w.fields(), `SELECT `+webhookColumns+` WHERE id = ?`, id[:])
	return w, absent(err, ErrNoWebhook)
}

// CreateWebhook inserts a webhook and the answer. Errors: ErrRepeated, ErrWebhookUsed.
func (s *Store) CreateWebhook(ctx context.Context, w Webhook, i *Idempotency, answer Recorded) error {
	arguments, err := w.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"webhook.create", kindWebhook, w.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, w.CreatedAt); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_webhook (name, host, sealed, retires_at, types, process_keys, enabled, updated_at, id, version, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(arguments, w.ID[:], w.Version, w.CreatedAt)...)
		return taken(err, ErrWebhookUsed)
	})
}

// UpdateWebhook writes everything but the id where the row still has w.Version, and counts the version up. action is
// what the audit trail calls it. Errors: ErrPeopleStale, ErrWebhookUsed.
func (s *Store) UpdateWebhook(ctx context.Context, w Webhook, action string) error {
	arguments, err := w.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{action, kindWebhook, w.ID}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_webhook SET name = ?, host = ?, sealed = ?, retires_at = ?, types = ?, process_keys = ?, enabled = ?, updated_at = ?, version = version + 1
WHERE id = ? AND version = ?`, append(arguments, w.ID[:], w.Version)...)
		return changedOne(result, taken(err, ErrWebhookUsed), ErrPeopleStale)
	})
}

// DeleteWebhook removes a webhook. What was to be delivered to it fails. It returns ErrNoWebhook.
func (s *Store) DeleteWebhook(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"webhook.delete", kindWebhook, id}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM workflow_webhook WHERE id = ?`, id[:])
		return changedOne(result, err, ErrNoWebhook)
	})
}

// AddDeliveries writes deliveries of events. One that is there stays as it is.
func (s *Store) AddDeliveries(ctx context.Context, list []ChannelDelivery) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error { return deliver(ctx, tx, list) })
}

// Replay is which deliveries of a webhook are made again: those that are over, of a state, and not older than Since.
type Replay struct {
	WebhookID engine.ID
	State     DeliveryState
	Since     time.Time
	Limit     int
}

const replayText = `UPDATE workflow_delivery FORCE INDEX (channel) SET state = ?, attempts = 0, due_at = ?, ended_at = NULL
WHERE channel_id = ? AND state = ? AND created_at >= ? AND ended_at IS NOT NULL ORDER BY id LIMIT ?`

// Replay makes deliveries due again, and records the answer, made of their number. It returns ErrRepeated.
func (s *Store) Replay(ctx context.Context, r Replay, now time.Time, i *Idempotency, answer func(int) (Recorded, error)) error {
	return s.inAudited(ctx, act{"webhook.replay", kindWebhook, r.WebhookID}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, replayText, string(DeliveryWaiting), now, r.WebhookID[:], string(r.State), r.Since, r.Limit)
		if err != nil {
			return err
		}
		n, _ := result.RowsAffected() // MySQL always tells
		a, err := answer(int(n))
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, now)
	})
}
