package examples_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/examples"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
)

// walk is one way through a process: the variables of the start, what happens one after the other, the
// end events in the order in which tokens reach them, and some variables that are there at last.
type walk struct {
	start     engine.Variables
	moves     []move
	ends      []string
	variables engine.Variables
}

// move is one thing that happens at a node.
type move struct {
	what      happening
	node      string
	variables engine.Variables
}

type happening string

const (
	task    happening = "task"    // a person of the demo company completes it
	job     happening = "job"     // a worker completes it
	failure happening = "failure" // a worker fails
	problem happening = "problem" // a worker throws the error that the variable code names
	timer   happening = "timer"   // it is due
	message happening = "message" // it comes
	run     happening = "run"     // the continuation before the node is run
)

var (
	yes      = engine.Variables{"approved": true}
	no       = engine.Variables{"approved": false}
	approved = []move{{task, "review", engine.Variables{"financeApproved": true}}, {task, "managerApproval", engine.Variables{"managerApproved": true}}}
	order    = engine.Variables{"orderId": "A-1", "amount": int64(100)}
	paid     = []move{{message, "paid", engine.Variables{"paidAmount": int64(100)}}, {run, "check", nil}}
)

func then(first []move, more ...move) []move { return slices.Concat(first, more) }

// walks has every branch of every example.
var walks = map[string]map[string]walk{
	"leave/leave.bpmn": {
		"three days":           {engine.Variables{"days": int64(3)}, []move{{task, "managerApproval", yes}, {task, "filing", nil}}, []string{"filed"}, nil},
		"four days":            {engine.Variables{"days": int64(4)}, []move{{task, "managerApproval", yes}, {task, "directorApproval", yes}, {task, "filing", nil}}, []string{"filed"}, nil},
		"nothing submitted":    {engine.Variables{"days": int64(9)}, []move{{task, "managerApproval", nil}, {task, "directorApproval", nil}, {task, "filing", nil}}, []string{"filed"}, nil},
		"rejected by manager":  {engine.Variables{"days": int64(9)}, []move{{task, "managerApproval", no}}, []string{"rejected"}, nil},
		"rejected by director": {engine.Variables{"days": int64(9)}, []move{{task, "managerApproval", yes}, {task, "directorApproval", no}}, []string{"rejected"}, nil},
		"reminded twice": {
			engine.Variables{"days": int64(1)}, []move{{timer, "reminderDue", nil}, {timer, "reminderDue", nil}, {task, "managerApproval", yes}, {task, "filing", nil}},
			[]string{"reminded", "reminded", "filed"}, engine.Variables{"reminders": int64(2)},
		},
	},
	"trip/trip.bpmn": {
		"granted": {nil, []move{{task, "approval", yes}}, []string{"booked"}, nil},
		"refused": {nil, []move{{task, "approval", no}}, []string{"refused"}, nil},
	},
	"expense/expense.bpmn": {
		"small":          {engine.Variables{"amount": int64(5000)}, then(approved, move{job, "payment", nil}), []string{"paid"}, nil},
		"manager first":  {engine.Variables{"amount": int64(1)}, []move{{task, "managerApproval", nil}, {task, "review", nil}, {job, "payment", nil}}, []string{"paid"}, nil},
		"large, as text": {engine.Variables{"amount": "5000.01"}, then(approved, move{task, "directorApproval", yes}, move{job, "payment", nil}), []string{"paid"}, nil},
		"sent back by finance": {
			engine.Variables{"amount": int64(9000)},
			then([]move{{task, "managerApproval", nil}, {task, "review", engine.Variables{"financeApproved": false}}, {task, "correction", engine.Variables{"amount": int64(80)}}, {task, "review", nil}, {task, "managerApproval", nil}}, move{job, "payment", nil}),
			[]string{"paid"}, engine.Variables{"amount": int64(80), "financeApproved": nil},
		},
		"sent back by the manager": {
			engine.Variables{"amount": int64(80)},
			then([]move{{task, "review", nil}, {task, "managerApproval", engine.Variables{"managerApproved": false}}, {task, "correction", nil}}, then(approved, move{job, "payment", nil})...),
			[]string{"paid"}, nil,
		},
		"rejected by director": {engine.Variables{"amount": int64(9000)}, then(approved, move{task, "directorApproval", no}), []string{"rejected"}, nil},
		"payment fails once":   {engine.Variables{"amount": int64(100)}, then(approved, move{failure, "payment", nil}, move{job, "payment", nil}), []string{"paid"}, nil},
		"bad account": {
			engine.Variables{"amount": int64(100), "account": "1"},
			then(then(approved, move{problem, "payment", engine.Variables{"code": "ACCOUNT_INVALID"}}, move{task, "correction", engine.Variables{"account": "2"}}), then(approved, move{job, "payment", nil})...),
			[]string{"paid"}, engine.Variables{"account": "2", "paymentProblem": "no"},
		},
	},
	"order/order.bpmn": {
		"delivered":    {order, then(paid, move{task, "pick", nil}, move{job, "handOver", nil}), []string{"handedOver", "shipped"}, engine.Variables{"paidInFull": true}},
		"never paid":   {order, []move{{timer, "overdue", nil}}, []string{"cancelled"}, nil},
		"out of stock": {order, then(paid, move{task, "pick", engine.Variables{"inStock": false}}, move{job, "refund", nil}), []string{"refunded"}, nil},
	},
}

func TestEveryBranchOfEveryExampleEnds(t *testing.T) {
	t.Parallel()
	for name, content := range files(t) {
		process := read(t, name, content)
		if len(walks[name]) == 0 {
			t.Errorf("%s has no walks", name)
		}
		taken := map[string]bool{}
		for way, w := range walks[name] {
			t.Run(path.Base(name)+"/"+way, func(t *testing.T) { (&walker{t: t, process: process, taken: taken}).follow(w) })
		}
		for _, flow := range process.Flows {
			if !taken[flow.ID] {
				t.Errorf("%s: no walk takes %s", name, flow.ID)
			}
		}
	}
}

// walker is one instance under way. It notes the sequence flows that its tokens take and the end events
// that they reach.
type walker struct {
	t        *testing.T
	process  *bpmn.Process
	in       *engine.Instance
	now      time.Time
	commands byte
	taken    map[string]bool
	ends     []string
}

func (w *walker) follow(way walk) {
	w.t.Helper()
	w.now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	start := engine.Start{InstanceID: engine.ID{1}, DefinitionID: engine.ID{2}, ProcessVersion: 1, Variables: way.start}
	if w.process.NoneStart() == nil {
		start.Node = w.process.Starts()[0].ID
	}
	w.step("zhangwei", start)
	for _, m := range way.moves {
		w.step(w.actor(m), w.action(m))
	}
	if diff := cmp.Diff(way.ends, w.ends); diff != "" || w.in.State != engine.Completed {
		w.t.Errorf("state %s at these end events:\n%s", w.in.State, diff)
	}
	for name, want := range way.variables {
		if got, there := w.in.Variable(0, name); !there || got != want {
			w.t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func (w *walker) step(actor string, action engine.Action) {
	w.t.Helper()
	w.commands++
	w.now = w.now.Add(time.Minute)
	command := engine.Command{ID: engine.ID{0x01, 0x9c, 5: w.commands, 6: 0x70, 8: 0x80}, Actor: actor, Action: action}
	after, changes, err := engine.Step(w.process, w.in, command, w.now, engine.World{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.in = after
	for _, c := range changes {
		w.taken[c.Flow] = true
		if node := w.process.Node(c.Node); c.Kind == engine.TokenConsumed && node.Element == bpmn.ElementEndEvent && node.Event == nil {
			w.ends = append(w.ends, c.Node)
		}
	}
	if len(w.in.Incidents) > 0 {
		w.t.Fatalf("incident: %s", w.in.Incidents[0].Message)
	}
}

// actor is who does it: a person of the demo company, who may do the task, or nobody.
func (w *walker) actor(m move) string {
	w.t.Helper()
	if m.what != task {
		return ""
	}
	return worker(w.t, w.in.Tasks[w.find(m, len(w.in.Tasks), func(i int) string { return w.in.Tasks[i].Node })])
}

func (w *walker) action(m move) engine.Action {
	w.t.Helper()
	switch m.what {
	case task:
		return engine.CompleteTask{Task: w.in.Tasks[w.find(m, len(w.in.Tasks), func(i int) string { return w.in.Tasks[i].Node })].ID, Variables: m.variables}
	case timer:
		t := w.in.Timers[w.find(m, len(w.in.Timers), func(i int) string { return w.in.Timers[i].Node })]
		w.now = t.DueAt
		return engine.FireTimer{Timer: t.ID}
	case message:
		return engine.Correlate{Subscription: w.in.Subscriptions[w.find(m, len(w.in.Subscriptions), func(i int) string { return w.in.Subscriptions[i].Node })].ID, Variables: m.variables}
	}
	id := w.in.Jobs[w.find(m, len(w.in.Jobs), func(i int) string { return w.in.Jobs[i].Node })].ID
	switch m.what {
	case failure:
		return engine.FailJob{Job: id, Message: "the bank does not answer"}
	case problem:
		return engine.ThrowJobError{Job: id, Code: m.variables["code"].(string), Message: "no"}
	case run:
		return engine.Continue{Job: id}
	}
	return engine.CompleteJob{Job: id, Variables: m.variables}
}

// find returns the index of the one of n that is at the node of m.
func (w *walker) find(m move, n int, node func(int) string) int {
	w.t.Helper()
	for i := range n {
		if node(i) == m.node {
			return i
		}
	}
	w.t.Fatalf("there is no %s at %s", m.what, m.node)
	return -1
}

// worker is a person of the demo company who may do the task.
func worker(t *testing.T, task engine.Task) string {
	t.Helper()
	for _, account := range access.DemoAccounts() {
		if task.Assignee == account.Username {
			return account.Username
		}
		for _, group := range account.Groups {
			if len(task.CandidateGroups) == 1 && task.CandidateGroups[0] == group {
				return account.Username
			}
		}
	}
	t.Fatalf("nobody of the demo company may do %q (assignee %q, groups %v)", task.Name, task.Assignee, task.CandidateGroups)
	return ""
}

// TestEveryExampleIsDrawn: a modeler shows each node and flow where the file says.
func TestEveryExampleIsDrawn(t *testing.T) {
	t.Parallel()
	for name, content := range files(t) {
		document := etree.NewDocument()
		if err := document.ReadFromBytes(content); err != nil {
			t.Fatal(err)
		}
		drawn := map[string]int{}
		for _, e := range document.FindElements("//BPMNShape") {
			if e.FindElement("Bounds") != nil {
				drawn[e.SelectAttrValue("bpmnElement", "")]++
			}
		}
		for _, e := range document.FindElements("//BPMNEdge") {
			if len(e.FindElements("waypoint")) >= 2 {
				drawn[e.SelectAttrValue("bpmnElement", "")]++
			}
		}
		want := map[string]int{}
		process := read(t, name, content)
		for _, n := range process.Nodes {
			want[n.ID] = 1
		}
		for _, f := range process.Flows {
			want[f.ID] = 1
		}
		if diff := cmp.Diff(want, drawn); diff != "" {
			t.Errorf("%s: elements of the process and how often each is drawn:\n%s", name, diff)
		}
	}
}

func files(t *testing.T) map[string][]byte {
	t.Helper()
	list := map[string][]byte{}
	err := fs.WalkDir(examples.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list[name], err = examples.Files.ReadFile(name)
		}
		return err
	})
	if err != nil || len(list) < 3 {
		t.Fatalf("%d examples, %v", len(list), err)
	}
	return list
}

func read(t *testing.T, name string, content []byte) *bpmn.Process {
	t.Helper()
	model, err := bpmn.Read(content, bpmn.Options{File: path.Base(name)})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(model.Warnings) > 0 {
		t.Errorf("%s: %v", name, model.Warnings)
	}
	process := model.Processes[0]
	if process.Key != strings.TrimSuffix(path.Base(name), ".bpmn") {
		t.Errorf("%s has the key %s", name, process.Key)
	}
	return process
}

// The form of the example holds what a start submits against its rules.
func TestFormOfTheExample(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("trip/trip.form")
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Read(content)
	if err != nil {
		t.Fatalf("%+v", fault.From(err))
	}
	out, err := f.Validate(form.Submission{Values: engine.Variables{
		"kind": "business", "from": "2026-05-20", "days": int64(2), "costs": []any{map[string]any{"what": "train", "amount": "12.50"}, map[string]any{"what": "hotel", "amount": "300"}},
	}})
	if err != nil || expr.String(out["total"]) != "312.50" {
		t.Errorf("%v, %+v", out, fault.From(err))
	}
}
