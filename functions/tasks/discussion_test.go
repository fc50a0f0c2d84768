package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// discuss writes a comment and returns it.
func discuss(t *testing.T, d *faastest.Demo, who string, of store.Subject, x workflow.Contribution) store.Comment {
	t.Helper()
	raw, err := d.App.Workflow.Discuss(t.Context(), d.Call(who), of, x, workflow.Teller{Make: d.App.Notifications.Discussed, Told: d.App.Notifications.Told})
	if err != nil {
		t.Fatal(err)
	}
	var c store.Comment
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDiscussions(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	zhangwei, wangfang, sunqi, wuqiang := d.As("zhangwei"), d.As("wangfang"), d.As("sunqi"), d.As("wuqiang")
	instance, task := d.Start(nil)
	question := discuss(t, d, "wangfang", ofTask(task), workflow.Contribution{Text: "why?", Mentions: []string{"zhangwei", "zhangwei"}})
	_, other := d.Start(nil)
	elsewhere := discuss(t, d, "wangfang", ofTask(other), workflow.Contribution{Text: "x"})
	one, whole := "/api/v1/tasks/"+task.String()+"/comments", "/api/v1/instances/"+instance.String()+"/comments"
	answer := fmt.Sprintf(`{"text": "because @wangfang", "parentId": %q}`, question.ID)
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: one, Header: zhangwei, Status: 200, JSON: `{"items": [{"author": "wangfang", "text": "why?", "mentions": ["zhangwei"]}]}`},
		{Name: "list another's", Method: "GET", Path: one, Header: sunqi, Status: 403, Code: "not_your_task"},
		{Name: "list another's instance", Method: "GET", Path: whole, Header: sunqi, Status: 403, Code: "not_your_instance"},
		{Name: "write to another's", Method: "POST", Path: one, Header: sunqi, Body: `{"text": "x"}`, Status: 403, Code: "not_your_task"},
		{Name: "write to another's instance", Method: "POST", Path: whole, Header: sunqi, Body: `{"text": "x"}`, Status: 403, Code: "not_your_instance"},
		{Name: "answer", Method: "POST", Path: one, Header: zhangwei, Body: answer, Status: 201, JSON: fmt.Sprintf(`{"author": "zhangwei", "parentId": %q, "taskId": %q, "mentions": []}`, question.ID, task)},
		{Name: "answer in the thread of the instance", Method: "POST", Path: whole, Header: wuqiang, Body: answer, Status: 201},
		{Name: "answer what is elsewhere", Method: "POST", Path: one, Header: zhangwei, Body: fmt.Sprintf(`{"text": "x", "parentId": %q}`, elsewhere.ID), Status: 422, Code: "unknown_comment"},
		{Name: "answer nothing", Method: "POST", Path: one, Header: zhangwei, Body: fmt.Sprintf(`{"text": "x", "parentId": %q}`, engine.ID{9}), Status: 422, Code: "unknown_comment"},
		{Name: "no text", Method: "POST", Path: one, Header: zhangwei, Body: `{}`, Status: 422, Code: "text_missing"},
		{Name: "long text", Method: "POST", Path: one, Header: zhangwei, Body: `{"text": "` + strings.Repeat("长", 16001) + `"}`, Status: 422, Code: "text_too_long"},
		{Name: "mention nobody", Method: "POST", Path: one, Header: zhangwei, Body: `{"text": "x", "mentions": ["wangfang", "nobody"]}`, Status: 422, Code: "unknown_user", JSON: `{"errors": [{"pointer": "/mentions/1"}]}`},
		{Name: "mention who may not read", Method: "POST", Path: one, Header: zhangwei, Body: `{"text": "x", "mentions": ["sunqi"]}`, Status: 422, Code: "mention_cannot_read"},
		{Name: "mention everybody", Method: "POST", Path: one, Header: zhangwei, Body: `{"text": "x", "mentions": [` + strings.Repeat(`"lina", `, 20) + `"lina"]}`, Status: 422, Code: "too_many_mentions"},
		{Name: "of nothing", Method: "POST", Path: "/api/v1/tasks/" + engine.ID{9}.String() + "/comments", Header: wangfang, Body: `{"text": "x"}`, Status: 404, Code: "task_not_found"},
		{Name: "of an unknown instance", Method: "GET", Path: "/api/v1/instances/" + engine.ID{9}.String() + "/comments", Header: wangfang, Status: 404, Code: "instance_not_found"},
	})
	if list, err := d.App.Workflow.Comments(t.Context(), d.Call("zhangwei").Principal, ofInstance(instance)); err != nil || len(list) != 5 {
		t.Errorf("%d comments on the instance and its task, %v", len(list), err)
	}
	if _, err := d.App.Workflow.CopyTask(t.Context(), d.Call("zhangwei"), task, workflow.Copies{UserIDs: []string{"sunqi"}}); err != nil {
		t.Fatal(err)
	}
	discuss(t, d, "zhangwei", ofTask(task), workflow.Contribution{Text: "see", Mentions: []string{"sunqi"}}) // he may read now
	for username, want := range map[string]int{"zhangwei": 1, "wangfang": 4, "sunqi": 1} {                   // wangfang was answered in two ways, twice each
		if n, err := d.App.Store.UnreadNotifications(t.Context(), username); err != nil || n != want {
			t.Errorf("%s was told %d things, want %d, %v", username, n, want, err)
		}
	}
}

// A comment whose call is repeated is there once, with one notification.
func TestACommentIsThereOnce(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	_, task := d.Start(nil)
	call := d.Call("zhangwei")
	call.Idempotency = &store.Idempotency{Principal: "zhangwei", Key: "comment", Route: "r"}
	for i, want := range []error{nil, store.ErrRepeated} {
		if _, err := d.App.Workflow.Discuss(t.Context(), call, ofTask(task), workflow.Contribution{Text: "x", Mentions: []string{"wangfang"}}, workflow.Teller{Make: d.App.Notifications.Discussed, Told: d.App.Notifications.Told}); !errors.Is(err, want) {
			t.Errorf("%d: %v", i, err)
		}
	}
	list, err := d.App.Workflow.Comments(t.Context(), call.Principal, ofTask(task))
	n, unsure := d.App.Store.UnreadNotifications(t.Context(), "wangfang")
	if err != nil || unsure != nil || len(list) != 1 || n != 1 {
		t.Errorf("%d comments, %d notifications, %v, %v", len(list), n, err, unsure)
	}
}

// multipartOf is a body of multipart/form-data with one file and its header.
func multipartOf(who map[string]string, kind, name, content string) (map[string]string, string) {
	header := map[string]string{"Content-Type": "multipart/form-data; boundary=b"}
	for key, value := range who {
		header[key] = value
	}
	return header, "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"" + name + "\"\r\nContent-Type: " + kind + "\r\n\r\n" + content +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nd\r\n--b--\r\n"
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	d.App.Workflow.Settings = setting.New(config.Config{MaxAttachment: 100}, nil)
	_, task := d.Start(nil)
	at := "/api/v1/tasks/" + task.String() + "/attachments"
	raw, err := d.App.Workflow.Upload(t.Context(), d.Call("zhangwei"), task, workflow.Upload{Content: []byte("<script>alert(1)</script>"), Name: `C:\x\发票.png`, Type: "image/png"})
	if err != nil {
		t.Fatal(err)
	}
	var made store.Attachment
	if err := json.Unmarshal(raw, &made); err != nil {
		t.Fatal(err)
	}
	upload := func(name, who, kind, content string, status int, code, want string) faastest.Call {
		header, body := multipartOf(d.As(who), kind, name, content)
		return faastest.Call{Name: "upload " + name, Method: "POST", Path: at, Header: header, Body: body, Status: status, Code: code, JSON: want}
	}
	safe := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		for key, want := range map[string]string{
			"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
			"Content-Disposition": "attachment; filename*=utf-8''%E5%8F%91%E7%A5%A8.png",
		} {
			if got := a.Header.Get(key); got != want {
				t.Errorf("%s: %q", key, got)
			}
		}
		if string(a.Body) != "<script>alert(1)</script>" {
			t.Errorf("%q", a.Body)
		}
	}
	zhangwei, wangfang, sunqi := d.As("zhangwei"), d.As("wangfang"), d.As("sunqi")
	one := at + "/" + made.ID.String()
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: at, Header: wangfang, Status: 200, JSON: `{"items": [{"name": "发票.png", "contentType": "text/html; charset=utf-8", "author": "zhangwei", "size": 25}]}`},
		{Name: "list another's", Method: "GET", Path: at, Header: sunqi, Status: 403, Code: "not_your_task"},
		{Name: "download", Method: "GET", Path: one + "/content", Header: wangfang, Status: 200, Check: safe},
		{Name: "download another's", Method: "GET", Path: one + "/content", Header: sunqi, Status: 403, Code: "not_your_task"},
		{Name: "download nothing", Method: "GET", Path: at + "/" + engine.ID{9}.String() + "/content", Header: wangfang, Status: 404, Code: "attachment_not_found"},
		{Name: "no form", Method: "POST", Path: at, Header: wangfang, Body: `{}`, Status: 400, Code: "bad_form"},
		upload("a.docx", "wangfang", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\x03\x04 x", 201, "", `{"name": "a.docx", "description": "d", "contentType": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}`),
		upload("a.svg", "wangfang", "image/svg+xml", "<svg></svg>", 201, "", `{"contentType": "text/plain; charset=utf-8"}`),
		upload("..", "wangfang", "", "x", 201, "", `{"name": "attachment", "contentType": "text/plain; charset=utf-8"}`),
		upload("large", "wangfang", "text/plain", strings.Repeat("x", 101), 413, "attachment_too_large", ""),
		upload("of another", "sunqi", "text/plain", "x", 403, "not_your_task", ""),
		{Name: "remove another's", Method: "DELETE", Path: one, Header: wangfang, Status: 403, Code: "not_your_comment"},
		{Name: "remove", Method: "DELETE", Header: zhangwei, Status: 204, Prepare: func(t *testing.T, c *faastest.Call) {
			raw, err := d.App.Workflow.Upload(t.Context(), d.Call("zhangwei"), task, workflow.Upload{Content: []byte{}, Name: "empty"})
			if err != nil {
				t.Fatal(err)
			}
			var a store.Attachment
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			c.Path = at + "/" + a.ID.String()
		}},
	})
	call := d.Call("zhangwei")
	call.Idempotency = &store.Idempotency{Principal: "zhangwei", Key: "upload", Route: "r"}
	for i, want := range []error{nil, store.ErrRepeated} {
		if _, err := d.App.Workflow.Upload(t.Context(), call, task, workflow.Upload{Content: []byte("x"), Name: "once"}); !errors.Is(err, want) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
