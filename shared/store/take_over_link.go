package store

import (
	"context"

	"diom.io/workflow/shared/engine"
)

// Place is where a task, or an instance itself, belongs.
type Place struct {
	InstanceID engine.ID
	ProcessKey string
}

type placed struct {
	id engine.ID
	Place
}

// TaskPlaces returns those of some tasks that are here.
func (s *Store) TaskPlaces(ctx context.Context, ids []engine.ID) (map[engine.ID]Place, error) {
	return s.places(ctx, `SELECT id, instance_id, process_key FROM workflow_task WHERE id IN (`, ids)
}

// InstancePlaces returns those of some instances that are here.
func (s *Store) InstancePlaces(ctx context.Context, ids []engine.ID) (map[engine.ID]Place, error) {
	return s.places(ctx, `SELECT id, id, process_key FROM workflow_instance WHERE id IN (`, ids)
}

// KnownNotifications returns the ids of those of some notifications that are here.
func (s *Store) KnownNotifications(ctx context.Context, ids []engine.ID) ([]engine.ID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.DB.Query(ctx, `SELECT id FROM workflow_notification WHERE id IN (`+placeholders(len(ids))+`)`, arguments16(ids)...)
	return collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
}

func (s *Store) places(ctx context.Context, text string, ids []engine.ID) (map[engine.ID]Place, error) {
	found := map[engine.ID]Place{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := s.DB.Query(ctx, text+placeholders(len(ids))+`)`, arguments16(ids)...)
	list, err := collect(rows, err, into(func(p *placed) []any { return []any{&p.id, &p.InstanceID, &p.ProcessKey} }))
	for _, p := range list {
		found[p.id] = p.Place
	}
	return found, err
}
