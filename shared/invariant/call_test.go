package invariant_test

import (
	"encoding/json"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

const calling = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
<process id="caller" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="call"/><callActivity id="call" calledElement="called"/></process>
<process id="called" isExecutable="true"><startEvent id="s2"/><sequenceFlow id="f2" sourceRef="s2" targetRef="ask"/><userTask id="ask"/></process></definitions>`

// A call whose instance is lost, is another's or has told what its caller does not know, and an instance
// that is called in vain are found, each by its rule.
func TestPlantedCalls(t *testing.T) {
	t.Parallel()
	d, _ := live(t)
	d.Deploy(calling)
	raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("wuqiang"), "caller", workflow.StartRequest{})
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
	}
	if err != nil {
		t.Fatal(err)
	}
	caller, err := d.App.Store.LoadInstance(t.Context(), started.Instance.ID)
	if err != nil || len(caller.Calls) != 1 {
		t.Fatalf("%+v %v", caller, err)
	}
	called, nobody := caller.Calls[0].ID, engine.ID{9}
	unsent := func() int { _, counts := checked(t, d); return counts.Unsent }
	for unsent() > 0 { // the relay is on its way
		continue
	}
	if found, _ := checked(t, d); found != "" {
		t.Fatal(found)
	}
	body := func(from, to string, id engine.ID) (string, []any) {
		return "UPDATE workflow_instance SET body = REPLACE(body, ?, ?) WHERE id = ?", []any{from, to, id[:]}
	}
	for rule, change := range map[string]func(undo bool) (string, []any){
		"call_without_instance": func(undo bool) (string, []any) {
			from, to := pick(undo, called, nobody)
			return "UPDATE workflow_instance SET id = ? WHERE id = ?", []any{to[:], from[:]}
		},
		"call_of_another": func(undo bool) (string, []any) {
			from, to := pick(undo, caller.ID, nobody)
			return body(`"parentId":"`+from.String(), `"parentId":"`+to.String(), called)
		},
		"call_elsewhere": func(undo bool) (string, []any) {
			from, to := pick(undo, `"parentNode":"call"`, `"parentNode":"cell"`)
			return body(from, to, called)
		},
		"call_not_told": func(undo bool) (string, []any) {
			from, to := pick(undo, `"depth":1`, `"depth":1,"returns":1`)
			return body(from, to, called)
		},
		"called_in_vain": func(undo bool) (string, []any) {
			from, to := pick(undo, `"calls"`, `"lost"`)
			return body(from, to, caller.ID)
		},
		"called_by_nobody": func(undo bool) (string, []any) {
			from, to := pick(undo, caller.ID, nobody)
			return "UPDATE workflow_instance SET parent_id = ? WHERE id = ? AND parent_id = ?", []any{to[:], called[:], from[:]}
		},
	} {
		text, arguments := change(false)
		c := damage{damage: text}
		c.done(t, d, arguments)
		if found, _ := checked(t, d); !strings.Contains(found, rule+" ") {
			t.Errorf("%s: found %q", rule, found)
		}
		c.damage, arguments = change(true)
		c.done(t, d, arguments)
		if found, _ := checked(t, d); found != "" {
			t.Errorf("%s: after the repair %q", rule, found)
		}
	}
}

func pick[T any](undo bool, right, wrong T) (from, to T) {
	if undo {
		return wrong, right
	}
	return right, wrong
}
