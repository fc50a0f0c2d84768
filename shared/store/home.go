package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/database"
)

// HomeCounts is how much waits for a person, up to 10,000 of each.
type HomeCounts struct {
	Todo          int `json:"todo"`
	Overdue       int `json:"overdue"` // of todo
	Claimable     int `json:"claimable"`
	Copied        int `json:"copied"`        // copies that he has not read
	Urged         int `json:"urged"`         // urges that he has not read
	Notifications int `json:"notifications"` // that he has not read
	Started       int `json:"started"`       // active instances of his own
}

// urgedType is the kind of the notification that tells of an urge.
const urgedType = "task.urged"

// HomeCounts counts what waits for a person, in one statement.
func (s *Store) HomeCounts(ctx context.Context, username string, identities []string, now time.Time) (HomeCounts, error) {
	var c HomeCounts
	text, arguments := homeCounts(username, identities, now)
	err := s.DB.QueryRow(database.ToShow(ctx), []any{&c.Todo, &c.Overdue, &c.Claimable, &c.Copied, &c.Urged, &c.Notifications, &c.Started}, text, arguments...)
	if err != nil {
		return c, fmt.Errorf("counts of %s: %w", username, err)
	}
	return c, nil
}

func homeCounts(username string, identities []string, now time.Time) (string, []any) {
	claimable := TaskFilter{View: Claimable, Username: username, Identities: identities}
	from, offered := claimable.query()
	var parts []string
	var arguments []any
	for _, p := range []struct {
		from string
		args []any
	}{
		{`workflow_task WHERE assignee = ? AND state = ?`, []any{username, taskOpen}},
		{`workflow_task WHERE assignee = ? AND state = ? AND due_at < ?`, []any{username, taskOpen, now}},
		{from + offered.text(), offered.arguments},
		{`workflow_copy WHERE username = ? AND read_at IS NULL`, []any{username}},
		{`workflow_notification WHERE username = ? AND read_at IS NULL AND type = ?`, []any{username, urgedType}},
		{`workflow_notification WHERE username = ? AND read_at IS NULL`, []any{username}},
		{`workflow_instance FORCE INDEX (starter) WHERE starter = ? AND state = ?`, []any{username, stateCode("active")}},
	} {
		parts = append(parts, `(SELECT COUNT(*) FROM (SELECT 1 FROM `+p.from+` LIMIT ?) counted)`)
		arguments = append(append(arguments, p.args...), maxCount)
	}
	return `SELECT ` + strings.Join(parts, ", "), arguments
}
