package bpmn

import (
	"slices"
	"testing"
)

// conditional is a trigger with those attributes, whose condition stands on the next line.
func conditional(attributes, condition string) string {
	return "<conditionalEventDefinition " + attributes + ">\n<condition>" + condition + "</condition></conditionalEventDefinition>"
}

var conditionalCases = []ruleCase{
	{"condition waited for", waiting(conditional("", "${a > 1}")), nil},
	{"condition of a variable", waiting(conditional("c:variableName='a' c:variableEvents='create, update,delete'", "${a > 1}")), nil},
	{"condition on the border", line(border("cancelActivity='false'", conditional("", "${a}"))), nil},
	{"condition behind a gateway", behind("", "<intermediateCatchEvent id='z'>"+conditional("", "${a}")+"</intermediateCatchEvent><sequenceFlow id='g2' sourceRef='g' targetRef='z'/>"), nil},
	{"condition that starts", start(conditional("", "${a}")), nil},
	{"conditions that start", start(conditional("", "${a}") + "</startEvent><startEvent id='s2'>" + conditional("", "${b}") + "</startEvent><sequenceFlow id='g' sourceRef='s2' targetRef='u'/><startEvent id='none'>"), nil},
	{"same condition starts", model("<startEvent id='s'>" + conditional("", "${a}") + "</startEvent><startEvent id='s2'>" + conditional("", "${a}") +
		"</startEvent><userTask id='u'/><sequenceFlow id='f' sourceRef='s' targetRef='u'/><sequenceFlow id='g' sourceRef='s2' targetRef='u'/>"), []string{"3 duplicate_condition s2"}},
	{"condition of an event sub-process", line(watching(nonInterrupting, conditional("", "${a}"))), nil},
	{"condition thrown", line(between("intermediateThrowEvent", "", conditional("", "${a}"))), []string{"2 misplaced_trigger x"}},
	{"condition missing", waiting("\n<conditionalEventDefinition/>"), []string{"3 missing_condition x"}},
	{"condition empty", waiting(conditional("", " ")), []string{"2 missing_condition x"}},
	{"condition literal", waiting(conditional("", "true")), []string{"3 literal_condition x"}},
	{"condition wrong", waiting(conditional("", "${")), []string{"3 bad_expression x"}},
	{"condition in another language", waiting("<conditionalEventDefinition>\n<condition language='groovy'>a</condition></conditionalEventDefinition>"), []string{"3 unsupported_language x"}},
	{"condition of an unknown change", waiting(conditional("c:variableEvents='create,change'", "${a}")), []string{"2 invalid_variable_events x"}},
}

func TestReadConditional(t *testing.T) {
	t.Parallel()
	p := accept(t, []byte(waiting(conditional("c:variableName='a' c:variableEvents='create, delete'", "${a > 1}")))).Processes[0]
	e := p.Node("x").Event
	if e.Trigger != TriggerConditional || e.Condition.Source() != "${a > 1}" || e.VariableName != "a" || !slices.Equal(e.VariableEvents, []string{"create", "delete"}) {
		t.Errorf("%+v", e)
	}
	for _, c := range []struct {
		variable, change string
		want             bool
	}{{"a", VariableCreated, true}, {"a", VariableUpdated, false}, {"a", VariableDeleted, true}, {"b", VariableCreated, false}} {
		if got := e.Heeds(c.variable, c.change); got != c.want {
			t.Errorf("%s of %s: %t", c.change, c.variable, got)
		}
	}
	e.VariableName, e.VariableEvents = "", nil
	if !e.Heeds("b", VariableUpdated) || (&EventDefinition{Trigger: TriggerSignal}).Heeds("b", VariableUpdated) {
		t.Error("a condition without limits is looked at always, nothing else ever")
	}
}
