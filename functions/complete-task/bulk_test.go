package completetask

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// many is the model of the demo whose first task may be completed together with others.
var many = strings.NewReplacer(
	`targetNamespace="t"`, `targetNamespace="t" xmlns:d="https://diom.io/schema/bpmn/1.0"`,
	`c:assignee="wangfang"/>`, `c:assignee="wangfang"><extensionElements><d:approval bulk="true"/></extensionElements></userTask>`,
).Replace(faastest.Leave)

func list(ids ...engine.ID) string {
	raw, _ := json.Marshal(ids)
	return string(raw)
}

func TestBulk(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(many)
	d.Deploy(strings.Replace(faastest.Leave, `id="leave"`, `id="other"`, 1))
	wangfang, lina := d.As("wangfang"), d.As("lina")
	raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), "other", workflow.StartRequest{})
	var other workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &other)
	}
	if err != nil {
		t.Fatal(err)
	}
	two := func(rest string) func(*testing.T, *faastest.Call) {
		return func(_ *testing.T, c *faastest.Call) {
			_, a := d.Start(nil)
			_, b := d.Start(nil)
			c.Body = fmt.Sprintf(`{"ids": %s%s}`, list(a, b), rest)
		}
	}
	mixed := func(_ *testing.T, c *faastest.Call) {
		_, a := d.Start(nil)
		_, done := d.Start(nil)
		next := d.Complete("wangfang", done)
		c.Body = fmt.Sprintf(`{"ids": %s, "outcome": "approve"}`, list(done, a, engine.ID{9}, next))
	}
	const path = "/api/v1/tasks:complete"
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "two", Method: "POST", Path: path, Prepare: two(`, "outcome": "approve", "comment": "fine"`), Header: wangfang, Status: 200, JSON: `{"completed": 2, "failed": 0, "items": [{"completed": true, "instance": {"state": "active"}}, {"completed": true}]}`},
		{Name: "some of them", Method: "POST", Path: path, Prepare: mixed, Header: wangfang, Status: 200, JSON: `{"completed": 1, "failed": 3, "items": [{"completed": false, "code": "task_ended"}, {"completed": true}, {"code": "task_not_found"}, {"code": "not_your_task"}]}`},
		{Name: "another's", Method: "POST", Path: path, Prepare: two(""), Header: lina, Status: 200, JSON: `{"completed": 0, "failed": 2, "items": [{"code": "not_your_task"}, {"code": "not_your_task"}]}`},
		{Name: "another outcome", Method: "POST", Path: path, Prepare: two(`, "outcome": "perhaps"`), Header: wangfang, Status: 200, JSON: `{"items": [{"code": "bad_outcome"}, {"code": "bad_outcome"}]}`},
		{Name: "what the model forbids", Method: "POST", Path: path, Body: `{"ids": ` + list(other.Tasks[0].ID) + `}`, Header: wangfang, Status: 200, JSON: `{"items": [{"code": "bulk_not_allowed"}]}`},
		{Name: "of two processes", Method: "POST", Path: path, Prepare: func(_ *testing.T, c *faastest.Call) {
			_, a := d.Start(nil)
			c.Body = fmt.Sprintf(`{"ids": %s}`, list(a, other.Tasks[0].ID))
		}, Header: wangfang, Status: 422, Code: "several_processes"},
		{Name: "twice the same", Method: "POST", Path: path, Body: `{"ids": ` + list(engine.ID{1}, engine.ID{1}) + `}`, Header: wangfang, Status: 422, Code: "bad_task_ids"},
		{Name: "none", Method: "POST", Path: path, Body: `{"ids": []}`, Header: wangfang, Status: 422, Code: "bad_task_ids"},
		{Name: "too many", Method: "POST", Path: path, Body: `{"ids": [` + strings.Repeat(`"`+engine.ID{1}.String()+`", `, 100) + `"` + engine.ID{2}.String() + `"]}`, Header: wangfang, Status: 422, Code: "bad_task_ids"},
	})
}

// However often and by how many at once a call with a key is repeated, each task is completed once, and counts as done.
func TestBulkIsRepeated(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(many)
	c := workflow.Completions{Outcome: "approve"}
	instances := []engine.ID{}
	for range 3 {
		instance, task := d.Start(nil)
		c.IDs, instances = append(c.IDs, task), append(instances, instance)
	}
	call := d.Call("wangfang")
	call.Idempotency = &store.Idempotency{Principal: "wangfang", Key: "k", Route: "r"}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			raw, err := d.App.Workflow.CompleteTasks(t.Context(), call, c)
			var answer workflow.CompletionsAnswer
			if err == nil {
				err = json.Unmarshal(raw, &answer)
			}
			if err != nil || answer.Completed != 3 {
				t.Errorf("%s, %v", raw, err)
			}
		})
	}
	group.Wait()
	for _, instance := range instances {
		rows, err := d.App.Store.History(t.Context(), instance, 0, 10)
		if err != nil || len(rows) != 2 {
			t.Errorf("%d steps, %v", len(rows), err)
		}
	}
	call.Idempotency = nil
	raw, err := d.App.Workflow.CompleteTasks(t.Context(), call, c)
	var answer workflow.CompletionsAnswer
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil || answer.Failed != 3 || answer.Items[0].Code != engine.ErrTaskEnded.Code {
		t.Errorf("%s, %v", raw, err)
	}
}
