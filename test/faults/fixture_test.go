package faults_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

const callLimit = 31 * time.Second // no request outlives 30 s

// fixture is the product as one process, with proxies before its servers, and what judges it.
type fixture struct {
	t       *testing.T
	dsn     string // of the database itself, past the proxy
	options producttest.Options
	mysql   *proxytest.Proxy
	redis   *proxytest.Proxy
	trap    *proxytest.Trap
	process *producttest.Process
	other   *producttest.Process // reaches its servers past the proxies; made when it is needed
	cache   *redis.Client        // Redis itself, past the proxy
	client  *producttest.Client
	judge   *producttest.Judge
	tokens  map[string]string
	sink    *sink
	fired   int  // instances of the timer start event before the attempt
	travels bool // the models of the paths are deployed
	listens bool // the event source is registered and the models with events are deployed
	inside  bool // events do not leave the product
}

// setup starts the product. rewrite, where it is given, plants a bug: it changes statements on their
// way to the server.
func setup(t *testing.T, rewrite func([]byte) []byte) *fixture {
	t.Helper()
	f := prepare(t, databasetest.DSN(t), databasetest.Redis(t))
	f.mysql.Rewrite = rewrite
	f.mysql.Start(t)
	f.redis.Start(t)
	f.serve(f.through())
	return f
}

// prepare makes an installation on two servers, with proxies that do not listen yet.
func prepare(t *testing.T, dsn, redis string) *fixture {
	t.Helper()
	f := &fixture{t: t, dsn: dsn, trap: &proxytest.Trap{}, sink: newSink(t)}
	secrets := producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	f.tokens = producttest.Tokens(t, dsn, redis, secrets, "zhangwei", "wangfang", "lina", "zhouming", "wuqiang", "admin")
	f.judge = producttest.NewJudge(t, dsn)
	f.cache = cacheOf(t, redis)
	server, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	f.options = producttest.Options{DSN: dsn, Redis: redis, Secrets: secrets, Env: []string{"K_SINK=" + f.sink.url}}
	f.mysql, f.redis = proxytest.MySQL(server.Addr), proxytest.Redis(host(t, redis))
	f.mysql.Decide, f.redis.Decide = f.trap.Decide, f.trap.Decide
	return f
}

// cacheOf returns a client of a Redis server.
func cacheOf(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// through returns the options of a process that reaches its servers by the proxies.
func (f *fixture) through() producttest.Options {
	f.t.Helper()
	server, err := mysql.ParseDSN(f.dsn)
	if err != nil {
		f.t.Fatal(err)
	}
	server.Addr = f.mysql.Address
	o := f.options
	o.DSN = server.FormatDSN()
	o.Redis = strings.Replace(o.Redis, host(f.t, o.Redis), f.redis.Address, 1)
	return o
}

func host(t *testing.T, redis string) string {
	t.Helper()
	u, err := url.Parse(redis)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// serve starts the process and deploys the model.
func (f *fixture) serve(o producttest.Options) {
	f.t.Helper()
	f.process = producttest.Serve(f.t, o)
	f.client = producttest.NewClient(f.process.URL, callLimit)
	f.deploy("")
}

// deploy deploys the model; key may be "".
func (f *fixture) deploy(key string) producttest.Answer {
	f.t.Helper()
	answer := f.tryDeploy(key)
	if answer.Status != http.StatusCreated {
		f.t.Fatalf("deploy: %d %s", answer.Status, answer.Body)
	}
	return answer
}

func (f *fixture) tryDeploy(key string) producttest.Answer {
	f.t.Helper()
	body, kind := f.deployment("faults")
	if i := bytes.IndexByte(body, '\r'); i > 0 { // the boundary is chance, and part of the request's hash
		body, kind = bytes.ReplaceAll(body, body[2:i], []byte("boundary-of-the-test")), "multipart/form-data; boundary=boundary-of-the-test"
	}
	headers := []string{"Content-Type", kind}
	if key != "" {
		headers = append(headers, "Idempotency-Key", key)
	}
	answer, err := f.as("zhouming").Send(http.MethodPost, "/api/v1/deployments", body, headers...)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer
}

func (f *fixture) as(username string) *producttest.Client { return f.client.With(f.tokens[username]) }

// request is one call that changes something.
type request struct {
	method     string // "" is POST
	user, path string
	body       any
	key        string // Idempotency-Key, "" is none
	kind       string // content type, "" is JSON
	cookie     string // "" is none
	version    int    // of If-Match, 0 is none
	status     int    // of success
}

func (f *fixture) send(r request) (producttest.Answer, error) {
	o := f.sendTo(f.client, r)
	return o.Answer, o.err
}

func (f *fixture) sendTo(client *producttest.Client, r request) outcome {
	var headers []string
	if r.key != "" {
		headers = []string{"Idempotency-Key", r.key}
	}
	if r.kind != "" {
		headers = append(headers, "Content-Type", r.kind)
	}
	if r.version > 0 {
		headers = append(headers, "If-Match", fmt.Sprintf("%q", strconv.Itoa(r.version)))
	}
	if r.cookie != "" {
		headers = append(headers, "Cookie", r.cookie, "X-Requested-With", "XMLHttpRequest")
	}
	answer, err := client.With(f.tokens[r.user]).Send(cmp.Or(r.method, http.MethodPost), r.path, r.body, headers...)
	return outcome{answer, err}
}

// startOf is the start of an instance with a business key.
func startOf(businessKey, key string) request {
	return request{
		user: "zhangwei", path: "/api/v1/processes/leave/start", key: key, status: http.StatusCreated,
		body: map[string]any{"businessKey": businessKey, "variables": map[string]any{"days": 3}},
	}
}

// completionOf is the completion of a task by its assignee.
func completionOf(task engine.ID, key string) request {
	return request{
		user: "wangfang", path: "/api/v1/tasks/" + task.String() + "/complete", key: key, status: http.StatusOK,
		body: map[string]any{"outcome": "approved", "variables": map[string]any{"ok": true}},
	}
}

// start starts an instance, without any fault, and returns its first task.
func (f *fixture) start(businessKey string) store.Task {
	f.t.Helper()
	answer, err := f.send(startOf(businessKey, ""))
	if err != nil || answer.Status != http.StatusCreated {
		f.t.Fatalf("start: %v %d %s\n%s", err, answer.Status, answer.Body, f.process.Log())
	}
	var started workflow.Started
	if err := json.Unmarshal(answer.Body, &started); err != nil || len(started.Tasks) != 1 {
		f.t.Fatalf("start: %v %s", err, answer.Body)
	}
	return started.Tasks[0]
}

// acknowledged reports whether a request was answered with success.
func (r request) acknowledged(a producttest.Answer, err error) bool {
	return err == nil && a.Status == r.status
}

// code is that of a problem, or else the status.
func code(a producttest.Answer) string {
	problem, err := a.Problem()
	if err != nil {
		return fmt.Sprint(a.Status)
	}
	return problem.Code
}

// decently returns what is wrong with the answer to a request while something was broken: it is a
// success, a problem document that asks to try again, or nothing at all because the process died.
func (r request) decently(a producttest.Answer, err error) string {
	if err != nil || r.acknowledged(a, err) {
		return ""
	}
	problem, failure := a.Problem()
	if strings.HasPrefix(r.path, "/engine-rest/") { // errors as Camunda 7 has them
		failure, problem.Status, problem.RetryAfter = nil, a.Status, 1
	}
	switch {
	case failure != nil:
		return failure.Error()
	case problem.Status != http.StatusServiceUnavailable && problem.Status != http.StatusTooManyRequests:
		return fmt.Sprintf("answer %d %s", problem.Status, problem.Code)
	case a.Header.Get("Retry-After") == "" || problem.RetryAfter == 0:
		return fmt.Sprintf("answer %d %s without Retry-After", problem.Status, problem.Code)
	}
	return ""
}

// problems returns what is wrong with an instance: its stored state, and events that neither wait in
// the outbox nor have reached the sink.
func (f *fixture) problems(id engine.ID) []string {
	f.t.Helper()
	found := f.judge.Problems(id)
	if f.inside {
		return found
	}
	rows, err := f.judge.Store.History(f.t.Context(), id, 0, 1000)
	if err != nil {
		return append(found, err.Error())
	}
	for _, row := range rows {
		// Sent first, then marked: what is no longer marked has been seen.
		waiting := f.judge.Count("SELECT COUNT(*) FROM workflow_history WHERE instance_id = ? AND seq = ? AND unsent IS NOT NULL", id[:], row.Seq) == 1 // or a dead letter stands for it
		for n, c := range row.Changes {
			event := cloudevent.NewID(id, row.Seq, n+1, row.CommandID).String()
			if cloudevent.TypeOf(&c) != "" && !waiting && !f.sink.has(event) {
				found = append(found, "event "+event+" is lost")
			}
		}
	}
	return found
}

// drain ends the leases of dead processes and holds that every event then leaves (I12).
func (f *fixture) drain() {
	f.t.Helper()
	if _, err := f.judge.SQL.ExecContext(f.t.Context(), "UPDATE workflow_history SET locked_until = NULL WHERE unsent = 1"); err != nil {
		f.t.Fatal(err)
	}
	waiting := -1
	for deadline := time.Now().Add(20 * time.Second); waiting != 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		waiting = f.judge.Count("SELECT COUNT(*) FROM workflow_history WHERE unsent = 1")
	}
	if waiting != 0 {
		f.t.Errorf("%d steps stay in the outbox\n%s", waiting, f.process.Log())
	}
}

// verify judges every instance of the database and returns how many there are.
func (f *fixture) verify() int {
	f.t.Helper()
	rows, err := f.judge.SQL.QueryContext(f.t.Context(), "SELECT id FROM workflow_instance")
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var id engine.ID
		if err := rows.Scan(&id); err != nil {
			f.t.Fatal(err)
		}
		for _, w := range f.problems(id) {
			f.t.Errorf("instance %s: %s", id, w)
		}
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	found, _ := f.judge.Everything()
	for _, problem := range found {
		f.t.Error(problem)
	}
	return n
}
