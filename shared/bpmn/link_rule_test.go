package bpmn

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// linkThrow is an event x that throws a link, behind the task u of a line; linkCatch is one, y, that
// catches one and leads to its end.
func linkThrow(name string) string {
	return fmt.Sprintf("\n<intermediateThrowEvent id='x'><linkEventDefinition name=%q/></intermediateThrowEvent><sequenceFlow id='a' sourceRef='u' targetRef='x'/>", name)
}

func linkCatch(id, name string) string {
	return fmt.Sprintf("\n<intermediateCatchEvent id=%q><linkEventDefinition name=%q/></intermediateCatchEvent><sequenceFlow id='%[1]s1' sourceRef=%[1]q targetRef='e'/>", id, name)
}

var linkCases = []ruleCase{
	{"link", line(linkThrow("L") + linkCatch("y", "L")), nil},
	{"link of two", line(linkThrow("L") + linkCatch("y", " L ") + "<intermediateThrowEvent id='x2'><linkEventDefinition name='L'/></intermediateThrowEvent>" +
		"<sequenceFlow id='b' sourceRef='u' targetRef='x2'/>"), nil},
	{"link to nothing", line(linkThrow("L")), []string{"3 link_without_target x"}},
	{"link to another name", line(linkThrow("L") + linkCatch("y", "l")), []string{"3 link_without_target x", "4 link_without_source y"}},
	{"link from nothing", line(linkCatch("y", "L")), []string{"3 link_without_source y"}},
	{"link to two", line(linkThrow("L") + linkCatch("y", "L") + linkCatch("z", "L")), []string{"5 duplicate_link z"}},
	{"link without a name", line(linkThrow(" ") + linkCatch("y", "")), []string{"3 link_without_name x", "4 link_without_name y"}},
	{"link and a flow out", line(linkThrow("L") + linkCatch("y", "L") + "<sequenceFlow id='b' sourceRef='x' targetRef='e'/>"), []string{"3 link_event_with_flow x"}},
	{"link and a flow in", line(linkThrow("L") + linkCatch("y", "L") + "<sequenceFlow id='b' sourceRef='u' targetRef='y'/>"), []string{"4 link_event_with_flow y"}},
	{"link behind a gateway", behind("", linkCatch("z", "L")+"<sequenceFlow id='c' sourceRef='g' targetRef='z'/>"),
		[]string{"4 link_event_with_flow z", "4 link_without_source z"}},
	{"link on a border", line(border("", "<linkEventDefinition name='L'/>")), []string{"2 misplaced_trigger x"}},
	{"link at an end", line(ending("", "<linkEventDefinition name='L'/>")), []string{"2 misplaced_trigger x"}},
	{"link into a sub-process", line(linkThrow("L") + "<subProcess id='p1'><startEvent id='i'/><sequenceFlow id='k' sourceRef='u' targetRef='p1'/>" +
		"<intermediateCatchEvent id='y'><linkEventDefinition name='L'/></intermediateCatchEvent></subProcess>"), []string{"3 link_crosses_scope x"}},
	{"link out of a sub-process", line(linkCatch("y", "L") + "\n<subProcess id='p1'><startEvent id='i'/><sequenceFlow id='k' sourceRef='u' targetRef='p1'/>" +
		"<intermediateThrowEvent id='x'><linkEventDefinition name='L'/></intermediateThrowEvent><sequenceFlow id='a' sourceRef='i' targetRef='x'/></subProcess>"),
		[]string{"4 link_crosses_scope x"}},
	{"one name in two scopes", line(linkThrow("L") + linkCatch("y", "L") + "<subProcess id='p1'><startEvent id='i'/><sequenceFlow id='k' sourceRef='u' targetRef='p1'/>" +
		"<intermediateThrowEvent id='x2'><linkEventDefinition name='L'/></intermediateThrowEvent><sequenceFlow id='b' sourceRef='i' targetRef='x2'/>" +
		"<intermediateCatchEvent id='y2'><linkEventDefinition name='L'/></intermediateCatchEvent></subProcess>"), nil},
}

func TestCompareLinks(t *testing.T) {
	t.Parallel()
	before, after := processOf(t, line(linkThrow("L")+linkCatch("y", "L"))), processOf(t, line(linkThrow("M")+linkCatch("y", "M")))
	want := []Difference{
		{ID: "x", Element: "intermediateThrowEvent", Attributes: []string{"link"}, Changes: []AttributeChange{{"link", "L", "M"}}},
		{ID: "y", Element: "intermediateCatchEvent", Attributes: []string{"link"}, Changes: []AttributeChange{{"link", "L", "M"}}},
	}
	if diff := cmp.Diff(want, Compare(before, after).Changed); diff != "" {
		t.Error(diff)
	}
}

// A pair acts as one sequence flow, which is none of the file's.
func TestLinkFlow(t *testing.T) {
	t.Parallel()
	p := accept(t, []byte(line(linkThrow("L")+linkCatch("y", "L")))).Processes[0]
	x, y := p.Node("x"), p.Node("y")
	if len(x.Outgoing) != 1 || len(y.Incoming) != 1 || x.Outgoing[0] != y.Incoming[0] || x.Outgoing[0].Target != y || y.Incoming[0].Source != x {
		t.Errorf("%+v leads to %+v", x, y)
	}
	if len(p.Flows) != 4 || p.Flow("") != nil {
		t.Errorf("flows %v", p.Flows)
	}
}
