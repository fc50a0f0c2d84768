package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// A claim reads what is unsent, and the rows before it by key, however much is sent already and however
// much backs off.
func TestClaimIsFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	execute(t, s, `UPDATE workflow_history SET unsent = 1 WHERE instance_id < ?`, append([]byte{1}, append(make([]byte, 13), 1, 0)...))
	execute(t, s, `UPDATE workflow_history SET locked_until = '2999-01-01' WHERE unsent = 1 AND instance_id > ?`, append([]byte{1}, append(make([]byte, 14), 200)...))
	var rows []Unsent
	for n := range 200 {
		rows = append(rows, Unsent{Row: Row{InstanceID: person(n).ID, Seq: 1}})
	}
	claimed, arguments := these(rows)
	settled(t, func() (wrong []string) {
		execute(t, s, `ANALYZE TABLE workflow_history`)
		for _, q := range []read{
			{claimText, []any{time.Now(), time.Now(), 200}},
			{claimedText + claimed + claimedOrder, arguments},
		} {
			for _, plan := range plans(t, s, q) {
				if plan.access == "ALL" || plan.rows > 600 {
					wrong = append(wrong, fmt.Sprintf("%d rows of %s (%s) for %.60s", plan.rows, plan.table, plan.access, q.text))
				}
			}
		}
		return wrong
	})
	claim, err := s.ClaimUnsent(t.Context(), 1000, time.Now().UTC(), time.Minute)
	if err != nil || len(claim) != 201 {
		t.Errorf("%d rows, %v", len(claim), err)
	}
}

// A row whose lease is over belongs to whoever claims it next: the first claimer no longer decides
// about it.
func TestSettlementAfterTheLease(t *testing.T) {
	t.Parallel()
	s, now := New(databasetest.Open(t)), time.Now().UTC().Truncate(time.Millisecond)
	id := engine.ID{1}
	execute(t, s, `INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes, unsent) VALUES (?, 1, ?, 'start', '', ?, ?, 1)`,
		id[:], id[:], now, append([]byte{plainJSON}, "[]"...))
	claim := func(at time.Time) []Unsent {
		rows, err := s.ClaimUnsent(t.Context(), 10, at, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	first, none, second := claim(now), claim(now.Add(time.Second)), claim(now.Add(1001*time.Millisecond))
	if len(first) != 1 || len(none) != 0 || len(second) != 1 {
		t.Fatalf("claimed %d, %d, %d", len(first), len(none), len(second))
	}
	letter := &DeadLetter{ID: engine.ID{2}, Direction: Out, CreatedAt: now}
	for _, o := range []Settlement{
		{Returned: first}, {Failed: []Failure{{Unsent: first[0], Attempts: 3, RetryAt: now}}}, {Failed: []Failure{{Unsent: first[0], Letter: letter}}}, {},
	} {
		if err := s.Settle(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if again := claim(now.Add(1500 * time.Millisecond)); len(again) != 0 {
		t.Error("the second claimer's row was given to a third")
	}
	if _, err := s.DeadLetter(t.Context(), letter.ID); !errors.Is(err, ErrNoDeadLetter) {
		t.Errorf("the second claimer's row was buried: %v", err)
	}
	if err := s.Settle(t.Context(), Settlement{Failed: []Failure{{Unsent: second[0], Attempts: 3, RetryAt: now.Add(time.Hour)}}}); err != nil {
		t.Fatal(err)
	}
	if early := claim(now.Add(59 * time.Minute)); len(early) != 0 {
		t.Error("the row was claimed before its back-off was over")
	}
	third := claim(now.Add(61 * time.Minute))
	if len(third) != 1 || third[0].Attempts != 3 {
		t.Fatalf("%+v", third)
	}
	if err := s.Settle(t.Context(), Settlement{Sent: third}); err != nil || len(claim(now.Add(time.Hour*9))) != 0 {
		t.Errorf("sent and claimed again, %v", err)
	}
}

// TestBury: an event that comes by several deliveries at once is kept once; one that was resubmitted and
// failed again is kept again.
func TestBury(t *testing.T) {
	t.Parallel()
	s, ctx, now := New(databasetest.Open(t)), t.Context(), time.Now().UTC().Truncate(time.Millisecond)
	bury := func() {
		var senders sync.WaitGroup
		for range 8 {
			senders.Go(func() {
				d := DeadLetter{ID: engine.ID(uuid.New()), Direction: In, Source: "/shop", EventID: "1", Type: "order", CreatedAt: now}
				if err := s.Bury(ctx, d); err != nil && !errors.Is(err, database.ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		senders.Wait()
	}
	count := func() (n int) {
		if err := s.DB.QueryRow(ctx, []any{&n}, "SELECT COUNT(*) FROM workflow_dead_letter"); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if bury(); count() != 1 {
		t.Errorf("%d dead letters, want 1", count())
	}
	var id engine.ID
	if err := s.DB.QueryRow(ctx, []any{&id}, "SELECT id FROM workflow_dead_letter"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resubmit(ctx, id, now, nil, func(DeadLetter) (Recorded, error) { return Recorded{}, nil }); err != nil {
		t.Fatal(err)
	}
	if bury(); count() != 2 {
		t.Errorf("%d dead letters, want 2", count())
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	s, ctx, now := New(databasetest.Open(t)), t.Context(), time.Now().UTC().Truncate(time.Millisecond)
	for n := range 5 {
		d := DeadLetter{
			ID: engine.ID{byte(n + 1)}, Direction: In, Source: "/shop", EventID: strings.Repeat("长", 300), Type: "order", Reason: strings.Repeat("x", 2000),
			Attempts: 1, Content: []byte("{}"), CreatedAt: now,
		}
		if n == 4 {
			d.Direction, d.EventID, d.Content = Out, "1", nil
		}
		if err := s.AddDeadLetter(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	answer := func(DeadLetter) (Recorded, error) { return Recorded{Status: 200, Body: []byte("{}")}, nil }
	i := &Idempotency{Principal: "admin", Key: "k", Route: "r"}
	for _, c := range []struct {
		id   engine.ID
		i    *Idempotency
		want error
	}{
		{engine.ID{2}, i, nil}, {engine.ID{2}, i, ErrResubmitted}, {engine.ID{3}, i, ErrRepeated}, {engine.ID{9}, nil, ErrNoDeadLetter}, {engine.ID{5}, nil, nil},
	} {
		if _, err := s.Resubmit(ctx, c.id, now, c.i, answer); !errors.Is(err, c.want) {
			t.Errorf("resubmit %v: %v, want %v", c.id[0], err, c.want)
		}
	}
	for name, c := range map[string]struct {
		filter DeadLetterFilter
		want   int
	}{
		"waiting": {DeadLetterFilter{}, 3}, "all": {DeadLetterFilter{Resubmitted: true}, 5}, "out": {DeadLetterFilter{Direction: Out, Resubmitted: true}, 1},
		"source": {DeadLetterFilter{Source: "/other"}, 0}, "type": {DeadLetterFilter{Type: "order"}, 3},
	} {
		p, err := s.DeadLetters(ctx, c.filter, page.Request{Limit: 10, Sort: "createdAt", Descending: true, Count: true})
		if err != nil || len(p.Items) != c.want || *p.Total != c.want {
			t.Errorf("%s: %d items, %v", name, len(p.Items), err)
		}
	}
	d, err := s.DeadLetter(ctx, engine.ID{1})
	if err != nil || len([]rune(d.EventID)) != 255 || len(d.Reason) != 1000 || string(d.Content) != "{}" || d.ResubmittedAt != nil || !d.CreatedAt.Equal(now) {
		t.Errorf("%+v, %v", d, err)
	}
}
