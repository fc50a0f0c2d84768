package attacks

import (
	"time"
)

// crossing tries one operation as one caller.
type crossing func(*matrix, caller, operation)

// made creates, as admin, one of a collection, and returns its id.
func (m *matrix) made(path string) string {
	m.Helper()
	return at(m.must("admin", "POST", "/api/v1/"+path, m.fresh(path)), "id")
}

// fresh is the body of a new thing that no other is like.
func (m *matrix) fresh(path string) object {
	name := m.unique("m")
	switch path {
	case "users":
		return object{"username": name, "password": "a-Passw0rd-12345", "displayName": name}
	case "roles":
		return object{"code": name, "name": name, "permissions": []string{}}
	case "groups":
		return object{"key": name, "name": name}
	case "channels":
		return object{"name": name, "kind": "webhook", "url": "https://prey.example/x", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "types": []string{}}
	case "event-sources":
		return object{"source": "https://prey.example/" + name, "types": []string{"a.b.c"}, "keyId": "k", "key": eventKey, "mappings": []object{{"type": "a.b.c", "message": "x"}}}
	case "topic-bindings":
		return object{"topic": name, "kind": "url", "target": "https://prey.example/x"}
	case "drafts", "templates":
		return object{"name": name, "processKey": "prey", "values": object{}}
	}
	return object{"code": name, "name": name}
}

// change is the body of a change of a thing.
func (m *matrix) change(path string) object {
	switch path {
	case "users":
		return object{"displayName": m.unique("changed")}
	case "event-sources", "topic-bindings", "channels":
		return object{"enabled": m.n%2 == 0}
	}
	return object{"name": m.unique("changed")}
}

// creates, changes and deletes are the crossings of a collection that those with the permission have in common.
func creates(path, table string) crossing {
	return func(m *matrix, c caller, o operation) {
		m.try(step{c.name, "POST /api/v1/" + path, m.fresh(path), c.may(o.permission), rows(table), nil})
	}
}

func changes(path, table string) crossing {
	return func(m *matrix, c caller, o operation) {
		id := m.made(path)
		m.try(step{c.name, "PUT /api/v1/" + path + "/" + id, m.change(path), c.may(o.permission), row(table, id), nil})
	}
}

func deletes(path, table string) crossing {
	return func(m *matrix, c caller, o operation) {
		id := m.made(path)
		m.try(step{c.name, "DELETE /api/v1/" + path + "/" + id, nil, c.may(o.permission), row(table, id), nil})
	}
}

// ownAndOthers is the crossing of personal things: one's own changes, another's does not.
func ownAndOthers(method, path, table string) crossing {
	return func(m *matrix, c caller, o operation) {
		body := any(nil)
		if method == "PUT" {
			body = m.change(path)
		}
		other := m.ids[path] // wangfang's
		m.try(step{c.name, method + " /api/v1/" + path + "/" + other, body, false, row(table, other), nil})
		if !c.may(o.permission) {
			return
		}
		own := at(m.must(c.name, "POST", "/api/v1/"+path, m.fresh(path)), "id")
		m.try(step{c.name, method + " /api/v1/" + path + "/" + own, body, true, row(table, own), nil})
	}
}

// onInstance is the crossing of what operators do with instances; before brings the instance where it can be done.
func onInstance(verb string, body any, before string) crossing {
	return func(m *matrix, c caller, o operation) {
		instance, _ := m.start("wangfang")
		if before != "" {
			m.must("admin", "POST", "/api/v1/instances/"+instance+"/"+before, object{})
		}
		m.try(step{c.name, "POST /api/v1/instances/" + instance + "/" + verb, body, c.may(o.permission), row("workflow_instance", instance), nil})
	}
}

// onTask is the crossing of what people do with their tasks; table is where it is seen.
func onTask(verb string, body any, table string) crossing {
	return func(m *matrix, c caller, o operation) {
		path := "POST /api/v1/tasks/"
		instance, own := m.start(c.name)
		seen := history(instance)
		if table != "" {
			seen = rows(table)
		}
		m.try(step{c.name, path + own + "/" + verb, body, c.may(o.permission), seen, nil})
		if c.may("WORKFLOW_OPERATE") || c.may("WORKFLOW_AUDIT") { // they do more, and see more to comment: their own tests say what
			return
		}
		instance, other := m.start("chenjing")
		if table == "" {
			seen = history(instance)
		}
		m.try(step{c.name, path + other + "/" + verb, body, false, seen, nil})
	}
}

// crossings are the operations that the matrix crosses with what is one's own and another's.
var crossings = map[string]crossing{
	"POST /users": creates("users", "sys_user"), "PUT /users/{id}": changes("users", "sys_user"), "DELETE /users/{id}": deletes("users", "sys_user"),
	"POST /roles": creates("roles", "sys_role"), "PUT /roles/{id}": changes("roles", "sys_role"), "DELETE /roles/{id}": deletes("roles", "sys_role"),
	"POST /groups": creates("groups", "sys_group"), "PUT /groups/{id}": changes("groups", "sys_group"), "DELETE /groups/{id}": deletes("groups", "sys_group"),
	"POST /permissions": creates("permissions", "sys_permission"), "DELETE /permissions/{id}": deletes("permissions", "sys_permission"),
	"POST /departments": creates("departments", "sys_department"), "PUT /departments/{id}": changes("departments", "sys_department"), "DELETE /departments/{id}": deletes("departments", "sys_department"),
	"POST /channels": creates("channels", "workflow_channel"), "PUT /channels/{id}": changes("channels", "workflow_channel"), "DELETE /channels/{id}": deletes("channels", "workflow_channel"),
	"POST /event-sources": creates("event-sources", "workflow_event_source"), "PUT /event-sources/{id}": changes("event-sources", "workflow_event_source"), "DELETE /event-sources/{id}": deletes("event-sources", "workflow_event_source"),
	"POST /topic-bindings": creates("topic-bindings", "workflow_topic_binding"), "PUT /topic-bindings/{id}": changes("topic-bindings", "workflow_topic_binding"), "DELETE /topic-bindings/{id}": deletes("topic-bindings", "workflow_topic_binding"),
	"POST /categories": creates("categories", "workflow_category"), "PUT /categories/{id}": changes("categories", "workflow_category"), "DELETE /categories/{id}": deletes("categories", "workflow_category"),
	"POST /drafts": creates("drafts", "workflow_draft"), "PUT /drafts/{id}": ownAndOthers("PUT", "drafts", "workflow_draft"), "DELETE /drafts/{id}": ownAndOthers("DELETE", "drafts", "workflow_draft"),
	"POST /templates": creates("templates", "workflow_template"), "PUT /templates/{id}": ownAndOthers("PUT", "templates", "workflow_template"), "DELETE /templates/{id}": ownAndOthers("DELETE", "templates", "workflow_template"),

	"POST /processes/{key}/start": func(m *matrix, c caller, o operation) {
		m.try(step{c.name, "POST /api/v1/processes/prey/start", object{}, c.may(o.permission), rows("workflow_instance"), nil})
	},
	"POST /instances/{id}/suspend": onInstance("suspend", object{}, ""), "POST /instances/{id}/resume": onInstance("resume", object{}, "suspend"),
	"POST /instances/{id}/variables": onInstance("variables", object{"variables": object{"a": 1}}, ""),
	"POST /instances/{id}/modify":    onInstance("modify", object{"instructions": []object{{"type": "startBefore", "nodeId": "v"}}}, ""),
	"POST /instances/{id}/cancel": func(m *matrix, c caller, _ operation) { // the starter may, and operators
		instance, _ := m.start("wangfang")
		m.try(step{c.name, "POST /api/v1/instances/" + instance + "/cancel", object{}, c.may("WORKFLOW_INSTANCE") && c.may("WORKFLOW_OPERATE"), row("workflow_instance", instance), nil})
	},
	"POST /tasks/{id}/complete": onTask("complete", object{}, ""), "POST /tasks/{id}/transfer": onTask("transfer", object{"userId": "sunqi"}, ""),
	"POST /tasks/{id}/delegate": onTask("delegate", object{"userId": "sunqi"}, ""),
	"POST /tasks/{id}/comments": onTask("comments", object{"text": "x"}, "workflow_comment"), "POST /tasks/{id}/copy": onTask("copy", object{"userIds": []string{"sunqi"}}, "workflow_copy"),
	"PUT /permissions/{id}": changes("permissions", "sys_permission"),
	"PUT /notification-preferences": func(m *matrix, c caller, o operation) {
		m.try(step{c.name, "PUT /api/v1/notification-preferences", object{"language": "en"}, c.may(o.permission), rows("workflow_notification_preference"), nil})
	},
	"PUT /me/phrases": func(m *matrix, c caller, o operation) {
		m.try(step{c.name, "PUT /api/v1/me/phrases", object{"items": []string{m.unique("phrase")}}, c.may(o.permission), "SELECT IFNULL(SUM(version), 0) FROM sys_phrase", nil})
	},
	"POST /users:import": func(m *matrix, c caller, o operation) {
		m.try(step{c.name, "POST /api/v1/users:import", object{"csv": "username\n" + m.unique("imported") + "\n"}, c.may(o.permission), rows("sys_user"), nil})
	},
	"POST /tasks/{id}/attachments": func(m *matrix, c caller, o operation) {
		_, task := m.start(c.name)
		m.try(step{c.name, "POST /api/v1/tasks/" + task + "/attachments", upload, c.may(o.permission), rows("workflow_attachment"), []string{"Content-Type", "multipart/form-data; boundary=b"}})
	},
	"POST /delegations": func(m *matrix, c caller, o operation) {
		from := time.Now().Add(time.Duration(m.n) * time.Hour).UTC()
		body := object{"substitute": "zhaolei", "from": from.Format(time.RFC3339), "to": from.Add(time.Minute).Format(time.RFC3339)}
		m.try(step{c.name, "POST /api/v1/delegations", body, c.may(o.permission), rows("workflow_delegation"), nil})
	},
}

// uncrossed are the changing operations that are not in crossings, with what else holds them. All of them are crossed
// with things that there are not, and by TestAuthorizationOfEveryRoute with every role.
var uncrossed = func() map[string]string {
	list := map[string]string{}
	for reason, names := range map[string][]string{
		"object-access attacks another's": {"DELETE /files/{id}", "DELETE /filters/{id}", "PUT /filters/{id}", "POST /instances/{id}/copy", "POST /instances/{id}/resubmit", "POST /instances/{id}/links", "DELETE /instances/{id}/links/{other}",
			"DELETE /api-tokens/{id}", "DELETE /delegations/{id}", "PUT /delegations/{id}", "DELETE /sessions/{id}", "POST /templates/{id}/use",
			"POST /instances/{id}/comments", "POST /instances/{id}/withdraw", "POST /tasks/{id}/add-signers", "POST /tasks/{id}/remove-signers", "DELETE /tasks/{id}/attachments/{attachment}",
			"POST /tasks/{id}/claim", "POST /tasks/{id}/unclaim", "POST /tasks/{id}/error", "POST /tasks/{id}/escalate", "POST /tasks/{id}/resolve", "POST /tasks/{id}/return", "POST /tasks/{id}/urge", "POST /tasks/{id}/withdraw"},
		"operators and designers have them in common; test/openapi sends each as one who may and one who may not": {"POST /batches", "POST /batches/{id}/cancel", "POST /batches/{id}/pause", "POST /batches/{id}/resume", "POST /batches/{id}/retry",
			"POST /definitions/{id}/resume", "POST /definitions/{id}/start", "POST /definitions/{id}/suspend", "POST /deployments", "POST /designs", "DELETE /designs/{id}", "PUT /designs/{id}", "POST /designs/{id}/publish", "POST /designs/{id}/rollback",
			"POST /incidents/{id}/retry", "DELETE /instances/{id}", "POST /instances/{id}/correlate", "POST /instances/{id}/migrate", "POST /instances/{id}/restart", "POST /instances/{id}/retry", "POST /jobs/{id}/retries", "POST /tasks:transfer"},
		"the lock is the worker's": {"POST /jobs/{id}/complete", "POST /jobs/{id}/error", "POST /jobs/{id}/escalate", "POST /jobs/{id}/extend", "POST /jobs/{id}/fail", "POST /jobs:fetch"},
		"it names no object":       {"POST /files", "POST /filters", "POST /webhooks", "POST /conditions", "POST /messages", "POST /signals", "POST /sessions:revoke-all", "POST /notifications:read-all", "POST /api-tokens", "PUT /auth/password"},
		"it changes nothing":       {"POST /instances:search", "POST /instances:export", "POST /tasks:search", "POST /tasks:export", "POST /processes/{key}/forecast", "POST /webhooks/{id}/test", "POST /channels/{id}/test", "POST /decisions/{key}/evaluate", "POST /designs/{id}/shadow-run", "POST /designs/{id}/validate", "POST /migrations:generate", "POST /migrations:validate", "POST /notification-templates/{kind}/{language}/preview"},
		"administrators have them in common; privilege-escalation": {"PUT /calendars/{code}", "DELETE /calendars/{code}", "PUT /roles/{id}/scope", "PUT /users/{id}/posts", "PUT /webhooks/{id}", "DELETE /webhooks/{id}", "PUT /webhooks/{id}/secret", "POST /webhooks/{id}/replay",
			"POST /dead-letters/{id}/resubmit", "POST /deliveries/{id}/resend", "DELETE /notification-templates/{kind}/{language}", "PUT /notification-templates/{kind}/{language}",
			"PUT /settings/{key}", "POST /users/{id}/unlock", "POST /users/{id}/erase", "POST /holds", "POST /holds/{id}/lift", "POST /backups", "POST /backups/{backup}/verify", "POST /directories/{name}/sync"},
		"one's own alone; functions/login forges another's": {"POST /me/identities/{provider}", "DELETE /me/identities/{provider}"},
		"mixed() crosses it": {"POST /tasks:complete"},
		"one's own by the query; functions/notify tests another's": {"POST /notifications/{id}/read"},
	} {
		for _, name := range names {
			list[name] = reason
		}
	}
	return list
}()
