package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// ErrNoGroup: there is no such group.
var ErrNoGroup = fault.New(fault.NotFound, "group_not_found", "There is no such group.")

// Group is a row of sys_group.
type Group struct {
	ID        engine.ID
	Key       string
	Name      string
	Version   int64
	CreatedAt time.Time
}

const groupColumns = `id, group_key, name, version, created_at FROM sys_group`

func (g *Group) fields() []any {
	return []any{&g.ID, &g.Key, &g.Name, &g.Version, &g.CreatedAt}
}

// GroupList names the list of groups.
var GroupList = page.List{Name: "groups", Sorts: []string{"key"}}

// Groups reads one page of groups by key.
func (s *Store) Groups(ctx context.Context, r page.Request) (page.Page[Group], error) {
	l := list[Group]{columns: groupColumns, count: "sys_group", sort: byName("group_key"), scan: into((*Group).fields), key: func(g Group) []string { return []string{g.Key} }}
	return l.read(ctx, s, query{}, r)
}

// GroupByID returns a group: ErrNoGroup when there is none.
func (s *Store) GroupByID(ctx context.Context, id engine.ID) (Group, error) {
	var g Group
	err := s.DB.QueryRow(ctx, g.fields(), `SELECT `+groupColumns+` WHERE id = ?`, id[:])
	return g, absent(err, ErrNoGroup)
}

// HasGroup reports whether there is a group with a key.
func (s *Store) HasGroup(ctx context.Context, key string) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM sys_group WHERE group_key = ?`, key)
}

// CreateGroup inserts a group and the answer. Errors: ErrRepeated, ErrCodeUsed.
func (s *Store) CreateGroup(ctx context.Context, g Group, i *Idempotency, answer Recorded) error {
	return s.inAudited(ctx, act{"group.create", kindGroup, g.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, g.CreatedAt); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sys_group (id, group_key, name, version, created_at) VALUES (?, ?, ?, ?, ?)`,
			g.ID[:], g.Key, g.Name, g.Version, g.CreatedAt)
		return taken(err, ErrCodeUsed)
	})
}

// UpdateGroup writes the name where the row still has g.Version, else ErrPeopleStale.
func (s *Store) UpdateGroup(ctx context.Context, g Group) error {
	return s.inAudited(ctx, act{"group.update", kindGroup, g.ID}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE sys_group SET name = ?, version = version + 1 WHERE id = ? AND version = ?`, g.Name, g.ID[:], g.Version)
		return changedOne(result, err, ErrPeopleStale)
	})
}

// DeleteGroup removes a group without members. Errors: ErrNoGroup, ErrInUse.
func (s *Store) DeleteGroup(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"group.delete", kindGroup, id}, func(tx *sql.Tx) error {
		if err := deletable(ctx, tx, id, `SELECT 0 FROM sys_group WHERE id = ? FOR UPDATE`, ErrNoGroup); err != nil {
			return err
		}
		used, err := exists(ctx, tx, `SELECT 1 FROM sys_user_group WHERE group_id = ? LIMIT 1 FOR UPDATE`, id[:])
		if err != nil || used {
			return either(err, ErrInUse)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sys_group WHERE id = ?`, id[:])
		return err
	})
}
