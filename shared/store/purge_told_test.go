package store

import (
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
)

// Notifications, dead letters and batches go when they are old, in bounded steps; a batch that has not ended stays.
func TestPurgeOfWhatWasTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	idAt := func(at time.Time, n byte) engine.ID {
		id := firstID(at)
		id[6], id[8], id[15] = 0x70, 0x80, n
		return id
	}
	for n, age := range []time.Duration{-3 * time.Hour, -2 * time.Hour, -time.Hour, time.Hour} {
		at := noon.Add(age)
		id := idAt(at, byte(n))
		execute(t, f.Store, `INSERT INTO workflow_notification (id, username, type, title, content, created_at) VALUES (?, 'lina', 't', '', '{}', ?)`, id[:], at)
		execute(t, f.Store, `INSERT INTO workflow_dead_letter (id, direction, source, event_id, type, reason, attempts, content, created_at) VALUES (?, 'in', '', ?, '', '', 0, '', ?)`, id[:], n, at)
		var ended any
		if n != 1 {
			ended = at
		}
		execute(t, f.Store, `INSERT INTO workflow_batch (id, kind, state, request, total, done, failed, created_by, created_at, ended_at, locked_until) VALUES (?, 'k', 4, '', 2, 2, 0, 'p', ?, ?, ?)`, id[:], at, ended, at)
		for item := range byte(2) {
			execute(t, f.Store, `INSERT INTO workflow_batch_item (batch_id, instance_id, state, attempts) VALUES (?, ?, 2, 1)`, id[:], append(make([]byte, 15), item))
		}
	}
	for name, c := range map[string]struct {
		purge func(time.Time, int) (int, error)
		count string
		want  []int
		left  int
	}{
		"notifications": {func(b time.Time, n int) (int, error) { return f.PurgeNotifications(ctx, b, n) }, `SELECT COUNT(*) FROM workflow_notification`, []int{2, 1, 0}, 1},
		"dead letters":  {func(b time.Time, n int) (int, error) { return f.PurgeDeadLetters(ctx, b, n) }, `SELECT COUNT(*) FROM workflow_dead_letter`, []int{2, 1, 0}, 1},
		"batches":       {func(b time.Time, n int) (int, error) { return f.PurgeBatches(ctx, b, n) }, `SELECT COUNT(*) FROM workflow_batch`, []int{2, 2, 2, 0}, 2},
	} {
		for _, want := range c.want {
			if n, err := c.purge(noon, 2); err != nil || n != want {
				t.Errorf("%s: %d, %v; not %d", name, n, err, want)
			}
		}
		if n := f.count(c.count); n != c.left {
			t.Errorf("%s: %d rows are left", name, n)
		}
	}
	if n := f.count(`SELECT COUNT(*) FROM workflow_batch_item`); n != 4 {
		t.Errorf("%d items are left", n)
	}
}
