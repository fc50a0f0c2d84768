package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

// An event has its effect once: whoever comes second, with the same instance, another one or a start,
// writes nothing.
func TestDuplicateDelivery(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in, other := f.must(nil, opened("m")), f.must(nil, opened("m"))
	event := delivery(Delivery{Source: "/shop", EventID: "e1"})
	in, err := f.advance(in, []engine.Change{{Kind: engine.SubscriptionClosed, SubscriptionID: in.Subscriptions[0].ID}}, event)
	if err != nil {
		t.Fatal(err)
	}
	f.refused(database.ErrDuplicate, in, nil, event)
	f.refused(database.ErrDuplicate, other, []engine.Change{jobCreated("a", 0)}, event)
	f.refused(database.ErrDuplicate, nil, []engine.Change{jobCreated("a", 0)}, event)
	f.refused(database.ErrGuard, other, nil, delivery(Delivery{Source: "/shop", EventID: "e1", Parked: true}))
	f.refused(database.ErrGuard, other, nil, delivery(Delivery{Source: "/shop", EventID: "e2", Parked: true})) // never came
	if _, err := f.advance(nil, nil, delivery(Delivery{Source: "/bank", EventID: "e1"})); err != nil {
		t.Errorf("another source's event of the same id: %v", err)
	}
	f.refused(database.ErrDuplicate, in, nil, delivery(Delivery{Source: "/bank", EventID: "e1"}))
	for id, want := range map[string]bool{"e1": true, "E1": false, "e2": false} {
		if got, err := f.Delivered(t.Context(), "/shop", id); err != nil || got != want {
			t.Errorf("delivered %s: %v, %v", id, got, err)
		}
	}
	if n := f.count(`SELECT COUNT(*) FROM workflow_inbox WHERE instance_id = ? AND state = 2`, in.ID[:]); n != 1 {
		t.Errorf("%d rows name the instance", n)
	}
}

func (f *fixture) park(id, message string, received, expires time.Duration) Parked {
	f.t.Helper()
	p := Parked{
		Source: "/shop", EventID: id, Message: message, BusinessKey: "PO-1", Keys: engine.Variables{"order": int64(7)},
		Variables: engine.Variables{"text": strings.Repeat("é", 2000)}, ReceivedAt: noon.Add(received), ExpiresAt: noon.Add(expires),
	}
	if err := f.Park(f.t.Context(), p); err != nil {
		f.t.Fatal(err)
	}
	return p
}

// A parked message is delivered once, however many try.
func TestParkedIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.park("e1", "m", 0, time.Hour)
	event := delivery(Delivery{Source: "/shop", EventID: "e1", Parked: true})
	const callers = 6
	instances := make([]*engine.Instance, callers)
	for n := range instances {
		instances[n] = f.must(nil, opened("m"))
	}
	errs := make([]error, callers)
	var all sync.WaitGroup
	for n, in := range instances {
		all.Go(func() {
			_, errs[n] = f.advance(in, []engine.Change{{Kind: engine.SubscriptionClosed, SubscriptionID: in.Subscriptions[0].ID}}, event)
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, database.ErrGuard) {
			t.Error(err)
		}
	}
	if won != 1 || f.count(`SELECT COUNT(*) FROM workflow_subscription`) != callers-1 {
		t.Errorf("%d deliveries, %d subscriptions are left", won, f.count(`SELECT COUNT(*) FROM workflow_subscription`))
	}
	f.refused(database.ErrGuard, nil, []engine.Change{jobCreated("a", 0)}, event)
	f.refused(database.ErrDuplicate, nil, nil, delivery(Delivery{Source: "/shop", EventID: "e1"}))
	if waits, err := f.IsParked(t.Context(), "/shop", "e1"); err != nil || waits {
		t.Errorf("still parked: %v, %v", waits, err)
	}
	if n := f.count(`SELECT COUNT(*) FROM workflow_inbox WHERE message IS NULL AND variables IS NULL AND correlation_keys IS NULL AND business_key IS NULL`); n != 1 {
		t.Error("what the message held is kept after its delivery")
	}
}

func letterOf(p Parked) (DeadLetter, error) {
	return DeadLetter{ID: engine.ID{1, 2, 3, p.EventID[len(p.EventID)-1]}, Direction: In, Source: p.Source, EventID: p.EventID, Content: []byte("{}"), CreatedAt: noon}, nil
}

func TestParked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, year := t.Context(), 100*365*24*time.Hour
	second := f.park("e2", "m", time.Minute, year)
	first := f.park("e1", "m", 0, year)
	other := f.park("e3", "n", 0, time.Hour)
	past := f.park("e4", "m", 0, -year)
	if err := f.Park(ctx, first); !errors.Is(err, ErrDelivered) {
		t.Errorf("parked again: %v", err)
	}
	if waits, err := f.IsParked(ctx, "/shop", "e1"); err != nil || !waits {
		t.Errorf("%v, %v", waits, err)
	}
	got, err := f.ParkedFor(ctx, ParkedQuery{"m", "PO-1"}, 5)
	if diff := cmp.Diff([]Parked{first, second}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if got, err := f.ParkedFor(ctx, ParkedQuery{"m", "PO-1"}, 1); err != nil || len(got) != 1 || got[0].EventID != "e1" {
		t.Errorf("%v with a limit of 1, %v", got, err)
	}

	names := func(want ...string) {
		t.Helper()
		list, err := f.Awaited(ctx, 10)
		var got []string
		for _, q := range list {
			got = append(got, q.Message)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("awaited %v, %v; not %v", got, err, want)
		}
	}
	names()
	in := f.must(nil, opened("n"), opened("x"))
	names("n")
	f.deploy("report", onMessage("m"))
	names("m", "n")
	f.must(in, suspend)
	names("m")

	for _, want := range [][]Parked{{past, other}, nil} {
		got, err := f.ExpireParked(ctx, noon.Add(time.Hour), 10, letterOf)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	}
	if n := f.count(`SELECT COUNT(*) FROM workflow_dead_letter`); n != 2 {
		t.Errorf("%d dead letters", n)
	}
	f.refused(database.ErrGuard, nil, nil, delivery(Delivery{Source: "/shop", EventID: "e3", Parked: true}))
	if err := f.Park(ctx, other); !errors.Is(err, ErrDelivered) {
		t.Errorf("an expired event came again: %v", err)
	}
}

// Only what is old goes, in bounded batches; what is parked stays.
func TestPurge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	f.park("parked", "m", -time.Hour, time.Hour)
	f.park("expired long ago", "m", -time.Hour, -time.Hour)
	f.park("expired just now", "m", -time.Hour, time.Minute)
	if got, err := f.ExpireParked(ctx, noon.Add(time.Minute), 10, letterOf); err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	for n, at := range []time.Duration{-3 * time.Hour, -2 * time.Hour, -time.Hour, time.Hour} {
		if _, err := f.advance(nil, nil, delivery(Delivery{Source: "/s", EventID: fmt.Sprint(n)}), func(s *Step) { s.At = noon.Add(at) }); err != nil {
			t.Fatal(err)
		}
		execute(t, f.Store, insertIdempotency, (&Idempotency{Principal: "p", Key: fmt.Sprint(n)}).arguments(200, []byte{}, noon.Add(at))...)
		if err := f.AddEvaluation(ctx, Evaluation{ID: newID(), At: noon.Add(at)}); err != nil {
			t.Fatal(err)
		}
		execute(t, f.Store, insertSession, Session{ID: newID(), Hash: [32]byte{byte(n)}, StartedAt: noon, CreatedAt: noon, ExpiresAt: noon.Add(at)}.arguments()...)
	}
	for name, c := range map[string]struct {
		purge func(time.Time, int) (int, error)
		count string
		want  []int
		left  int
	}{
		"inbox":       {func(b time.Time, n int) (int, error) { return f.PurgeInbox(ctx, b, n) }, `SELECT COUNT(*) FROM workflow_inbox`, []int{2, 2, 0}, 3},
		"idempotency": {func(b time.Time, n int) (int, error) { return f.PurgeIdempotency(ctx, b, n) }, `SELECT COUNT(*) FROM workflow_idempotency`, []int{2, 1, 0}, 1},
		"sessions":    {func(b time.Time, n int) (int, error) { return f.PurgeSessions(ctx, b, n) }, `SELECT COUNT(*) FROM sys_session`, []int{2, 1, 0}, 1},
		"evaluations": {func(b time.Time, n int) (int, error) { return f.PurgeEvaluations(ctx, b, n) }, `SELECT COUNT(*) FROM workflow_evaluation`, []int{2, 1, 0}, 1},
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
	for id, want := range map[string]bool{"parked": true, "expired just now": true, "expired long ago": false} {
		if got, err := f.Delivered(ctx, "/shop", id); err != nil || got != want {
			t.Errorf("%s: %v, %v", id, got, err)
		}
	}
}
