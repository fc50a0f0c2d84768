package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// TestTraces runs the golden traces: each file under testdata/trace says which rule it shows and where
// the rule comes from, loads a model, and prints the changes of every command. Rewrite them by hand
// with -rewrite, never in CI, and commit only a difference that you understand.
//
// A command takes place a minute after the one before it, or at the point in time that it names: at is
// a time of the day, wait a duration (at=10:00:00, wait=90s).
func TestTraces(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/trace", func(t *testing.T, path string) {
		t.Parallel()
		run := newRun(t)
		datadriven.RunTest(t, path, run.command)
	})
}

// TestEveryElementHasATrace holds that each element with a behavior is in the model of a golden trace.
func TestEveryElementHasATrace(t *testing.T) {
	t.Parallel()
	traces, err := filepath.Glob("testdata/trace/*")
	if err != nil {
		t.Fatal(err)
	}
	shown, used := map[bpmn.Element]bool{}, map[string]bool{}
	for _, name := range traces {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			words, ok := strings.CutPrefix(strings.TrimSpace(line), "load ")
			if !ok {
				words, ok = strings.CutPrefix(strings.TrimSpace(line), "migrate to=")
			}
			if !ok {
				words, ok = strings.CutPrefix(strings.TrimSpace(line), "call call_")
				words = "call_" + words
			}
			if !ok {
				continue
			}
			model, _, _ := strings.Cut(words, " ")
			if used[model] {
				continue
			}
			used[model] = true
			for _, node := range load(t, model, everything).Nodes {
				shown[node.Element] = true
			}
		}
	}
	for element := range bpmn.Element(255) {
		if engine.Executes(element) && !shown[element] {
			t.Errorf("no trace shows %s", element)
		}
	}
	models, err := filepath.Glob("testdata/*.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range models {
		if name := strings.TrimSuffix(filepath.Base(model), ".bpmn"); !used[name] {
			t.Errorf("no trace loads %s", name)
		}
	}
}

// everything are the options with which every model of a trace is accepted.
var everything = bpmn.Options{Listeners: bpmn.ListenersAsJobs, Scripts: []string{"groovy"}}

func load(t *testing.T, name string, o bpmn.Options) *bpmn.Process {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name+".bpmn"))
	if err != nil {
		t.Fatal(err)
	}
	return readWith(t, content, o)
}

func read(t rapid.TB, content []byte) *bpmn.Process { return readWith(t, content, bpmn.Options{}) }

func readWith(t rapid.TB, content []byte, o bpmn.Options) *bpmn.Process {
	t.Helper()
	model, err := bpmn.Read(content, o)
	if err != nil {
		t.Fatalf("%v %+v\n%s", err, detailsOf(err), content)
	}
	return model.Processes[0]
}

// command runs one command of a trace and prints what it did.
func (r *run) command(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "load":
		o, script := bpmn.Options{}, ""
		d.MaybeScanArgs(t, "code", &o.Listeners)
		d.MaybeScanArgs(t, "scripts", &script)
		if script != "" {
			o.Scripts = []string{script}
		}
		r.load(load(t, d.CmdArgs[0].Key, o))
		return "ok\n"
	case "state":
		return state(r.instance)
	case "call":
		r.enter(load(t, d.CmdArgs[0].Key, bpmn.Options{}))
		return "ok\n"
	case "into":
		r.into()
		return "ok\n"
	case "back":
		return r.back()
	}
	all, err := r.act(t, d)
	for err == nil && d.Cmd == "continue" && d.HasArg("all") && len(r.continuations()) > 0 {
		var more []engine.Change
		more, err = r.act(t, d)
		all = append(all, more...)
	}
	var out strings.Builder
	if d.HasArg("summary") && err == nil {
		fmt.Fprintf(&out, "%d changes, the last:\n", len(all))
		all = all[len(all)-1:]
	}
	for _, c := range all {
		out.WriteString(describe(c) + "\n")
	}
	if err != nil {
		out.WriteString(err.Error() + "\n")
		for _, detail := range detailsOf(err) {
			out.WriteString(detail.Pointer + ": " + detail.Detail + "\n")
		}
	}
	return out.String()
}

func (r *run) act(t *testing.T, d *datadriven.TestData) ([]engine.Change, error) {
	action, err := r.action(t, d)
	if err != nil {
		return nil, err
	}
	user, at, wait := "zhangwei", "", time.Minute.String()
	d.MaybeScanArgs(t, "user", &user)
	d.MaybeScanArgs(t, "at", &at)
	d.MaybeScanArgs(t, "wait", &wait)
	if at != "" {
		r.now, err = time.Parse(time.DateTime, r.now.Format(time.DateOnly)+" "+at)
	} else {
		var pause time.Duration
		pause, err = time.ParseDuration(wait)
		r.now = r.now.Add(pause)
	}
	if err != nil {
		return nil, err
	}
	return r.step(user, action)
}

// arguments are what a command of a trace may say.
type arguments struct {
	node, task, to, outcome, comment, key, name, message, details, code, retries, after string
	variables                                                                           engine.Variables
}

func (r *run) arguments(t *testing.T, d *datadriven.TestData) (a arguments, err error) {
	if strings.TrimSpace(d.Input) != "" {
		err = json.Unmarshal([]byte(d.Input), &a.variables)
	}
	for name, into := range map[string]*string{
		"node": &a.node, "task": &a.task, "to": &a.to, "outcome": &a.outcome, "comment": &a.comment, "key": &a.key, "name": &a.name,
		"message": &a.message, "details": &a.details, "code": &a.code, "retries": &a.retries, "after": &a.after,
	} {
		d.MaybeScanArgs(t, name, into)
	}
	return a, err
}

func (r *run) action(t *testing.T, d *datadriven.TestData) (engine.Action, error) {
	if action, err := r.operation(t, d); action != nil || err != nil {
		return action, err
	}
	a, err := r.arguments(t, d)
	if err != nil {
		return nil, err
	}
	switch d.Cmd {
	case "start":
		if r.outer != nil {
			return r.startCalled(), nil
		}
		return engine.Start{
			Node: a.node, InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1, BusinessKey: a.key, Variables: a.variables,
		}, nil
	case "complete":
		return engine.CompleteTask{Task: r.task(a.task), Variables: a.variables, Outcome: a.outcome, Comment: a.comment}, nil
	case "assign":
		return engine.AssignTask{Task: r.task(a.task), Assignee: a.to, Reason: d.CmdArgs[0].Key, ForGood: d.HasArg("for-good")}, nil
	case "cancel":
		return engine.Cancel{Reason: "because"}, nil
	case "suspend":
		return engine.Suspend{}, nil
	case "resume":
		return engine.Resume{}, nil
	case "retry":
		return engine.RetryIncident{Incident: r.incident(a.node), Variables: a.variables}, nil
	}
	return r.event(d.Cmd, a)
}

// event is what a worker, the clock or another system does.
func (r *run) event(command string, a arguments) (engine.Action, error) {
	switch command {
	case "complete-job":
		return engine.CompleteJob{Job: r.job(a.node), Variables: a.variables}, nil
	case "fail-job":
		return fail(engine.FailJob{Job: r.job(a.node), Message: a.message, Details: a.details}, a)
	case "error-task":
		return engine.ThrowTaskError{Task: r.task(a.task), Code: a.code, Message: a.message, Variables: a.variables}, nil
	case "escalate-task":
		return engine.ThrowTaskEscalation{Task: r.task(a.task), Code: a.code, Variables: a.variables}, nil
	case "escalate-job":
		return engine.ThrowJobEscalation{Job: r.job(a.node), Code: a.code, Variables: a.variables, Completes: a.outcome == "done"}, nil
	case "error-job":
		return engine.ThrowJobError{Job: r.job(a.node), Code: a.code, Message: a.message, Variables: a.variables}, nil
	case "continue":
		return engine.Continue{Job: r.continuation(a.node)}, nil
	case "fire":
		return engine.FireTimer{Timer: r.timer(a.node)}, nil
	case "fail-call":
		return engine.FailCall{Call: r.call(a.node), Code: a.code, Message: a.message}, nil
	case "message":
		return engine.Correlate{Subscription: r.subscription(a.name, a.node), Variables: a.variables}, nil
	}
	return nil, fmt.Errorf("unknown command %q", command)
}

// fail adds to a failure what the worker wishes.
func fail(f engine.FailJob, a arguments) (engine.Action, error) {
	if a.retries != "" {
		f.Retries = new(int)
		if _, err := fmt.Sscan(a.retries, f.Retries); err != nil {
			return nil, err
		}
	}
	if a.after != "" {
		after, err := time.ParseDuration(a.after)
		if err != nil {
			return nil, err
		}
		f.RetryAfter = &after
	}
	return f, nil
}
