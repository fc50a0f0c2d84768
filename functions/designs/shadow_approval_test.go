package designs

import (
	"testing"

	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

const signed = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" xmlns:d="https://diom.io/schema/bpmn/1.0" targetNamespace="t">
<process id="leave" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="ask"/>
<userTask id="ask" c:assignee="wangfang"/><sequenceFlow id="f2" sourceRef="ask" targetRef="vote"/>
<userTask id="vote"><extensionElements><d:approval mode="all" signers="lina,zhaolei"/></extensionElements></userTask><sequenceFlow id="f3" sourceRef="vote" targetRef="end"/>
<endEvent id="end"/></process></definitions>`

// What signers did besides voting is replayed, too: no step of it makes a shadow run unsure.
func TestShadowRunOfApprovals(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Deploy(signed)
	w := s.App.Workflow
	id, task := s.Start(nil)
	of := func(username string) engine.ID {
		t.Helper()
		in, err := s.App.Store.LoadInstance(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, open := range in.Tasks {
			if open.Assignee == username {
				return open.ID
			}
		}
		t.Fatalf("%s has no task", username)
		return engine.ID{}
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	approve := workflow.Completion{Outcome: engine.Approve}
	s.Complete("wangfang", task)
	lina := of("lina")
	must(w.CompleteTask(t.Context(), s.Call("lina"), lina, approve))
	must(w.WithdrawTask(t.Context(), s.Call("lina"), lina, workflow.Remark{}))
	must(w.ReturnTask(t.Context(), s.Call("lina"), of("lina"), workflow.TaskReturn{To: "ask", Keep: true}))
	s.Complete("wangfang", of("wangfang"))
	must(w.AddSigners(t.Context(), s.Call("lina"), of("lina"), workflow.NewSigners{UserIDs: []string{"sunqi"}, Mode: engine.AddParallel}))
	must(w.RemoveSigners(t.Context(), s.Call("lina"), of("lina"), workflow.OldSigners{UserIDs: []string{"zhaolei"}}))
	must(w.CompleteTask(t.Context(), s.Call("sunqi"), of("sunqi"), approve))
	must(w.CompleteTask(t.Context(), s.Call("lina"), of("lina"), approve))

	taken, task := s.Start(nil) // and one that its starter takes back
	s.Complete("wangfang", task)
	must(w.WithdrawInstance(t.Context(), s.Call("zhangwei"), taken, workflow.Remark{}))

	d := s.design("leave", signed)
	report, err := s.App.Design.ShadowRun(t.Context(), s.Call("zhouming"), d.ID, design.ShadowRequest{Instances: 10})
	if err != nil || report.Replayed != 2 || report.Same != 2 {
		t.Errorf("%+v %v", report, err)
	}
}
