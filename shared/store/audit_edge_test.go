package store

import (
	"context"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
)

// trailOf is what the trail tells of an object, the oldest first: the action, and whether it was there before and after.
func trailOf(t *testing.T, s *Store, kind string, id engine.ID) (told []string, rows []Audit) {
	t.Helper()
	found, err := s.DB.Query(t.Context(), `SELECT `+auditColumns+` WHERE object_type = ? AND object_id = ? ORDER BY id`, kind, id.String())
	rows, err = collect(found, err, into((*Audit).fields))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range rows {
		text := a.Action
		if a.Before != nil {
			text += " before"
		}
		if a.After != nil {
			text += " after"
		}
		told = append(told, text)
	}
	return told, rows
}

// What leads events, jobs and notifications in and out of the product is in the trail, with a digest that knows
// every field, the sealed key among them, and shows none.
func TestTheEdgeIsInTheTrail(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Millisecond)
	source := EventSource{ID: engine.ID{8, 1}, Source: "https://crm.example", KeyID: "k", SealedKey: []byte("a"), Types: []string{"a.b"}, Mappings: []EventMapping{}, Version: 1, CreatedAt: now, UpdatedAt: now}
	binding := TopicBinding{ID: engine.ID{8, 2}, Topic: "mail", Kind: "url", Target: "https://x.example", Method: "POST", Headers: []BindingHeader{}, SealedKey: []byte("a"), Version: 1, CreatedAt: now, UpdatedAt: now}
	channel := Channel{ID: engine.ID{8, 3}, Name: "值班", Kind: "webhook", Host: "x.example", Sealed: []byte("a"), Types: []string{}, Version: 1, CreatedAt: now, UpdatedAt: now}
	type steps struct {
		create, rekey, remove func(context.Context, *Store) error
	}
	for kind, c := range map[string]struct {
		id   engine.ID
		name string
		do   steps
	}{
		"event-source": {source.ID, source.Source, steps{
			func(ctx context.Context, s *Store) error { return s.CreateEventSource(ctx, source, nil, Recorded{}) },
			func(ctx context.Context, s *Store) error {
				e := source
				e.SealedKey = []byte("b")
				return s.UpdateEventSource(ctx, e)
			},
			func(ctx context.Context, s *Store) error { return s.DeleteEventSource(ctx, source.ID) },
		}},
		"topic-binding": {binding.ID, binding.Topic, steps{
			func(ctx context.Context, s *Store) error { return s.CreateTopicBinding(ctx, binding, nil, Recorded{}) },
			func(ctx context.Context, s *Store) error {
				b := binding
				b.SealedKey = []byte("b")
				return s.UpdateTopicBinding(ctx, b)
			},
			func(ctx context.Context, s *Store) error { return s.DeleteTopicBinding(ctx, binding.ID) },
		}},
		"channel": {channel.ID, channel.Name, steps{
			func(ctx context.Context, s *Store) error { return s.CreateChannel(ctx, channel, nil, Recorded{}) },
			func(ctx context.Context, s *Store) error {
				x := channel
				x.Sealed = []byte("b")
				return s.UpdateChannel(ctx, x)
			},
			func(ctx context.Context, s *Store) error { return s.DeleteChannel(ctx, channel.ID) },
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, ctx := New(databasetest.Open(t)), WithActor(t.Context(), Actor{Name: "admin", Address: "192.0.2.1"})
			for _, do := range []func(context.Context, *Store) error{c.do.create, c.do.rekey, c.do.remove} {
				if err := do(ctx, s); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.do.rekey(ctx, s); err == nil {
				t.Error("what is gone is changed")
			}
			told, rows := trailOf(t, s, kind, c.id)
			if want := []string{kind + ".create after", kind + ".update before after", kind + ".delete before"}; len(told) != 3 || told[0] != want[0] || told[1] != want[1] || told[2] != want[2] {
				t.Fatalf("%v, want %v", told, want)
			}
			if string(rows[1].Before) == string(rows[1].After) {
				t.Error("another key is no change")
			}
			for _, a := range rows {
				if a.Actor != "admin" || a.Address != "192.0.2.1" || a.ObjectName != c.name {
					t.Errorf("%+v", a)
				}
			}
		})
	}
}
