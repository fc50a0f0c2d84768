package examples_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/examples"
	advancetoken "diom.io/workflow/functions/advance-token"
	receiveevent "diom.io/workflow/functions/receive-event"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// product is the functions that an example needs, over a database of the test's own.
type product struct {
	*faastest.Demo
	t        *testing.T
	advanced atomic.Int64 // events that advance-token has consumed
}

func open(t *testing.T, example string) *product {
	t.Helper()
	p := &product{Demo: faastest.OpenDemo(t, true), t: t}
	counted := advancetoken.Function
	counted.Events = slices.Clone(counted.Events)
	for i := range counted.Events {
		serve := counted.Events[i].Serve
		counted.Events[i].Serve = func(ctx context.Context, r *faas.Request) error {
			p.advanced.Add(1)
			return serve(ctx, r)
		}
	}
	p.App.Consume([]faas.Function{counted})
	content, err := examples.Files.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	p.Deploy(string(content))
	return p
}

// instance waits for the one instance there is to come to a point.
func (p *product) instance(what string, reached func(*engine.Instance) bool) *engine.Instance {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		list, err := p.App.Store.Instances(p.t.Context(), store.InstanceFilter{}, page.Request{Limit: 10, Sort: "startedAt"})
		if err != nil || len(list.Items) > 1 {
			p.t.Fatalf("%d instances, %v", len(list.Items), err)
		}
		if len(list.Items) == 0 {
			continue
		}
		in, err := p.App.Store.LoadInstance(p.t.Context(), list.Items[0].ID)
		if err != nil {
			p.t.Fatal(err)
		}
		if reached(in) {
			return in
		}
	}
	p.t.Fatalf("not in time: %s", what)
	return nil
}

func at(node string) func(*engine.Instance) bool {
	return func(in *engine.Instance) bool {
		return slices.ContainsFunc(in.Tokens, func(t engine.Token) bool { return t.Node == node })
	}
}

func ended(in *engine.Instance) bool { return in.State == engine.Completed }

// fetch takes the one job of a topic that there is for a worker.
func (p *product) fetch(topic string) workflow.FetchedJob {
	p.t.Helper()
	jobs, err := p.App.Workflow.FetchJobs(p.t.Context(), workflow.JobFetch{WorkerID: "w", Topics: []workflow.JobTopic{{Name: topic, LockSeconds: 60}}, WaitSeconds: 10})
	if err != nil || len(jobs) != 1 {
		p.t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	return jobs[0]
}

func (p *product) complete(topic string) {
	p.t.Helper()
	if _, err := p.App.Workflow.CompleteJob(p.t.Context(), p.Call("admin"), p.fetch(topic).ID, workflow.JobCompletion{WorkerID: "w"}); err != nil {
		p.t.Fatal(err)
	}
}

// shop opens the order with its event source, and serves receive-event.
func shop(t *testing.T) (*product, workflow.NewEventSource, string) {
	t.Helper()
	p := open(t, "order/order.bpmn")
	raw, err := os.ReadFile("order/event-source.json")
	if err != nil {
		t.Fatal(err)
	}
	var source workflow.NewEventSource
	if err := json.Unmarshal(raw, &source); err != nil {
		t.Fatal(err)
	}
	if _, err := p.App.Inbound.CreateEventSource(t.Context(), source, nil); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(faas.Handler(p.App, receiveevent.Function))
	t.Cleanup(server.Close)
	return p, source, server.URL
}

// The order is driven by the events of a shop, which come several times and in any order. After the
// payment it goes on by an event of the product's own, which advance-token consumes.
func TestOrder(t *testing.T) {
	t.Parallel()
	p, source, url := shop(t)
	send := cloudevent.HTTP(url + "/api/v1/events")
	placed := signed(t, source, "com.example.order.placed.v1", `{"orderId": "A-1", "customer": "李雷", "amount": 99.5}`)
	paid := signed(t, source, "com.example.order.paid.v1", `{"orderId": "A-1", "amount": 99.5}`)
	events := []event.Event{placed, paid, placed, paid, paid, placed}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	for _, e := range events {
		if err := send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	in := p.instance("the warehouse has the order", at("pick"))
	if n := p.advanced.Load(); n != 1 || in.BusinessKey != "A-1" || in.Tasks[0].Name != "拣货：订单 A-1" || in.Tasks[0].CandidateGroups[0] != "warehouse" {
		t.Errorf("advance-token has consumed %d events; %+v", n, in)
	}
	if full, _ := in.Variable(0, "paidInFull"); full != true {
		t.Errorf("paidInFull is %v", full)
	}
	p.Complete("sunqi", in.Tasks[0].ID)
	p.complete("shipping")
	p.instance("the order is shipped", ended)
}

var bashBlock = regexp.MustCompile("(?ms)^```bash\n(SOURCE=.*?)^```$")

// The commands of order/README.md sign events as the product wants it.
func TestCommandsOfOrder(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl")
	}
	text, err := os.ReadFile("order/README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := bashBlock.FindSubmatch(text)
	if commands == nil {
		t.Fatal("there are no commands")
	}
	p, _, url := shop(t)
	out, err := exec.CommandContext(t.Context(), "bash", "-c", "set -euo pipefail\nBASE="+url+"\n"+string(commands[1])).CombinedOutput()
	if err != nil || string(out) != "202\n202\n" {
		t.Fatalf("%v\n%s", err, out)
	}
	p.instance("the warehouse has the order", at("pick"))
}

func signed(t *testing.T, source workflow.NewEventSource, kind, data string) event.Event {
	t.Helper()
	e := event.New()
	e.SetID(kind + "/A-1")
	e.SetSource(source.Source)
	e.SetType(kind)
	e.SetTime(time.Now())
	if err := e.SetData(event.ApplicationJSON, json.RawMessage(data)); err != nil {
		t.Fatal(err)
	}
	cloudevent.Sign(&e, source.KeyID, []byte(source.Key), time.Now())
	return e
}

// The payment of an expense claim fails once and is made the second time.
func TestExpense(t *testing.T) {
	t.Parallel()
	p := open(t, "expense/expense.bpmn")
	if _, err := p.App.Workflow.StartProcess(t.Context(), p.Call("zhangwei"), "expense", workflow.StartRequest{Variables: engine.Variables{"amount": int64(1280)}}); err != nil {
		t.Fatal(err)
	}
	in := p.instance("both may approve", func(in *engine.Instance) bool { return len(in.Tasks) == 2 })
	for _, task := range in.Tasks {
		p.Complete(worker(t, task), task.ID)
	}
	first, now := p.fetch("payment"), 0
	failed := workflow.JobFailure{WorkerID: "w", Message: "the bank does not answer", RetryAfterSeconds: &now}
	if _, err := p.App.Workflow.FailJob(t.Context(), p.Call("admin"), first.ID, failed); err != nil {
		t.Fatal(err)
	}
	in = p.instance("it is to be tried again", at("payment"))
	if job := in.Jobs[0]; job.ID != first.ID || first.Retries != 3 || job.Retries != 2 || len(in.Incidents) > 0 {
		t.Errorf("after the failure: %+v", job)
	}
	p.complete("payment")
	p.instance("the claim is paid", ended)
}
