package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a delivery is not found or sent again.
var (
	ErrNoDelivery   = fault.New(fault.NotFound, "delivery_not_found", "There is no such delivery.")
	ErrDeliveryOpen = fault.New(fault.Conflict, "delivery_not_over", "The delivery is not over: it is tried again by itself, or is part of a digest that is to come.")
)

// DeliveryState says how far a delivery is.
type DeliveryState string

// The states: to be tried, part of a digest that is to be sent, taken by the receiver, left out because its person
// has read it, and given up.
const (
	DeliveryWaiting DeliveryState = "waiting"
	DeliveryDigest  DeliveryState = "digest"
	DeliverySent    DeliveryState = "sent"
	DeliverySkipped DeliveryState = "skipped"
	DeliveryFailed  DeliveryState = "failed"
)

// ChannelDelivery is a notification on its way to a person by a channel, or a digest of several: that has no notification,
// and they have its id. Status and Reason are of the last attempt; DueAt is when the next one is.
type ChannelDelivery struct {
	ID             engine.ID     `json:"id"`
	ChannelID      engine.ID     `json:"channelId"`
	Username       string        `json:"username"`
	Type           string        `json:"type"`
	NotificationID engine.ID     `json:"notificationId,omitzero"`
	DigestID       engine.ID     `json:"digestId,omitzero"`
	State          DeliveryState `json:"state"`
	Attempts       int           `json:"attempts"`
	Status         int           `json:"status"`
	Reason         string        `json:"reason"`
	DueAt          *time.Time    `json:"dueAt"`
	CreatedAt      time.Time     `json:"createdAt"`
	EndedAt        *time.Time    `json:"endedAt"`
	// Event is what goes to a webhook, a CloudEvent as JSON; ChannelID is the webhook's then.
	Event []byte `json:"-"`
	// Unmade says that the attempt was not made: it does not count.
	Unmade bool `json:"-"`
}

const (
	deliveryNames    = `id, channel_id, username, type, notification_id, digest_id, state, attempts, status, reason, due_at, created_at, ended_at, event`
	deliveryColumns  = deliveryNames + ` FROM workflow_delivery`
	insertDeliveries = `INSERT IGNORE INTO workflow_delivery (` + deliveryNames + `) VALUES `
)

func (d *ChannelDelivery) fields() []any {
	return []any{&d.ID, &d.ChannelID, &d.Username, &d.Type, &d.NotificationID, &d.DigestID, &d.State, &d.Attempts, &d.Status, &d.Reason, &d.DueAt, &d.CreatedAt, &d.EndedAt, &d.Event}
}

// deliver writes deliveries in the transaction of their notifications. One that is there stays as it is.
func deliver(ctx context.Context, tx *sql.Tx, list []ChannelDelivery) error {
	if len(list) == 0 {
		return nil
	}
	arguments := make([]any, 0, 14*len(list))
	for i := range list {
		d := &list[i]
		arguments = append(arguments, d.ID[:], d.ChannelID[:], d.Username, d.Type, nullableID(d.NotificationID), nullableID(d.DigestID), string(d.State), d.Attempts,
			d.Status, excerpt.Cut(d.Reason, maxReason), d.DueAt, d.CreatedAt, d.EndedAt, d.Event)
	}
	_, err := tx.ExecContext(ctx, insertDeliveries+strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), ", len(list)), ", "), arguments...)
	return err
}

// DeliveryFilter narrows the list of deliveries; zero fields do not.
type DeliveryFilter struct {
	State     DeliveryState
	ChannelID engine.ID
	Username  string
	Type      string
}

// DeliveryList names the list of deliveries, which goes by their time.
var DeliveryList = page.List{Name: "deliveries", Sorts: []string{"-createdAt"}, Filters: []page.Filter{
	{Name: "state", Values: []string{string(DeliveryWaiting), string(DeliveryDigest), string(DeliverySent), string(DeliverySkipped), string(DeliveryFailed)}},
	{Name: "channel", Form: page.ID}, {Name: "username"}, {Name: "type", Summary: "the kind of the notification"},
}}

// Deliveries lists deliveries by their ids, which is the time of what they are about.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter, r page.Request) (page.Page[ChannelDelivery], error) {
	q := query{}
	if f.State != "" {
		q.where("state = ?", string(f.State))
	}
	q.equalID("channel_id", f.ChannelID)
	if f.Username != "" {
		q.where("username = ?", f.Username)
	}
	if f.Type != "" {
		q.where("type = ?", f.Type)
	}
	l := list[ChannelDelivery]{
		columns: deliveryColumns, count: "workflow_delivery", sort: byID("id"), scan: into((*ChannelDelivery).fields),
		key: func(d ChannelDelivery) []string { return []string{d.ID.String()} },
	}
	return l.read(ctx, s, q, r)
}

const (
	dueDeliveries  = `SELECT id FROM workflow_delivery WHERE due_at <= ? ORDER BY due_at LIMIT ?`
	readDeliveries = `SELECT ` + deliveryColumns + byPrimary
	freeDeliveries = ` AND due_at <= ? FOR UPDATE SKIP LOCKED`
	markDeliveries = `UPDATE workflow_delivery` + byPrimary + ` SET due_at = ?, attempts = attempts + 1`
)

// ClaimDeliveries takes up to limit deliveries that are due, for one attempt each, and leaves them alone until
// now+lease: who dies meanwhile has made an attempt.
func (s *Store) ClaimDeliveries(ctx context.Context, limit int, now time.Time, lease time.Duration) ([]ChannelDelivery, error) {
	until := now.Add(lease).Truncate(time.Millisecond)
	rows, err := s.DB.Query(ctx, dueDeliveries, now, limit+spare)
	found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	taken, err := claim[ChannelDelivery]{
		candidates: found, limit: limit, read: readDeliveries, scan: into((*ChannelDelivery).fields), id: func(d ChannelDelivery) engine.ID { return d.ID },
		free: freeDeliveries, freeArguments: []any{now}, mark: markDeliveries, markArguments: []any{until},
	}.take(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	for i := range taken {
		taken[i].Attempts++
		taken[i].DueAt = &until
	}
	return taken, nil
}

const (
	settleDelivery = `UPDATE workflow_delivery SET state = ?, status = ?, reason = ?, due_at = ?, ended_at = ?, attempts = attempts - ? WHERE id = ? AND state = ? AND attempts = ?`
	settleDigest   = `UPDATE workflow_delivery SET state = ?, ended_at = ? WHERE digest_id = ? AND state = ?`
)

// SettleDelivery writes what became of the attempt that d was claimed for, and of what is in d where it is a digest
// that is over. Where another attempt has begun meanwhile it is for that one to say.
func (s *Store) SettleDelivery(ctx context.Context, d ChannelDelivery) error {
	unmade := 0
	if d.Unmade {
		unmade = 1
	}
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, settleDelivery, string(d.State), d.Status, excerpt.Cut(d.Reason, maxReason), d.DueAt, d.EndedAt, unmade, d.ID[:], string(DeliveryWaiting), d.Attempts)
		if err != nil || d.EndedAt == nil || !d.NotificationID.IsZero() || d.Event != nil {
			return err
		}
		if n, _ := result.RowsAffected(); n == 0 { // MySQL always tells
			return nil
		}
		_, err = tx.ExecContext(ctx, settleDigest, string(d.State), d.EndedAt, d.ID[:], string(DeliveryDigest))
		return err
	})
	if err != nil {
		return fmt.Errorf("delivery %s: %w", d.ID, err)
	}
	return nil
}

// Resend makes a delivery that is over due again, as if it had never been tried, and records the answer. Errors:
// ErrNoDelivery, ErrDeliveryOpen, ErrRepeated.
func (s *Store) Resend(ctx context.Context, id engine.ID, now time.Time, i *Idempotency, answer func(ChannelDelivery) (Recorded, error)) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var d ChannelDelivery
		err := tx.QueryRowContext(ctx, `SELECT `+deliveryColumns+` WHERE id = ? FOR UPDATE`, id[:]).Scan(d.fields()...)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoDelivery
		}
		if err != nil {
			return err
		}
		if d.EndedAt == nil {
			return ErrDeliveryOpen
		}
		d.State, d.Attempts, d.DueAt, d.EndedAt = DeliveryWaiting, 0, &now, nil
		if _, err := tx.ExecContext(ctx, `UPDATE workflow_delivery SET state = ?, attempts = 0, due_at = ?, ended_at = NULL WHERE id = ?`, string(d.State), now, id[:]); err != nil {
			return err
		}
		a, err := answer(d)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, now)
	})
	if err != nil {
		return fmt.Errorf("delivery %s: %w", id, err)
	}
	return nil
}

const (
	ofDelivery = `SELECT ` + notificationColumns + ` WHERE id = ?`
	ofDigest   = `SELECT n.id, n.username, n.type, n.title, n.content, n.task_id, n.created_at, n.read_at
FROM workflow_delivery d JOIN workflow_notification n ON n.id = d.notification_id WHERE d.digest_id = ? ORDER BY d.notification_id LIMIT ?`
)

// DeliveryContent returns the notification of a delivery, or those of a digest, the older ones first, at most limit.
func (s *Store) DeliveryContent(ctx context.Context, d ChannelDelivery, limit int) ([]Notification, error) {
	text, arguments := ofDelivery, []any{d.NotificationID[:]}
	if d.NotificationID.IsZero() {
		text, arguments = ofDigest, []any{d.ID[:], limit}
	}
	rows, err := s.DB.Query(ctx, text, arguments...)
	found, err := collect(rows, err, into((*Notification).destinations))
	if err != nil {
		return nil, fmt.Errorf("delivery %s: %w", d.ID, err)
	}
	return found, nil
}

const purgeDeliveries = `DELETE FROM workflow_delivery WHERE ended_at < ? LIMIT ?`

// PurgeDeliveries removes up to limit deliveries that were over before a time and returns how many.
func (s *Store) PurgeDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, purgeDeliveries, before, limit)
}
