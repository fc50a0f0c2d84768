package attacks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"diom.io/workflow/test/producttest"
)

// personal are the collections whose things belong to one person; furnish makes one of wangfang's in each.
var personal = map[string]bool{"tasks": true, "instances": true, "drafts": true, "templates": true, "delegations": true, "api-tokens": true, "sessions": true, "files": true, "filters": true}

// shared are the collections that everybody with the permission of the route has in common, or that name nobody's
// thing: the matrix of routes and roles looks after them.
var shared = []string{
	"backups", "batches", "calendars", "categories", "channels", "dead-letters", "decisions", "definitions", "deliveries", "departments", "designs", "directories", "directory-runs", "event-sources", "forms", "groups", "holds", "incidents", "jobs", "me",
	"notification-templates", "permissions", "processes", "roles", "settings", "task-links", "topic-bindings", "users", "notifications", "webhooks",
}

// objectAccess names what is another's in each route by id. lina and sunqi have the permissions and nothing else.
var objectAccess = class{"object-access", func(r *rig) []attack {
	var all []attack
	for _, o := range r.operations {
		if !o.bearer || !strings.Contains(o.path, "{") {
			continue
		}
		collection := o.collection()
		if !personal[collection] {
			if !slices.Contains(shared, collection) {
				r.Errorf("%s: nobody says whether things under /api/v1/%s are one person's: add the collection to personal (and one to furnish), or to shared", o.name(), collection)
			}
			continue
		}
		if r.ids[collection] == "" {
			r.Errorf("%s: furnish makes no %s", o.name(), collection)
			continue
		}
		for _, who := range []string{"lina", "sunqi"} {
			for _, extra := range [][]string{nil, {"X-User", "wangfang", "X-Username", "wangfang"}} {
				headers := append(slices.Clone(extra), "If-Match", "*")
				body := r.minimal(o)
				if slices.Contains(o.kinds, "multipart/form-data") {
					body, headers = upload, append(headers, "Content-Type", "multipart/form-data; boundary=b")
				}
				all = append(all, request(o.name()+" as "+who, call{who, o.method, o.fill(r.ids[collection]), body}, refused(403, 404, 422, 428), headers...))
			}
		}
	}
	return all
}, answering(http.StatusOK, `{}`)}

const upload = "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"note.txt\"\r\n\r\nnote\r\n--b--\r\n"

// minimal is a body that has what the schema requires, or nil.
func (r *rig) minimal(o operation) any {
	if o.body == nil {
		return nil
	}
	return newSample(r.document, 1).value(o.body, 0)
}

// massAssignment adds fields that no caller may set to each body.
var massAssignment = class{"mass-assignment", func(r *rig) []attack {
	var all []attack
	for _, o := range r.operations {
		if o.body == nil || !o.bearer || o.body["properties"] == nil {
			continue
		}
		known := r.document.properties(o.body)
		for _, field := range []string{"id", "version", "createdAt", "createdBy", "tenantId", "isAdmin", "tokenVersion", "starter", "passwordHash", "builtIn"} {
			if known[field] != nil {
				continue
			}
			body, _ := r.minimal(o).(object)
			if body == nil {
				body = object{}
			}
			body[field] = "x"
			judge := refused()
			if !strings.Contains(o.path, "{") {
				judge = refused(http.StatusBadRequest)
			}
			all = append(all, request(o.name()+" "+field, call{"admin", o.method, o.fill(nothing), body}, judge, "If-Match", "*"))
		}
	}
	return all
}, answering(http.StatusOK, `{}`)}

// privilegeEscalation gives rights to oneself, or does what only administrators do.
var privilegeEscalation = class{"privilege-escalation", func(r *rig) []attack {
	own := at(r.product().must("admin", "GET", "/api/v1/users?q=lina", nil), "items.0.id")
	boss := at(r.product().must("admin", "GET", "/api/v1/users?q=admin", nil), "items.0.id")
	forbidden := refused(http.StatusForbidden)
	all := []attack{
		request("own roles", call{"lina", "PUT", "/api/v1/users/" + own, object{"roles": []string{"SUPER_ADMIN"}}}, forbidden, "If-Match", "*"),
		request("another's password", call{"lina", "PUT", "/api/v1/users/" + boss, object{"password": "a-Passw0rd-12345"}}, forbidden, "If-Match", "*"),
		request("a new administrator", call{"lina", "POST", "/api/v1/users", object{"username": "evil", "password": "a-Passw0rd-12345", "displayName": "x", "roles": []string{"SUPER_ADMIN"}}}, forbidden),
		request("a role of one's own", call{"lina", "POST", "/api/v1/roles", object{"code": "EVIL", "name": "x", "permissions": []string{"SYS_USER"}}}, forbidden),
		request("roles in the body of a password", call{"lina", "PUT", "/auth/password", object{"currentPassword": demoPassword, "newPassword": "another-Passw0rd-1", "roles": []string{"SUPER_ADMIN"}}}, refused(400)),
		request("roles in a log-in", call{"", "POST", "/auth/login", object{"username": "lina", "password": demoPassword, "roles": []string{"SUPER_ADMIN"}}}, refused(400)),
		request("log-ins of another", call{"lina", "POST", "/api/v1/sessions:revoke-all", object{"user": boss}}, forbidden),
		request("sessions of another", call{"lina", "GET", "/api/v1/sessions?user=" + boss, nil}, forbidden),
		request("tokens of another", call{"lina", "GET", "/api/v1/api-tokens?user=" + boss, nil}, forbidden),
		request("all tasks", call{"lina", "GET", "/api/v1/tasks?view=all", nil}, refused(400, 403)),
	}
	for _, p := range []string{"SYS_USER", "SYS_ROLE", "SYS_SETTING", "SYS_AUDIT", "WORKFLOW_OPERATE", "WORKFLOW_DEPLOY", "WORKFLOW_JOB", "*", "SUPER_ADMIN"} {
		all = append(all, request("a token with "+p, call{"lina", "POST", "/api/v1/api-tokens", object{"name": "x", "permissions": []string{p}}}, refused(403, 422)))
	}
	for _, o := range r.operations { // what only administrators may: every route that asks for a SYS_ permission
		if strings.HasPrefix(o.permission, "SYS_") {
			for _, who := range []string{"lina", "zhouming", "wuqiang"} {
				all = append(all, request(o.name()+" as "+who, call{who, o.method, o.fill(nothing), r.minimal(o)}, forbidden, "If-Match", "*"))
			}
		}
	}
	return all
}, answering(http.StatusOK, `{}`)}

// idempotencyTheft asks with the key of another for his answer.
var idempotencyTheft = class{"idempotency-theft", func(r *rig) []attack {
	var all []attack
	for i, who := range []string{"lina", "wangfang", "chenjing", "sunqi", "admin", "zhaolei"} {
		for _, key := range []string{"theft", "theft%20", "THEFT", "a,b"} {
			all = append(all, attack{who + " " + key, func(t *target) string {
				headers := []string{"Idempotency-Key", fmt.Sprintf("%s-%d", key, i)}
				body := object{"businessKey": "theft"}
				first, err := t.send("zhangwei", "POST", "/api/v1/processes/prey/start", body, headers...)
				if err != nil || exposed(first) != "" {
					return fmt.Sprint(err, exposed(first))
				}
				second, err := t.send(who, "POST", "/api/v1/processes/prey/start", body, headers...)
				if err != nil || second.Header.Get("Idempotency-Replayed") != "" {
					return fmt.Sprint("the answer of another ", err)
				}
				if at(first, "instance.id") != "" && at(first, "instance.id") == at(second, "instance.id") {
					return "the instance of another"
				}
				return ""
			}})
		}
	}
	return all
}, answering(http.StatusCreated, `{"instance":{"id":"1"}}`)}

// wildcardBombs are patterns: to a filter they are letters.
var wildcardBombs = class{"wildcards", func(*rig) []attack {
	var all []attack
	for _, q := range []string{"%25", "_", "%25%25", "____", "%25a%25a%25a%25a%25a%25a", "z%25i", "zhang_ei", "%5C%25", "*", ".*", "(a%2B)%2B$", "[a-z]*", "%25" + strings.Repeat("_%25", 300)} {
		for _, path := range []string{"/api/v1/users?q=", "/api/v1/users?role=", "/api/v1/instances?processKey=", "/api/v1/instances?businessKey=", "/api/v1/audit?actor=", "/api/v1/definitions?key="} {
			all = append(all, request(path+q, call{"admin", "GET", path + q, nil}, func(a producttest.Answer) string {
				if n := len(items(a)); n > 0 {
					return fmt.Sprintf("%d rows", n)
				}
				return ""
			}))
		}
	}
	return all
}, answering(http.StatusOK, `{"items":[1,2]}`)}

// pagingAbuse asks lists for more than a page, for negative ones and for those of others.
var pagingAbuse = class{"paging", func(r *rig) []attack {
	var all []attack
	cursor := at(r.product().must("admin", "GET", "/api/v1/users?limit=1", nil), "nextCursor")
	for _, o := range r.operations {
		if o.method != http.MethodGet || !slices.ContainsFunc(o.query(), func(p parameter) bool { return p.name == "limit" }) {
			continue
		}
		for _, query := range []string{"limit=0", "limit=-1", "limit=101", "limit=999999999999999999999", "limit=1e3", "limit=0x10", "limit=%201", "limit=1&limit=2", "sort=&sort=", "cursor=x", "undeclared=1"} {
			all = append(all, request(o.name()+" "+query, call{"admin", "GET", o.fill(nothing) + "?" + query, nil}, refused()))
		}
		if o.path != "/api/v1/users" && slices.ContainsFunc(o.query(), func(p parameter) bool { return p.name == "cursor" }) {
			all = append(all, request(o.name()+" with the cursor of another list", call{"admin", "GET", o.fill(nothing) + "?cursor=" + cursor, nil}, refused()))
		}
	}
	return append(all, request("the cursor of another", call{"wuqiang", "GET", "/api/v1/users?limit=1&cursor=" + cursor, nil}, refused()))
}, answering(http.StatusOK, `{"items":[]}`)}
