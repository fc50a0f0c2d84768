package bpmn

import "testing"

// calling is the call activity x of a line; its content stands on the third line.
func calling(attributes, content string) string {
	return line(between("callActivity", attributes, content))
}

const called = "calledElement='child' "

func carried(content string) string {
	return "\n<extensionElements>" + content + "</extensionElements>"
}

var callCases = []ruleCase{
	{"call", calling(called, ""), nil},
	{"call of a name in the extension", calling("c:calledElement='child'", ""), nil},
	{"call by an expression", calling("calledElement='${key}'", ""), nil},
	{"call of nothing", calling("", ""), []string{"2 missing_called_element x"}},
	{"call by a broken expression", calling("calledElement='${key'", ""), []string{"2 bad_expression x"}},
	{"call of the deployment", calling(called+"c:calledElementBinding='deployment'", ""), nil},
	{"call of a version", calling(called+"c:calledElementBinding='version' c:calledElementVersion='2'", ""), nil},
	{"call of a version by an expression", calling(called+"c:calledElementBinding='version' c:calledElementVersion='${v}'", ""), nil},
	{"call of no version", calling(called+"c:calledElementBinding='version'", ""), []string{"2 invalid_call_binding x"}},
	{"call of a version that is none", calling(called+"c:calledElementBinding='version' c:calledElementVersion='two'", ""), []string{"2 invalid_call_binding x"}},
	{"call of a version tag", calling(called+"c:calledElementBinding='versionTag' c:calledElementVersionTag='v1'", ""), nil},
	{"call of no version tag", calling(called+"c:calledElementBinding='versionTag'", ""), []string{"2 invalid_call_binding x"}},
	{"call with another binding", calling(called+"c:calledElementBinding='newest'", ""), []string{"2 invalid_call_binding x"}},
	{"call for a tenant", calling(called+"c:calledElementTenantId='a'", ""), []string{"2 ignored_extension x"}},
	{"call of a case", calling("c:caseRef='case'", ""), []string{"2 unsupported_extension x"}},
	{"call with a mapping class", calling(called+"c:variableMappingClass='a.B'", ""), []string{"2 unsupported_extension x"}},
	{"call with a mapping bean", calling(called+"c:variableMappingDelegateExpression='${b}'", ""), []string{"2 unsupported_extension x"}},
	{"call that passes", calling(called, carried("<c:in source='a' target='b'/><c:in sourceExpression='${a}' target='c'/><c:in variables='all' local='true'/>"+
		"<c:in businessKey='${k}'/><c:out source='a' target='b'/><c:out variables='all'/>")), nil},
	{"call that passes to nobody", calling(called, carried("<c:in source='a'/>")), []string{"3 invalid_call_mapping x"}},
	{"call that passes nothing", calling(called, carried("<c:out target='a'/>")), []string{"3 invalid_call_mapping x"}},
	{"call that passes two things", calling(called, carried("<c:out source='a' sourceExpression='${b}' target='c'/>")), []string{"3 invalid_call_mapping x"}},
	{"call that gives a business key back", calling(called, carried("<c:out businessKey='${k}'/>")), []string{"3 invalid_call_mapping x"}},
	{"call in a loop", calling(called, "\n<multiInstanceLoopCharacteristics>"+twice+"</multiInstanceLoopCharacteristics>"), nil},
	{"escalation of a call", line(between("callActivity", called, "") + "<boundaryEvent id='y' attachedToRef='x'><escalationEventDefinition escalationRef='X1'/></boundaryEvent>"), nil},
	{"out elsewhere", task("", carried("<c:out variables='all'/>")), []string{"3 ignored_extension t"}},
}

func TestReadCall(t *testing.T) {
	t.Parallel()
	p := accept(t, []byte(calling("calledElement='tns:child' c:calledElementBinding='versionTag' c:calledElementVersionTag='${tag}'",
		carried("<c:in source='a' target='b'/><c:in businessKey='#{execution.processBusinessKey}'/><c:out variables='all' local='true'/>")))).Processes[0]
	c := p.Node("x").Call
	switch {
	case c.Key.Source() != "child" || c.Binding != CallVersionTag || c.VersionTag.Source() != "${tag}" || c.Version != nil:
		t.Errorf("%+v", c)
	case len(c.In) != 1 || c.In[0].Source != "a" || c.In[0].Target != "b" || c.BusinessKey == nil:
		t.Errorf("in %+v %v", c.In, c.BusinessKey)
	case len(c.Out) != 1 || !c.Out[0].All || !c.Out[0].Local:
		t.Errorf("out %+v", c.Out)
	case !p.Node("x").HasScope():
		t.Error("a call has no scope")
	}
	if b := accept(t, []byte(calling(called, ""))).Processes[0].Node("x").Call.Binding; b != CallLatest {
		t.Errorf("binding %s", b)
	}
}
