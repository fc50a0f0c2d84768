package e2e_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// walk reads a list page by page to its end and back again, and returns the ids in order.
func walk[T any](s *session, username, path string, limit int, id func(T) engine.ID) []engine.ID {
	s.Helper()
	read := func(cursor string) ([]engine.ID, page.Page[T]) {
		s.Helper()
		p := get[page.Page[T]](s, username, path+"&limit="+strconv.Itoa(limit)+"&cursor="+url.QueryEscape(cursor))
		var ids []engine.ID
		for _, item := range p.Items {
			ids = append(ids, id(item))
		}
		return ids, p
	}
	var pages [][]engine.ID
	ids, p := read("")
	if p.PrevCursor != "" {
		s.Errorf("the first page has a page before it")
	}
	for pages = append(pages, ids); p.NextCursor != "" && len(pages) < 50; pages = append(pages, ids) {
		ids, p = read(p.NextCursor)
	}
	for i := len(pages) - 2; i >= 0; i-- {
		if p.PrevCursor == "" {
			s.Fatalf("page %d has no page before it", i+1)
		}
		if ids, p = read(p.PrevCursor); !slices.Equal(ids, pages[i]) {
			s.Errorf("page %d backwards %v, forwards %v", i, ids, pages[i])
		}
	}
	if p.PrevCursor != "" {
		s.Errorf("the first page, reached backwards, has a page before it")
	}
	all := slices.Concat(pages...)
	for i, ids := range pages[:len(pages)-1] {
		if len(ids) != limit {
			s.Errorf("page %d has %d items, want %d", i, len(ids), limit)
		}
	}
	return all
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// pages walks every list in both directions.
func pages(s *session) {
	key, content := s.model("memo.bpmn")
	for range 5 {
		s.deploy("memo.bpmn", content)
	}
	var instances, tasks []engine.ID
	for range 7 {
		started := s.start(key, variables{"reader": "sunqi", "urgency": 50})
		instances, tasks = append(instances, started.Instance.ID), append(tasks, started.Tasks[0].ID)
	}
	for range 3 {
		s.start(key, nil) // an incident
	}
	all := walk(s, "zhangwei", "/api/v1/instances?processKey="+key, 4, func(i store.Instance) engine.ID { return i.ID })
	if len(all) != 10 || !slices.Equal(all[3:], reversed(instances)) {
		s.Errorf("instances %v, started %v", all, instances)
	}
	got := walk(s, "sunqi", "/api/v1/tasks?view=todo&processKey="+key, 3, func(t store.Task) engine.ID { return t.ID })
	if !slices.Equal(got, reversed(tasks)) {
		s.Errorf("tasks %v, started %v", got, tasks)
	}
	if got := walk(s, "zhangwei", "/api/v1/definitions?key="+key, 2, func(d store.Definition) engine.ID { return d.ID }); len(got) != 5 {
		s.Errorf("%d definitions", len(got))
	}
	if got := walk(s, "wuqiang", "/api/v1/incidents?processKey="+key, 1, func(i store.Incident) engine.ID { return i.ID }); len(got) != 3 {
		s.Errorf("%d incidents", len(got))
	}
	counted := get[page.Page[store.Instance]](s, "zhangwei", "/api/v1/instances?count=true&limit=1&processKey="+key)
	if counted.Total == nil || *counted.Total != 10 || len(counted.Items) != 1 {
		s.Errorf("counted %+v", counted)
	}
	for _, i := range all[:3] {
		s.send("wuqiang", http.MethodPost, instancePath(store.Instance{ID: i}, "/cancel"), map[string]any{})
	}
	for state, want := range map[string]int{"active": 7, "cancelled": 3, "completed": 0} {
		if p := get[page.Page[store.Instance]](s, "zhangwei", "/api/v1/instances?state="+state+"&processKey="+key); len(p.Items) != want {
			s.Errorf("%d %s instances, want %d", len(p.Items), state, want)
		}
	}
}

// sorts reads lists in every order that they have, with equal values among them.
func sorts(s *session) {
	key, content := s.model("memo.bpmn")
	s.deploy("memo.bpmn", content)
	urgency := map[engine.ID]int{}
	for _, n := range []int{50, 10, 90, 50, 10, 50, 70} {
		urgency[s.start(key, variables{"reader": "sunqi", "urgency": n}).Tasks[0].ID] = n
	}
	for _, sort := range []string{"createdAt", "-createdAt", "priority", "-priority", "dueAt", "-dueAt"} {
		ids := walk(s, "sunqi", "/api/v1/tasks?sort="+sort+"&processKey="+key, 2, func(t store.Task) engine.ID { return t.ID })
		value := func(id engine.ID) string { return id.String() }
		if strings.HasSuffix(sort, "priority") {
			value = func(id engine.ID) string { return strconv.Itoa(urgency[id]) }
		}
		if sort[0] == '-' {
			ids = reversed(ids)
		}
		if len(ids) != len(urgency) || !slices.IsSortedFunc(ids, func(a, b engine.ID) int { return strings.Compare(value(a), value(b)) }) {
			s.Errorf("sort=%s: %v", sort, ids)
		}
	}
	up := walk(s, "zhangwei", "/api/v1/instances?sort=startedAt&processKey="+key, 3, func(i store.Instance) engine.ID { return i.ID })
	down := walk(s, "zhangwei", "/api/v1/instances?sort=-startedAt&processKey="+key, 3, func(i store.Instance) engine.ID { return i.ID })
	if len(up) != 7 || !slices.Equal(up, reversed(down)) {
		s.Errorf("up %v, down %v", up, down)
	}
}

// cursor returns the next cursor of a list of zhangwei's.
func (s *session) cursor(path string) string {
	s.Helper()
	p := get[page.Page[map[string]any]](s, "zhangwei", path)
	if p.NextCursor == "" {
		s.Fatalf("%s has one page only", path)
	}
	return url.QueryEscape(p.NextCursor)
}

func refusedLists(s *session) {
	key := s.process("memo.bpmn")
	for range 2 {
		s.memo("zhangwei")
	}
	instances := "/api/v1/instances?limit=1"
	cursor := s.cursor(instances)
	var list []refusal
	add := func(name, user, path, code, detail string) {
		list = append(list, refusal{name: name, user: user, method: http.MethodGet, path: path, status: http.StatusBadRequest, code: code, detail: detail})
	}
	for name, path := range map[string]string{
		"cursor of another list":   "/api/v1/tasks?limit=1&cursor=" + cursor,
		"cursor of another filter": instances + "&processKey=" + key + "&cursor=" + cursor,
		"cursor of another sort":   instances + "&sort=startedAt&cursor=" + cursor,
		"cursor of another view":   "/api/v1/tasks?limit=1&view=done&cursor=" + s.cursor("/api/v1/tasks?limit=1&view=todo"),
		"cursor that is none":      instances + "&cursor=abc",
		"cursor in pieces":         instances + "&cursor=" + cursor[:len(cursor)/2],
	} {
		add(name, "zhangwei", path, "bad_list_request", "bad_cursor")
	}
	add("cursor of another user", "wuqiang", instances+"&cursor="+cursor, "bad_list_request", "bad_cursor")
	for _, limit := range []string{"100000", "101", "0", "-1", "ten", "1.5", "99999999999999999999", "%00"} {
		add("limit="+limit, "zhangwei", "/api/v1/instances?limit="+limit, "bad_list_request", "bad_limit")
	}
	for _, sort := range []string{"body", "-password", "startedAt;DROP TABLE workflow_task", "--startedAt", "startedAt,id"} {
		add("sort="+sort, "zhangwei", "/api/v1/instances?sort="+url.QueryEscape(sort), "bad_list_request", "bad_sort")
	}
	add("unknown parameter", "zhangwei", "/api/v1/instances?page=2", "bad_list_request", "unknown_parameter")
	add("unknown view", "zhangwei", "/api/v1/tasks?view=theirs", "bad_filter", "bad_filter")
	add("unknown state", "zhangwei", "/api/v1/instances?state=lost", "bad_filter", "bad_filter")
	add("filter that is no id", "zhangwei", "/api/v1/tasks?instanceId=42", "bad_filter", "bad_filter")
	add("history after text", "zhangwei", instancePath(s.someInstance(), "/history?after=x"), "bad_filter", "bad_filter")
	add("history with limit 0", "zhangwei", instancePath(s.someInstance(), "/history?limit=0"), "bad_list_request", "")
	s.refuse(list)
}

func (s *session) someInstance() store.Instance {
	s.Helper()
	return get[page.Page[store.Instance]](s, "zhangwei", "/api/v1/instances?limit=1").Items[0]
}
