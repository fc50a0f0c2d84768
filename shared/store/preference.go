package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Preference is what a person has written down about his notifications; Settings is a JSON object.
type Preference struct {
	Username  string
	Settings  json.RawMessage
	Version   int64
	UpdatedAt time.Time
}

const preferenceColumns = `username, settings, version, updated_at FROM workflow_notification_preference`

func (p *Preference) fields() []any {
	return []any{&p.Username, (*[]byte)(&p.Settings), &p.Version, &p.UpdatedAt}
}

// Preferences returns the preferences of those of usernames who have any.
func (s *Store) Preferences(ctx context.Context, usernames []string) ([]Preference, error) {
	if len(usernames) == 0 {
		return nil, nil
	}
	arguments := make([]any, len(usernames))
	for i, name := range usernames {
		arguments[i] = name
	}
	rows, err := s.DB.Query(ctx, `SELECT `+preferenceColumns+` WHERE username IN (`+placeholders(len(usernames))+`)`, arguments...)
	found, err := collect(rows, err, into((*Preference).fields))
	if err != nil {
		return nil, fmt.Errorf("preferences: %w", err)
	}
	return found, nil
}

// SetPreference writes a person's preferences where they still have the version of p, 1 where there are none yet,
// and counts it up. It returns ErrPeopleStale.
func (s *Store) SetPreference(ctx context.Context, p Preference) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if p.Version <= 1 {
			_, err := tx.ExecContext(ctx, `INSERT INTO workflow_notification_preference (username, settings, version, updated_at) VALUES (?, ?, 2, ?)`, p.Username, string(p.Settings), p.UpdatedAt)
			return taken(err, ErrPeopleStale)
		}
		result, err := tx.ExecContext(ctx, `UPDATE workflow_notification_preference SET settings = ?, updated_at = ?, version = version + 1 WHERE username = ? AND version = ?`,
			string(p.Settings), p.UpdatedAt, p.Username, p.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// NotificationTemplate is the words of a kind of notification in a language. Version is 1 where they are the
// product's own.
type NotificationTemplate struct {
	Kind      string     `json:"kind"`
	Language  string     `json:"language"`
	Title     string     `json:"title"`
	Text      string     `json:"text"`
	Version   int64      `json:"version"`
	UpdatedBy string     `json:"updatedBy,omitempty"`
	UpdatedAt *time.Time `json:"updatedAt,omitempty"`
}

const templateNames = `kind, language, title, text, version, updated_by, updated_at`

func (t *NotificationTemplate) fields() []any {
	return []any{&t.Kind, &t.Language, &t.Title, &t.Text, &t.Version, &t.UpdatedBy, &t.UpdatedAt}
}

// NotificationTemplates returns the templates that somebody has written.
func (s *Store) NotificationTemplates(ctx context.Context) ([]NotificationTemplate, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+templateNames+` FROM workflow_notification_template`)
	found, err := collect(rows, err, into((*NotificationTemplate).fields))
	if err != nil {
		return nil, fmt.Errorf("notification templates: %w", err)
	}
	return found, nil
}

// SetNotificationTemplate writes a template where it still has the version of t, 1 where there is none yet, and
// counts it up. It returns ErrPeopleStale.
func (s *Store) SetNotificationTemplate(ctx context.Context, t NotificationTemplate) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if t.Version <= 1 {
			_, err := tx.ExecContext(ctx, `INSERT INTO workflow_notification_template (`+templateNames+`) VALUES (?, ?, ?, ?, 2, ?, ?)`, t.Kind, t.Language, t.Title, t.Text, t.UpdatedBy, t.UpdatedAt)
			return taken(err, ErrPeopleStale)
		}
		result, err := tx.ExecContext(ctx, `UPDATE workflow_notification_template SET title = ?, text = ?, updated_by = ?, updated_at = ?, version = version + 1
WHERE kind = ? AND language = ? AND version = ?`, t.Title, t.Text, t.UpdatedBy, t.UpdatedAt, t.Kind, t.Language, t.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// RestoreNotificationTemplate removes what somebody has written. Nothing there is nothing to remove.
func (s *Store) RestoreNotificationTemplate(ctx context.Context, kind, language string) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM workflow_notification_template WHERE kind = ? AND language = ?`, kind, language)
		return err
	})
}
