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

// Notice is what something that has happened lets people know.
type Notice struct {
	TaskID engine.ID // of the task that it is about; zero where that is none
	// Tell gives what people are told: of the task as it is now, where there is one. nil tells nobody.
	Tell func(now Task) Telling
	Read *Reading // what has been read by it
}

// Reading is what is unread about the task of a notice and was read at a time: everybody's notifications of one type, and all
// of one person; either may be "".
type Reading struct {
	Type, Username string
	At             time.Time
}

const tasksText = `SELECT ` + taskColumns + ` FROM workflow_task t` + byPrimary

// Announce writes what notices tell, and what is read by them, in one transaction. Nothing changes their tasks meanwhile:
// whoever ends what they are about, after a change, finds them. A notice about a task that is not there tells nobody.
func (s *Store) Announce(ctx context.Context, notices []Notice) error {
	err := s.DB.InTx(ctx, func(tx *sql.Tx) error {
		now, err := tasksNow(ctx, tx, notices)
		if err != nil {
			return err
		}
		var all Telling
		for _, n := range notices {
			task, there := now[n.TaskID]
			if n.Tell == nil || !there && !n.TaskID.IsZero() {
				continue
			}
			t := n.Tell(task)
			all.Notifications, all.Deliveries = append(all.Notifications, t.Notifications...), append(all.Deliveries, t.Deliveries...)
		}
		if err := notify(ctx, tx, all.Notifications, all.Deliveries); err != nil {
			return err
		}
		return readOf(ctx, tx, notices)
	})
	if err != nil {
		return fmt.Errorf("notifications: %w", err)
	}
	return nil
}

// tasksNow returns the tasks of which notices tell, which nobody changes until tx ends.
func tasksNow(ctx context.Context, tx *sql.Tx, notices []Notice) (map[engine.ID]Task, error) {
	var ids []engine.ID
	for _, n := range notices {
		if n.Tell != nil && !n.TaskID.IsZero() {
			ids = append(ids, n.TaskID)
		}
	}
	if len(ids) == 0 {
		return map[engine.ID]Task{}, nil
	}
	rows, err := tx.QueryContext(ctx, tasksText+byIDs(len(ids))+` FOR UPDATE`, arguments16(ids)...)
	return tasksByID(rows, err)
}

func tasksByID(rows *sql.Rows, err error) (map[engine.ID]Task, error) {
	list, err := collect(rows, err, scanTask)
	found := make(map[engine.ID]Task, len(list))
	for _, task := range list {
		found[task.ID] = task
	}
	return found, err
}

// TasksByID returns those of the tasks that are there, ended ones too.
func (s *Store) TasksByID(ctx context.Context, list []engine.ID) (map[engine.ID]Task, error) {
	found, err := tasksByID(s.DB.Query(ctx, tasksText+byIDs(len(list)), arguments16(list)...))
	if err != nil {
		return nil, fmt.Errorf("tasks: %w", err)
	}
	return found, nil
}

// readOf marks what notices say is read.
func readOf(ctx context.Context, tx *sql.Tx, notices []Notice) error {
	var arguments []any
	for _, n := range notices {
		if n.Read != nil {
			arguments = append(arguments, n.TaskID[:], n.Read.Type, n.Read.Username, n.Read.At)
		}
	}
	if len(arguments) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, readingText(len(arguments)/4), arguments...)
	return err
}

func readingText(n int) string {
	return `UPDATE workflow_notification n FORCE INDEX (task) JOIN (SELECT ? AS task_id, ? AS type, ? AS username, ? AS at` + strings.Repeat(` UNION ALL SELECT ?, ?, ?, ?`, n-1) + `) v
ON n.task_id = v.task_id SET n.read_at = v.at WHERE n.read_at IS NULL AND (n.type = v.type OR n.username = v.username)`
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
