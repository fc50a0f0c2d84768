package faults_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

// reading is the product over a primary and a replica at which lists are read.
type reading struct {
	*fixture
	primary, replica *node
	redisServer      *producttest.Process
}

const (
	todoList    = "/api/v1/tasks?view=todo"
	startedList = "/api/v1/tasks?view=started"
	doneList    = "/api/v1/tasks?view=done"

	longLag   = "DIOM_MYSQL_REPLICA_MAX_LAG=9m" // longer than the test
	marksKept = "diom:written:keeps"
)

func newReading(t *testing.T) *reading {
	t.Helper()
	server, redis := ownRedis(t)
	server.Start()
	r := &reading{primary: newNode(t, 1), replica: newNode(t, 2), redisServer: server}
	r.primary.do("SET GLOBAL read_only = OFF")
	r.primary.do(users...)
	r.replica.do("RESET MASTER", "SET GLOBAL gtid_slave_pos = ''")
	if !r.replica.follow(r.primary, false) {
		t.Fatalf("the replica does not follow: %v", r.replica.status())
	}
	r.primary.do("SET GLOBAL rpl_semi_sync_master_enabled = OFF") // a replica that stands still holds nobody up
	r.watch()
	r.fixture = prepareOn(t, productUser+"@tcp("+r.primary.address+")/diom_faults", redis, "DIOM_MYSQL_REPLICA_DSN=tcp("+r.replica.address+")/", longLag)
	r.remembers()
	return r
}

// remembers lets the marks of Redis be believed: otherwise they are only when a new Redis has lived as long as a mark.
func (r *reading) remembers() {
	r.t.Helper()
	if err := r.cache.Set(r.t.Context(), marksKept, "1", 0).Err(); err != nil {
		r.t.Fatal(err)
	}
	if err := r.cache.Del(r.t.Context(), "diom:written:doubt").Err(); err != nil {
		r.t.Fatal(err)
	}
}

// watch lets the replica note each statement.
func (r *reading) watch() {
	r.replica.do("SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = ON")
}

// reads counts what the product has read at the replica, by the replica's own log.
func (r *reading) reads() string {
	r.t.Helper()
	return r.replica.text("SELECT COUNT(*) FROM mysql.general_log WHERE user_host LIKE ? AND argument LIKE '%FROM workflow\\_%'", productUser+"%")
}

// question is whether what a client is shown at a path names a task.
type question struct {
	client *producttest.Client
	path   string
	task   engine.ID
}

// asks returns the answer, and whether the replica was read for it.
func (r *reading) asks(q question) (there, atReplica bool) {
	r.t.Helper()
	before := r.reads()
	answer, err := q.client.Send(http.MethodGet, q.path, nil)
	if err != nil || answer.Status != http.StatusOK {
		r.t.Errorf("%s: %v %d %.300s", q.path, err, answer.Status, answer.Body)
	}
	return strings.Contains(string(answer.Body), q.task.String()), r.reads() != before
}

// holds asks once, and holds what the answer is.
func (r *reading) holds(what string, q question, there, atReplica bool) {
	r.t.Helper()
	if gotThere, gotAt := r.asks(q); gotThere != there || gotAt != atReplica {
		r.t.Errorf("%s: the task is there %t, read at the replica %t; want %t, %t", what, gotThere, gotAt, there, atReplica)
	}
}

// becomes asks until that is the answer.
func (r *reading) becomes(what string, q question, there, atReplica bool) {
	r.t.Helper()
	gotThere, gotAt := false, false
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if gotThere, gotAt = r.asks(q); gotThere == there && gotAt == atReplica {
			return
		}
	}
	r.t.Errorf("%s: the task is there %t, read at the replica %t; want %t, %t\n%s", what, gotThere, gotAt, there, atReplica, r.process.Log())
}

// TestReadReplica holds that lists come from the replica, that nobody misses there what he has done himself, and that a
// replica which is behind, does not answer or is gone is not used.
func TestReadReplica(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers of its own")
	}
	t.Parallel()
	r := newReading(t)
	first := r.start("first")
	r.becomes("what is replicated", question{r.as("wangfang"), todoList, first.ID}, true, true)
	for _, c := range []struct {
		name string
		do   func(*reading)
	}{
		{"own", (*reading).ownWrites}, {"lag", (*reading).lagBound}, {"told", (*reading).lookers}, {"redis", (*reading).withoutMarks}, {"gone", (*reading).gone}, {"frozen", (*reading).frozen},
	} {
		whole := r.t
		t.Run(c.name, func(t *testing.T) {
			r.t, r.primary.t, r.replica.t = t, t, t
			c.do(r)
		})
		r.t, r.primary.t, r.replica.t = whole, whole, whole
	}
	r.drain()
	r.verify()
	conclude(t, conclusion{command: "failover", runs: 6, faults: []injected{{"replica-stopped", 4, 4}, {"replica-killed", 1, 1}, {"replica-frozen", 1, 1}, {"marks-forgotten", 1, 1}}})
}

// ownWrites: replication stands still; who has done something sees it, everybody else reads at the replica.
func (r *reading) ownWrites() {
	starter, boss := r.as("zhangwei"), r.as("wangfang")
	r.replica.do("STOP SLAVE SQL_THREAD")
	task := r.start("own")
	r.holds("one's own start", question{starter, startedList, task.ID}, true, false)
	r.holds("the list of somebody else", question{boss, todoList, task.ID}, false, true)
	r.holds("what the replica does not know, asked for by its id", question{boss, "/api/v1/tasks/" + task.ID.String(), task.ID}, true, true)
	r.holds("the history of one's own", question{starter, "/api/v1/instances/" + task.InstanceID.String() + "/history", task.ID}, true, false)

	// The rule is what shows it: without the mark it is missing.
	if err := r.cache.Del(r.t.Context(), "diom:written:by:zhangwei").Err(); err != nil {
		r.t.Fatal(err)
	}
	r.holds("without the mark", question{starter, startedList, task.ID}, false, true)

	if answer, err := r.send(completionOf(task.ID, "")); err != nil || answer.Status != http.StatusOK {
		r.t.Fatalf("%v %d %.300s", err, answer.Status, answer.Body)
	}
	r.holds("one's own completion", question{boss, doneList, task.ID}, true, false)
	// Who is refused may have been shown what is over: he looks again at the primary.
	if answer, err := r.send(request{user: "lina", path: "/api/v1/tasks/" + task.ID.String() + "/complete", body: map[string]any{}}); err != nil || answer.Status < 400 {
		r.t.Errorf("%v %d %.300s", err, answer.Status, answer.Body)
	}
	r.holds("after a refusal", question{r.as("lina"), todoList, task.ID}, false, false)

	r.replica.do("START SLAVE SQL_THREAD")
	r.becomes("once it is there", question{boss, doneList, task.ID}, true, true)
}

// lagBound: a process that allows less lag reads at the primary once there is more.
func (r *reading) lagBound() {
	o := r.options
	o.Env = append(append([]string{}, o.Env...), "DIOM_MYSQL_REPLICA_MAX_LAG=1s")
	process := producttest.Serve(r.t, o)
	strict := producttest.NewClient(process.URL, callLimit)
	starter, boss := strict.With(r.tokens["zhangwei"]), strict.With(r.tokens["wangfang"])
	r.becomes("while it is near", question{boss, todoList, engine.ID{}}, false, true)
	r.replica.do("STOP SLAVE SQL_THREAD")
	task := r.start("lag")
	r.becomes("when it is too far behind", question{boss, todoList, task.ID}, true, false)
	r.holds("one's own start", question{starter, startedList, task.ID}, true, false)
	r.holds("where more lag is allowed", question{r.as("lina"), todoList, task.ID}, false, true)
	metrics, err := strict.Send(http.MethodGet, "/metrics", nil)
	var lag float64
	for line := range strings.Lines(string(metrics.Body)) {
		if text, is := strings.CutPrefix(line, "diom_replica_lag_seconds "); is {
			_, err = fmt.Sscan(text, &lag)
		}
	}
	if err != nil || lag < 1 || lag > 300 || !strings.Contains(string(metrics.Body), "\ndiom_replica_used 0\n") {
		r.t.Errorf("the lag is %v: %v", lag, err)
	}
	r.replica.do("START SLAVE SQL_THREAD")
	r.becomes("when it has come after", question{boss, todoList, task.ID}, true, true)
}

// lookers: who looks is told of what has happened, and asks at once: he finds it, although replication stands still.
func (r *reading) lookers() {
	boss := r.as("wangfang")
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.client.URL+"/api/v1/events/stream", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+boss.Token)
	request.Header.Set("Accept", "text/event-stream")
	stream, err := (&http.Client{}).Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer stream.Body.Close()
	r.replica.do("STOP SLAVE SQL_THREAD")
	task := r.start("told")
	var text strings.Builder
	buffer := make([]byte, 4096)
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(text.String(), task.ID.String()) && time.Now().Before(deadline); {
		n, err := stream.Body.Read(buffer)
		if text.Write(buffer[:n]); err != nil {
			r.t.Fatalf("%v: %s", err, text.String())
		}
	}
	r.holds("what one is told of", question{boss, todoList, task.ID}, true, false)
	r.replica.do("START SLAVE SQL_THREAD")
	r.remembers()
	r.becomes("later", question{boss, todoList, task.ID}, true, true)
}

// withoutMarks: Redis is killed, and comes back with nothing in it.
func (r *reading) withoutMarks() {
	starter := r.as("zhangwei")
	r.replica.do("STOP SLAVE SQL_THREAD")
	before := r.start("before Redis goes")
	r.redisServer.Kill()
	r.holds("done before Redis went", question{starter, startedList, before.ID}, true, false)
	r.redisServer.Start()
	time.Sleep(1500 * time.Millisecond) // the product looks for Redis again after a second
	r.holds("done before Redis went, which has forgotten it", question{starter, startedList, before.ID}, true, false)
	r.holds("the next", question{r.as("wangfang"), todoList, before.ID}, true, false)
	r.replica.do("START SLAVE SQL_THREAD")
	r.redisServer.Kill()
	var during engine.ID
	r.slowly(func() {
		during = r.start("without Redis").ID
		if n := r.replica.text("SELECT COUNT(*) FROM diom_faults.workflow_task WHERE id = ?", during[:]); n != "1" {
			r.t.Errorf("what was done without Redis is answered before the replica has it")
		}
	})
	r.redisServer.Start()
	time.Sleep(1500 * time.Millisecond) // the product looks for Redis again after a second
	r.remembers()
	r.becomes("done without Redis", question{starter, startedList, during}, true, true)
}

// slowly holds the replica up for a moment while something is done.
func (r *reading) slowly(do func()) {
	r.t.Helper()
	position := r.primary.text("SELECT @@gtid_binlog_pos")
	if r.replica.text("SELECT MASTER_GTID_WAIT(?, 20)", position) != "0" {
		r.t.Fatalf("the replica does not follow: %v", r.replica.status())
	}
	conn, err := r.replica.root.Conn(r.t.Context())
	if err == nil {
		_, err = conn.ExecContext(r.t.Context(), "LOCK TABLES diom_faults.workflow_instance READ")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	var free sync.WaitGroup
	free.Go(func() {
		time.Sleep(400 * time.Millisecond)
		_, err := conn.ExecContext(r.t.Context(), "UNLOCK TABLES")
		if err := errors.Join(err, conn.Close()); err != nil {
			r.t.Error(err)
		}
	})
	do()
	free.Wait()
}

// look asks for lists until the returned function is called, which returns how many there were, what went wrong and how
// long the longest took.
func (r *reading) look() func() (n int64, slowest time.Duration) {
	var asked, longest atomic.Int64
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for !closed(stop) {
				began := time.Now()
				answer, err := r.as("wangfang").Send(http.MethodGet, todoList, nil)
				taken := int64(time.Since(began))
				if err != nil || answer.Status != http.StatusOK {
					r.t.Errorf("a list: %v %d %.300s", err, answer.Status, answer.Body)
				}
				for old := longest.Load(); taken > old && !longest.CompareAndSwap(old, taken); old = longest.Load() {
				}
				asked.Add(1)
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	return sync.OnceValues(func() (int64, time.Duration) {
		close(stop)
		group.Wait()
		return asked.Load(), time.Duration(longest.Load())
	})
}

// gone: the replica is killed while it is read. No list fails, and when it is back it is used again.
func (r *reading) gone() {
	r.becomes("before", question{r.as("lina"), todoList, engine.ID{}}, false, true)
	end := r.look()
	defer end()
	time.Sleep(300 * time.Millisecond)
	r.replica.process.Kill()
	time.Sleep(1500 * time.Millisecond)
	r.replica.process.Start()
	n, slowest := end()
	if n < 20 || slowest > 10*time.Second {
		r.t.Errorf("%d lists, the slowest after %s", n, slowest)
	}
	r.watch()
	r.becomes("when it is back", question{r.as("lina"), todoList, engine.ID{}}, false, true)
}

// frozen: the replica takes requests and answers none.
func (r *reading) frozen() {
	end := r.look()
	defer end()
	time.Sleep(300 * time.Millisecond)
	r.replica.process.Signal(syscall.SIGSTOP)
	time.Sleep(4 * time.Second)
	n, slowest := end() // also of those that had asked it
	r.replica.process.Signal(syscall.SIGCONT)
	if n < 20 || slowest > 10*time.Second {
		r.t.Errorf("%d lists, the slowest after %s", n, slowest)
	}
	r.becomes("when it goes on", question{r.as("lina"), todoList, engine.ID{}}, false, true)
}
