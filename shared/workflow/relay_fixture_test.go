package workflow_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/workflow"
)

// outbox is history rows with unsent events, and a sink that notes what it takes.
type outbox struct {
	*fixture
	mutex sync.Mutex
	taken map[string]int      // by event
	first map[string][]string // sequences of an instance in the order in which they were first taken
	total int
	// answer is asked before an event is taken; an error refuses it. nil takes everything.
	answer func(ctx context.Context, e event.Event) error
}

// errRefused is what a sink says of an event that it will never take, errDown what says nothing of it.
var (
	errRefused = fault.New(fault.Invalid, "refused", "refused")
	errDown    = fault.New(fault.Unavailable, "down", "down")
)

func openOutbox(t *testing.T, wire *wiretest.Wire) *outbox {
	t.Helper()
	return &outbox{fixture: setup(t, wire), taken: map[string]int{}, first: map[string][]string{}}
}

func (o *outbox) relay() *workflow.Relay {
	r := workflow.NewRelay(o.store, o.take, "/diom/test", slog.New(slog.NewTextHandler(io.Discard, nil)))
	r.SetBackOff(10 * time.Millisecond)
	return r
}

func (o *outbox) take(ctx context.Context, e event.Event) error {
	if o.answer != nil {
		if err := o.answer(ctx, e); err != nil {
			return err
		}
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.total++
	if o.taken[unmarked(e)]++; o.taken[unmarked(e)] == 1 {
		key, sequence := e.Extensions()["partitionkey"].(string), e.Extensions()["sequence"].(string)
		o.first[key] = append(o.first[key], sequence)
	}
	return nil
}

// nth is an instance; the later ones have greater ids.
func nth(n int) engine.ID { return engine.ID{1, 14: byte(n >> 8), 15: byte(n)} }

// fill writes the rows 1 to rows of each instance, with two events each.
func (o *outbox) fill(begin, end, rows int) {
	o.t.Helper()
	for n := begin; n < end; n++ {
		for seq := 1; seq <= rows; seq += 500 {
			o.commit(func(tx *sql.Tx) error { return insert(o.t, tx, n, seq, min(seq+499, rows)) })
		}
	}
}

func (o *outbox) commit(work func(*sql.Tx) error) {
	o.t.Helper()
	if err := o.store.DB.InTx(o.t.Context(), work); err != nil {
		o.t.Fatal(err)
	}
}

func insert(t testing.TB, tx *sql.Tx, n, from, to int) error {
	changes, err := json.Marshal([]engine.Change{
		{Kind: engine.TaskCompleted, TaskID: engine.ID{9}, Node: "a"}, {Kind: engine.TokenMoved}, {Kind: engine.TaskCancelled, TaskID: engine.ID{9}, Node: "b"},
	})
	if err != nil {
		return err
	}
	id, arguments := nth(n), []any{}
	for seq := from; seq <= to; seq++ {
		arguments = append(arguments, id[:], seq, id[:], time.Now().UTC(), append([]byte{1}, changes...))
	}
	rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?, 'complete', 'lina', ?, ?, 1), ", to-from+1), ", ")
	_, err = tx.ExecContext(t.Context(), `INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes, unsent) VALUES `+rows, arguments...)
	return err
}

// sequences are those of rows 1 to rows.
func sequences(rows int) []string {
	var list []string
	for seq := 1; seq <= rows; seq++ {
		list = append(list, fmt.Sprintf("%010d.001", seq), fmt.Sprintf("%010d.003", seq))
	}
	return list
}

// wrong returns what is wrong with what was taken: each instance's events were first taken in their
// order, and none is missing.
func (o *outbox) wrong(begin, end, rows int) []string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	var found []string
	want := strings.Join(sequences(rows), " ")
	for n := begin; n < end; n++ {
		if got := strings.Join(o.first[nth(n).String()], " "); got != want {
			found = append(found, fmt.Sprintf("instance %d: %s", n, got))
		}
	}
	return found
}

func (o *outbox) count(condition string) int {
	o.t.Helper()
	var n int
	if err := o.store.DB.QueryRow(context.Background(), []any{&n}, `SELECT COUNT(*) FROM workflow_history WHERE `+condition); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// drain makes rounds until nothing is unsent.
func (o *outbox) drain(relay *workflow.Relay) {
	o.t.Helper()
	for end := time.Now().Add(30 * time.Second); o.count("unsent = 1") > 0; time.Sleep(5 * time.Millisecond) {
		_, _ = relay.Round(o.t.Context())
		if time.Now().After(end) {
			o.t.Fatalf("%d rows are still unsent", o.count("unsent = 1"))
		}
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func (o *outbox) has(n, seq int) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.taken[fmt.Sprintf("%s/%d/3", nth(n), seq)] > 0
}

// unmarked is the id of an event, whatever command made its step.
func unmarked(e event.Event) string {
	id, _ := cloudevent.ParseID(e.ID())
	id.Mark = ""
	return id.String()
}

// from reports whether an event is of a row.
func from(e event.Event, n int, seq int64) bool {
	id, _ := cloudevent.ParseID(e.ID())
	return id.Instance == nth(n) && (seq == 0 || id.Seq == seq)
}

// chance returns a source of random numbers; its seed is printed.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
