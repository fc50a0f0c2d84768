package bpmn

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func accept(t testing.TB, data []byte) *Definitions {
	t.Helper()
	d, err := Read(data, Options{})
	if err != nil {
		t.Fatalf("Read: %v\n%s", err, strings.Join(problems(fault.From(err).Details), "\n"))
	}
	consistent(t, d)
	return d
}

func source(e *expr.Expression) string {
	if e == nil {
		return "-"
	}
	return e.Source()
}

// dump writes a process without its lines and without the order of its nodes among its flows.
func dump(p *Process) string {
	var b strings.Builder
	fmt.Fprintf(&b, "process %s %q %q version=%s ttl=%s starters=%s/%s\n", p.Key, p.Name, p.Documentation,
		p.VersionTag, p.HistoryTimeToLive, source(p.CandidateStarterUsers), source(p.CandidateStarterGroups))
	for _, n := range p.Nodes {
		fmt.Fprintf(&b, "%s %s %q %q", n.Element, n.ID, n.Name, n.Documentation)
		for _, f := range n.Incoming {
			fmt.Fprintf(&b, " <%s", f.ID)
		}
		for _, f := range n.Outgoing {
			fmt.Fprintf(&b, " >%s", f.ID)
		}
		if n.Default != nil {
			fmt.Fprintf(&b, " default=%s", n.Default.ID)
		}
		if s := n.StartEvent; s != nil {
			fmt.Fprintf(&b, " initiator=%s form=%s", s.Initiator, s.FormKey)
		}
		if u := n.UserTask; u != nil {
			fmt.Fprintf(&b, " name=%s assignee=%s users=%s groups=%s due=%s follow=%s priority=%s form=%s", source(u.Name),
				source(u.Assignee), source(u.CandidateUsers), source(u.CandidateGroups), source(u.DueDate),
				source(u.FollowUpDate), source(u.Priority), u.FormKey)
		}
		b.WriteByte('\n')
	}
	for _, f := range p.Flows {
		fmt.Fprintf(&b, "%s %q %s->%s %s\n", f.ID, f.Name, f.Source.ID, f.Target.ID, source(f.Condition))
	}
	return b.String()
}

const leave = `process leave "请假流程" "员工请假，超过三天由总监审批。" version=1.2 ttl=180 starters=-/employees
startEvent start "提交申请" "" >toManager initiator=applicant form=
userTask manager "部门经理审批 ${applicant}" "看看 ${days} 是否合理" <toManager >toDecision name=部门经理审批 ${applicant} assignee=${manager} users=zhang,li groups=hr,finance due=P3D follow=P1D priority=60 form=leave-approval
exclusiveGateway decision "批准?" "" <toDecision >toDirector >toApproved >toRejected default=toRejected
userTask director "总监审批" "" <toDirector >toFiled name=总监审批 assignee=${director} users=- groups=- due=- follow=- priority=- form=leave-approval
endEvent approved "通过" "" <toApproved <toFiled
endEvent rejected "驳回" "" <toRejected
toManager "" start->manager -
toDecision "" manager->decision -
toDirector "超过三天" decision->director ${approved && days > 3}
toApproved "" decision->approved ${approved}
toRejected "" decision->rejected -
toFiled "" director->approved -
`

// Every modeler's way to write one process gives the same process.
func TestReadAlike(t *testing.T) {
	t.Parallel()
	for name, exporter := range map[string]string{
		"camunda-modeler.bpmn":         "Camunda Modeler 5.30.0",
		"bpmn-io.bpmn":                 "bpmn-js (https://demo.bpmn.io) 18.1.1",
		"signavio.bpmn":                "Signavio Process Editor, http://www.signavio.com 16.4.0",
		"activiti-explorer.bpmn20.xml": "",
		"no-diagram.bpmn":              "",
		"gbk.bpmn":                     "",
		"gb18030.bpmn":                 "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := accept(t, load(t, name))
			if len(d.Processes) != 1 || len(d.Warnings) != 0 || d.Exporter != exporter {
				t.Fatalf("processes %d, warnings %v, exporter %q", len(d.Processes), problems(d.Warnings), d.Exporter)
			}
			if diff := cmp.Diff(leave, dump(d.Processes[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadByteOrderMarkAndCarriageReturns(t *testing.T) {
	t.Parallel()
	plain := bytes.ReplaceAll(load(t, "no-diagram.bpmn"), []byte("\n"), []byte("\r\n"))
	d := accept(t, append([]byte("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"), plain...))
	if diff := cmp.Diff(leave, dump(d.Processes[0])); diff != "" {
		t.Error(diff)
	}
	if line := d.Processes[0].Node("manager").Line; line != 16 {
		t.Errorf("line of manager = %d", line)
	}
}

func TestReadLines(t *testing.T) {
	t.Parallel()
	p := accept(t, load(t, "camunda-modeler.bpmn")).Processes[0]
	got := fmt.Sprint(p.Line, p.NoneStart().Line, p.Node("manager").Line, p.Flow("toDirector").Line, p.Node("none"), p.Flow("none"))
	if want := "3 5 9 30 <nil> <nil>"; got != want {
		t.Errorf("lines %s, want %s", got, want)
	}
}

func TestReadPools(t *testing.T) {
	t.Parallel()
	d := accept(t, load(t, "bizagi-pools.bpmn"))
	if len(d.Processes) != 2 || d.Processes[0].Key != "purchase" || d.Processes[1].Key != "supply" {
		t.Fatalf("processes %v", d.Processes)
	}
	want := []string{"57 empty_condition Id_f3", "61 process_not_executable bank"}
	if diff := cmp.Diff(want, problems(d.Warnings)); diff != "" {
		t.Error(diff)
	}
	start := d.Processes[0].NoneStart().StartEvent
	if start.FormRef != "purchase-form" || start.FormRefBinding != "deployment" {
		t.Errorf("form %+v", start.Form)
	}
	if got := source(d.Processes[0].Node("Id_order").UserTask.CandidateGroups); got != "${buyers}" {
		t.Errorf("candidate groups %s", got)
	}
	if d.Processes[1].Flow("Id_f3").Condition != nil {
		t.Error("an empty condition is a condition")
	}
}

func TestReadFormFields(t *testing.T) {
	t.Parallel()
	task := accept(t, load(t, "bizagi-pools.bpmn")).Processes[1].Node("Id_accept").UserTask
	start := accept(t, load(t, "activiti-explorer.bpmn20.xml")).Processes[0].NoneStart().StartEvent
	var got []string
	for _, f := range append(task.FormFields, start.FormFields...) {
		got = append(got, fmt.Sprintf("%s %s %s default=%s pattern=%s values=%v constraints=%v",
			f.ID, f.Label, f.Type, source(f.DefaultValue), f.DatePattern, f.Values, f.Constraints))
	}
	want := []string{
		"price 报价 long default=${price} pattern= values=[] constraints=[{required } {min 1}]",
		"way 付款方式 enum default=cash pattern= values=[{cash 现金} {bank 转账}] constraints=[]",
		"days 天数 long default=- pattern= values=[] constraints=[{required }]",
		"kind 类别 enum default=annual pattern= values=[{annual 年假} {sick 病假}] constraints=[]",
		"from 开始日期 date default=- pattern=yyyy-MM-dd values=[] constraints=[{readonly }]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadPointsToFile(t *testing.T) {
	t.Parallel()
	for file, pointer := range map[string]string{"": "", "请假.bpmn": "/resources/请假.bpmn", "a/b~c.bpmn": "/resources/a~1b~0c.bpmn"} {
		for _, text := range []string{"<a/>", "<a>", model(`<userTask id="lost"/>`)} {
			_, err := Read([]byte(text), Options{File: file})
			for _, detail := range fault.From(err).Details {
				if detail.Pointer != pointer {
					t.Errorf("%q in %q: pointer %q, want %q", text, file, detail.Pointer, pointer)
				}
			}
		}
	}
	d, err := Read(load(t, "bizagi-pools.bpmn"), Options{File: "p"})
	if err != nil || d.Warnings[0].Pointer != "/resources/p" {
		t.Errorf("warnings %+v, %v", d, err)
	}
}

func TestReadSize(t *testing.T) {
	t.Parallel()
	data := load(t, "no-diagram.bpmn")
	size := int64(len(data))
	if _, err := Read(data, Options{MaxBytes: size}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := Read(data, Options{MaxBytes: size - 1})
	if f := fault.From(err); f == nil || f.Code != "model_too_large" || f.Kind.Status() != 413 {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := Read(make([]byte, 1<<20+1), Options{}); fault.From(err).Code != "model_too_large" {
		t.Errorf("over the default: %v", err)
	}
}

// What Read returned is shared by goroutines; the race detector watches this.
func TestDefinitionsAreShared(t *testing.T) {
	t.Parallel()
	d := accept(t, load(t, "camunda-modeler.bpmn"))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got := dump(d.Processes[0]); got != leave {
				t.Error("the definitions changed")
			}
		})
	}
	all.Wait()
}

// Read must not keep the bytes it was given: the caller may use its buffer again.
func TestReadKeepsNothing(t *testing.T) {
	t.Parallel()
	data := load(t, "no-diagram.bpmn")
	d := accept(t, data)
	clear(data)
	if diff := cmp.Diff(leave, dump(d.Processes[0])); diff != "" {
		t.Error(diff)
	}
}

// TestNamelessFlows: sequence flows need no ids; those of their own are stable and their own.
func TestNamelessFlows(t *testing.T) {
	t.Parallel()
	d, err := Read([]byte(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" isExecutable="true">
		<startEvent id="s"/><sequenceFlow sourceRef="s" targetRef="t"/><sequenceFlow sourceRef="s" targetRef="t"/><task id="t"/></process></definitions>`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := d.Processes[0]
	if p.Flow("s:t") == nil || p.Flow("s:t:2") == nil || p.Flow("s:t") == p.Flow("s:t:2") || len(p.Node("s").Outgoing) != 2 {
		t.Errorf("%+v", p.Flows)
	}
}
