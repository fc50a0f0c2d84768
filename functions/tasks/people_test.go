package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// path returns what makes a new instance, whose first task is wangfang's, the subject of a call.
func path(d *faastest.Demo, operation string) func(*testing.T, *faastest.Call) {
	return func(_ *testing.T, c *faastest.Call) {
		_, task := d.Start(nil)
		c.Path = "/api/v1/tasks/" + task.String() + operation
	}
}

func TestCopies(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	wangfang, zhangwei, sunqi, lina, wuqiang := d.As("wangfang"), d.As("zhangwei"), d.As("sunqi"), d.As("lina"), d.As("wuqiang")
	instance, task := d.Start(nil)
	one := "/api/v1/tasks/" + task.String()
	ended := func(_ *testing.T, c *faastest.Call) {
		_, task := d.Start(nil)
		d.Complete("wangfang", task)
		c.Path = "/api/v1/tasks/" + task.String() + "/copy"
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "not copied", Method: "GET", Path: one, Header: sunqi, Status: 403, Code: "not_your_task"},
		{Name: "by the assignee", Method: "POST", Prepare: path(d, "/copy"), Header: wangfang, Body: `{"userIds": ["sunqi", "lina"], "comment": "for your information"}`, Status: 200, JSON: `{"task": {"state": "open", "assignee": "wangfang"}, "next": []}`},
		{Name: "by the starter", Method: "POST", Prepare: path(d, "/copy"), Header: zhangwei, Body: `{"userIds": ["zhaolei"]}`, Status: 200},
		{Name: "by an operator", Method: "POST", Prepare: path(d, "/copy"), Header: wuqiang, Body: `{"userIds": ["zhaolei"]}`, Status: 200},
		{Name: "of what is done", Method: "POST", Prepare: ended, Header: wangfang, Body: `{"userIds": ["zhaolei"]}`, Status: 200, JSON: `{"task": {"state": "completed"}}`},
		{Name: "of another's", Method: "POST", Prepare: path(d, "/copy"), Header: lina, Body: `{"userIds": ["sunqi"]}`, Status: 403, Code: "not_your_task"},
		{Name: "to nobody", Method: "POST", Path: one + "/copy", Header: wangfang, Body: `{"userIds": []}`, Status: 422, Code: "no_users"},
		{Name: "to who is not there", Method: "POST", Path: one + "/copy", Header: wangfang, Body: `{"userIds": ["sunqi", "nobody"]}`, Status: 422, Code: "unknown_user", JSON: `{"errors": [{"pointer": "/userIds/1"}]}`},
		{Name: "to everybody", Method: "POST", Path: one + "/copy", Header: wangfang, Body: `{"userIds": [` + strings.Repeat(`"sunqi", `, 100) + `"sunqi"]}`, Status: 422, Code: "too_many_copies"},
		{Name: "of nothing", Method: "POST", Path: "/api/v1/tasks/" + engine.ID{1}.String() + "/copy", Header: wangfang, Body: `{"userIds": ["sunqi"]}`, Status: 404, Code: "task_not_found"},
		{Name: "the copies of who has none", Method: "GET", Path: "/api/v1/tasks?view=copied", Header: zhangwei, Status: 200, JSON: `{"items": []}`},
	})
	c := d.Call("wangfang")
	c.Idempotency = &store.Idempotency{Principal: "wangfang", Key: "copy", Route: "r"}
	for i := range 2 {
		if _, err := d.App.Workflow.CopyTask(t.Context(), c, task, workflow.Copies{UserIDs: []string{"zhouming", "zhouming"}, Comment: "look"}); i == 0 && err != nil || i == 1 && !errors.Is(err, store.ErrRepeated) {
			t.Fatal(i, err)
		}
	}
	if _, err := d.App.Workflow.CopyTask(t.Context(), d.Call("zhangwei"), task, workflow.Copies{UserIDs: []string{"zhouming"}}); err != nil { // he keeps the first
		t.Fatal(err)
	}
	zhouming := d.As("zhouming")
	unread := func(n int) string {
		return `{"items": [` + strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"id": %q, "copy": {"by": "wangfang", "comment": "look"}}, `, task), n), ", ") + `]}`
	}
	read := func(status string) faastest.Call {
		return faastest.Call{Name: status, Method: "GET", Path: one, Header: zhouming, Status: 200, JSON: `{"actions": [` + strings.TrimSuffix(strings.Repeat(`{"allowed": false}, `, 12), ", ") + `]}`}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "unread", Method: "GET", Path: "/api/v1/tasks?view=copied&unread=true&count=true", Header: zhouming, Status: 200, JSON: strings.Replace(unread(1), "}", `, "readAt": null}`, 1)},
		{Name: "by priority", Method: "GET", Path: "/api/v1/tasks?view=copied&sort=priority", Header: zhouming, Status: 200, JSON: unread(1)},
		read("reads it"),
		{Name: "form", Method: "GET", Path: one + "/form", Header: zhouming, Status: 200},
		{Name: "nothing unread", Method: "GET", Path: "/api/v1/tasks?view=copied&unread=true", Header: zhouming, Status: 200, JSON: `{"items": []}`},
		{Name: "still there", Method: "GET", Path: "/api/v1/tasks?view=copied", Header: zhouming, Status: 200, JSON: unread(1)},
		{Name: "passes it on", Method: "POST", Path: one + "/copy", Header: zhouming, Body: `{"userIds": ["sunqi"]}`, Status: 403, Code: "not_your_task"},
		{Name: "comments", Method: "POST", Path: one + "/comments", Header: zhouming, Body: `{"text": "x"}`, Status: 403, Code: "not_your_task"},
		{Name: "reads comments", Method: "GET", Path: one + "/comments", Header: zhouming, Status: 200},
		{Name: "transfers it", Method: "POST", Path: one + "/transfer", Header: zhouming, Body: `{"userId": "zhouming"}`, Status: 403, Code: "not_your_task"},
		{Name: "completes nothing", Method: "POST", Path: one + "/urge", Header: zhouming, Status: 403, Code: "not_your_task"},
	})
	if _, err := d.App.Workflow.Instance(t.Context(), d.Call("zhouming").Principal, instance); err != nil {
		t.Error(err)
	}
	if _, err := d.App.Workflow.Instance(t.Context(), d.Call("sunqi").Principal, instance); !errors.Is(err, workflow.ErrNotYourInstance) {
		t.Error(err)
	}
	if _, err := d.App.Workflow.CancelInstance(t.Context(), d.Call("zhouming"), instance, ""); !errors.Is(err, workflow.ErrNotYourInstance) {
		t.Error(err)
	}
}

// A model may say who is told when a task is decided.
func TestCopiesOfTheModel(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(strings.NewReplacer(
		`targetNamespace="t"`, `targetNamespace="t" xmlns:d="https://diom.io/schema/bpmn/1.0"`,
		`c:assignee="wangfang"/>`, `c:assignee="wangfang"><extensionElements><d:approval copyTo="${approval.result == 'approved' ? 'sunqi,zhouming' : 'lina'}"/></extensionElements></userTask>`,
	).Replace(faastest.Leave))
	for outcome, told := range map[string][]string{"approve": {"sunqi", "zhouming"}, "reject": {"lina"}} {
		_, task := d.Start(nil)
		if _, err := d.App.Workflow.CompleteTask(t.Context(), d.Call("wangfang"), task, workflow.Completion{Outcome: outcome}); err != nil {
			t.Fatal(err)
		}
		for _, username := range told {
			copies, err := d.App.Store.Tasks(t.Context(), store.TaskFilter{View: store.Copied, Username: username, Unread: true}, page.Request{Limit: 5, Sort: "createdAt", Descending: true})
			if err != nil || len(copies.Items) != 1 || copies.Items[0].ID != task || copies.Items[0].Copy.By != "wangfang" {
				t.Errorf("%s: %+v, %v", username, copies.Items, err)
			}
		}
	}
}

func TestUrges(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	zhangwei, wangfang, wuqiang := d.As("zhangwei"), d.As("wangfang"), d.As("wuqiang")
	again := func(t *testing.T, c *faastest.Call) {
		_, task := d.Start(nil)
		if _, err := d.App.Workflow.UrgeTask(t.Context(), d.Call("zhangwei"), task, workflow.Remark{}); err != nil {
			t.Fatal(err)
		}
		c.Path = "/api/v1/tasks/" + task.String() + "/urge"
	}
	done := func(_ *testing.T, c *faastest.Call) {
		_, task := d.Start(nil)
		d.Complete("wangfang", task)
		c.Path = "/api/v1/tasks/" + task.String() + "/urge"
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "by the starter", Method: "POST", Prepare: path(d, "/urge"), Header: zhangwei, Body: `{"comment": "please"}`, Status: 200, JSON: `{"task": {"state": "open"}, "next": []}`},
		{Name: "by an operator", Method: "POST", Prepare: path(d, "/urge"), Header: wuqiang, Status: 200},
		{Name: "by the assignee", Method: "POST", Prepare: path(d, "/urge"), Header: wangfang, Status: 403, Code: "not_your_task"},
		{Name: "again", Method: "POST", Prepare: again, Header: zhangwei, Status: 429, Code: "urged_recently", JSON: `{"retryAfter": 1800}`},
		{Name: "what is done", Method: "POST", Prepare: done, Header: zhangwei, Status: 409, Code: "task_ended"},
		{Name: "too long", Method: "POST", Prepare: path(d, "/urge"), Header: zhangwei, Body: `{"comment": "` + strings.Repeat("x", 4001) + `"}`, Status: 422, Code: "text_too_long"},
		{Name: "one may", Method: "GET", Prepare: path(d, ""), Header: zhangwei, Status: 200, JSON: `{"actions": [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {"name": "copy", "allowed": true}, {"name": "urge", "allowed": true}]}`},
	})
}

// Of many who urge at once one does: the others find that somebody has.
func TestUrgesAtOnce(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	instance, task := d.Start(nil)
	call := d.Call("zhangwei")
	var group sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		group.Go(func() {
			for {
				_, errs[i] = d.App.Workflow.UrgeTask(t.Context(), call, task, workflow.Remark{})
				if !errors.Is(errs[i], workflow.ErrBusy) {
					return
				}
			}
		})
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, engine.ErrUrged):
			t.Error(err)
		}
	}
	rows, err := d.App.Store.History(t.Context(), instance, 0, 100)
	if err != nil || won != 1 || len(rows) != 2 {
		t.Errorf("%d have urged, %d steps, %v", won, len(rows), err)
	}
}

// The third urge of the same person is told above; another person begins anew.
func TestUrgesGoUp(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	if _, err := d.App.Access.ChangeSetting(t.Context(), d.Call("admin").Principal, setting.UrgeCooldown, access.SettingChange{Value: json.RawMessage(`"0s"`)}, 0); err != nil {
		t.Fatal(err)
	}
	instance, task := d.Start(nil)
	reasons := func() (list []string) {
		rows, err := d.App.Store.History(t.Context(), instance, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, c := range row.Changes {
				if c.Kind == engine.TaskUrged {
					list = append(list, fmt.Sprint(c.Urges, c.Reason))
				}
			}
		}
		return list
	}
	urge := func() {
		time.Sleep(2 * time.Millisecond)
		if _, err := d.App.Workflow.UrgeTask(t.Context(), d.Call("zhangwei"), task, workflow.Remark{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		urge()
	}
	if _, err := d.App.Workflow.TransferTask(t.Context(), d.Call("wangfang"), task, workflow.Assignment{UserID: "lina"}); err != nil {
		t.Fatal(err)
	}
	urge()
	if got := fmt.Sprint(reasons()); got != "[1 2 3escalated 4escalated 1]" {
		t.Error(got)
	}
	timeline, err := d.App.Workflow.Timeline(t.Context(), d.Call("zhangwei").Principal, instance)
	if raw, _ := json.Marshal(timeline); err != nil || strings.Count(string(raw), "task.urged") != 5 {
		t.Errorf("%s %v", raw, err)
	}
	if fault.KindOf(engine.ErrUrged) != fault.Busy {
		t.Error("an urge that comes early cannot be repeated")
	}
}
