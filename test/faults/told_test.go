package faults_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/producttest"
)

// tell is a run of two processes that share one outbox while nothing breaks: their instances, and how many
// events of them the sink has got more than once. A relay that claims what another one has under way tells
// everything twice.
func tell(t *testing.T, rewrite func([]byte) []byte, instances int) (repeated, events int, complaints []string) {
	t.Helper()
	f := prepare(t, databasetest.DSN(t), databasetest.Redis(t))
	f.sink.pause = 20 * time.Millisecond // both relays look while an event is under way
	f.mysql.Rewrite = rewrite
	f.mysql.Start(t)
	f.redis.Start(t)
	f.serve(f.through())
	other := producttest.Serve(t, f.through())
	urls := []string{f.process.URL, other.URL}
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			client := *f.client
			client.URL = urls[caller%len(urls)]
			for i := caller; i < instances; i += 8 {
				r := startOf(fmt.Sprint("told-", i), "")
				if o := f.sendTo(&client, r); !r.acknowledged(o.Answer, o.err) {
					t.Errorf("start: %v %d %.300s", o.err, o.Status, o.Body)
				}
			}
		})
	}
	callers.Wait()
	f.waitFor("every event is sent", func() bool { return f.judge.Count("SELECT COUNT(*) FROM workflow_history WHERE unsent = 1") == 0 })
	if n := f.verify(); n != instances {
		t.Errorf("%d instances, want %d", n, instances)
	}
	f.sink.mutex.Lock()
	defer f.sink.mutex.Unlock()
	for id, n := range f.sink.seen {
		events++
		repeated += once(n > 1)
		if n > 1 && rewrite == nil {
			t.Logf("told %d times: %s", n, id)
		}
	}
	return repeated, events, append(f.process.Logged(`"relay"`), other.Logged(`"relay"`)...)
}

// TestEventsAreToldOnce: while nothing breaks each event goes out once, however many processes look for it.
func TestEventsAreToldOnce(t *testing.T) {
	t.Parallel()
	instances := size(200, 5000)
	repeated, events, complaints := tell(t, nil, instances)
	var found []string
	if repeated > 0 && len(complaints) == 0 { // a round that has failed is made again
		found = append(found, fmt.Sprintf("%d of %d events were told twice", repeated, events))
	}
	conclude(t, conclusion{command: "events", runs: events, found: found, faults: []injected{{"told", events, 2 * instances}}})
}

// TestEventsToldTwiceAreFound: without the claim of its rows the relays tell the same, and the same run finds
// it.
func TestEventsToldTwiceAreFound(t *testing.T) {
	t.Parallel()
	const instances = 60
	if repeated, events, _ := tell(t, planted(`(UPDATE workflow_history SET locked_until = )'[^']*'( WHERE)`, "${1}NULL${2}"), instances); repeated == 0 {
		t.Errorf("the relays claim nothing, and none of %d events was told twice", events)
	}
}
