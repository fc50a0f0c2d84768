package notify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

func suite(d *faastest.Demo) faastest.Suite {
	return faastest.Suite{App: d.App, Function: Function, Handle: Handle, Sign: func(r *http.Request, body []byte) error {
		if r.URL.Path != "/events" {
			return nil
		}
		return d.App.Access.SignInternal(r.Header, r.Method, r.URL.RequestURI(), body)
	}}
}

// told gives lina three notifications and zhaolei one, and returns the ids of lina's newest and zhaolei's.
func told(t *testing.T, d *faastest.Demo) (lina, zhaolei engine.ID) {
	t.Helper()
	var list []store.Notification
	for n, username := range []string{"lina", "lina", "lina", "zhaolei"} {
		list = append(list, store.Notification{
			ID: engine.ID{1, 15: byte(n + 1)}, Username: username, Type: notification.TaskOffered, Title: fmt.Sprintf("有任务等待认领：备案 %d", n+1),
			Content: []byte(`{"processKey":"leave"}`), CreatedAt: time.Date(2026, 3, 2, 9, 0, n, 0, time.UTC),
		})
	}
	if err := d.App.Store.Notify(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	return list[2].ID, list[3].ID
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	mine, others := told(t, d)
	lina, zhangwei := d.As("lina"), d.As("zhangwei")
	keyed := map[string]string{"Authorization": lina["Authorization"], "Idempotency-Key": "once"}
	const list, path = "/api/v1/notifications", "/api/v1/notifications/"
	unreadAgain := func(t *testing.T, _ *faastest.Call) {
		n := store.Notification{ID: engine.ID{2}, Username: "lina", Type: "x", Title: "x", Content: []byte(`{}`), CreatedAt: time.Now()}
		n.ID[15] = byte(time.Now().UnixNano())
		if err := d.App.Store.Notify(t.Context(), []store.Notification{n}); err != nil {
			t.Fatal(err)
		}
	}
	suite(d).Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: list, Header: lina, Status: 200, JSON: `{"items": [
			{"id": "` + mine.String() + `", "type": "task.offered", "title": "有任务等待认领：备案 3", "content": {"processKey": "leave"}, "createdAt": "2026-03-02T09:00:02Z", "readAt": null}, {}, {}]}`},
		{Name: "page", Method: "GET", Path: list + "?limit=2", Header: lina, Status: 200, JSON: `{"items": [{}, {}]}`, Check: follow(d, lina)},
		{Name: "nobody's", Method: "GET", Path: list, Header: zhangwei, Status: 200, JSON: `{"items": []}`},
		{Name: "count", Method: "GET", Path: path + "unread-count", Header: lina, Status: 200, JSON: `{"count": 3}`},
		{Name: "sort", Method: "GET", Path: list + "?sort=title", Header: lina, Status: 400, Code: "bad_list_request"},
		{Name: "another's", Method: "GET", Path: list + "?username=zhaolei", Header: lina, Status: 400},
		{Name: "read", Method: "POST", Path: path + mine.String() + "/read", Header: lina, Status: 200, JSON: `{"id": "` + mine.String() + `", "title": "有任务等待认领：备案 3"}`},
		{Name: "read again", Method: "POST", Path: path + mine.String() + "/read", Header: keyed, Body: `{}`, Status: 200, JSON: `{"id": "` + mine.String() + `"}`},
		{Name: "read another's", Method: "POST", Path: path + others.String() + "/read", Header: lina, Status: 404, Code: "notification_not_found"},
		{Name: "read unknown", Method: "POST", Path: path + engine.ID{9}.String() + "/read", Header: lina, Status: 404, Code: "notification_not_found"},
		{Name: "read no id", Method: "POST", Path: path + "1/read", Header: lina, Status: 404, Code: "not_found"},
		{Name: "read with a body", Method: "POST", Path: path + mine.String() + "/read", Header: lina, Body: `{"read": false}`, Status: 400, Code: "bad_json"},
		{Name: "unread", Method: "GET", Path: list + "?unread=true&count=true", Header: lina, Status: 200, JSON: `{"items": [{"readAt": null}, {"readAt": null}], "total": 2}`},
		{Name: "read all", Method: "POST", Path: list + ":read-all", Prepare: unreadAgain, Header: lina, Status: 200},
		{Name: "all are read", Method: "POST", Path: list + ":read-all", Header: lina, Body: `{}`, Status: 200, JSON: `{"count": 0}`},
		{Name: "key of another request", Method: "POST", Path: list + ":read-all", Header: keyed, Status: 422, Code: "idempotency_key_reused"},
		{Name: "no token", Method: "GET", Path: list, Status: 401, Code: "token_missing"},
		{Name: "count without a token", Method: "GET", Path: path + "unread-count", Status: 401},
		{Name: "wrong method", Method: "DELETE", Path: path + mine.String(), Header: lina, Status: 404},
	})
	if n, err := d.App.Store.UnreadNotifications(t.Context(), "zhaolei"); err != nil || n != 1 {
		t.Errorf("zhaolei has %d unread, %v", n, err)
	}
}

// follow reads the next page.
func follow(d *faastest.Demo, header map[string]string) func(*testing.T, faastest.Answer) {
	return func(t *testing.T, a faastest.Answer) {
		var p page.Page[store.Notification]
		if err := json.Unmarshal(a.Body, &p); err != nil || p.NextCursor == "" {
			t.Fatalf("%s, %v", a.Body, err)
		}
		suite(d).Run(t, []faastest.Call{{
			Name: "next", Method: "GET", Path: "/api/v1/notifications?limit=2&cursor=" + p.NextCursor, Header: header, Status: 200, JSON: `{"items": [{}]}`,
		}})
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	instance, task := d.Start(nil)
	data := fmt.Sprintf(`{"instanceId": %q, "processKey": "leave", "actor": "zhangwei", "taskId": %q, "assignee": "wangfang"}`, instance, task)
	var before int
	count := func(username string) int {
		n, err := d.App.Store.UnreadNotifications(t.Context(), username)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	remember := func(username string) func(*testing.T, *faastest.Call) {
		return func(*testing.T, *faastest.Call) { before = count(username) }
	}
	more := func(username string) func(*testing.T, faastest.Answer) {
		return func(t *testing.T, _ faastest.Answer) {
			if count(username) != before+1 {
				t.Errorf("%s has %d unread, and had %d", username, count(username), before)
			}
		}
	}
	suite(d).Run(t, []faastest.Call{
		{Name: "task created", Event: cloudevent.TypeTaskCreated, Body: data, Prepare: remember("wangfang"), Status: 204, Check: more("wangfang")},
		{Name: "instance ended", Event: cloudevent.TypeInstanceEnded, Body: fmt.Sprintf(`{"instanceId": %q, "actor": "lina"}`, instance), Prepare: remember("zhangwei"), Status: 204, Check: more("zhangwei")},
		{Name: "incident", Event: cloudevent.TypeIncidentRaised, Body: fmt.Sprintf(`{"instanceId": %q}`, instance), Prepare: remember("wuqiang"), Status: 204, Check: more("wuqiang")},
		{Name: "task completed", Event: cloudevent.TypeTaskCompleted, Body: data, Status: 204},
		{Name: "no data", Event: cloudevent.TypeTaskCreated, Body: `{}`, Status: 422, Code: "bad_notification_event"},
		{Name: "unknown type", Event: "io.diom.workflow.unknown.v1", Body: data, Status: 422, Code: "unknown_event_type"},
	})
	unsigned := suite(d)
	unsigned.Sign = nil
	unsigned.Run(t, []faastest.Call{{Name: "unsigned", Event: cloudevent.TypeTaskCreated, Body: data, Status: 401}})
}
