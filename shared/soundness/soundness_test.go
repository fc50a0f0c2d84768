package soundness

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/examples"
	"diom.io/workflow/shared/bpmn"
)

// model makes a process of lines: an element with its id and what else its start tag or content needs, or
// a sequence flow "from > to" with a condition if there is a third word. Ids of flows are from_to.
func model(t *testing.T, lines string) *bpmn.Process {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="p" isExecutable="true">`)
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		from, rest, isFlow := strings.Cut(line, " > ")
		switch {
		case line == "":
		case strings.HasPrefix(line, "<"):
			b.WriteString(line)
		case isFlow:
			to, condition, _ := strings.Cut(rest, " ")
			fmt.Fprintf(&b, `<sequenceFlow id="%[1]s_%[2]s" sourceRef="%[1]s" targetRef="%[2]s">`, from, to)
			if condition != "" {
				fmt.Fprintf(&b, `<conditionExpression><![CDATA[%s]]></conditionExpression>`, condition)
			}
			b.WriteString(`</sequenceFlow>`)
		default:
			element, id, _ := strings.Cut(line, " ")
			id, attributes, _ := strings.Cut(id, " ")
			fmt.Fprintf(&b, `<%s id="%s" %s/>`, element, id, attributes)
		}
	}
	b.WriteString(`</process></definitions>`)
	d, err := bpmn.Read([]byte(b.String()), bpmn.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return d.Processes[0]
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, model string
		want        []string // rule, node and path
	}{
		{"a line", `startEvent s
			userTask a
			endEvent e
			s > a
			a > e`, nil},
		{"an exclusive split before a parallel join", `startEvent s
			exclusiveGateway x
			userTask a
			userTask b
			parallelGateway j
			endEvent e
			s > x
			x > a ${n > 1}
			x > b ${n < 2}
			a > j
			b > j
			j > e`, []string{
			"join_never_completes j: s s_x x x_a a a_j j",
			"node_never_entered e: s s_x x x_a a a_j j j_e e",
		}},
		{"a branch that may end early", `startEvent s
			parallelGateway f
			exclusiveGateway x
			userTask b
			parallelGateway j
			endEvent early
			endEvent e
			s > f
			f > x
			f > b
			x > early ${n > 1}
			x > j ${n < 2}
			b > j
			j > e`, []string{"join_never_completes j: s s_f f f_x f_b x x_early b b_j early j"}},
		{"parallel branches that meet without a join", `startEvent s
			parallelGateway f
			userTask a
			userTask b
			exclusiveGateway m
			userTask c
			endEvent e
			s > f
			f > a
			f > b
			a > m
			b > m
			m > c
			c > e`, []string{"branches_not_joined m: s s_f f f_a f_b a a_m b b_m m"}},
		{"parallel branches that end at one end event", `startEvent s
			parallelGateway f
			userTask a
			userTask b
			endEvent e
			s > f
			f > a
			f > b
			a > e
			b > e`, nil},
		{"an inclusive split and join", `startEvent s
			inclusiveGateway f
			userTask a
			userTask b
			inclusiveGateway j
			endEvent e
			s > f
			f > a ${n > 1}
			f > b ${n > 2}
			a > j
			b > j
			j > e`, nil},
		{"a reminder that does not interrupt and comes back into the flow", `startEvent s
			userTask a
			<boundaryEvent id="late" attachedToRef="a" cancelActivity="false"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
			userTask b
			endEvent e
			s > a
			a > b
			late > b
			b > e`, []string{"branches_not_joined b: s s_a a a_b late late_b b"}},
		{"a time-out that interrupts", `startEvent s
			userTask a
			<boundaryEvent id="late" attachedToRef="a"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
			userTask b
			endEvent e
			s > a
			a > b
			late > b
			b > e`, nil},
		{"a loop with a task and one without", `startEvent s
			exclusiveGateway m
			task check
			exclusiveGateway x
			userTask a
			endEvent e
			s > m
			m > check
			check > x
			x > m ${n > 1}
			x > a ${n == 1}
			x > e ${n < 1}
			a > m`, []string{"loop_without_wait m: s s_m m m_check check check_x x x_m m"}},
		{"the content of a sub-process is played for itself", `startEvent s
			<subProcess id="sub"><startEvent id="s2"/><exclusiveGateway id="x2" default="d2"/><parallelGateway id="j2"/><endEvent id="e2"/>
			<sequenceFlow id="f2" sourceRef="s2" targetRef="x2"/><sequenceFlow id="d2" sourceRef="x2" targetRef="j2"/>
			<sequenceFlow id="c2" sourceRef="x2" targetRef="j2"><conditionExpression>${n}</conditionExpression></sequenceFlow>
			<sequenceFlow id="g2" sourceRef="j2" targetRef="e2"/></subProcess>
			endEvent e
			s > sub
			sub > e`, []string{"join_never_completes j2: s2 f2 x2 d2 j2", "node_never_entered e2: s2 f2 x2 d2 j2 g2 e2"}},
		{"an error that ends a sub-process leaves no join waiting", `startEvent s
			<subProcess id="sub"><startEvent id="s2"/><parallelGateway id="f2"/><exclusiveGateway id="x2" default="d2"/><parallelGateway id="j2"/><endEvent id="e2"/>
			<endEvent id="bad"><errorEventDefinition errorRef="no"/></endEvent>
			<sequenceFlow id="a1" sourceRef="s2" targetRef="f2"/><sequenceFlow id="a2" sourceRef="f2" targetRef="x2"/><sequenceFlow id="b2" sourceRef="f2" targetRef="j2"/>
			<sequenceFlow id="d2" sourceRef="x2" targetRef="j2"/><sequenceFlow id="c2" sourceRef="x2" targetRef="bad"><conditionExpression>${n}</conditionExpression></sequenceFlow>
			<sequenceFlow id="g2" sourceRef="j2" targetRef="e2"/></subProcess>
			endEvent e
			s > sub
			sub > e`, nil},
		{"a name with other capitals", `startEvent s
			<serviceTask id="a" camunda:expression="${1 + 1}" camunda:resultVariable="orderTotal"/>
			<exclusiveGateway id="x" default="x_e"/>
			endEvent e
			endEvent high
			s > a
			a > x
			x > e
			x > high ${ordertotal > 1}`, []string{"variable_never_set x: s s_a a a_x x"}},
		{"a name that only a form of the start could set", `<startEvent id="s"><extensionElements><camunda:formData><camunda:formField id="days" type="long"/></camunda:formData></extensionElements></startEvent>
			<exclusiveGateway id="x" default="x_e"/>
			endEvent e
			endEvent high
			s > x
			x > e
			x > high ${amount > days}`, []string{"variable_never_set x: s s_x x"}},
		{"a name that the caller of the start may set", `startEvent s
			<exclusiveGateway id="x" default="x_e"/>
			endEvent e
			endEvent high
			s > x
			x > e
			x > high ${amount > 1}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, told(model(t, test.model))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func told(p *bpmn.Process) []string {
	var list []string
	for _, d := range Check(p) {
		list = append(list, d.Rule+" "+d.Element+": "+strings.Join(d.Path, " "))
	}
	return list
}

// TestExamples: what the product shows as good models is sound.
func TestExamples(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(examples.Files, "*/*.bpmn")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(examples.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := bpmn.Read(raw, bpmn.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		for _, p := range d.Processes {
			if found := told(p); len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
		}
	}
}

// TestBounds: a model whose runs are beyond counting is cut off, and nothing is said to be never entered.
func TestBounds(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("startEvent s\nparallelGateway f\nendEvent e\ns > f\n")
	for i := range 24 {
		fmt.Fprintf(&b, "<exclusiveGateway id=\"x%[1]d\" default=\"x%[1]d_a%[1]d\"/>\nuserTask a%[1]d\nuserTask b%[1]d\nparallelGateway j%[1]d\nf > x%[1]d\nx%[1]d > a%[1]d\nx%[1]d > b%[1]d ${n}\na%[1]d > e\nb%[1]d > j%[1]d\nf > j%[1]d\nj%[1]d > e\n", i)
	}
	for _, line := range told(model(t, b.String())) {
		if strings.HasPrefix(line, ruleNotEntered) {
			t.Error(line)
		}
	}
}
