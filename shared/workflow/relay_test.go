package workflow_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// What commits late is sent late, not lost, although what committed before it has a greater id.
func TestRelaySendsWhatCommitsLate(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	relay := o.relay()
	o.commit(func(early *sql.Tx) error {
		if err := insert(t, early, 1, 1, 1); err != nil {
			return err
		}
		o.fill(2, 3, 1)
		o.fill(3, 4, 1)
		if sent, err := relay.Round(t.Context()); err != nil || sent != 2 {
			t.Errorf("%d sent beside an open transaction, %v", sent, err)
		}
		return nil
	})
	if sent, err := relay.Round(t.Context()); err != nil || sent != 1 {
		t.Errorf("%d sent after the late commit, %v", sent, err)
	}
	for _, w := range o.wrong(1, 4, 1) {
		t.Error(w)
	}
}

// Two relays send 2,000 rows to a sink that refuses some and delays others: every event arrives, those
// of an instance first in their order.
func TestTwoRelays(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	for _, w := range o.race(t) {
		t.Error(w)
	}
}

// race runs two relays over 200 instances of ten rows, while the last instances are still written, and
// returns what is wrong.
func (o *outbox) race(t *testing.T) []string {
	t.Helper()
	random, mutex := chance(t), sync.Mutex{}
	draw := func(n int) int {
		mutex.Lock()
		defer mutex.Unlock()
		return random.IntN(n)
	}
	o.answer = func(context.Context, event.Event) error {
		switch draw(40) {
		case 0:
			return errDown
		case 1:
			return fmt.Errorf("event: %w", context.DeadlineExceeded)
		}
		time.Sleep(time.Duration(draw(2000)) * time.Microsecond)
		return nil
	}
	o.fill(0, 150, 10)
	var group sync.WaitGroup
	for range 2 {
		relay := o.relay()
		relay.SetPauses(time.Millisecond, 5*time.Millisecond)
		relay.Start()
		defer relay.Stop()
	}
	group.Go(func() {
		for n := 150; n < 200; n++ {
			o.fill(n, n+1, 10)
		}
	})
	group.Wait()
	until(t, "everything is sent", func() bool { return o.count("unsent = 1") == 0 })
	return o.wrong(0, 200, 10)
}

// Relays leave each other's rows alone: with a sink that works each event is sent once.
func TestTwoRelaysShareTheRows(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	if again := o.share(t); again > 0 {
		t.Errorf("%d events were sent again", again)
	}
}

// share lets four relays send 300 rows and returns how many events came more than once.
func (o *outbox) share(t *testing.T) int {
	t.Helper()
	o.answer = func(context.Context, event.Event) error {
		time.Sleep(time.Millisecond)
		return nil
	}
	o.fill(0, 100, 3)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { o.drain(o.relay()) })
	}
	group.Wait()
	if found := o.wrong(0, 100, 3); found != nil {
		t.Error(found)
	}
	return o.total - 600
}

// A round costs seven round trips however many rows it sends, one that finds nothing four.
func TestRelayIsCheap(t *testing.T) {
	t.Parallel()
	wire := &wiretest.Wire{}
	o := openOutbox(t, wire)
	relay := o.relay()
	for _, want := range []struct{ rows, trips int }{{1, 100}, {50, 7}, {1, 7}, {0, 4}} { // the first also connects
		o.fill(0, want.rows, 1)
		wire.Reset()
		if sent, err := relay.Round(t.Context()); err != nil || sent != want.rows {
			t.Fatal(sent, err)
		}
		if got := wire.Counts(); got.RoundTrips > want.trips {
			t.Errorf("%d round trips for %d rows", got.RoundTrips, want.rows)
		}
		o.commit(func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), "DELETE FROM workflow_history")
			return err
		})
	}
}

// The rows of an instance that fails do not fill the batches of the others.
func TestFailingInstanceLeavesRoom(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	if sent := o.behind(t); sent != 20 {
		t.Errorf("%d of 20 neighbours' rows were sent", sent)
	}
}

// behind makes two rounds with an instance of 300 rows before 20 others, whose first row fails, and
// returns how many of the others' were sent.
func (o *outbox) behind(t *testing.T) int {
	t.Helper()
	o.answer = func(_ context.Context, e event.Event) error {
		if from(e, 1, 0) {
			return errDown
		}
		return nil
	}
	o.fill(1, 2, 300)
	o.fill(2, 22, 1)
	relay, all := o.relay(), 0
	relay.SetBackOff(time.Minute)
	for range 2 {
		sent, _ := relay.Round(t.Context())
		all += sent
	}
	return all
}

// A row that another transaction holds at this moment, as a claim does until it commits, is not passed
// by later rows of its instance.
func TestHeldRowIsNotPassed(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	if passed := o.pass(t); passed != 0 {
		t.Errorf("%d rows passed one that another claim holds", passed)
	}
}

// pass makes a round while the first of three rows is held and returns how many were sent.
func (o *outbox) pass(t *testing.T) int {
	t.Helper()
	o.fill(1, 2, 3)
	passed := 0
	o.commit(func(tx *sql.Tx) error {
		var seq int
		id := nth(1)
		if err := tx.QueryRowContext(t.Context(), "SELECT seq FROM workflow_history WHERE instance_id = ? AND seq = 1 FOR UPDATE", id[:]).Scan(&seq); err != nil {
			return err
		}
		var err error
		passed, err = o.relay().Round(t.Context())
		return err
	})
	if sent, err := o.relay().Round(t.Context()); err != nil || sent != 3-passed {
		t.Errorf("%d sent afterwards, %v", sent, err)
	}
	return passed
}

// Without the lease, events are sent more than once; without the look at earlier rows, rows pass others;
// without the clause that leaves out rows behind a failing one, they fill the batches.
func TestRelayWithoutItsGuards(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pattern, by string
		found       func(*outbox, *testing.T) bool
	}{
		"lease":  {`SET locked_until = '[^']*' WHERE`, `SET locked_until = NULL WHERE`, func(o *outbox, t *testing.T) bool { return o.share(t) > 0 }},
		"order":  {`IFNULL\(\(SELECT MAX\(e\.seq\)[^)]*\), 0\)`, `0`, func(o *outbox, t *testing.T) bool { return o.pass(t) > 0 }},
		"behind": {`AND NOT EXISTS \([^)]*\)`, ``, func(o *outbox, t *testing.T) bool { return o.behind(t) < 20 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !c.found(openOutbox(t, planted(c.pattern, c.by)), t) {
				t.Error("the guard is off and nothing was found")
			}
		})
	}
}

// An event that the sink rejects ends as a dead letter after three attempts, while its neighbours go
// on; then its instance goes on too, and the letter can be sent again.
func TestRejectedEventEndsAsADeadLetter(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	o.answer = func(_ context.Context, e event.Event) error {
		if from(e, 2, 2) {
			return fmt.Errorf("status 422: %w", errRefused)
		}
		return nil
	}
	o.fill(1, 5, 4)
	relay := o.relay()
	relay.SetBackOff(time.Hour)
	if sent, err := relay.Round(t.Context()); sent != 13 || !errors.Is(err, errRefused) {
		t.Errorf("%d sent, %v", sent, err)
	}
	for attempt := 2; attempt <= 3; attempt++ {
		if sent, err := relay.Round(t.Context()); sent != 0 || err != nil {
			t.Errorf("%d sent before the back-off is over, %v", sent, err)
		}
		o.forward()
		if sent, err := relay.Round(t.Context()); sent != 0 || !errors.Is(err, errRefused) {
			t.Errorf("attempt %d: %d sent, %v", attempt, sent, err)
		}
	}
	if sent, err := relay.Round(t.Context()); sent != 2 || err != nil {
		t.Errorf("%d sent behind the dead letter, %v", sent, err)
	}
	list := o.letters(t)
	if len(list) != 1 || o.count("unsent = 2") != 1 || o.count("unsent = 1") != 0 {
		t.Fatalf("dead letters %v", list)
	}
	letter, err := o.store.DeadLetter(t.Context(), list[0].ID)
	var content event.Event
	if err == nil {
		err = content.UnmarshalJSON(letter.Content)
	}
	id := fmt.Sprintf("%s/2/1/00000002", nth(2))
	if err != nil || letter.EventID != id || content.ID() != id || letter.Attempts != 3 || letter.Reason != "status 422: refused: refused" ||
		letter.Type != content.Type() || letter.Source != "/diom/test" || letter.Direction != store.Out {
		t.Errorf("%v %+v", err, letter)
	}
	o.answer = nil
	o.resubmit(t, letter)
	if sent, err := relay.Round(t.Context()); sent != 1 || err != nil || !o.has(2, 2) {
		t.Errorf("%d sent after the resubmission, %v", sent, err)
	}
}

// What would go on with an endless chain is as hopeless later: it is a dead letter at once.
func TestEndlessChainEndsAtOnce(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	o.answer = func(context.Context, event.Event) error { return fmt.Errorf("deliver: %w", workflow.ErrTooManyHops) }
	o.fill(1, 2, 1)
	_, _ = o.relay().Round(t.Context()) // it says why
	if list := o.letters(t); len(list) != 1 || list[0].Attempts != 1 {
		t.Errorf("dead letters %+v", list)
	}
}

// forward lets every back-off end.
func (o *outbox) forward() {
	o.t.Helper()
	o.commit(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), `UPDATE workflow_history SET locked_until = '2001-01-01' WHERE unsent = 1 AND locked_until IS NOT NULL`)
		return err
	})
}

func (o *outbox) letters(t *testing.T) []store.DeadLetter {
	t.Helper()
	p, err := o.store.DeadLetters(t.Context(), store.DeadLetterFilter{Direction: store.Out}, page.Request{Limit: 100, Descending: true})
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}

func (o *outbox) resubmit(t *testing.T, letter store.DeadLetter) {
	t.Helper()
	answer := func(store.DeadLetter) (store.Recorded, error) { return store.Recorded{Status: 200}, nil }
	for _, want := range []error{nil, store.ErrResubmitted} {
		if _, err := o.store.Resubmit(t.Context(), letter.ID, time.Now().UTC(), nil, answer); !errors.Is(err, want) {
			t.Errorf("resubmit: %v, want %v", err, want)
		}
	}
	if list := o.letters(t); len(list) != 0 {
		t.Errorf("still waiting: %v", list)
	}
}

// An event that the sink fails on, while it takes others, ends as a dead letter too, but not soon.
func TestEventThatAlwaysFails(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	o.answer = func(_ context.Context, e event.Event) error {
		if from(e, 1, 1) {
			return errDown
		}
		return nil
	}
	o.fill(1, 2, 2)
	relay := o.relay()
	for n := 1; n <= 12; n++ {
		if o.count("unsent = 2") != 0 {
			t.Fatalf("dead after %d attempts", n-1)
		}
		o.fill(n+1, n+2, 2)
		o.forward()
		_, _ = relay.Round(t.Context())
	}
	o.drain(relay)
	if list := o.letters(t); len(list) != 1 || list[0].Attempts != 12 || !o.has(1, 2) {
		t.Errorf("dead letters %+v", list)
	}
}

// A sink that takes nothing for a long time buries nothing; when it is back, everything arrives in
// order, soon.
func TestSinkIsDown(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	o.answer = func(context.Context, event.Event) error { return errDown }
	o.fill(0, 30, 5)
	relay := o.relay()
	for range 50 {
		if sent, err := relay.Round(t.Context()); sent != 0 || !errors.Is(err, errDown) {
			t.Fatalf("%d sent, %v", sent, err)
		}
		o.forward()
	}
	if n := o.count("unsent = 2 OR attempts > 6"); n > 0 {
		t.Errorf("%d rows pay for it", n)
	}
	o.answer = nil
	o.drain(relay)
	for _, w := range o.wrong(0, 30, 5) {
		t.Error(w)
	}
	if list := o.letters(t); len(list) > 0 || o.total != 300 {
		t.Errorf("%d events, dead letters %v", o.total, list)
	}
}

// A sink that never answers to one event holds up nobody but its instance, neither in its round nor
// afterwards.
func TestSinkHangsOnOneEvent(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	release := make(chan struct{})
	o.answer = func(ctx context.Context, e event.Event) error {
		if !from(e, 1, 1) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-release:
			return nil
		}
	}
	relay := o.relay()
	relay.SetPauses(time.Millisecond, 5*time.Millisecond)
	relay.Start()
	defer relay.Stop()
	o.fill(1, 30, 2)
	others := func(rows int) func() bool { return func() bool { return o.wrong(2, 30, rows) == nil } }
	until(t, "the others are sent", others(2))
	for n := 2; n < 30; n++ {
		o.commit(func(tx *sql.Tx) error { return insert(t, tx, n, 3, 3) })
	}
	until(t, "the others' later events are sent", others(3))
	if o.has(1, 1) || o.has(1, 2) {
		t.Error("an event was sent behind the one that hangs")
	}
	close(release)
	until(t, "what hung is sent", func() bool { return o.wrong(1, 2, 2) == nil })
}

// A round sends nothing when its lease is about to end: it gives the rest back, for others to send at
// once.
func TestRoundEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	begun := time.Now()
	o.answer = func(context.Context, event.Event) error {
		if time.Since(begun) > 900*time.Millisecond {
			t.Error("an event was sent when the lease was about to end")
		}
		time.Sleep(20 * time.Millisecond)
		return nil
	}
	o.fill(1, 2, 100)
	relay := o.relay()
	relay.SetLease(time.Second, 500*time.Millisecond)
	begun = time.Now()
	sent, err := relay.Round(t.Context())
	if err != nil || sent == 0 || sent == 100 {
		t.Errorf("%d sent, %v", sent, err)
	}
	if n := o.count("unsent = 1 AND locked_until IS NULL AND attempts = 0"); n != 100-sent {
		t.Errorf("%d rows given back, %d sent", n, sent)
	}
}

// An event that takes longer than the lease fails before others may send it.
func TestHangingEventEndsWithItsLease(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	begun := time.Now()
	o.answer = func(ctx context.Context, _ event.Event) error {
		<-ctx.Done()
		if time.Since(begun) > 2*time.Second {
			t.Error("the event was still being sent when its lease was over")
		}
		return ctx.Err()
	}
	o.fill(1, 2, 2)
	relay := o.relay()
	relay.SetLease(2*time.Second, time.Second)
	begun = time.Now()
	if sent, err := relay.Round(t.Context()); sent != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d sent, %v", sent, err)
	}
	if n := o.count("attempts = 1"); n != 1 {
		t.Errorf("%d rows failed", n)
	}
}

// A relay that is stopped gives back what it could not send, and counts nothing against it.
func TestStoppedRelayGivesBack(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	sending := make(chan struct{}, 100)
	o.answer = func(ctx context.Context, _ event.Event) error {
		sending <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	o.fill(1, 30, 2)
	relay := o.relay()
	relay.Push()
	<-sending
	relay.Stop()
	if n := o.count("unsent = 1 AND locked_until IS NULL AND attempts = 0"); n != 58 {
		t.Errorf("%d of 58 rows are free", n)
	}
}

// A row that cannot be read is a dead letter at last, and hurts nobody.
func TestUnreadableRow(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	o.fill(1, 4, 2)
	id := nth(2)
	o.commit(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE workflow_history SET changes = 'x' WHERE instance_id = ? AND seq = 1", id[:])
		return err
	})
	relay := o.relay()
	for range 4 {
		_, _ = relay.Round(t.Context())
		o.forward()
	}
	list := o.letters(t)
	if len(list) != 1 || !o.has(2, 2) || o.wrong(1, 2, 2) != nil || o.wrong(3, 4, 2) != nil {
		t.Fatalf("dead letters %v", list)
	}
	letter, err := o.store.DeadLetter(t.Context(), list[0].ID)
	if err != nil || string(letter.Content) != "x" || letter.EventID != id.String()+"/1/1/00000002" {
		t.Errorf("%v %+v", err, letter)
	}
}

// Push waits for a burst to share one round; PushNow does not.
func TestPushNow(t *testing.T) {
	t.Parallel()
	o := openOutbox(t, nil)
	relay := o.relay()
	relay.SetPauses(time.Minute, time.Minute)
	o.fill(0, 1, 1)
	relay.Push() // the first round comes at once
	defer relay.Stop()
	until(t, "the first round", func() bool { return o.count("unsent = 1") == 0 })
	time.Sleep(200 * time.Millisecond)
	o.fill(1, 2, 1)
	relay.Push()
	time.Sleep(200 * time.Millisecond)
	if o.has(1, 1) {
		t.Error("Push did not wait for others")
	}
	relay.PushNow()
	until(t, "PushNow sends", func() bool { return o.has(1, 1) })
}
