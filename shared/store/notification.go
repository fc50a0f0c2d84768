package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// ErrNoNotification: the person has no such notification.
var ErrNoNotification = fault.New(fault.NotFound, "notification_not_found", "There is no such notification.")

// Notification is what a person is told in the product. Content is a JSON object with the ids of what
// it is about; TaskID is zero where that is no task.
type Notification struct {
	ID        engine.ID       `json:"id"`
	Username  string          `json:"-"`
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Content   json.RawMessage `json:"content"`
	TaskID    engine.ID       `json:"-"`
	CreatedAt time.Time       `json:"createdAt"`
	ReadAt    *time.Time      `json:"readAt"`
}

const (
	notificationColumns = `id, username, type, title, content, task_id, created_at, read_at FROM workflow_notification`
	insertNotifications = `INSERT IGNORE INTO workflow_notification (id, username, type, title, content, task_id, created_at, read_at) VALUES `
	maxTitle            = 255 // characters
	readBatch           = 5000
)

func (n *Notification) destinations() []any {
	return []any{&n.ID, &n.Username, &n.Type, &n.Title, (*[]byte)(&n.Content), &n.TaskID, &n.CreatedAt, &n.ReadAt}
}

// Notify writes notifications and how they are delivered. What is there by its id is not written again.
func (s *Store) Notify(ctx context.Context, list []Notification, deliveries ...ChannelDelivery) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error { return notify(ctx, tx, list, deliveries) })
}

// Telling is what people are told, and how it leaves the product.
type Telling struct {
	Notifications []Notification
	Deliveries    []ChannelDelivery
}

func notify(ctx context.Context, tx *sql.Tx, list []Notification, deliveries []ChannelDelivery) error {
	if len(list) == 0 {
		return nil
	}
	text, arguments := insertion(list)
	if _, err := tx.ExecContext(ctx, text, arguments...); err != nil {
		return err
	}
	return deliver(ctx, tx, deliveries)
}

func insertion(list []Notification) (string, []any) {
	arguments := make([]any, 0, 8*len(list))
	for i := range list {
		n := &list[i]
		arguments = append(arguments, n.ID[:], n.Username, n.Type, excerpt.Cut(n.Title, maxTitle), string(n.Content), nullableID(n.TaskID), n.CreatedAt, n.ReadAt)
	}
	return insertNotifications + strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?, ?, ?), ", len(list)), ", "), arguments
}

const lockTask = `SELECT ` + taskColumns + ` FROM workflow_task t WHERE t.id = ? FOR UPDATE`

// NotifyOfTask writes the notifications that decide gives for the task as it is now, and their deliveries. Nothing changes the
// task meanwhile: whoever ends what they are about, after a change, finds them. It returns ErrNoTask.
func (s *Store) NotifyOfTask(ctx context.Context, id engine.ID, decide func(Task) ([]Notification, []ChannelDelivery)) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var r taskRow
		err := tx.QueryRowContext(ctx, lockTask, id[:]).Scan(r.destinations()...)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoTask
		}
		if err != nil {
			return err
		}
		task, err := r.task()
		if err != nil {
			return err
		}
		list, deliveries := decide(task)
		return notify(ctx, tx, list, deliveries)
	})
	if err != nil {
		return fmt.Errorf("task %s: %w", id, err)
	}
	return nil
}

const readOfTask = `UPDATE workflow_notification SET read_at = ? WHERE task_id = ? AND read_at IS NULL AND (type = ? OR username = ?)`

// ReadOfTask marks as read what is unread about a task: everybody's notifications of one type, and all
// of one person; either may be "".
func (s *Store) ReadOfTask(ctx context.Context, id engine.ID, kind, username string, now time.Time) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, readOfTask, now, id[:], kind, username)
		return err
	})
}

// NotificationList names the list of a person's notifications.
var NotificationList = page.List{Name: "notifications", Sorts: []string{"-createdAt"}, Filters: []page.Filter{{Name: "unread", Form: page.Flag, Summary: "true leaves out what has been read"}}}

func notificationsOf(username string, unread bool) (list[Notification], query) {
	l := list[Notification]{
		columns: notificationColumns, count: "workflow_notification", sort: byID("id"),
		scan: into((*Notification).destinations), key: func(n Notification) []string { return []string{n.ID.String()} },
	}
	q := query{}
	q.where("username = ?", username)
	if unread {
		l.columns += " FORCE INDEX (inbox)" // MariaDB would intersect two indexes, and sort
		q.where("read_at IS NULL")
	}
	return l, q
}

// Notifications lists a person's notifications, by their ids, which is the time of what they are about.
func (s *Store) Notifications(ctx context.Context, username string, unread bool, r page.Request) (page.Page[Notification], error) {
	l, q := notificationsOf(username, unread)
	return l.read(ctx, s, q, r)
}

const unreadText = `SELECT COUNT(*) FROM (SELECT 1 FROM workflow_notification WHERE username = ? AND read_at IS NULL LIMIT ?) AS counted`

// UnreadNotifications counts a person's unread notifications, up to 10,000.
func (s *Store) UnreadNotifications(ctx context.Context, username string) (int, error) {
	n := 0
	err := s.DB.QueryRow(ctx, []any{&n}, unreadText, username, maxCount)
	return n, err
}

// Reader is who reads notifications, when, and under which Idempotency-Key.
type Reader struct {
	Username    string
	At          time.Time
	Idempotency *Idempotency
}

const lockNotification = `SELECT ` + notificationColumns + ` WHERE id = ? AND username = ? FOR UPDATE`

// ReadNotification marks one of the reader's notifications as read, if it is not, and records the answer.
// Errors: ErrNoNotification, ErrRepeated.
func (s *Store) ReadNotification(ctx context.Context, r Reader, id engine.ID, answer func(Notification) (Recorded, error)) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		var n Notification
		err := tx.QueryRowContext(ctx, lockNotification, id[:], r.Username).Scan(n.destinations()...)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoNotification
		}
		if err != nil {
			return err
		}
		if n.ReadAt == nil {
			n.ReadAt = &r.At
			if _, err := tx.ExecContext(ctx, `UPDATE workflow_notification SET read_at = ? WHERE id = ?`, r.At, id[:]); err != nil {
				return err
			}
		}
		a, err := answer(n)
		if err != nil {
			return err
		}
		return r.Idempotency.Record(ctx, tx, a, r.At)
	})
	if err != nil {
		return fmt.Errorf("notification %s: %w", id, err)
	}
	return nil
}

const readAll = `UPDATE workflow_notification SET read_at = ? WHERE username = ? AND read_at IS NULL ORDER BY id LIMIT ?`

// ReadAllNotifications marks all of the reader's notifications as read, a few thousand a transaction, and
// records the answer to how many there were in the last one. It returns ErrRepeated.
func (s *Store) ReadAllNotifications(ctx context.Context, r Reader, answer func(count int) (Recorded, error)) error {
	for total, more := 0, true; more; {
		count := 0
		err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, readAll, r.At, r.Username, readBatch)
			if err != nil {
				return err
			}
			n, _ := result.RowsAffected() // MySQL always tells
			if count = int(n); count == readBatch {
				return nil
			}
			a, err := answer(total + count)
			if err != nil {
				return err
			}
			return r.Idempotency.Record(ctx, tx, a, r.At)
		})
		if err != nil {
			return fmt.Errorf("notifications of %s: %w", r.Username, err)
		}
		total, more = total+count, count == readBatch
	}
	return nil
}
