package store

import (
	"context"
	"database/sql"
	"fmt"

	"diom.io/workflow/shared/engine"
)

// Occupied tells where the running instances of a definition are.
type Occupied struct {
	Instances int
	Complete  bool           // false: there are more than were read
	Nodes     map[string]int // instances with a token there, by flow node
}

// occupiedStep is how many instances are read at once.
const occupiedStep = 500

const (
	occupied = `SELECT id, body FROM workflow_instance WHERE process_key = ? AND definition_id = ? AND state IN (1, 2) AND id > ? ORDER BY id LIMIT ?`
	ended    = `SELECT id FROM workflow_instance WHERE process_key = ? AND state IN (3, 4) ORDER BY id DESC LIMIT ?`
)

// Occupied reads up to limit running instances of a definition of a process.
func (s *Store) Occupied(ctx context.Context, key string, definition engine.ID, limit int) (Occupied, error) {
	o := Occupied{Nodes: map[string]int{}}
	for last := (engine.ID{}); ; {
		list, err := s.running(ctx, occupied, key, definition[:], last[:], min(occupiedStep, limit-o.Instances+1))
		if err != nil {
			return o, fmt.Errorf("instances of %s: %w", key, err)
		}
		for _, in := range list {
			if o.Instances == limit {
				return o, nil
			}
			o.Instances++
			last = in.ID
			for node := range nodesOf(in) {
				o.Nodes[node]++
			}
		}
		if len(list) < occupiedStep && o.Instances <= limit {
			o.Complete = true
			return o, nil
		}
	}
}

func (s *Store) running(ctx context.Context, text string, arguments ...any) ([]*engine.Instance, error) {
	rows, err := s.DB.Query(ctx, text, arguments...)
	return collect(rows, err, func(rows *sql.Rows) (*engine.Instance, error) {
		var id engine.ID
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return nil, err
		}
		return s.decodeInstance(id, body)
	})
}

func nodesOf(in *engine.Instance) map[string]bool {
	nodes := map[string]bool{}
	for _, t := range in.Tokens {
		nodes[t.Node] = true
	}
	return nodes
}

// EndedInstances returns the ids of up to limit instances of a process that have ended, the one that was
// started last first.
func (s *Store) EndedInstances(ctx context.Context, key string, limit int) ([]engine.ID, error) {
	rows, err := s.DB.Query(ctx, ended, key, limit)
	list, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	if err != nil {
		return nil, fmt.Errorf("ended instances of %s: %w", key, err)
	}
	return list, nil
}
