package tasks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
)

// counted makes a call's body fresh, since every call is made in every way of serving.
type counted struct {
	n  int
	id string
}

func (m *counted) fresh(_ *testing.T, c *faastest.Call) {
	m.n++
	c.Body = strings.ReplaceAll(c.Body, "{n}", fmt.Sprint(m.n))
}

func (m *counted) keep(t *testing.T, a faastest.Answer) {
	t.Helper()
	var answer struct{ ID string }
	if err := json.Unmarshal(a.Body, &answer); err != nil || a.Header.Get("Etag") != `"1"` {
		t.Errorf("%v: %s %v", err, a.Body, a.Header)
	}
	m.id = answer.ID
}

func (m *counted) use(_ *testing.T, c *faastest.Call) {
	c.Path = strings.ReplaceAll(c.Path, "{id}", m.id)
}

func TestSavedFilters(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	lina, zhangwei, m := d.As("lina"), d.As("zhangwei"), &counted{}
	const path = "/api/v1/filters"
	bad := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Path: path, Header: lina, Body: body, Status: 422, Code: "bad_saved_filter", JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code)}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "private", Method: "POST", Path: path, Header: zhangwei, Prepare: m.fresh, Status: 201,
			Body: `{"list": "instances", "name": "mine {n}", "parameters": {"state": "active"}}`, JSON: `{"owner": "zhangwei", "condition": null}`},
		{Name: "save", Method: "POST", Path: path, Header: lina, Prepare: m.fresh, Status: 201, Check: m.keep,
			Body: `{"list": "tasks", "name": "big {n}", "role": "EMPLOYEE", "parameters": {"view": "todo"}, "condition": {"variable": "days", "operator": "gt", "value": 3}, "sort": "dueAt", "position": 1, "preferred": true}`,
			JSON: `{"owner": "lina", "role": "EMPLOYEE", "condition": {"variable": "days"}, "preferred": true, "version": 1}`},
		{Name: "taken", Method: "POST", Path: path, Header: lina, Body: `{"list": "tasks", "name": "big 3"}`, Status: 409, Code: "saved_filter_taken"},
		{Name: "of one who has the role", Method: "GET", Path: path + "?list=tasks&limit=1", Header: zhangwei, Status: 200, JSON: `{"items": [{"owner": "lina", "preferred": false}]}`},
		{Name: "of one who has not", Method: "GET", Path: path + "?list=tasks", Header: d.As("admin"), Status: 200, JSON: `{"items": []}`},
		{Name: "another's private one", Method: "GET", Path: path + "?list=instances", Header: lina, Status: 200, JSON: `{"items": []}`},
		{Name: "read", Method: "GET", Path: path + "/{id}", Header: zhangwei, Prepare: m.use, Status: 200, Check: m.keep},
		{Name: "change another's", Method: "PUT", Path: path + "/{id}", Header: merged(zhangwei, "If-Match", "*"), Prepare: m.use, Body: `{"name": "x"}`, Status: 404, Code: "saved_filter_not_found"},
		{Name: "change without a version", Method: "PUT", Path: path + "/{id}", Header: lina, Prepare: m.use, Body: `{"name": "x"}`, Status: 428},
		{Name: "change stale", Method: "PUT", Path: path + "/{id}", Header: merged(lina, "If-Match", `"99"`), Prepare: m.use, Body: `{"name": "x"}`, Status: 412, Code: "stale"},
		{Name: "change", Method: "PUT", Path: path + "/{id}", Header: merged(lina, "If-Match", `*`), Prepare: m.use, Body: `{"role": "", "position": 7, "condition": null}`, Status: 200, JSON: `{"position": 7, "condition": null}`},
		{Name: "not shared any more", Method: "GET", Path: path + "/{id}", Header: zhangwei, Prepare: m.use, Status: 404},
		{Name: "delete another's", Method: "DELETE", Path: path + "/{id}", Header: merged(zhangwei, "If-Match", "*"), Prepare: m.use, Status: 404},
		{Name: "delete unknown", Method: "DELETE", Path: path + "/" + engine.ID{9}.String(), Header: merged(lina, "If-Match", "*"), Status: 404},
		bad("list", `{"list": "lunch", "name": "x"}`, "/list", "unknown_list"),
		bad("name", `{"list": "tasks", "name": " x"}`, "/name", "bad_text"),
		bad("parameter", `{"list": "tasks", "name": "x", "parameters": {"color": "red"}}`, "/parameters/color", "unknown_parameter"),
		bad("value", `{"list": "tasks", "name": "x", "parameters": {"view": "lunch"}}`, "/parameters/view", "bad_filter"),
		bad("sort", `{"list": "tasks", "name": "x", "sort": "color"}`, "/sort", "bad_sort"),
		bad("condition", `{"list": "tasks", "name": "x", "condition": {"all": [{"field": "color", "value": "red"}]}}`, "/condition/all/0/field", "unknown_field"),
		bad("condition of a list without", `{"list": "timers", "name": "x", "condition": {"field": "name", "value": "red"}}`, "/condition", "bad_condition"),
		bad("another's role", `{"list": "tasks", "name": "x", "role": "SUPER_ADMIN"}`, "/role", "not_yours"),
		bad("another's department", `{"list": "tasks", "name": "x", "department": "nowhere"}`, "/department", "not_yours"),
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(strings.Replace(faastest.Leave, `<process id="leave"`, `<process id="leave" xmlns:diom="https://diom.io/schema/bpmn/1.0" diom:searchVariables="days,reason"`, 1))
	_, one := d.Start(engine.Variables{"days": int64(3), "reason": "家事"})
	_, two := d.Start(engine.Variables{"days": int64(10), "reason": "travel"})
	wangfang := d.As("wangfang")
	const path = "/api/v1/tasks:search"
	found := func(name, condition string, ids ...engine.ID) faastest.Call {
		items := make([]string, 0, len(ids))
		for _, id := range ids {
			items = append(items, fmt.Sprintf(`{"id": %q}`, id))
		}
		return faastest.Call{Name: name, Method: "POST", Path: path, Header: wangfang, Body: `{"condition": ` + condition + `}`, Status: 200, JSON: `{"items": [` + strings.Join(items, ", ") + `]}`}
	}
	bad := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Path: path, Header: wangfang, Body: body, Status: 422, Code: "bad_search", JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code)}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "all", Method: "POST", Path: path, Header: wangfang, Body: `{"count": true, "limit": 1}`, Status: 200, JSON: `{"items": [{}], "total": 2}`},
		found("equal", `{"variable": "days", "value": 3.0}`, one),
		found("a number is no text", `{"variable": "days", "value": "3"}`),
		found("more", `{"variable": "days", "operator": "gt", "value": 9}`, two),
		found("less", `{"variable": "days", "operator": "lt", "value": 9.5}`, one),
		found("beginning", `{"variable": "reason", "operator": "prefix", "value": "家"}`, one),
		found("one of", `{"variable": "reason", "operator": "in", "value": ["家事", "travel"]}`, two, one),
		found("all of", `{"all": [{"variable": "days", "operator": "ge", "value": 1}, {"field": "processKey", "value": "leave"}, {"field": "dueAt", "operator": "exists", "value": false}]}`, two, one),
		found("any of", `{"any": [{"variable": "days", "value": 3}, {"field": "name", "operator": "prefix", "value": "%"}]}`, one),
		found("of the starter", `{"field": "starter", "value": "nobody"}`),
		{Name: "another's", Method: "POST", Path: path, Header: d.As("lina"), Body: `{"condition": {"variable": "days", "value": 3}}`, Status: 200, JSON: `{"items": []}`},
		{Name: "all as nobody", Method: "POST", Path: path, Header: wangfang, Body: `{"parameters": {"view": "all"}, "condition": {"variable": "days", "value": 3}}`, Status: 400, Code: "bad_filter"},
		{Name: "too wide", Method: "POST", Path: path, Header: d.As("admin"), Body: `{"parameters": {"view": "all"}, "condition": {"field": "priority", "operator": "gt", "value": 3}}`, Status: 422, Code: "search_too_wide"},
		{Name: "of everybody", Method: "POST", Path: path, Header: d.As("admin"), Body: `{"parameters": {"view": "all"}, "condition": {"variable": "days", "value": 3}}`, Status: 200, JSON: fmt.Sprintf(`{"items": [{"id": %q}]}`, one)},
		bad("two at once", `{"condition": {"field": "name", "variable": "x", "value": 1}}`, "/condition", "bad_condition"),
		bad("operator", `{"condition": {"any": [{"field": "dueAt", "operator": "prefix", "value": "2026"}]}}`, "/condition/any/0/operator", "bad_operator"),
		bad("time", `{"condition": {"field": "dueAt", "operator": "lt", "value": "tomorrow"}}`, "/condition/value", "bad_value"),
		bad("no value", `{"condition": {"field": "name"}}`, "/condition/value", "missing"),
		bad("order of what has none", `{"condition": {"variable": "x", "operator": "lt", "value": true}}`, "/condition/value", "bad_value"),
		bad("too deep", `{"condition": {"all": [{"all": [{"all": [{"all": [{"field": "name", "value": "x"}]}]}]}]}}`, "/condition/all/0/all/0/all/0/all/0", "too_many_conditions"),
		bad("limit", `{"limit": 1000}`, "/limit", "bad_limit"),
		bad("parameter", `{"parameters": {"limit": "5"}}`, "/parameters/limit", "unknown_parameter"),
		bad("cursor of another search", `{"cursor": "eyJzIjoieCIsImsiOlsiYSJdfQ"}`, "/cursor", "bad_cursor"),
	})
}
