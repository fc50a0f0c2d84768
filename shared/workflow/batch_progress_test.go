package workflow_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// teller is the use cases with a sink that keeps what it is told of batches.
type teller struct {
	*fixture
	service *workflow.Service
	told    []cloudevent.BatchProgress
	ids     map[string]bool
	fails   error
}

func newTeller(t *testing.T) *teller {
	t.Helper()
	l := &teller{fixture: setup(t, nil), ids: map[string]bool{}}
	relay := workflow.NewRelay(l.store, l.take, "/diom/test", slog.New(slog.NewTextHandler(io.Discard, nil)))
	l.service = workflow.New(l.store, l.lock, time.UTC, relay)
	return l
}

func (l *teller) take(_ context.Context, e event.Event) error {
	if e.Type() != cloudevent.TypeBatchProgress {
		return nil
	}
	if l.fails != nil {
		return l.fails
	}
	var p cloudevent.BatchProgress
	if err := e.DataAs(&p); err != nil {
		return err
	}
	l.told, l.ids[e.ID()] = append(l.told, p), true
	return nil
}

// tick works on batches, by use cases that tell nothing, and then lets what is to be told be told, whenever that
// would be: in one tick the two race.
func (l *teller) tick() error {
	l.t.Helper()
	if _, err := l.Tick(l.t.Context()); err != nil {
		return err
	}
	l.write("UPDATE workflow_batch SET tell_at = '2000-01-01' WHERE tell_at IS NOT NULL")
	_, err := l.service.Tick(l.t.Context())
	return err
}

func (l *teller) write(text string) {
	l.t.Helper()
	if err := l.store.DB.InTx(l.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(l.t.Context(), text)
		return err
	}); err != nil {
		l.t.Fatal(err)
	}
}

// batch makes a batch that suspends three instances, one of which is not there.
func (l *teller) batch() store.Batch {
	l.t.Helper()
	l.deploy("leave.bpmn")
	var ids []engine.ID
	for range 2 {
		ids = append(ids, l.start(engine.Variables{"days": int64(9)}).Instance.ID)
	}
	raw, err := l.CreateBatch(l.t.Context(), workflow.Call{Principal: operator}, workflow.BatchRequest{
		Operation: workflow.Operation{Kind: workflow.SuspendOperation}, InstanceIDs: append(ids, engine.ID{9}),
	})
	return decode[store.Batch](l.t, raw, err)
}

// The progress of a batch reaches the sink, also one that was down, once for each state of it; while it goes on
// not before its time.
func TestBatchProgressIsTold(t *testing.T) {
	t.Parallel()
	l := newTeller(t)
	b := l.batch()
	l.fails = fault.New(fault.Unavailable, "down", "down")
	if err := l.tick(); err == nil {
		t.Error("nothing is said of a sink that is down")
	}
	l.fails = nil
	for range 3 {
		if err := l.tick(); err != nil {
			t.Fatal(err)
		}
	}
	want := cloudevent.BatchProgress{ID: b.ID, Kind: "suspend", State: "completed", Total: 3, Done: 2, Failed: 1, Actor: operator.Username}
	if len(l.told) != 1 || l.told[0] != want {
		t.Errorf("told %+v", l.told)
	}
	if _, err := l.ChangeBatch(t.Context(), workflow.Call{Principal: operator}, b.ID, store.RetryBatch); err != nil {
		t.Fatal(err)
	}
	if err := l.tick(); err != nil {
		t.Fatal(err)
	}
	if n := len(l.told); n < 2 || len(l.ids) != n {
		t.Errorf("a retry: told %+v by %v", l.told, l.ids)
	}
	l.fails = fault.New(fault.Invalid, "no", "no")
	l.write("UPDATE workflow_batch SET revision = revision + 1, tell_at = '2000-01-01'")
	if err := l.tick(); !errors.Is(err, l.fails) {
		t.Errorf("of a sink that rejects it is said: %v", err)
	}
	if err := l.tick(); err != nil {
		t.Errorf("what was rejected is sent again: %v", err)
	}
}

// What a batch has done since it was told is told later, and two that look tell it once.
func TestBatchProgressIsClaimed(t *testing.T) {
	t.Parallel()
	l := newTeller(t)
	l.batch()
	now := time.Now().UTC().Truncate(time.Millisecond).Add(time.Hour)
	first, err := l.store.ClaimProgress(t.Context(), 8, now, time.Minute)
	if err != nil || len(first) != 1 {
		t.Fatalf("%+v %v", first, err)
	}
	if again, err := l.store.ClaimProgress(t.Context(), 8, now, time.Minute); err != nil || len(again) != 0 {
		t.Errorf("claimed twice: %+v %v", again, err)
	}
	l.write("UPDATE workflow_batch SET revision = revision + 1")
	if err := l.store.Told(t.Context(), first[0], now); err != nil {
		t.Fatal(err)
	}
	if early, err := l.store.ClaimProgress(t.Context(), 8, now, time.Minute); err != nil || len(early) != 0 {
		t.Errorf("told again at once: %+v %v", early, err)
	}
	later, err := l.store.ClaimProgress(t.Context(), 8, now.Add(time.Minute), time.Minute)
	if err != nil || len(later) != 1 || later[0].Revision != first[0].Revision+1 {
		t.Errorf("what came meanwhile: %+v %v", later, err)
	}
}
