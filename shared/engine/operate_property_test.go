package engine_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

// TestRandomOperations lets operators loose on random processes: they start, end and move tokens
// anywhere, change variables and retries, and migrate to a renamed or to a quite different process. After
// every step it holds what TestRandomProcesses does, but for the counts that only hold where nobody
// interferes; a command that is refused changes nothing. At last everything that waits can be done.
func TestRandomOperations(t *testing.T) {
	t.Parallel()
	processes, steps := 0, 0
	defer func() { concluded(t, processes, steps) }()
	rapid.Check(t, func(rt *rapid.T) {
		processes++
		m := &model{rt: rt}
		content := m.draw()
		rt.Logf("%s", content)
		d := &operatorDriver{driver: &driver{rt: rt, run: newRun(rt), circles: m.circles}, contents: map[*bpmn.Process]string{}}
		d.load(d.read(content))
		start := engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1, Variables: values(rt)}
		if err := d.do(start); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 30).Draw(rt, "commands") {
			if d.instance.State.Ended() {
				break
			}
			d.advance()
			if rapid.Bool().Draw(rt, "operate") {
				_ = d.do(d.operate())
			} else {
				_ = d.do(d.choose())
			}
		}
		d.finish(false)
		steps += d.steps
	})
}

// operatorDriver makes the commands of an operator, too. contents are the models that it has read.
type operatorDriver struct {
	*driver
	contents map[*bpmn.Process]string
}

func (d *operatorDriver) read(content string) *bpmn.Process {
	p := readWith(d.rt, []byte(content), everything)
	d.contents[p] = content
	return p
}

func (d *operatorDriver) operate() engine.Action {
	switch rapid.IntRange(0, 9).Draw(d.rt, "operation") {
	case 0:
		a := engine.SetVariables{Token: d.anyToken(), Local: rapid.Bool().Draw(d.rt, "local"), Variables: values(d.rt), Remove: []string{"sum", "b"}}
		if a.Token != 0 && a.Local { // what hides the counters of an activity is nobody's business here
			a.Variables = engine.Variables{"own": int64(1)}
		}
		return a
	case 1:
		if len(d.instance.Jobs) == 0 {
			return engine.SetRetries{Job: seed(999)}
		}
		return engine.SetRetries{Job: rapid.SampledFrom(d.instance.Jobs).Draw(d.rt, "job").ID, Retries: rapid.IntRange(0, 2).Draw(d.rt, "retries")}
	case 4:
		if timers := d.instance.Timers; len(timers) > 0 {
			timer := rapid.SampledFrom(timers).Draw(d.rt, "timer").ID
			if rapid.Bool().Draw(d.rt, "failed") {
				return engine.CountFailure{Job: timer, Failed: "x", Message: "m"}
			}
			return engine.RetryTimer{Timer: timer, Retries: rapid.IntRange(0, 1).Draw(d.rt, "tries")}
		}
	case 2:
		return d.renamed()
	case 3:
		return d.elsewhere()
	}
	list := make([]engine.Instruction, 0, 4)
	for range rapid.IntRange(1, 4).Draw(d.rt, "instructions") {
		list = append(list, d.instruction())
	}
	return engine.Modify{Instructions: list, Reason: "drawn"}
}

func (d *operatorDriver) anyToken() int {
	if rapid.Bool().Draw(d.rt, "of no token") {
		return 0
	}
	return rapid.SampledFrom(d.instance.Tokens).Draw(d.rt, "token").Number
}

func (d *operatorDriver) anyNode() string {
	node := rapid.SampledFrom(d.process.Nodes).Draw(d.rt, "node")
	if node.MultiInstance != nil && rapid.Bool().Draw(d.rt, "whole") {
		return node.ID + engine.WholeSuffix
	}
	return node.ID
}

func (d *operatorDriver) instruction() engine.Instruction {
	i := engine.Instruction{
		Kind: rapid.SampledFrom([]engine.InstructionKind{
			engine.StartBefore, engine.StartBefore, engine.StartAfter, engine.StartTransition, engine.CancelTokens, engine.MoveTokens, engine.MoveTokens,
		}).Draw(d.rt, "kind"),
		Node: d.anyNode(), Flow: rapid.SampledFrom(d.process.Flows).Draw(d.rt, "flow").ID,
	}
	if i.Kind == engine.CancelTokens || i.Kind == engine.MoveTokens {
		i.Token = d.anyToken()
		i.From = rapid.SampledFrom(d.instance.Tokens).Draw(d.rt, "from").Node
		if i.Kind == engine.CancelTokens && i.Token == 0 {
			i.Node = i.From
		}
	}
	if rapid.IntRange(0, 2).Draw(d.rt, "ancestor") == 0 {
		i.Ancestor = new(int)
		*i.Ancestor = d.anyToken()
	}
	switch rapid.IntRange(0, 3).Draw(d.rt, "variables") {
	case 0:
		i.Variables = engine.Variables{"a": int64(2)}
	case 1:
		i.Local = engine.Variables{"b": int64(1), "x": "own", "list": []expr.Value{"y"}}
	}
	return i
}

// renamed migrates to the same process with other ids. The plan fits whatever is active, unless it leaves
// something out.
func (d *operatorDriver) renamed() engine.Action {
	content, names := d.contents[d.process], map[string]string{}
	for _, node := range d.process.Nodes {
		names[node.ID] = node.ID
		if rapid.IntRange(0, 2).Draw(d.rt, "rename") == 0 {
			names[node.ID] = node.ID + "x"
			content = strings.ReplaceAll(content, `"`+node.ID+`"`, `"`+node.ID+`x"`)
			content = strings.ReplaceAll(content, `event="`+node.ID+`x"`, `event="`+node.ID+`"`) // of a listener
		}
	}
	target := d.read(content)
	var plan []engine.Mapping
	for _, m := range engine.GeneratePlan(d.process, d.process, rapid.Bool().Draw(d.rt, "update")) {
		m.Target = names[m.Source]
		plan = append(plan, m)
	}
	if problems := engine.CheckPlan(d.process, target, plan); len(problems) > 0 || len(plan) != len(d.process.Nodes) {
		d.rt.Fatalf("%d of %d nodes are mapped: %+v", len(plan), len(d.process.Nodes), problems)
	}
	if problems := d.instance.CheckInstance(d.process, target, plan); len(problems) > 0 {
		d.rt.Fatalf("%+v", problems)
	}
	if n := rapid.IntRange(0, 2*len(plan)).Draw(d.rt, "left out"); n < len(plan) {
		plan = append(plan[:n:n], plan[n+1:]...)
	}
	return migration(target, plan)
}

// elsewhere migrates to another process, where ids of the same kind may be the same by chance.
func (d *operatorDriver) elsewhere() engine.Action {
	target := d.read((&model{rt: d.rt}).draw())
	return migration(target, engine.GeneratePlan(d.process, target, rapid.Bool().Draw(d.rt, "update")))
}

func migration(target *bpmn.Process, plan []engine.Mapping) engine.Action {
	return engine.Migrate{Process: target, DefinitionID: seed(902), Version: 2, Plan: plan}
}
