package store

import (
	"context"
	"database/sql"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

const (
	stuckPage = `SELECT MAX(id), COUNT(*) FROM (SELECT id FROM workflow_instance WHERE state = 1 AND id > ? ORDER BY id LIMIT ?) p`

	// A caller waits for the instances that it called, which have no row but their own: an ended one may have
	// told nothing yet, so that the state decides (Stuck).
	stuckOf = `SELECT i.id FROM workflow_instance i WHERE i.state = 1 AND i.id > ? AND i.id <= ?
  AND NOT EXISTS (SELECT 1 FROM workflow_task t WHERE t.instance_id = i.id AND t.state = 1)
  AND NOT EXISTS (SELECT 1 FROM workflow_job j WHERE j.instance_id = i.id)
  AND NOT EXISTS (SELECT 1 FROM workflow_timer c WHERE c.instance_id = i.id)
  AND NOT EXISTS (SELECT 1 FROM workflow_subscription s WHERE s.instance_id = i.id)
  AND NOT EXISTS (SELECT 1 FROM workflow_incident f WHERE f.instance_id = i.id AND f.resolved_at IS NULL)
ORDER BY i.id LIMIT 100`
)

// Stuck looks at up to limit active instances after an id and returns those, 100 at most, that wait for
// nothing: no open task, job, timer, subscription, incident or call, so that nothing will move them. last
// is where the next look begins; zero at the end.
func (s *Store) Stuck(ctx context.Context, after engine.ID, limit int) (stuck []engine.ID, last engine.ID, err error) {
	var end []byte
	var n int
	if err := s.DB.QueryRow(ctx, []any{&end, &n}, stuckPage, after[:], limit); err != nil || n == 0 {
		return nil, engine.ID{}, err
	}
	if n == limit {
		copy(last[:], end)
	}
	rows, err := s.DB.Query(ctx, stuckOf, after[:], end)
	if err != nil {
		return nil, engine.ID{}, err
	}
	candidates, err := scanIDs(rows)
	for _, id := range candidates {
		in, failure := s.LoadInstance(ctx, id)
		if failure != nil {
			return nil, engine.ID{}, failure
		}
		if len(in.Calls) == 0 && !in.State.Ended() {
			stuck = append(stuck, id)
		}
	}
	return stuck, last, err
}

func scanIDs(rows *sql.Rows) (list []engine.ID, err error) {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id engine.ID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, database.Classify(rows.Err())
}
