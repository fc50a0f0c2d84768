package e2e_test

import (
	"net/http"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// countersign is a parallel approval by a collection of users: two of three are enough, the third one's
// task is cancelled then. A collection that is no list is an incident, which a retry mends.
func countersign(s *session) {
	key := s.process("countersign.bpmn")
	started := s.start(key, variables{"approvers": []string{"lina", "wangfang", "chenjing"}})
	tasks := map[string]store.Task{}
	for _, t := range started.Tasks {
		tasks[*t.Assignee] = t
	}
	if len(tasks) != 3 || tasks["lina"].Name != "会签（lina）" {
		s.Fatalf("started %+v", started)
	}
	s.views(tasks["chenjing"].ID, map[string]bool{"chenjing todo": true, "lina todo": false})
	if form := get[workflow.TaskForm](s, "wangfang", taskPath(tasks["wangfang"], "/form")); form.Variables["approver"] != "wangfang" || form.Variables["loopCounter"] == nil {
		s.Errorf("the form sees %v", form.Variables)
	}
	first := post[workflow.TaskAnswer](s, "lina", taskPath(tasks["lina"], "/complete"), http.StatusOK, map[string]any{"outcome": "approved"})
	if len(first.Next) != 0 || first.Instance.State != engine.Active {
		s.Errorf("one approval was enough: %+v", first)
	}
	second := post[workflow.TaskAnswer](s, "wangfang", taskPath(tasks["wangfang"], "/complete"), http.StatusOK, map[string]any{"outcome": "approved"})
	if len(second.Next) != 1 || second.Next[0].NodeID != "file" || *second.Next[0].Assignee != "sunqi" {
		s.Fatalf("two approvals were not enough: %+v", second)
	}
	s.views(tasks["chenjing"].ID, map[string]bool{"chenjing todo": false})
	s.refuse([]refusal{{name: "third approval", user: "chenjing", path: taskPath(tasks["chenjing"], "/complete"), body: map[string]any{}, status: 409, code: "task_ended"}})
	var kinds []engine.Kind
	for _, e := range get[struct{ Items []workflow.TimelineEntry }](s, "zhangwei", instancePath(started.Instance, "/timeline")).Items {
		if e.NodeID == "sign" && (e.Kind == engine.TaskCompleted || e.Kind == engine.TaskCancelled) {
			kinds = append(kinds, e.Kind)
		}
	}
	if !slices.Equal(kinds, []engine.Kind{engine.TaskCompleted, engine.TaskCompleted, engine.TaskCancelled}) {
		s.Errorf("timeline %v", kinds)
	}
	why := get[struct{ Items []workflow.Decision }](s, "zhangwei", instancePath(started.Instance, "/why")).Items
	if last := why[len(why)-1].Why[0]; last.Subject != "completionCondition" || string(last.Result) != "true" || string(last.Inputs["nrOfCompletedInstances"]) != "2" {
		s.Errorf("why %+v", last)
	}
	done := post[workflow.TaskAnswer](s, "sunqi", taskPath(second.Next[0], "/complete"), http.StatusOK, map[string]any{})
	if done.Instance.State != engine.Completed {
		s.Errorf("filed, but %+v", done.Instance)
	}
	countersignWithoutList(s, key)
}

func countersignWithoutList(s *session, key string) {
	in := s.start(key, variables{"approvers": "lina"}).Instance
	list := get[page.Page[store.Incident]](s, "wuqiang", "/api/v1/incidents?instanceId="+in.ID.String())
	if len(list.Items) != 1 || list.Items[0].NodeID != "sign" || list.Items[0].Code != "type_mismatch" {
		s.Fatalf("incidents %+v", list.Items)
	}
	mended := post[workflow.InstanceAnswer](s, "wuqiang", instancePath(in, "/retry"), http.StatusOK, map[string]any{"variables": variables{"approvers": []string{"lina", "sunqi"}}})
	if len(mended.Next) != 2 {
		s.Errorf("mended %+v", mended)
	}
	post[workflow.InstanceAnswer](s, "wuqiang", instancePath(in, "/cancel"), http.StatusOK, map[string]any{})
}
