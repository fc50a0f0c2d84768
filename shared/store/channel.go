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

// Why a channel is not found or changed.
var (
	ErrNoChannel   = fault.New(fault.NotFound, "channel_not_found", "There is no such channel.")
	ErrChannelUsed = fault.New(fault.Conflict, "channel_taken", "A channel of this name is there.")
)

// Channel is a way by which notifications leave the product. Host is what is shown of its URL; Types are the kinds
// of notifications that it carries to people who have not said otherwise.
type Channel struct {
	ID        engine.ID `json:"id"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Host      string    `json:"host"`
	Sealed    []byte    `json:"-"`
	Types     []string  `json:"types"`
	Enabled   bool      `json:"enabled"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

var kindChannel = kind{"channel", `SELECT 'channel', name, kind, host, SHA2(sealed, 256), types, enabled FROM workflow_channel WHERE id = ?`}

const channelColumns = `id, name, kind, host, sealed, types, enabled, version, created_at, updated_at FROM workflow_channel`

func (c *Channel) fields() []any {
	return []any{&c.ID, &c.Name, &c.Kind, &c.Host, &c.Sealed, document[[]string]{&c.Types}, &c.Enabled, &c.Version, &c.CreatedAt, &c.UpdatedAt}
}

// arguments are the columns that a change writes.
func (c *Channel) arguments() ([]any, error) {
	types, err := json.Marshal(c.Types)
	return []any{c.Name, c.Kind, c.Host, c.Sealed, types, c.Enabled, c.UpdatedAt}, err
}

// ChannelList names the list of channels.
var ChannelList = page.List{Name: "channels", Sorts: []string{"name"}}

// Channels reads one page of channels by their name.
func (s *Store) Channels(ctx context.Context, r page.Request) (page.Page[Channel], error) {
	l := list[Channel]{
		columns: channelColumns, count: "workflow_channel", sort: byName("name"), scan: into((*Channel).fields),
		key: func(c Channel) []string { return []string{c.Name} },
	}
	return l.read(ctx, s, query{}, r)
}

// OpenChannels returns the enabled channels by name, at most limit of them.
func (s *Store) OpenChannels(ctx context.Context, limit int) ([]Channel, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+channelColumns+` WHERE enabled = 1 ORDER BY name LIMIT ?`, limit)
	found, err := collect(rows, err, into((*Channel).fields))
	if err != nil {
		return nil, fmt.Errorf("channels: %w", err)
	}
	return found, nil
}

// Channel returns a channel by its id: ErrNoChannel when there is none.
func (s *Store) Channel(ctx context.Context, id engine.ID) (Channel, error) {
	var c Channel
	err := s.DB.QueryRow(ctx, c.fields(), `SELECT `+channelColumns+` WHERE id = ?`, id[:])
	return c, absent(err, ErrNoChannel)
}

// CreateChannel inserts a channel and the answer. Errors: ErrRepeated, ErrChannelUsed.
func (s *Store) CreateChannel(ctx context.Context, c Channel, i *Idempotency, answer Recorded) error {
	arguments, err := c.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"channel.create", kindChannel, c.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, c.CreatedAt); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_channel (name, kind, host, sealed, types, enabled, updated_at, id, version, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(arguments, c.ID[:], c.Version, c.CreatedAt)...)
		return taken(err, ErrChannelUsed)
	})
}

// UpdateChannel writes everything but the id where the row still has c.Version, and counts the version up.
// Errors: ErrPeopleStale, ErrChannelUsed.
func (s *Store) UpdateChannel(ctx context.Context, c Channel) error {
	arguments, err := c.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"channel.update", kindChannel, c.ID}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_channel SET name = ?, kind = ?, host = ?, sealed = ?, types = ?, enabled = ?, updated_at = ?, version = version + 1
WHERE id = ? AND version = ?`, append(arguments, c.ID[:], c.Version)...)
		return changedOne(result, taken(err, ErrChannelUsed), ErrPeopleStale)
	})
}

// DeleteChannel removes a channel. What was to be delivered by it fails. It returns ErrNoChannel.
func (s *Store) DeleteChannel(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"channel.delete", kindChannel, id}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM workflow_channel WHERE id = ?`, id[:])
		return changedOne(result, err, ErrNoChannel)
	})
}
