package bpmn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// extras writes what events, jobs and scopes add to a node; empty for most.
func extras(n *FlowNode) string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	add("in", idOf(n.Parent))
	add("at", idOf(n.AttachedTo))
	if n.AttachedTo != nil {
		add("interrupting", fmt.Sprint(n.Interrupting))
	}
	for _, e := range n.Boundary {
		add("border", e.ID)
	}
	if e := n.Event; e != nil {
		add("trigger", triggerNames[e.Trigger])
		add("message", source(e.Message))
		add("code", e.ErrorCode)
		add("text", source(e.ErrorMessage))
		add("codeVariable", e.CodeVariable)
		add("messageVariable", e.MessageVariable)
		if e.Timer != nil {
			add(timerNames[e.Timer.Kind], source(e.Timer.Value))
		}
	}
	if w := n.Work; w != nil {
		add("topic", source(w.Topic))
		add("taskPriority", source(w.Priority))
		add("expression", source(w.Expression))
		add("result", w.ResultVariable)
	}
	add("inputs", parameterText(n.Inputs))
	add("outputs", parameterText(n.Outputs))
	if n.AsyncBefore {
		add("async", "before")
	}
	if n.AsyncAfter {
		add("async", "after")
	}
	add("retries", source(n.RetryCycle))
	add("jobPriority", source(n.JobPriority))
	return b.String()
}

const order = `byHand:
byMessage: trigger=message message=order.paid
everyMorning: trigger=timer timeCycle=0 0 8 ? * MON-FRI async=after
begin:
handle: border=stockOut border=anyError border=remind border=withdrawn inputs="amount"="${price * count}"; outputs="receipt"="${receipt}"; async=before retries=R5/PT5M
inner: in=handle
fork: in=handle
reserve: in=handle topic=stock.${region} taskPriority=${urgency + 1} inputs="address"={"city"="${city}";"lines"=[""="1";""="${line2}";];"none"=null;};"nobody"=[];"nothing"=null;
rate: in=handle expression=${price > 100 ? 'A' : 'B'} result=class
join: in=handle
packing: in=handle
pack: in=packing
wrap: in=packing
packed: in=packing
failed: in=packing trigger=error code=NO_STOCK text=no ${article}
innerEnd: in=handle
stockOut: at=handle interrupting=true trigger=error code=NO_STOCK codeVariable=code messageVariable=text
anyError: at=handle interrupting=true trigger=error
remind: at=handle interrupting=false trigger=timer timeCycle=R3/${interval}
withdrawn: at=handle interrupting=true trigger=message message=order.cancelled.${orderId}
tell: topic=mailer taskPriority=5
note: async=before
wait:
arrived: trigger=message message=order.shipped outputs="by"="${carrier}";
tooLate: trigger=timer timeDuration=P1DT12H
signed: trigger=message message=order.paid
morning: trigger=timer timeDate=2026-12-01T08:00:00
milestone:
announce: trigger=message message=order.cancelled.${orderId} topic=com.example.Announce taskPriority=5
inform: trigger=message message=order.shipped
done: trigger=message message=order.shipped
stop: trigger=terminate
broken: trigger=error code=LATE
`

// One model in the ways that modelers write it: the same process.
func TestReadEvents(t *testing.T) {
	t.Parallel()
	written := string(load(t, "events.bpmn"))
	for name, text := range map[string]string{
		"camunda":      written,
		"activiti":     strings.Replace(strings.ReplaceAll(written, "camunda:", "activiti:"), `xmlns:camunda="`+spaceCamunda, `xmlns:activiti="`+spaceActiviti, 1),
		"ours":         strings.Replace(written, spaceCamunda, spaceDIOM, 1),
		"no prefix":    strings.ReplaceAll(strings.ReplaceAll(written, "bpmn:", ""), "xmlns:bpmn=", "xmlns="),
		"other prefix": strings.ReplaceAll(strings.ReplaceAll(written, "bpmn:", "语义:"), "xmlns:bpmn=", "xmlns:语义="),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := accept(t, []byte(text))
			var got strings.Builder
			for _, n := range d.Processes[0].Nodes {
				fmt.Fprintf(&got, "%s:%s\n", n.ID, strings.Replace(extras(n), " jobPriority=${urgency}", "", 1))
			}
			want := strings.Replace(order, "note: async=before", "note: async=before jobPriority=7", 1)
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Error(diff)
			}
			warnings := []string{"81 worker_needed tell", "105 worker_needed announce"}
			if diff := cmp.Diff(warnings, problems(d.Warnings)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadStarts(t *testing.T) {
	t.Parallel()
	p := accept(t, load(t, "events.bpmn")).Processes[0]
	starts := p.Starts()
	if len(starts) != 2 || starts[0].ID != "byMessage" || starts[1].ID != "everyMorning" {
		t.Errorf("starts %v", starts)
	}
	if p.NoneStart().ID != "byHand" || p.NoneStart().StartEvent.Initiator != "clerk" {
		t.Errorf("start %+v", p.NoneStart())
	}
	for sub, start := range map[string]string{"handle": "inner", "packing": "pack"} {
		if got := p.InnerStart(p.Node(sub)); got == nil || got.ID != start {
			t.Errorf("%s starts at %v", sub, got)
		}
	}
	if source(p.Node("fork").JobPriority) != "${urgency}" {
		t.Errorf("job priority %s", source(p.Node("fork").JobPriority))
	}
	only := accept(t, []byte(model(`<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent>`))).Processes[0]
	if only.NoneStart() != nil || len(only.Starts()) != 1 {
		t.Errorf("starts %v and %v", only.NoneStart(), only.Starts())
	}
}

func TestCorrelatesMessages(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		line(""): false,
		model("<startEvent id='s'>" + message + "</startEvent>"):                   false,
		line(between("intermediateThrowEvent", "", message)):                       false,
		line(between("sendTask", "messageRef='m'", "")):                            false,
		line(between("intermediateCatchEvent", "", timer("timeDuration", "PT1S"))): false,
		line(between("intermediateCatchEvent", "", message)):                       true,
		line(between("receiveTask", "messageRef='m'", "")):                         true,
		line(border("", message)):                                                  true,
	} {
		if got := accept(t, []byte(body)).Processes[0].CorrelatesMessages(); got != want {
			t.Errorf("%v: %s", got, body)
		}
	}
}
