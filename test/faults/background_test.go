package faults_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

const (
	// due is for how long the work of a path may take, a dead process's lease included.
	due = 90 * time.Second
	// undone is for how long work is waited for that a planted bug keeps from being done.
	undone = 15 * time.Second
	// idle is for how long a process is listened to that has nothing to do.
	idle = time.Second
)

// path is work that the product does by itself: when its time has come, or after the request that gave
// rise to it was answered.
type path struct {
	name string
	// prepare makes what one attempt uses up.
	prepare func(f *fixture, point string)
	// trigger sets the work going. It is called again until it returns true; the repetition of a request has
	// its key.
	trigger func(f *fixture, point string) bool
	// effects is how often the work of a point was done.
	effects func(f *fixture, point string) int
}

const timerOf = "UPDATE workflow_timer t JOIN workflow_instance i ON i.id = t.instance_id "

var paths = []path{
	{
		// Nobody sees that the timer is due until its lease, which nobody holds, is over.
		name: "timer",
		prepare: func(f *fixture, point string) {
			f.begin("later", point)
			f.ring(timerOf+"SET t.locked_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE i.business_key = ?", point)
		},
		trigger: func(f *fixture, point string) bool {
			return f.ring(timerOf+"SET t.locked_until = t.due_at WHERE i.business_key = ?", point)
		},
		effects: arrivals,
	},
	{
		// The point's own time is one more firing of the one start event.
		name: "timer start",
		prepare: func(f *fixture, _ string) {
			f.fired = f.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'clock'")
		},
		trigger: func(f *fixture, _ string) bool {
			return f.ring("UPDATE workflow_timer SET due_at = UTC_TIMESTAMP(3), locked_until = UTC_TIMESTAMP(3) WHERE instance_id IS NULL AND process_key = ?", "clock")
		},
		effects: func(f *fixture, _ string) int {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'clock'") - f.fired
		},
	},
	{
		name:    "continuation",
		prepare: func(*fixture, string) {},
		trigger: func(f *fixture, point string) bool { return f.tryStart("step", point) },
		effects: arrivals,
	},
	{
		// The message starts another instance; a second one would start a second.
		name:    "message",
		prepare: func(*fixture, string) {},
		trigger: func(f *fixture, point string) bool { return f.tryStart("tell", point) },
		effects: arrivals,
	},
	{
		// One instance calls another, which comes back; a second one would be a second instance.
		name:    "call",
		prepare: func(*fixture, string) {},
		trigger: func(f *fixture, point string) bool { return f.tryStart("calling", point) },
		effects: func(f *fixture, point string) int {
			n := arrivals(f, point)
			if called := len(f.judge.InstancesOf(point)) - 1; n == 1 && called != 1 {
				return 1 + called
			}
			return n
		},
	},
	{
		name:    "call given up",
		prepare: func(f *fixture, point string) { f.begin("giving_up", point) },
		trigger: func(f *fixture, point string) bool {
			r := request{
				user: "admin", path: "/api/v1/messages", key: "key-" + point, status: http.StatusOK,
				body: map[string]any{"name": "paths-stop", "businessKey": point},
			}
			a, err := f.send(r)
			return r.acknowledged(a, err)
		},
		effects: func(f *fixture, point string) (n int) {
			for _, id := range f.judge.InstancesOf(point) {
				n += f.judge.Changes(id, engine.InstanceCancelled, "")
			}
			return n
		},
	},
	{
		name: "parked message",
		prepare: func(f *fixture, point string) {
			a, err := f.as("admin").Send(http.MethodPost, "/api/v1/messages", map[string]any{"name": "paths-early", "businessKey": point, "ttlSeconds": 600})
			if err != nil || a.Status != http.StatusAccepted {
				f.t.Fatalf("message: %v %d %s", err, a.Status, a.Body)
			}
		},
		trigger: func(f *fixture, point string) bool { return f.tryStart("early", point) },
		effects: arrivals,
	},
}

// arrivals is how often the instances of a point have reached the task behind the path.
func arrivals(f *fixture, point string) (n int) {
	for _, id := range f.judge.InstancesOf(point) {
		n += f.judge.Changes(id, engine.TaskCreated, "")
	}
	return n
}

// begin starts an instance, without any fault.
func (f *fixture) begin(process, point string) workflow.Started {
	f.t.Helper()
	a, err := f.send(startOfProcess(process, point, ""))
	var started workflow.Started
	if err != nil || a.Status != http.StatusCreated || json.Unmarshal(a.Body, &started) != nil {
		f.t.Fatalf("start %s: %v %d %s", process, err, a.Status, a.Body)
	}
	return started
}

// tryStart starts an instance, once however often it is called, and reports whether it was told so.
func (f *fixture) tryStart(process, point string) bool {
	r := startOfProcess(process, point, "key-"+point)
	a, err := f.send(r)
	return r.acknowledged(a, err)
}

func startOfProcess(process, point, key string) request {
	return request{
		user: "zhangwei", path: "/api/v1/processes/" + process + "/start", key: key, status: http.StatusCreated,
		body: map[string]any{"businessKey": point, "variables": map[string]any{"topic": point}},
	}
}

// ring changes the database past the proxy: time passes.
func (f *fixture) ring(statement string, arguments ...any) bool {
	f.t.Helper()
	if _, err := f.judge.SQL.ExecContext(f.t.Context(), statement, arguments...); err != nil {
		f.t.Fatal(err)
	}
	return true
}

// release ends the leases of a dead process, as time would.
func (f *fixture) release() {
	f.t.Helper()
	for _, statement := range []string{
		"UPDATE workflow_timer SET locked_until = due_at WHERE locked_until > due_at AND locked_until < UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE",
		"UPDATE workflow_job SET locked_until = NULL WHERE kind <> 0",
		"UPDATE workflow_history SET locked_until = NULL WHERE unsent = 1",
		"UPDATE workflow_definition SET locked_until = NULL WHERE unsent = 1",
		"UPDATE workflow_batch SET locked_until = UTC_TIMESTAMP(3) WHERE state = 1",
		"UPDATE workflow_signal SET locked_until = UTC_TIMESTAMP(3)",
	} {
		_, err := f.judge.SQL.ExecContext(f.t.Context(), "SET STATEMENT innodb_lock_wait_timeout=1 FOR "+statement)
		var busy *mysql.MySQLError
		if err != nil && !(errors.As(err, &busy) && (busy.Number == 1205 || busy.Number == 1213)) { // somebody has the rows now
			f.t.Fatal(err)
		}
	}
}

// travel walks one path again and again, and kills the process at one request of it after the other.
type travel struct {
	*fixture
	path
	findings
	walks int
	begun bool // the work of this walk was set going
	lapse bool // leases end while one waits for it
	short bool // a bug is planted
	tried int
}

// requests returns the kinds of requests that the path makes in a new process, and how many of each.
// Those that a process makes all the time count once.
func (w *travel) requests() map[string]int {
	w.t.Helper()
	w.trap.Listen()
	w.restart()
	time.Sleep(idle)
	always := w.trap.Heard()
	point := w.next("rehearsal")
	w.prepare(w.fixture, point)
	w.restart()
	w.trap.Listen()
	w.arrive(point)
	time.Sleep(linger)
	kinds := w.trap.Heard()
	for kind := range kinds {
		if always[kind] > 0 {
			kinds[kind] = 1
		}
	}
	return kinds
}

func (w *travel) restart() {
	w.process.Kill()
	w.release()
	w.process.Start()
}

func (w *travel) next(what string) string {
	w.walks++
	w.begun = false
	return fmt.Sprintf("%s-%s-%d", w.name, what, w.walks)
}

// arrive waits until the work of a point is done, and holds that it was done once.
func (w *travel) arrive(point string) {
	w.t.Helper()
	turn, patience := 0, due
	if w.short {
		patience = undone
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if w.done(point) {
			break
		}
		if turn++; w.lapse && turn%50 == 0 {
			w.release()
		}
		if time.Now().After(deadline) {
			w.fail(point, "the work is not done")
			return
		}
	}
	time.Sleep(linger)
	if n := w.effects(w.fixture, point); n != 1 {
		w.fail(point, "%d effects", n)
	}
	for _, id := range w.judge.InstancesOf(point) {
		for _, problem := range w.problems(id) {
			w.fail(point, "%s", problem)
		}
	}
}

// done sets the work of a point going, if that was not done yet, and reports whether it has been done.
func (w *travel) done(point string) bool {
	w.begun = w.begun || w.trigger(w.fixture, point)
	return w.begun && w.effects(w.fixture, point) > 0
}

// kill kills the process at the n-th request of a kind, and holds that the next one does the work.
func (w *travel) kill(kind string, n int, fate proxytest.Fate) {
	w.t.Helper()
	point := w.next("kill")
	w.prepare(w.fixture, point)
	w.restart()
	w.trap.ArmKind(kind, n, fate, w.process.Kill)
	for deadline := time.Now().Add(due); !w.trap.Sprung() && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if w.done(point) {
			time.Sleep(linger)
			break
		}
	}
	if w.trap.Disarm() == "" {
		w.arrive(point) // the path was walked with fewer requests this time
		return
	}
	w.tried++
	w.restart()
	w.arrive(point)
}

// walk kills the process at every request of the path.
func (w *travel) walk() {
	w.t.Helper()
	requests := w.requests()
	for i, kind := range slices.Sorted(maps.Keys(requests)) {
		for n := range min(requests[kind], size(2, 10)) {
			if w.enough() {
				return
			}
			for j, fate := range []proxytest.Fate{proxytest.Drop, proxytest.Lose} {
				if size(0, 1) == 1 || (i+n+j)%2 == 0 { // CI takes one of the two fates of a request
					w.kill(kind, n+1, fate)
				}
			}
		}
	}
}

// deployPaths deploys the models of the paths, once.
func (f *fixture) deployPaths() {
	f.t.Helper()
	if f.travels {
		return
	}
	f.travels = true
	content, err := os.ReadFile("testdata/paths.bpmn")
	if err != nil {
		f.t.Fatal(err)
	}
	if a, err := f.as("zhouming").Deploy("paths", producttest.File{Name: "paths.bpmn", Content: content}); err != nil || a.Status != http.StatusCreated {
		f.t.Fatalf("deploy: %v %d %s", err, a.Status, a.Body)
	}
}

// TestKillOnPaths kills the process at every request to MySQL and Redis that it makes for work which
// nobody waits for: timers, continuations, messages and calls between instances, parked messages.
func TestKillOnPaths(t *testing.T) {
	t.Parallel()
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := travel{fixture: setup(t, nil), path: p}
			w.deployPaths()
			w.walk()
			for _, found := range w.found {
				t.Error(found)
			}
			w.drain()
			conclude(t, conclusion{command: "crash", runs: w.tried, faults: []injected{{"killed-on-a-path", w.tried, 10}}})
		})
	}
}

// TestKillOnPathsFindsPlantedBugs: with a guard off, the same walk finds violations.
func TestKillOnPathsFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path    string
		rewrite func([]byte) []byte
		want    string
	}{
		"no inbox": {"message", withoutInbox, " effects"},
		"a start timer that does not move on": {
			"timer start", planted(`(UPDATE workflow_timer SET )due_at = '[^']*', locked_until = '[^']*', fired`, "${1}fired"), " effects",
		},
		"no outbox for a call": {"call", planted(`changes, unsent\)`, `changes, attempts)`), "the work is not done"},
		"no outbox":            {"timer", planted(`changes, unsent\)`, `changes, attempts)`), "is lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(paths, func(p path) bool { return p.name == c.path })
			w := travel{fixture: setup(t, c.rewrite), path: paths[i], findings: findings{until: c.want}, short: true}
			w.deployPaths()
			w.walk()
			if !w.finds(c.want) {
				t.Errorf("the guard is off and %q was not found, but: %q", c.want, w.found)
			}
		})
	}
}
