package faults_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

// ownRedis prepares a Redis server of the test's own and returns its URL.
func ownRedis(t *testing.T) (*producttest.Process, string) {
	t.Helper()
	address := producttest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address) // it was joined
	ready := func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal(err)
	}
	return producttest.Command(t, ready, path, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir()),
		"redis://" + address + "/0"
}

// work makes one start and its completion, which must succeed within limit each.
func (f *fixture) work(point string, limit time.Duration) {
	f.t.Helper()
	for _, step := range []func() request{
		func() request { return startOf(point, "") },
		func() request {
			ids := f.judge.InstancesOf(point)
			if len(ids) != 1 {
				f.t.Fatalf("%s: %d instances", point, len(ids))
			}
			in, err := f.judge.Store.LoadInstance(f.t.Context(), ids[0])
			if err != nil {
				f.t.Fatal(err)
			}
			return completionOf(in.Tasks[0].ID, "")
		},
	} {
		r := step()
		began := time.Now()
		answer, err := f.send(r)
		if taken := time.Since(began); !r.acknowledged(answer, err) || taken > limit {
			f.t.Errorf("%s: %s: %v %d after %s: %.300s", point, r.path, err, answer.Status, taken, answer.Body)
		}
	}
}

// TestWithoutRedis stops Redis in the middle of the work, kills it, and starts it again: work goes on.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	dsn := databasetest.DSN(t)
	redis, url := ownRedis(t)
	redis.Start()
	f := prepare(t, dsn, url)
	f.serve(f.options)
	// A Redis that does not answer costs one caller a short time-out a second; the bound is for machines
	// that are busy with other tests.
	const limit = 3 * time.Second
	n, done := size(8, 100), 0
	phase := func(name string) {
		t.Helper()
		for i := range n {
			f.work(fmt.Sprintf("%s-%d", name, i), limit)
		}
		done += n
		f.client.LogIn(t, "lina", access.DemoPassword)
	}
	phase("with")
	redis.Signal(syscall.SIGSTOP)
	phase("stopped")
	redis.Signal(syscall.SIGCONT)
	phase("continued")
	redis.Kill()
	phase("killed")
	f.raceOfSixteen("killed")
	redis.Start()
	phase("back")
	time.Sleep(1500 * time.Millisecond) // the product looks for Redis again after a second
	f.raceOfSixteen("back")
	f.drain()
	if got := f.verify(); got != done+2 {
		t.Errorf("%d instances of %d starts", got, done+2)
	}
	conclude(t, conclusion{command: "servers", runs: 2 * done, faults: []injected{{"redis-stopped", 1, 1}, {"redis-killed", 1, 1}}})
}

// raceOfSixteen: sixteen callers complete one task; one gets through, with Redis or without (I4).
func (f *fixture) raceOfSixteen(point string) {
	f.t.Helper()
	task := f.start("race-" + point)
	var won, ended atomic.Int64
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			answer, err := f.send(completionOf(task.ID, ""))
			problem, _ := answer.Problem() // a success has none
			switch {
			case err == nil && answer.Status == http.StatusOK:
				won.Add(1)
			case problem.Code == engine.ErrTaskEnded.Code:
				ended.Add(1)
			default:
				f.t.Logf("%v %d %.300s", err, answer.Status, answer.Body)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 || ended.Load() != 15 {
		f.t.Errorf("%s: %d completed, %d were told that it is done", point, won.Load(), ended.Load())
	}
	if n := f.judge.Changes(task.InstanceID, engine.TaskCompleted, "approve"); n != 1 {
		f.t.Errorf("%s: %d completions", point, n)
	}
}

// ownMariaDB prepares a MariaDB server of the test's own, with more options, and returns the DSN of its
// database.
func ownMariaDB(t *testing.T, options ...string) (*producttest.Process, string) {
	t.Helper()
	dir := t.TempDir()
	user := []string{}
	if os.Geteuid() == 0 {
		user = append(user, "--user=root")
	}
	data := filepath.Join(dir, "data")
	install := exec.Command("mariadb-install-db", append([]string{
		"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db",
	}, user...)...)
	// A server that starts deletes the temporary tables of all servers that share its directory for them.
	install.Env = append(os.Environ(), "TMPDIR="+dir)
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, output)
	}
	address := producttest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address) // it was joined
	root := "root@tcp(" + address + ")/"
	path, err := exec.LookPath("mariadbd")
	if err != nil {
		path = "/usr/sbin/mariadbd"
	}
	arguments := append([]string{
		"--no-defaults", "--datadir=" + data, "--tmpdir=" + dir, "--socket=" + filepath.Join(dir, "s"), "--bind-address=127.0.0.1", "--port=" + port,
		"--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=64M", "--skip-log-bin", "--skip-name-resolve",
	}, user...)
	return producttest.Command(t, func() error { return ping(root) }, path, append(arguments, options...)...), root + "diom_faults"
}

func ping(dsn string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	return errors.Join(db.Ping(), db.Close())
}

// ledger is what the callers of a run know.
type ledger struct {
	mutex        sync.Mutex
	acknowledged map[string]string // point → "started" or "completed"
	refused      map[int]int       // status → times
	found        []string
	slowest      time.Duration
}

func (l *ledger) note(point, what string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.acknowledged[point] = what
}

// caller starts and completes until stop closes. Every request has a key and is repeated until it is
// answered with success.
func (f *fixture) caller(name string, l *ledger, d *dice, stop <-chan struct{}) {
	for i := 0; !closed(stop); i++ {
		point := fmt.Sprintf("%s-%d", name, i)
		if !f.insist(startOf(point, point), l, d, stop) {
			return
		}
		l.note(point, "started")
		ids := f.tasks(point)
		if len(ids) == 0 {
			continue // the database went away; the start is judged at the end
		}
		if !f.insist(completionOf(ids[0], point+"-complete"), l, d, stop) {
			return
		}
		l.note(point, "completed")
	}
}

func closed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// tasks returns the open tasks of an instance, or none while the database is away.
func (f *fixture) tasks(point string) (ids []engine.ID) {
	rows, err := f.judge.SQL.Query("SELECT t.id FROM workflow_task t JOIN workflow_instance i ON i.id = t.instance_id WHERE i.business_key = ?", point)
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var id engine.ID
		if rows.Scan(&id) != nil {
			return nil
		}
		ids = append(ids, id)
	}
	if rows.Err() != nil {
		return nil
	}
	return ids
}

// insist repeats a request until it succeeds; false means that stop came first.
func (f *fixture) insist(r request, l *ledger, d *dice, stop <-chan struct{}) bool {
	for {
		began := time.Now()
		answer, err := f.send(r)
		taken := time.Since(began)
		l.mutex.Lock()
		l.slowest = max(l.slowest, taken)
		if err != nil { // the process itself was never broken
			l.found = append(l.found, fmt.Sprintf("%s: %v after %s", r.key, err, taken))
		} else if w := r.decently(answer, err); w != "" {
			l.found = append(l.found, r.key+": "+w)
		}
		if !r.acknowledged(answer, err) {
			l.refused[answer.Status]++
		}
		l.mutex.Unlock()
		if r.acknowledged(answer, err) {
			return true
		}
		select {
		case <-stop:
			return false
		case <-time.After(time.Duration(10+d.below(90)) * time.Millisecond):
		}
	}
}

// TestMariaDBKilled kills the database server under load and starts it again: meanwhile callers are
// asked to try again, afterwards the product goes on by itself, and nothing acknowledged is lost.
func TestMariaDBKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers of its own")
	}
	t.Parallel()
	d := roll(t)
	redis := databasetest.Redis(t)
	server, dsn := ownMariaDB(t)
	server.Start()
	f := prepareOn(t, dsn, redis)
	l := &ledger{acknowledged: map[string]string{}, refused: map[int]int{}}
	stop := make(chan struct{})
	var group sync.WaitGroup
	end := sync.OnceFunc(func() { close(stop); group.Wait() })
	defer end()
	for i := range 4 {
		group.Go(func() { f.caller(fmt.Sprintf("caller-%d", i), l, d, stop) })
	}
	rounds := size(2, 20)
	for round := range rounds {
		f.flows(l, fmt.Sprintf("before fault %d", round))
		time.Sleep(time.Duration(d.below(500)) * time.Millisecond)
		server.Kill()
		f.outage(round)
		time.Sleep(time.Duration(d.below(1000)) * time.Millisecond)
		server.Start()
		began := time.Now()
		f.flows(l, fmt.Sprintf("after fault %d", round))
		t.Logf("fault %d: work again %s after the server", round, time.Since(began).Round(time.Millisecond))
	}
	end()
	f.settle(l)
	t.Logf("slowest %s, refused %v", l.slowest, l.refused)
	conclude(t, conclusion{command: "servers", runs: len(l.acknowledged), seed: d.seed, faults: []injected{{"mariadb-killed", rounds, size(2, 20)}}})
}

// TestMariaDBFrozen stops the database server without ending its connections: it takes requests and
// never answers. A call ends at its deadline all the same, and what it may have done is found later.
func TestMariaDBFrozen(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers of its own")
	}
	t.Parallel()
	// The calls have three seconds. Finding out who the caller is may take twice five more, at the gateway
	// and in the function, when that was forgotten a moment ago.
	const deadline, limit = 3 * time.Second, 11 * time.Second
	redis := databasetest.Redis(t)
	server, dsn := ownMariaDB(t)
	server.Start()
	f := prepareOn(t, dsn, redis, "exec_timeout="+deadline.String(), "write_timeout=14s")
	task := f.start("frozen-task")
	f.start("warm")
	if _, err := f.as("wangfang").Send(http.MethodGet, "/api/v1/tasks", nil); err != nil { // who they are is known, for a moment
		t.Fatal(err)
	}
	server.Signal(syscall.SIGSTOP)
	requests := []request{startOf("frozen-start", "frozen-start"), completionOf(task.ID, "frozen-complete"), startOf("frozen-unkeyed", "")}
	var group sync.WaitGroup
	for _, r := range requests {
		group.Go(func() {
			began := time.Now()
			answer, err := f.send(r)
			problem, failure := answer.Problem()
			if taken := time.Since(began); err != nil || failure != nil || problem.Status != http.StatusServiceUnavailable || taken > limit {
				t.Errorf("%s: %v %v %d %.300s after %s, the limit is %s", r.path, err, failure, answer.Status, answer.Body, taken, limit)
			}
			if w := r.decently(answer, err); w != "" {
				t.Errorf("%s: %s", r.path, w)
			}
		})
	}
	group.Wait()
	server.Signal(syscall.SIGCONT)
	time.Sleep(500 * time.Millisecond)
	for _, r := range requests[:2] {
		if answer, err := f.send(r); !r.acknowledged(answer, err) {
			t.Errorf("repeat of %s: %v %d %.300s", r.path, err, answer.Status, answer.Body)
		}
	}
	if n := len(f.judge.InstancesOf("frozen-start")); n != 1 {
		t.Errorf("%d instances of one start", n)
	}
	if n := f.judge.Changes(task.InstanceID, engine.TaskCompleted, "approve"); n != 1 {
		t.Errorf("%d completions", n)
	}
	f.drain()
	f.verify()
	conclude(t, conclusion{command: "servers", runs: len(requests), faults: []injected{{"mariadb-frozen", 1, 1}}})
}

// prepareOn makes an installation on a server that has no database yet.
func prepareOn(t *testing.T, dsn, redis string, env ...string) *fixture {
	t.Helper()
	at := strings.LastIndexByte(dsn, '/')
	db, err := sql.Open("mysql", dsn[:at+1])
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+dsn[at+1:]+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	f := prepare(t, dsn, redis)
	f.options.Env = append(f.options.Env, env...)
	f.serve(f.options)
	return f
}

// outage asks for several things while the database is away: each time the answer is 503 with a problem
// document and Retry-After, within the deadline of a call.
func (f *fixture) outage(round int) {
	f.t.Helper()
	start := startOf(fmt.Sprintf("outage-%d", round), "")
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{http.MethodGet, "/api/v1/tasks?view=todo", nil},
		{http.MethodGet, "/api/v1/instances/0190f3c0-0000-7000-8000-000000000000", nil},
		{http.MethodPost, start.path, start.body},
		{http.MethodPost, "/api/v1/tasks/0190f3c0-0000-7000-8000-000000000000/complete", map[string]any{}},
		{http.MethodPost, "/api/v1/auth/login", map[string]string{"username": "lina", "password": access.DemoPassword}},
	} {
		began := time.Now()
		answer, err := f.as("zhangwei").Send(c.method, c.path, c.body)
		taken := time.Since(began)
		if err != nil {
			f.t.Errorf("outage: %s: %v after %s", c.path, err, taken)
			continue
		}
		problem, err := answer.Problem()
		if err != nil || problem.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || problem.RetryAfter == 0 || taken > 5*time.Second {
			f.t.Errorf("outage: %s: %v %d %.300s after %s", c.path, err, answer.Status, answer.Body, taken)
		}
	}
	if answer, err := f.client.Send(http.MethodGet, "/_/ready", nil); err != nil || answer.Status != http.StatusServiceUnavailable {
		f.t.Errorf("outage: ready: %v %d %s", err, answer.Status, answer.Body)
	}
	if answer, err := f.client.Send(http.MethodGet, "/_/health", nil); err != nil || answer.Status != http.StatusOK {
		f.t.Errorf("outage: health: %v %d %s", err, answer.Status, answer.Body)
	}
}

// flows waits until twenty more requests have been acknowledged.
func (f *fixture) flows(l *ledger, when string) {
	f.t.Helper()
	count := func() int {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		return len(l.acknowledged)
	}
	goal := count() + 20
	for deadline := time.Now().Add(40 * time.Second); count() < goal; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s: the work stands still\n%s", when, f.process.Log())
		}
	}
}

// settle compares what the callers know with what is stored.
func (f *fixture) settle(l *ledger) {
	f.t.Helper()
	for _, w := range l.found {
		f.t.Error(w)
	}
	if l.slowest > 30*time.Second {
		f.t.Errorf("a request took %s", l.slowest)
	}
	for point, what := range l.acknowledged {
		ids := f.judge.InstancesOf(point)
		if len(ids) != 1 {
			f.t.Errorf("%s was acknowledged as %s: %d instances", point, what, len(ids))
			continue
		}
		if n := f.judge.Changes(ids[0], engine.TaskCompleted, "approve"); n > 1 || what == "completed" && n != 1 {
			f.t.Errorf("%s was acknowledged as %s: %d completions", point, what, n)
		}
	}
	for _, key := range duplicates(f) {
		f.t.Errorf("business key %s has several instances", key)
	}
	f.drain()
	f.verify()
}

func duplicates(f *fixture) (keys []string) {
	f.t.Helper()
	rows, err := f.judge.SQL.Query("SELECT business_key FROM workflow_instance GROUP BY business_key HAVING COUNT(*) > 1")
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			f.t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return keys
}
