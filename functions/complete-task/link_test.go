package completetask

import (
	"net/url"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/tasklink"
	"diom.io/workflow/shared/workflow"
)

const vote = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" xmlns:d="https://diom.io/schema/bpmn/1.0" targetNamespace="t">
<process id="leave" name="&lt;请假&gt;" isExecutable="true"><startEvent id="s"/>
<userTask id="board" name="部门&lt;审批&gt;" c:assignee="wangfang"><extensionElements><d:approval mode="any"/></extensionElements></userTask><userTask id="file" c:assignee="lina"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="board"/><sequenceFlow id="f2" sourceRef="board" targetRef="file"/></process></definitions>`

// links is the demo company with tasks that can be decided from a message.
type links struct {
	*faastest.Demo
	*tasklink.Service
	t *testing.T
}

func openLinks(t *testing.T) *links {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	d.Deploy(vote)
	return &links{d, tasklink.New(d.App.Store, d.App.Access, d.App.Workflow, "https://flow.example/"), t}
}

// offer starts an instance and returns its task and the path of wangfang's link.
func (l *links) offer() (engine.ID, string) {
	l.t.Helper()
	_, task := l.Demo.Start(nil)
	return task, l.of("wangfang", task)
}

func (l *links) of(username string, task engine.ID) string {
	l.t.Helper()
	link, err := l.Offer(l.t.Context(), username, task)
	if err != nil || !strings.HasPrefix(link, "https://flow.example"+tasklink.Path) {
		l.t.Fatalf("%q %v", link, err)
	}
	return strings.TrimPrefix(link, "https://flow.example")
}

func TestTaskLinks(t *testing.T) {
	t.Parallel()
	l := openLinks(t)
	browser := map[string]string{"Accept": "text/html,*/*"}
	form := map[string]string{"Content-Type": formType}
	var task engine.ID
	fresh := func(_ *testing.T, c *faastest.Call) { task, c.Path = l.offer() }
	ended := func(t *testing.T, _ faastest.Answer) {
		t.Helper()
		if now, err := l.App.Store.Task(t.Context(), task); err != nil || now.Open() || now.EndedBy == nil || *now.EndedBy != "wangfang" {
			t.Errorf("%+v %v", now, err)
		}
	}
	open := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		if now, err := l.App.Store.Task(t.Context(), task); err != nil || !now.Open() {
			t.Errorf("reading a link has done something: %+v %v", now, err)
		}
		if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", a.Header)
		}
	}
	used := func(t *testing.T, c *faastest.Call) {
		fresh(t, c)
		if _, err := l.Use(t.Context(), token(t, c.Path), tasklink.Decision{Outcome: engine.Approve}); err != nil {
			t.Fatal(err)
		}
	}
	handed := func(t *testing.T, c *faastest.Call) {
		fresh(t, c)
		if _, err := l.App.Workflow.TransferTask(t.Context(), l.Call("wangfang"), task, workflow.Assignment{UserID: "zhaolei"}); err != nil {
			t.Fatal(err)
		}
	}
	altered := func(t *testing.T, c *faastest.Call) {
		fresh(t, c)
		i := len(tasklink.Path) + 12
		c.Path = c.Path[:i] + string(c.Path[i]^1) + c.Path[i+1:]
	}
	suite := faastest.Suite{App: l.App, Function: Function, Handle: Handle}
	suite.Run(t, []faastest.Call{
		{Name: "show", Method: "GET", Path: "-", Prepare: fresh, Status: 200, Check: open, JSON: `{"taskName": "部门<审批>", "processName": "<请假>", "username": "wangfang", "outcomes": ["approve", "reject"]}`},
		{Name: "show a page", Method: "GET", Path: "-", Prepare: fresh, Header: browser, Status: 200, Check: func(t *testing.T, a faastest.Answer) {
			open(t, a)
			if text := string(a.Body); !strings.Contains(text, "部门&lt;审批&gt;") || !strings.Contains(text, `value="reject"`) || strings.Contains(text, "<script") {
				t.Error(text)
			}
		}},
		{Name: "use", Method: "POST", Path: "-", Prepare: fresh, Body: `{"outcome": "approve", "comment": "同意"}`, Status: 200, Check: ended, JSON: `{"outcome": "approve"}`},
		{Name: "use the page", Method: "POST", Path: "-", Prepare: fresh, Header: form, Body: url.Values{"outcome": {"reject"}, "comment": {"a & b"}}.Encode(), Status: 200, Check: ended},
		{Name: "use twice", Method: "POST", Path: "-", Prepare: used, Body: `{"outcome": "approve"}`, Status: 409, Code: "task_link_used"},
		{Name: "show what was used", Method: "GET", Path: "-", Prepare: used, Status: 409, Code: "task_link_used"},
		{Name: "another outcome", Method: "POST", Path: "-", Prepare: fresh, Body: `{"outcome": "abstain"}`, Status: 422, Code: "task_link_outcome"},
		{Name: "somebody else's now", Method: "POST", Path: "-", Prepare: handed, Body: `{"outcome": "approve"}`, Status: 409, Code: "task_link_over"},
		{Name: "altered", Method: "POST", Path: "-", Prepare: altered, Body: `{"outcome": "approve"}`, Status: 404, Code: "task_link_invalid"},
		{Name: "nothing", Method: "GET", Path: tasklink.Path + "a.b.c", Status: 404, Code: "task_link_invalid"},
	})
}

func token(t *testing.T, path string) string {
	t.Helper()
	text, err := url.PathUnescape(strings.TrimPrefix(path, tasklink.Path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The history says that a task was completed by a link, as whom, and with which comment.
func TestLinkIsAudited(t *testing.T) {
	t.Parallel()
	l := openLinks(t)
	task, path := l.offer()
	if _, err := l.Use(t.Context(), token(t, path), tasklink.Decision{Outcome: engine.Reject, Comment: "太晚"}); err != nil {
		t.Fatal(err)
	}
	now, in, err := l.App.Store.LoadByTask(t.Context(), task)
	if err != nil || now.Open() {
		t.Fatalf("%+v %v", now, err)
	}
	steps, err := l.App.Store.History(t.Context(), in.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		for _, c := range step.Changes {
			if c.Kind == engine.TaskCompleted && c.TaskID == task {
				if step.Actor != "wangfang" || c.Reason != workflow.ViaLink || c.Comment != "太晚" || c.Outcome != engine.Reject {
					t.Errorf("%+v", c)
				}
				return
			}
		}
	}
	t.Error("it is not in the history")
}

// There is no link for what is not his, wants a form, or where nobody says at which address the product is.
func TestNothingToOffer(t *testing.T) {
	t.Parallel()
	l := openLinks(t)
	_, task := l.Demo.Start(nil)
	for name, offer := range map[string]func() (string, error){
		"another's": func() (string, error) { return l.Offer(t.Context(), "lina", task) },
		"nobody's":  func() (string, error) { return l.Offer(t.Context(), "nobody", task) },
		"no task":   func() (string, error) { return l.Offer(t.Context(), "wangfang", engine.ID{9}) },
		"no address": func() (string, error) {
			return tasklink.New(l.App.Store, l.App.Access, l.App.Workflow, "").Offer(t.Context(), "wangfang", task)
		},
	} {
		if link, err := offer(); link != "" || err != nil {
			t.Errorf("%s: %q %v", name, link, err)
		}
	}
}
