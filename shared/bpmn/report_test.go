package bpmn

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// A place in an expression is counted in characters of the text as it stands in the file.
func TestExpressionPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, where, leading, source string
	}{
		{task(`c:assignee="  ${ }"`, ""), "attribute assignee", "  ", "${ }"},
		{model("<userTask id='t' name=' 经理 ${a ==}'/><startEvent id='s'/><sequenceFlow id='f' sourceRef='s' targetRef='t'/>"),
			"attribute name", "", " 经理 ${a ==}"},
		{condition("", "\n  ${金额 >} "), "condition", "\n  ", "${金额 >}"},
	} {
		_, err := Read([]byte(c.text), Options{})
		var syntax *expr.SyntaxError
		if _, compileErr := expr.CompileJUEL(c.source); !errors.As(compileErr, &syntax) {
			t.Fatalf("%q compiles: %v", c.source, compileErr)
		}
		at := utf8.RuneCountInString(c.leading+c.source[:syntax.Offset]) + 1
		want := fmt.Sprintf("The %s has a wrong expression at character %d: ", c.where, at)
		if d := fault.From(err).Details[0]; !strings.HasPrefix(d.Detail, want) {
			t.Errorf("%q, want %q", d.Detail, want)
		}
	}
}

// All problems come at once, sorted by line.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Read([]byte(head+`
<process id="a" isExecutable="true">
  <sequenceFlow id="f" sourceRef="s" targetRef="gone"/>
  <startEvent id="s" d:unknown="${a}"/>
  <scriptTask id="x" name="脚本" scriptFormat="groovy"/>
</process>
<process id="b" isExecutable="true">
  <exclusiveGateway id="g"/>
  <startEvent id="s2"><signalEventDefinition/></startEvent>
</process></definitions>`), Options{})
	want := []string{
		"3 dangling_flow f", "4 unsupported_extension s", "5 unsupported_language x",
		"8 gateway_without_outgoing g", "9 missing_signal s2",
	}
	if diff := cmp.Diff(want, problems(fault.From(err).Details)); diff != "" {
		t.Error(diff)
	}
}

// A hostile model must not be answered by a report larger than itself.
func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("名", 300)
	_, err := Read([]byte(line(strings.Repeat("<complexGateway name='"+long+"'/>\n", maxProblems+7))), Options{})
	details := fault.From(err).Details
	last := details[len(details)-1]
	if len(details) != maxProblems+1 || last.Rule != ruleMore || last.Detail != "There are 7 more." {
		t.Errorf("%d details, the last is %+v", len(details), last)
	}
	if name := details[0].Name; len(name) > 210 || !strings.HasPrefix(long, strings.TrimSuffix(name, "…")) {
		t.Errorf("name %q", name)
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ attribute, owner, users, groups string }{
		{"a", "", "a", "-"},
		{" a , b ,", "", "a,b", "-"},
		{"${list}", "", "${list}", "-"},
		{"${a.replace(',', '}')}, b", "", "${a.replace(',', '}')},b", "-"},
		{"", "user(a), group(b), c, user( ${d} )", "a,${d}", "b,c"},
		{"x", "user(a)", "x,a", "-"},
		{"", "${group}", "-", "${group}"},
		{" ", "users(a)", "-", "users(a)"},
	} {
		children := ""
		if c.owner != "" {
			children = "<potentialOwner>" + fmt.Sprintf(owner, c.owner) + "</potentialOwner>"
		}
		u := accept(t, []byte(task(`c:candidateUsers="`+c.attribute+`"`, children))).Processes[0].Node("t").UserTask
		if got := [2]string{source(u.CandidateUsers), source(u.CandidateGroups)}; got != [2]string{c.users, c.groups} {
			t.Errorf("%q and %q: %q", c.attribute, c.owner, got)
		}
	}
}

// Ours goes before Camunda's, Camunda's before Activiti's.
func TestExtensionOrder(t *testing.T) {
	t.Parallel()
	for attributes, want := range map[string]string{
		`a:assignee="old"`:                                   "old",
		`a:assignee="old" c:assignee="mid"`:                  "mid",
		`a:assignee="old" c:assignee="mid" d:assignee="new"`: "new",
	} {
		text := strings.Replace(task(attributes, ""), "xmlns:c", "xmlns:a='"+spaceActiviti+"' xmlns:c", 1)
		if got := source(accept(t, []byte(text)).Processes[0].Node("t").UserTask.Assignee); got != want {
			t.Errorf("%s: %s", attributes, got)
		}
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	for _, s := range Supports() {
		if s.Refused && (s.What == "" || s.Fix == "") {
			t.Errorf("%s is refused without a word", s.Name)
		}
	}
	for _, r := range Rules() {
		if r.Code == "" || r.Reason == "" || r.Fix == "" {
			t.Errorf("%+v", r)
		}
	}
	for e, name := range map[Element]string{0: "unknown", ElementStartEvent: "startEvent", ElementExclusiveGateway: "exclusiveGateway"} {
		if e.String() != name {
			t.Errorf("%d is %s", e, e)
		}
	}
}
