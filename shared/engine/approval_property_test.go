package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"diom.io/workflow/shared/engine"
)

// policy draws what makes a user task an approval.
func (m *model) policy() string {
	mode := m.one("mode", "all", "any", "ratio", "weighted", "veto", "sequential")
	attributes := fmt.Sprintf("mode=%q", mode)
	if mode == "ratio" || mode == "weighted" {
		attributes += m.one("ratio", ` ratio="34"`, ` ratio="100"`, "")
	}
	attributes += m.one("signers", "", ` signers="lina,zhaolei"`, ` signers="${list}"`) + m.one("veto", "", ` veto="true"`) +
		m.one("empty", "", ` empty="approve"`, ` empty="reject"`, ` empty="transfer" emptyTo="lina"`) +
		m.one("starter", "", "", ` starter="skip"`, ` starter="manager"`) + m.one("again", "", ` again="consecutive"`, ` again="passed"`) + m.one("copyTo", "", ` copyTo="${list}"`, ` copyTo="sunqi"`) + m.one("allow", "", "", ` allow="return withdraw"`)
	return `<extensionElements><diom:approval xmlns:diom="https://diom.io/schema/bpmn/1.0" ` + attributes + `/></extensionElements>`
}

// approval is a user task that is decided.
func (m *model) approval(from, condition string) string {
	id := m.id("task")
	m.flow(from, id, condition)
	m.node("userTask", id, `camunda:assignee="zhangwei"`, m.policy())
	return id
}

// TestRandomApprovals lets approvers loose on random processes: they vote, return, withdraw, and add and remove
// signers, in any order, beside all that TestRandomProcesses does. What holds there of every step holds here, but
// for how often a join is left. At last everything that waits can be done, and the instance ends: no operation
// strands a token at a join or makes one too many.
func TestRandomApprovals(t *testing.T) {
	t.Parallel()
	done := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{rt: rt, approvals: true}
		content := m.draw()
		rt.Logf("%s", content)
		d := &approver{driver: &driver{rt: rt, run: newRun(rt)}}
		d.load(readWith(rt, []byte(content), everything))
		start := engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1, Variables: values(rt)}
		if err := d.do(start); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(10, 40).Draw(rt, "commands") {
			if d.instance.State.Ended() {
				break
			}
			d.advance()
			if rapid.IntRange(0, 2).Draw(rt, "approve") > 0 {
				if action := d.approve(); d.do(action) == nil {
					done[action.Name()]++
				}
			} else {
				_ = d.do(d.choose())
			}
			d.checkPast()
		}
		if strings.Contains(content, "<conditionalEventDefinition") && strings.Contains(content, `cancelActivity="false"`) {
			return // what completes a task may begin it again, for ever
		}
		d.circles = m.circles
		d.finish(!m.hangs)
	})
	t.Logf("done: %v", done)
}

// approver makes the commands of approvers, too.
type approver struct{ *driver }

func (d *approver) approve() engine.Action {
	users := rapid.SampledFrom([][]string{{"lina"}, {"zhaolei"}, {"chenhao", "sunqi"}, {"wuqiang"}}).Draw(d.rt, "users")
	kind := rapid.IntRange(0, 11).Draw(d.rt, "operation")
	if len(d.instance.Tasks) == 0 || kind < 2 {
		return engine.WithdrawTask{Task: d.anyCompleted()}
	}
	task := rapid.SampledFrom(d.instance.Tasks).Draw(d.rt, "task").ID
	switch kind {
	case 2, 3:
		return engine.ReturnTask{
			Task: task, To: d.anyPassed(), StraightBack: rapid.Bool().Draw(d.rt, "straight"), Keep: rapid.Bool().Draw(d.rt, "keep"),
			Across: rapid.SampledFrom([]string{"", engine.AcrossCancel}).Draw(d.rt, "across"), Compensate: rapid.Bool().Draw(d.rt, "compensate"),
		}
	case 4:
		mode := rapid.SampledFrom([]engine.AddMode{engine.AddBefore, engine.AddAfter, engine.AddParallel}).Draw(d.rt, "mode")
		return engine.AddSigners{Task: task, Users: users, Mode: mode}
	case 5:
		return engine.RemoveSigners{Task: task, Users: users}
	case 9:
		return engine.CopyTask{Task: task, Users: users}
	case 10:
		return engine.UrgeTask{Task: task, Pause: time.Minute, Ladder: rapid.IntRange(0, 2).Draw(d.rt, "ladder")}
	case 11:
		reason := rapid.SampledFrom([]string{engine.Transferred, engine.Substituted}).Draw(d.rt, "reason")
		return engine.HandOver{From: rapid.SampledFrom([]string{"zhangwei", "lina", "zhaolei"}).Draw(d.rt, "from"), To: users[0], Reason: reason}
	}
	outcome := rapid.SampledFrom([]string{"", engine.Approve, engine.Reject, engine.Abstain}).Draw(d.rt, "outcome")
	return engine.CompleteTask{Task: task, Outcome: outcome, Variables: values(d.rt)}
}

func (d *approver) anyPassed() string {
	list := []string{engine.ToPrevious, engine.ToStarter}
	for _, p := range d.instance.Passed {
		list = append(list, p.Node)
	}
	return rapid.SampledFrom(list).Draw(d.rt, "to")
}

func (d *approver) anyCompleted() engine.ID {
	list := []engine.ID{seed(999)}
	for _, changes := range d.history {
		for _, c := range changes {
			if c.Kind == engine.TaskCompleted {
				list = append(list, c.TaskID)
			}
		}
	}
	return list[len(list)-1-rapid.IntRange(0, min(4, len(list)-1)).Draw(d.rt, "completed")]
}

// checkPast holds that what is known of the past belongs to scopes that are there, once for each node.
func (d *approver) checkPast() {
	d.rt.Helper()
	seen := map[string]bool{}
	open := map[int]bool{}
	for _, scope := range d.instance.Scopes {
		open[scope.Number] = true
	}
	once := func(kind string, scope int, node string) {
		name := fmt.Sprint(kind, scope, node)
		if seen[name] || !open[scope] || d.process.Node(node) == nil {
			d.rt.Fatalf("%s twice, or of nothing", name)
		}
		seen[name] = true
	}
	for _, p := range d.instance.Passed {
		once("passed", p.Scope, p.Node)
	}
	for _, r := range d.instance.Resumptions {
		once("kept", r.Scope, r.Node)
	}
}
