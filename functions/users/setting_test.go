package users

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/telemetry"
)

// pageOf asks for the first page of a list.
func pageOf(l page.List) page.Request {
	r, err := page.Parse(nil, l, "")
	if err != nil {
		panic(err)
	}
	r.Limit = page.MaxLimit
	return r
}

func TestSettings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.as(t, "admin")
	version := `"1"`
	match := func(_ *testing.T, c *faastest.Call) { c.Header["If-Match"] = version }
	keep := func(t *testing.T, a faastest.Answer) { t.Helper(); version = a.Header.Get("Etag") }
	stale := maps.Clone(admin)
	stale["If-Match"] = `"99"`
	put := func(name, key, body string, status int, code, want string) faastest.Call {
		c := faastest.Call{Name: name, Method: "PUT", Path: "/api/v1/settings/" + key, Header: admin, Body: body, Prepare: match, Status: status, Code: code, JSON: want}
		if status == 200 {
			c.Check = keep
		}
		return c
	}
	const cost = "approval.urge_cooldown"
	b.suite.Run(t, []faastest.Call{
		{Name: "list as an employee", Method: "GET", Path: "/api/v1/settings", Header: b.as(t, "lina"), Status: 403, Code: "forbidden"},
		{Name: "read", Method: "GET", Path: "/api/v1/settings/" + cost, Header: admin, Status: 200, JSON: `{"key": "approval.urge_cooldown", "type": "duration", "value": "30m", "default": "30m", "set": false, "minimum": "0s", "version": 1, "updatedAt": null}`},
		{Name: "read none", Method: "GET", Path: "/api/v1/settings/none", Header: admin, Status: 404, Code: "setting_not_found"},
		{Name: "without a version", Method: "PUT", Path: "/api/v1/settings/" + cost, Header: admin, Body: `{"value": "1m"}`, Status: 428, Code: "if_match_required"},
		put("change", cost, `{"value": "45m"}`, 200, "", `{"value": "45m", "set": true, "updatedBy": "admin"}`),
		{Name: "stale", Method: "PUT", Path: "/api/v1/settings/" + cost, Header: stale, Body: `{"value": "1m"}`, Status: 412, Code: "stale"},
		put("out of range", cost, `{"value": "9999h"}`, 422, "bad_setting_value", `{"errors": [{"pointer": "/value"}]}`),
		put("of another type", cost, `{"value": 5}`, 422, "bad_setting_value", ``),
		put("no value", cost, `{}`, 422, "invalid_fields", ``),
		put("take away", cost, `{"value": null}`, 200, "", `{"value": "30m", "set": false}`),
		{Name: "a word that is none", Method: "PUT", Path: "/api/v1/settings/log.level", Header: withMatch(admin), Body: `{"value": "LOUD"}`, Status: 422, Code: "bad_setting_value"},
		{Name: "a rate that is none", Method: "PUT", Path: "/api/v1/settings/limit.user", Header: withMatch(admin), Body: `{"value": "many"}`, Status: 422, Code: "bad_setting_value"},
		{Name: "a number", Method: "PUT", Path: "/api/v1/settings/password.min_length", Header: withMatch(admin), Body: `{"value": 12}`, Status: 200, JSON: `{"value": 12, "default": 8, "minimum": 8, "maximum": 64, "type": "integer"}`},
		{Name: "it holds", Method: "POST", Path: "/api/v1/users", Header: admin, Body: `{"username": "n", "password": "Diom-demo-1"}`, Status: 422, JSON: `{"errors": [{"pointer": "/password", "code": "password_short"}]}`},
		{Name: "list", Method: "GET", Path: "/api/v1/settings", Header: admin, Status: 200, Check: func(t *testing.T, a faastest.Answer) {
			t.Helper()
			var list access.Settings
			if err := json.Unmarshal(a.Body, &list); err != nil || len(list.Items) != len(setting.Definitions()) {
				t.Errorf("%v: %d settings", err, len(list.Items))
			}
			for _, s := range list.Items {
				if s.Description == "" || s.Type == "" {
					t.Errorf("%+v", s)
				}
			}
		}},
	})
}

func withMatch(header map[string]string) map[string]string {
	header = maps.Clone(header)
	header["If-Match"] = "*"
	return header
}

// What is set holds in another process within two seconds, and it is what its environment says once it is taken away.
func TestSettingsHoldInEveryProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	cfg := b.app.Config
	cfg.MaxAttachment = 1234
	there := openApp(t, cfg)
	set := func(key, value string) {
		t.Helper()
		if _, err := b.app.Access.ChangeSetting(t.Context(), b.admin, key, access.SettingChange{Value: json.RawMessage(value)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	now := func() *setting.Values { return there.Access.Settings.Now(t.Context()) }
	if n := now().Int(setting.MaxAttachment); n != 1234 || there.Telemetry.Level.Level().String() != "ERROR" {
		t.Fatalf("before: %d, %s", n, there.Telemetry.Level)
	}
	set(setting.MaxAttachment, "99")
	set(setting.LogLevel, `"DEBUG"`)
	set(setting.AccessTokenLife, `"5m"`)
	within(t, "the number, the level", func() bool {
		return now().Int(setting.MaxAttachment) == 99 && there.Telemetry.Level.Level().String() == "DEBUG"
	})
	if l, err := there.Access.Login(t.Context(), "lina", access.DemoPassword, "192.0.2.1"); err != nil || l.ExpiresIn != 300 {
		t.Errorf("an access token lives %d s, %v", l.ExpiresIn, err)
	}
	set(setting.MaxAttachment, "null")
	set(setting.LogLevel, "null")
	within(t, "what the environment says", func() bool {
		return now().Int(setting.MaxAttachment) == 1234 && there.Telemetry.Level.Level().String() == "ERROR"
	})
}

func openApp(t *testing.T, cfg config.Config) *faas.App {
	t.Helper()
	app, err := faas.OpenApp(t.Context(), cfg, telemetry.New(t.Output(), "ERROR"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	return app
}

func TestAudit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.as(t, "admin")
	from := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	b.suite.Run(t, []faastest.Call{
		{Name: "a change", Method: "POST", Path: "/api/v1/groups", Header: admin, Prepare: b.number, Body: `{"key": "a{n}", "name": "x"}`, Status: 201},
		{Name: "of an employee", Method: "GET", Path: "/api/v1/audit", Header: b.as(t, "lina"), Status: 403, Code: "forbidden"},
		{Name: "bad time", Method: "GET", Path: "/api/v1/audit?from=yesterday", Header: admin, Status: 400, Code: "bad_filter"},
	})
	b.suite.Run(t, []faastest.Call{
		{Name: "page", Method: "GET", Path: "/api/v1/audit?limit=1&count=true&from=" + from, Header: admin, Status: 200, JSON: `{"total": 2, "items": [{"actor": "admin", "action": "group.create", "objectType": "group", "objectName": "a2", "decision": "done", "before": "", "seal": null}]}`},
		{Name: "filter", Method: "GET", Path: "/api/v1/audit?actor=admin&action=group.create&objectType=group&decision=done", Header: admin, Status: 200, JSON: `{"items": [{}, {}]}`},
		{Name: "of the past", Method: "GET", Path: "/api/v1/audit?to=" + from, Header: admin, Status: 200, JSON: `{"items": []}`},
	})
}

// Who sets the networks from which requests are taken does not lock himself out, unless he means it.
func TestNobodyLocksHimselfOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := withMatch(b.as(t, "admin"))
	admin["X-Forwarded-For"] = "10.1.2.3"
	version := `"1"`
	put := func(name, body string, status int, code, want string) faastest.Call {
		return faastest.Call{
			Name: name, Method: "PUT", Path: "/api/v1/settings/gateway.allow", Header: admin, Body: body, Status: status, Code: code, JSON: want,
			Prepare: func(_ *testing.T, c *faastest.Call) { c.Header["If-Match"] = version },
			Check: func(_ *testing.T, a faastest.Answer) {
				if tag := a.Header.Get("Etag"); tag != "" {
					version = tag
				}
			},
		}
	}
	b.suite.Run(t, []faastest.Call{
		put("no network", `{"value": "10.0.0.0/99"}`, 422, "bad_setting_value", `{"errors": [{"pointer": "/value"}]}`),
		put("another network", `{"value": "203.0.113.0/24"}`, 422, "setting_locks_out", `{"errors": [{"pointer": "/value"}]}`),
		put("by force", `{"value": "203.0.113.0/24", "force": true}`, 200, "", `{"value": "203.0.113.0/24", "type": "networks"}`),
		put("his own", `{"value": "203.0.113.0/24, 10.0.0.0/8"}`, 200, "", `{"set": true}`),
		put("everywhere", `{"value": ""}`, 200, "", `{"set": true}`),
		put("not set", `{"value": null}`, 200, "", `{"set": false}`),
	})
}
