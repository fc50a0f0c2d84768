package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
)

// asking is a process whose task is for whom an expression finds.
func asking(attributes string) []byte {
	return []byte(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t"><process id="p" isExecutable="true">
<startEvent id="s" c:initiator="starter"/><userTask id="t" ` + attributes + `/><endEvent id="e"/><sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="e"/></process></definitions>`)
}

// Expressions ask org for people; the world answers, one question after the other, and the record says what was found.
func TestExpressionsAskForPeople(t *testing.T) {
	t.Parallel()
	answers := map[engine.Question][]string{
		{Method: engine.ManagerOf, Of: "zhangwei", Level: 1}: {"wangfang"}, {Method: engine.ManagerOf, Of: "zhangwei", Level: 2}: {"chenjing"},
		{Method: engine.ManagerOf, Of: "wangfang", Level: 1}: nil, {Method: engine.HeadOf, Of: "finance", Level: 1}: {"zhaolei"},
		{Method: engine.DepartmentOf, Of: "zhangwei", Level: 1}: {"rd"}, {Method: engine.HeadOf, Of: "rd", Level: 1}: {"wangfang"},
		{Method: engine.UsersInRole, Of: "OPERATOR", Level: 1}: {"sunqi", "wuqiang"}, {Method: engine.UsersInGroup, Of: "none", Level: 1}: nil,
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for attributes, want := range map[string]string{
		`c:assignee="${org.managerOf(starter)}"`:                                  "wangfang  1",
		`c:assignee="${org.managerOf(starter, 2)}"`:                               "chenjing  1",
		`c:assignee="${org.managerOf('wangfang')}"`:                               "  1",
		`c:assignee="${org.headOf(org.departmentOf(starter))}"`:                   "wangfang  1",
		`c:assignee="${org.headOf('')}"`:                                          "  1",
		`c:assignee="zhangwei" c:candidateUsers="${org.usersInRole('OPERATOR')}"`: "zhangwei sunqi,wuqiang 1",
		`c:candidateUsers="${org.usersInGroup('none')}"`:                          "  1",
		`c:assignee="${org.managerOf(starter, 11)}"`:                              "bad_level",
		`c:assignee="${org.bossOf(starter)}"`:                                     "unknown_method",
		`c:assignee="${org.name}"`:                                                "unknown_property",
	} {
		process := read(t, asking(attributes))
		w := engine.World{People: map[engine.Question][]string{}}
		var in *engine.Instance
		var changes []engine.Change
		for range 5 {
			var err error
			var need *engine.NeedPeople
			in, changes, err = engine.Step(process, nil, engine.Command{ID: seed(1), Actor: "zhangwei", Action: engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1}}, now, w)
			if errors.As(err, &need) {
				answer, known := answers[need.Question]
				if !known || !strings.Contains(need.Error(), need.Question.Of) {
					t.Fatalf("%s asks %+v", attributes, need.Question)
				}
				w.People[need.Question] = answer
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		got := ""
		switch {
		case len(in.Incidents) == 1:
			got = in.Incidents[0].Code
		case len(in.Tasks) == 1:
			got = in.Tasks[0].Assignee + " " + strings.Join(in.Tasks[0].CandidateUsers, ",") + " 1"
			if c := changes[len(changes)-1]; len(c.Why) != 1 {
				t.Errorf("%s: why %+v", attributes, c.Why)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", attributes, diff)
		}
	}
}

// A variable that is called org stays one.
func TestAVariableHidesOrg(t *testing.T) {
	t.Parallel()
	process := read(t, asking(`c:assignee="${org.boss}"`))
	in, _, err := engine.Step(process, nil, engine.Command{ID: seed(1), Actor: "zhangwei", Action: engine.Start{
		InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1, Variables: engine.Variables{"org": map[string]any{"boss": "lina"}},
	}}, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), engine.World{})
	if err != nil || in.Tasks[0].Assignee != "lina" {
		t.Errorf("%+v, %v", in, err)
	}
}
