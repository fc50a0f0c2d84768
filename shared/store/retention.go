package store

import (
	"context"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
)

// An instance that a running one belongs to stays with it; one whose events are not sent yet waits for them.
const (
	oldInstances = `SELECT i.id, i.process_key, i.ended_at FROM workflow_instance i WHERE i.ended_at < ? AND i.ended_at >= ? AND (i.ended_at > ? OR i.id > ?) AND NOT ` + heldInstance + `
 AND NOT EXISTS (SELECT 1 FROM workflow_instance r WHERE r.id = i.root_id AND r.ended_at IS NULL)
 AND NOT EXISTS (SELECT 1 FROM workflow_history y WHERE y.instance_id = i.id AND y.unsent = 1) ORDER BY i.ended_at, i.id LIMIT ?`
	oldHeld = `SELECT COUNT(*) FROM (SELECT 1 FROM workflow_instance i WHERE i.ended_at < ? AND ` + heldInstance + ` LIMIT ?) AS held`
)

// OldInstance is an instance that ended longer ago than instances are kept.
type OldInstance struct {
	ID         engine.ID
	ProcessKey string
	EndedAt    time.Time
}

func (o *OldInstance) fields() []any { return []any{&o.ID, &o.ProcessKey, &o.EndedAt} }

// OldInstances returns up to limit instances behind another one that ended before a time and may be deleted, in the order of
// their ends.
func (s *Store) OldInstances(ctx context.Context, before time.Time, behind OldInstance, limit int) ([]OldInstance, error) {
	rows, err := s.DB.Query(ctx, oldInstances, before, behind.EndedAt, behind.EndedAt, behind.ID[:], limit)
	list, err := collect(rows, err, into((*OldInstance).fields))
	if err != nil {
		return nil, fmt.Errorf("old instances: %w", err)
	}
	return list, nil
}

// OldHeld returns how many instances that ended before a time are held, counted to 10,000.
func (s *Store) OldHeld(ctx context.Context, before time.Time) (held int, err error) {
	err = s.DB.QueryRow(ctx, []any{&held}, oldHeld, before, maxCount)
	return held, err
}
