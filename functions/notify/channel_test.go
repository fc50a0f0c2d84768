package notify

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/store"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// made keeps the id of what a call has made, and puts it into the paths of others.
type made struct {
	id string
	n  int
}

func (m *made) keep(t *testing.T, a faastest.Answer) {
	t.Helper()
	var answer struct{ ID string }
	if err := json.Unmarshal(a.Body, &answer); err != nil || strings.Contains(string(a.Body), "hidden") || a.Header.Get("Etag") != `"1"` {
		t.Errorf("%v: %s %v", err, a.Body, a.Header)
	}
	m.id = answer.ID
}

func (m *made) use(_ *testing.T, c *faastest.Call) {
	c.Path = strings.ReplaceAll(c.Path, "{made}", m.id)
}

func (m *made) fresh(_ *testing.T, c *faastest.Call) {
	m.n++
	c.Body = strings.ReplaceAll(c.Body, "{n}", fmt.Sprint(m.n))
}

func TestChannels(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	admin, m := d.As("admin"), &made{}
	stale := maps.Clone(admin)
	stale["If-Match"] = `"9"`
	const path = "/api/v1/channels"
	unknown := "/" + engine.ID{9}.String()
	bad := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Path: path, Header: admin, Body: body, Status: 422, Code: "bad_channel", JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code)}
	}
	suite(d).Run(t, []faastest.Call{
		{Name: "make", Method: "POST", Path: path, Header: admin, Prepare: m.fresh, Status: 201, Check: m.keep,
			Body: `{"name": "hook {n}", "kind": "webhook", "url": "https://crm.example/hidden", "secret": "` + hookSecret + `", "types": ["task.assigned"]}`,
			JSON: `{"kind": "webhook", "host": "crm.example", "types": ["task.assigned"], "enabled": true, "version": 1}`},
		{Name: "make twice", Method: "POST", Path: path, Header: admin, Body: `{"name": "hook 1", "kind": "mail"}`, Status: 409, Code: "channel_taken"},
		{Name: "list", Method: "GET", Path: path + "?limit=1", Header: admin, Status: 200, JSON: `{"items": [{"name": "hook 1"}]}`},
		{Name: "list of an employee", Method: "GET", Path: path, Header: d.As("lina"), Status: 403, Code: "forbidden"},
		{Name: "read", Method: "GET", Path: path + "/{made}", Header: admin, Prepare: m.use, Status: 200, Check: m.keep},
		{Name: "read unknown", Method: "GET", Path: path + unknown, Header: admin, Status: 404, Code: "channel_not_found"},
		{Name: "change stale", Method: "PUT", Path: path + "/{made}", Header: stale, Prepare: m.use, Body: `{}`, Status: 412, Code: "stale"},
		{Name: "change", Method: "PUT", Path: path + "/{made}", Header: admin, Prepare: m.use, Body: `{"enabled": false}`, Status: 200, JSON: `{"enabled": false, "host": "crm.example"}`},
		{Name: "change to bad", Method: "PUT", Path: path + "/{made}", Header: admin, Prepare: m.use, Body: `{"secret": "short"}`, Status: 422, Code: "bad_channel"},
		{Name: "change unknown", Method: "PUT", Path: path + unknown, Header: admin, Body: `{}`, Status: 404},
		{Name: "try: nobody answers", Method: "POST", Path: path + "/{made}/test", Header: admin, Prepare: func(t *testing.T, c *faastest.Call) {
			local := "http://127.0.0.1/"
			id, err := engine.ParseID(m.id)
			if err == nil {
				_, err = d.App.Notifications.UpdateChannel(t.Context(), id, notification.ChannelChange{URL: &local}, 0)
			}
			if err != nil {
				t.Fatal(err)
			}
			m.use(t, c)
		}, Status: 200, JSON: `{"delivered": false, "status": 0}`},
		{Name: "try unknown", Method: "POST", Path: path + unknown + "/test", Header: admin, Status: 404, Code: "channel_not_found"},
		{Name: "delete unknown", Method: "DELETE", Path: path + unknown, Header: admin, Status: 404},
		bad("kind", `{"name": "x", "kind": "pigeon", "url": "https://a.example"}`, "/kind", "bad_kind"),
		bad("name", `{"name": " x", "kind": "mail"}`, "/name", "bad_text"),
		bad("types", `{"name": "x", "kind": "mail", "types": ["lunch"]}`, "/types", "unknown_type"),
		bad("url", `{"name": "x", "kind": "feishu", "url": "file:///etc/passwd"}`, "/url", "bad_url"),
		bad("webhook without a secret", `{"name": "x", "kind": "webhook", "url": "https://a.example"}`, "/secret", "bad_secret"),
		bad("robot with a secret", `{"name": "x", "kind": "wecom", "url": "https://a.example", "secret": "y"}`, "/secret", "not_sent"),
		bad("mail with a URL", `{"name": "x", "kind": "mail", "url": "https://a.example"}`, "/url", "not_sent"),
	})
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	admin := d.As("admin")
	c, err := d.App.Notifications.CreateChannel(t.Context(), notification.NewChannel{Name: "mail", Kind: "mail", Types: notification.Kinds}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	failed, waiting := engine.ID{}, engine.ID{}
	again := func(t *testing.T, call *faastest.Call) {
		t.Helper()
		n++
		failed, waiting = engine.ID{1, 15: byte(2 * n)}, engine.ID{1, 15: byte(2*n + 1)}
		now := time.Date(2026, 3, 2, 9, 0, n, 0, time.UTC)
		list := []store.Notification{{ID: engine.ID{3, 15: byte(n)}, Username: "lina", Type: "x", Title: "x", Content: []byte(`{}`), CreatedAt: now}}
		err := d.App.Store.Notify(t.Context(), list,
			store.ChannelDelivery{ID: failed, ChannelID: c.ID, Username: "lina", Type: "task.assigned", State: store.DeliveryFailed, Attempts: 9, Status: 503, Reason: "busy", CreatedAt: now, EndedAt: &now},
			store.ChannelDelivery{ID: waiting, ChannelID: c.ID, Username: "zhaolei", Type: "task.offered", State: store.DeliveryWaiting, DueAt: &now, CreatedAt: now})
		if err != nil {
			t.Fatal(err)
		}
		call.Path = strings.NewReplacer("{failed}", failed.String(), "{waiting}", waiting.String()).Replace(call.Path)
	}
	const path = "/api/v1/deliveries"
	suite(d).Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: path + "?state=failed&limit=1", Header: admin, Prepare: again, Status: 200, JSON: `{"items": [{"username": "lina", "attempts": 9, "status": 503, "reason": "busy"}]}`},
		{Name: "of a channel", Method: "GET", Path: path + "?username=zhaolei&limit=1&channel=" + c.ID.String(), Header: admin, Status: 200, JSON: `{"items": [{"state": "waiting"}]}`},
		{Name: "of another channel", Method: "GET", Path: path + "?type=task.offered&channel=" + engine.ID{7}.String(), Header: admin, Status: 200, JSON: `{"items": []}`},
		{Name: "bad state", Method: "GET", Path: path + "?state=lost", Header: admin, Status: 400},
		{Name: "of an employee", Method: "GET", Path: path, Header: d.As("lina"), Status: 403, Code: "forbidden"},
		{Name: "resend", Method: "POST", Path: path + "/{failed}/resend", Header: admin, Prepare: again, Status: 200, JSON: `{"state": "waiting", "attempts": 0, "endedAt": null}`},
		{Name: "resend what waits", Method: "POST", Path: path + "/{waiting}/resend", Header: admin, Prepare: again, Status: 409, Code: "delivery_not_over"},
		{Name: "resend unknown", Method: "POST", Path: path + "/" + engine.ID{9}.String() + "/resend", Header: admin, Status: 404, Code: "delivery_not_found"},
	})
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	c, err := d.App.Notifications.CreateChannel(t.Context(), notification.NewChannel{Name: "mail", Kind: "mail"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lina := d.As("lina")
	stale := maps.Clone(lina)
	stale["If-Match"] = `"99"`
	const path = "/api/v1/notification-preferences"
	bad := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "PUT", Path: path, Header: lina, Body: body, Status: 422, Code: "bad_notification_preference", JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code)}
	}
	suite(d).Run(t, []faastest.Call{
		{Name: "usual", Method: "GET", Path: path, Header: d.As("zhaolei"), Status: 200, JSON: `{"language": "zh", "digestAt": "08:30", "quietFrom": "", "kinds": {}, "version": 1, "channels": [{"name": "mail"}]}`},
		{Name: "choose", Method: "PUT", Path: path, Header: lina, Status: 200,
			Body: `{"language": "en", "quietFrom": "22:00", "quietTo": "07:00", "kinds": {"task.assigned": {"` + c.ID.String() + `": "digest"}}}`,
			JSON: `{"language": "en", "quietFrom": "22:00", "digestAt": "08:30", "kinds": {"task.assigned": {"` + c.ID.String() + `": "digest"}}}`},
		{Name: "chosen", Method: "GET", Path: path, Header: lina, Status: 200, JSON: `{"language": "en", "quietTo": "07:00"}`},
		{Name: "stale", Method: "PUT", Path: path, Header: stale, Body: `{}`, Status: 412, Code: "stale"},
		{Name: "nobody", Method: "GET", Path: path, Status: 401},
		bad("language", `{"language": "fr"}`, "/language", "unknown_language"),
		bad("quiet", `{"quietFrom": "25:00"}`, "/quietFrom", "bad_time"),
		bad("quiet all day", `{"quietFrom": "07:00"}`, "/quietFrom", "bad_time"),
		bad("digest", `{"digestAt": "8:30"}`, "/digestAt", "bad_time"),
		bad("kind", `{"kinds": {"lunch": {}}}`, "/kinds/lunch", "unknown_type"),
		bad("channel", `{"kinds": {"task.assigned": {"x": "now"}}}`, "/kinds/task.assigned", "unknown_channel"),
		bad("mode", `{"kinds": {"task.assigned": {"`+c.ID.String()+`": "later"}}}`, "/kinds/task.assigned", "bad_choice"),
	})
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	admin := d.As("admin")
	stale := maps.Clone(admin)
	stale["If-Match"] = `"99"`
	const path = "/api/v1/notification-templates"
	const one = path + "/task.assigned/zh"
	suite(d).Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: path, Header: admin, Status: 200},
		{Name: "of an employee", Method: "GET", Path: path, Header: d.As("lina"), Status: 403, Code: "forbidden"},
		{Name: "write", Method: "PUT", Path: one, Header: admin, Body: `{"title": "任务来了：{subject}", "text": "{recipient}：{process}"}`, Status: 200, JSON: `{"title": "任务来了：{subject}", "updatedBy": "admin"}`},
		{Name: "read", Method: "GET", Path: one, Header: admin, Status: 200, JSON: `{"title": "任务来了：{subject}"}`},
		{Name: "stale", Method: "PUT", Path: one, Header: stale, Body: `{"title": "x", "text": "y"}`, Status: 412, Code: "stale"},
		{Name: "bad", Method: "PUT", Path: one, Header: admin, Body: `{"title": "{password}", "text": "y"}`, Status: 422, Code: "bad_notification_template", JSON: `{"errors": [{"pointer": "/title", "code": "unknown_field"}]}`},
		{Name: "unknown", Method: "PUT", Path: path + "/lunch/zh", Header: admin, Body: `{"title": "x", "text": "y"}`, Status: 404, Code: "notification_template_not_found"},
		{Name: "unknown language", Method: "GET", Path: path + "/task.assigned/fr", Header: admin, Status: 404},
		{Name: "preview", Method: "POST", Path: one + "/preview", Header: admin, Body: `{"title": "任务：{subject}", "text": "${actor}"}`, Status: 200, JSON: `{"title": "任务：部门审批", "text": "$zhangwei"}`},
		{Name: "preview of bad", Method: "POST", Path: one + "/preview", Header: admin, Body: `{"title": "", "text": "y"}`, Status: 422},
		{Name: "restore", Method: "DELETE", Path: one, Header: admin, Status: 200, JSON: `{"title": "您有新的待办任务：{subject}", "version": 1}`},
		{Name: "restored", Method: "GET", Path: one, Header: admin, Status: 200, JSON: `{"version": 1}`},
	})
}
