package faults_test

import (
	"bytes"
	"net/http"
	"net/mail"
	"os"
	"strings"
	"testing"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/dispatch/mailtest"
	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

// started is a path that the start of an instance sets going.
func started(process string) path {
	return path{
		name: process, effects: arrivals, prepare: func(*fixture, string) {},
		trigger: func(f *fixture, point string) bool { return f.tryStart(process, point) },
	}
}

// calls are what the product asks of others by HTTP while nobody waits for it: each kind of call, by the
// beginning of its request. A job is one id at every attempt; so is an event, of which the judge of the fixture
// knows that it is not lost.
var calls = []errand{
	{path: started("pushed"), at: []string{"POST /jobs"}, asks: "/jobs"},
	{path: started("functional"), at: []string{"POST /function/faults"}, asks: "/function/faults"},
	{path: started("connected"), at: []string{"POST /connector"}, asks: "/connector", any: true},
	{
		path: requestOf("told", func(point string) request { return startOf(point, "") }, func(f *fixture, point string) int {
			waiting := f.judge.Count("SELECT COUNT(*) FROM workflow_history h JOIN workflow_instance i ON i.id = h.instance_id WHERE i.business_key = ? AND h.unsent = 1", point)
			return once(waiting == 0) * len(f.judge.InstancesOf(point))
		}),
		at: []string{"Ce-Businesskey: %s"},
	},
}

// TestCrashOfCalls interrupts the calls by HTTP in every way. What was asked for was done, at least once and
// by one id; what came of it has its effect once.
func TestCrashOfCalls(t *testing.T) {
	t.Parallel()
	f := prepare(t, databasetest.DSN(t), databasetest.Redis(t))
	wire := &proxytest.Trap{}
	proxy := before(t, f.sink.url, wire)
	f.options.Env = []string{"K_SINK=" + proxy, "DIOM_HTTP_ALLOW=127.0.0.1", "DIOM_TASK_FUNCTION_URL=" + proxy + "/function/{function}"}
	f.serve(f.options)
	f.must(request{
		user: "admin", path: "/api/v1/topic-bindings", status: http.StatusCreated,
		body: map[string]any{"topic": "faults-push", "kind": "url", "target": proxy + "/jobs", "retries": 10},
	})
	f.deployCalls(proxy)
	w := wired(f, wire)
	for range size(1, 5) {
		w.all(calls, func(int) []interruption { return everyWay })
	}
	f.drain()
	f.verify()
	w.conclude(t, len(calls)*size(1, 5))
}

// deployCalls deploys the models that ask others, by HTTP at an address.
func (f *fixture) deployCalls(sink string) {
	f.t.Helper()
	content, err := os.ReadFile("testdata/calls.bpmn")
	if err != nil {
		f.t.Fatal(err)
	}
	content = bytes.ReplaceAll(content, []byte("SINK"), []byte(sink))
	if a, err := f.as("zhouming").Deploy("calls", producttest.File{Name: "calls.bpmn", Content: content}); err != nil || a.Status != http.StatusCreated {
		f.t.Fatalf("deploy: %v %d %s", err, a.Status, a.Body)
	}
}

// before returns the URL of a proxy before an HTTP server, whose requests a trap decides on.
func before(t *testing.T, url string, wire *proxytest.Trap) string {
	t.Helper()
	proxy := proxytest.HTTP(strings.TrimPrefix(url, "http://"))
	proxy.Decide = wire.Decide
	return "http://" + proxy.Start(t).Address
}

// TestCrashOfFunctions interrupts the calls from one function to another: from start-process, which has no
// consumers of its own, to receive-event. A continuation is made by that call, once. The whole product beside it may
// take the continuation first.
func TestCrashOfFunctions(t *testing.T) {
	t.Parallel()
	f := prepare(t, databasetest.DSN(t), databasetest.Redis(t))
	f.options.Env, f.inside = nil, true
	f.serve(f.options)
	f.deployPaths()
	wire := &proxytest.Trap{}
	f.options.Function = "start-process"
	f.options.Env = []string{"DIOM_FUNCTION_URL=receive-event=" + before(t, f.process.URL, wire)}
	f.process = producttest.Serve(t, f.options)
	f.client = producttest.NewClient(f.process.URL, callLimit)
	w := wired(f, wire)
	for range size(1, 5) {
		w.all([]errand{{path: started("step"), shared: true, at: []string{"POST /api/v1/events"}}}, func(int) []interruption { return everyWay })
	}
	w.conclude(t, size(1, 5))
}

// TestCrashOfMail interrupts the talk with a mail server. A mail comes at least once, by one Message-ID.
func TestCrashOfMail(t *testing.T) {
	t.Parallel()
	f := prepare(t, databasetest.DSN(t), databasetest.Redis(t))
	wire, server := &proxytest.Trap{}, mailtest.Listen(t)
	proxy := proxytest.SMTP(server.Address)
	proxy.Decide = wire.Decide
	f.options.Env = append(f.options.Env, "DIOM_SMTP_URL=smtp://"+proxy.Start(t).Address+"?tls=none", "DIOM_SMTP_FROM=flow@example.com")
	f.serve(f.options)
	f.deployCalls("")
	w := wired(f, wire)
	w.all([]errand{{path: started("mailed"), at: []string{"MAIL FROM", "RCPT TO", "DATA", proxytest.MailEnds}}}, two)
	ids := map[string]map[string]bool{} // by subject, which is the point
	for _, raw := range server.Kept() {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		subject := m.Header.Get("Subject")
		if ids[subject] == nil {
			ids[subject] = map[string]bool{}
		}
		ids[subject][m.Header.Get("Message-ID")] = true
	}
	for subject, of := range ids {
		if len(of) != 1 {
			w.fail(subject, "the mail has come by the ids %v", of)
		}
	}
	if len(ids) != w.tried {
		w.fail("mails", "%d have come of %d", len(ids), w.tried)
	}
	w.conclude(t, 0)
	if w.tried < 8 {
		t.Errorf("interrupted at %d points only", w.tried)
	}
}

// TestCrashOfTheGateway interrupts the calls of the gateway to a function. With an Idempotency-Key a request
// has its effect once however often it is made; without one what was acknowledged is there.
func TestCrashOfTheGateway(t *testing.T) {
	t.Parallel()
	f := prepare(t, databasetest.DSN(t), databasetest.Redis(t))
	f.serve(f.options)
	direct := f.options
	direct.Function = "start-process"
	function := producttest.Serve(t, direct)
	f.options.Function = "gateway"
	// The template stands for the functions that are not there.
	f.options.Env = []string{"DIOM_FUNCTION_URL=start-process=" + before(t, function.URL, f.trap) + ",http://127.0.0.1:9/{function}"}
	f.process = producttest.Serve(t, f.options)
	f.client = producttest.NewClient(f.process.URL, callLimit)
	start := operations[0]
	start.essential, start.unsure = []string{"POST /api/v1/processes/leave/start"}, "function_unanswered"
	tried, found, ways := 0, []string(nil), map[string]int{}
	for range size(1, 5) {
		for _, keyed := range []bool{true, false} {
			c := crash{fixture: f, operation: start, interruptions: everyWay, keyed: keyed, texts: true, series: tried, ways: ways}
			c.run()
			tried += c.tried
			found = append(found, c.found...)
		}
	}
	f.drain()
	conclude(t, conclusion{command: "crash", runs: tried, found: found, faults: kinds(ways, 2*size(1, 5))})
}
