package openapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/test/producttest"
)

// nothing is the id of nothing.
const nothing = "019a9cf3-5b5e-7000-8000-0000000000ff"

// sessions logs in and out, with the cookie and without.
func sessions(s *session) {
	credentials := value{"username": "sunqi", "password": access.DemoPassword}
	s.do("", "POST /api/v1/auth/login", credentials)
	s.refused(http.StatusUnauthorized, "", "POST /api/v1/auth/login", value{"username": "sunqi", "password": "wrong"})
	s.refused(http.StatusUnauthorized, "", "POST /auth/login", value{"username": "nobody", "password": "wrong"})
	answer := s.send("", "POST /auth/login", credentials)
	cookie := func(a producttest.Answer) string {
		text, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
		return text
	}
	ours := []string{"Cookie", cookie(answer), "X-Requested-With", "test"}
	s.refused(http.StatusForbidden, "", "POST /auth/refresh", nil, ours[:2]...)
	s.refused(http.StatusUnauthorized, "", "POST /auth/refresh", nil, ours[2:]...)
	refreshed := s.send("", "POST /auth/refresh", nil, ours...)
	s.do("sunqi", "GET /auth/userinfo", nil)
	s.refused(http.StatusUnauthorized, "", "GET /auth/userinfo", nil)
	s.refused(http.StatusForbidden, "", "POST /auth/logout", nil)
	s.do("", "POST /auth/logout", nil, "Cookie", cookie(refreshed), "X-Requested-With", "test")
	s.refused(http.StatusUnprocessableEntity, "sunqi", "PUT /auth/password", value{"currentPassword": access.DemoPassword, "newPassword": "short"})
	s.do("sunqi", "PUT /auth/password", value{"currentPassword": access.DemoPassword, "newPassword": "another-Passw0rd-1"})
	s.do("", "GET /.well-known/jwks.json", nil)
	s.do("", "GET /", nil)
	s.do("", "GET /api", nil)
	s.do("", "GET /api/v1/console", nil)
	tag := s.send("", "GET /openapi.yaml", nil).Header.Get("ETag")
	s.do("", "GET /openapi.yaml", nil, "If-None-Match", tag)
	s.do("zhangwei", "GET /api/v1/events/stream", nil, "X-Timeout", "200ms")
	s.refused(http.StatusUnauthorized, "", "GET /api/v1/events/stream", nil)
}

// directory creates, reads, changes and deletes one thing of each kind.
func directory(s *session) {
	for path, c := range map[string]struct{ create, change value }{
		"users": {
			value{"username": "contract", "password": "a-Passw0rd-12345", "displayName": "合同", "email": "c@example.com", "title": "x", "roles": []string{"EMPLOYEE"}, "groups": []string{"finance"}, "enabled": true},
			value{"displayName": "合约", "roles": []string{"AUDITOR"}, "enabled": false},
		},
		"roles":       {value{"code": "CONTRACT", "name": "合同", "description": "x", "permissions": []string{"WORKFLOW_START"}}, value{"description": "y", "permissions": []string{}}},
		"permissions": {value{"code": "CONTRACT_X", "name": "合同", "position": 3}, value{"name": "合约", "position": 4}},
		"departments": {value{"code": "contract", "name": "合同部", "head": "wangfang"}, value{"name": "合约部", "head": ""}},
		"groups":      {value{"key": "contract", "name": "合同组"}, value{"name": "合约组"}},
		"topic-bindings": {
			value{"topic": "invoice", "kind": "url", "target": "https://billing.example/jobs", "timeoutSeconds": 20, "headers": []value{{"name": "Authorization", "secret": "billing-token"}}, "keyId": "b1", "key": sourceKey},
			value{"enabled": false, "retries": 5},
		},
		"event-sources": {source("https://crm.example/other"), value{"enabled": false, "keyId": "c2", "key": sourceKey}},
	} {
		collection := " /api/v1/" + path
		s.refused(http.StatusUnprocessableEntity, "admin", "POST"+collection, value{})
		s.refused(http.StatusBadRequest, "admin", "POST"+collection, value{"undeclared": 1})
		created := s.do("admin", "POST"+collection, c.create, "Idempotency-Key", path)
		s.do("admin", "POST"+collection, c.create, "Idempotency-Key", path)
		s.refused(http.StatusConflict, "admin", "POST"+collection, c.create)
		s.do("admin", "GET"+collection, nil)
		item := collection + "/" + s.at(created, "id")
		tag := s.send("admin", "GET"+item, nil).Header.Get("ETag")
		s.refused(http.StatusForbidden, "zhangwei", "GET"+item, nil)
		s.do("admin", "PUT"+item, c.change, "If-Match", tag)
		s.refused(http.StatusPreconditionFailed, "admin", "PUT"+item, c.change, "If-Match", tag)
		s.do("admin", "DELETE"+item, nil)
		s.refused(http.StatusNotFound, "admin", "DELETE"+item, nil)
	}
	s.do("admin", "GET /api/v1/users?count=true&sort=-createdAt&limit=2&enabled=true&q=z&role=EMPLOYEE", nil)
}

// definitions deploys a model twice and reads what is deployed.
func definitions(s *session) {
	model := s.model("contract.bpmn")
	first := s.deploy(model)["leave"]
	second := s.deploy(strings.ReplaceAll(model, "审批", "经理审批"))["leave"]
	s.refused(http.StatusBadRequest, "zhouming", "POST /api/v1/deployments", "{}")
	body, kind, err := producttest.Multipart("", producttest.File{Name: "bad.bpmn", Content: []byte("<definitions/>")})
	if err != nil {
		s.Fatal(err)
	}
	s.refused(http.StatusUnprocessableEntity, "zhouming", "POST /api/v1/deployments", body, "Content-Type", kind)
	s.do("zhangwei", "GET /api/v1/definitions?key=leave&latest=true&limit=1&count=true", nil)
	s.do("zhangwei", "GET /api/v1/definitions/"+first, nil)
	s.do("zhangwei", "GET /api/v1/definitions/"+first+"/xml", nil)
	s.do("zhangwei", "GET /api/v1/definitions/"+first+"/diff/"+second, nil)
	s.do("zhouming", "POST /api/v1/definitions/"+first+"/suspend", value{"instances": false}, "Idempotency-Key", "suspend")
	s.refused(http.StatusForbidden, "zhouming", "POST /api/v1/definitions/"+first+"/suspend", value{"instances": true})
	s.refused(http.StatusConflict, "zhangwei", "POST /api/v1/definitions/"+first+"/start", value{})
	s.do("zhouming", "POST /api/v1/definitions/"+first+"/resume", value{"instances": false})
	started := s.do("zhangwei", "POST /api/v1/definitions/"+first+"/start", value{"businessKey": "B-0", "variables": value{"days": 9}})
	s.do("zhangwei", "POST /api/v1/instances/"+s.at(started, "instance.id")+"/cancel", value{"reason": "wrong version"})
	s.do("zhangwei", "GET /api/v1/processes/leave/start-form", nil)
	s.do("zhangwei", "GET /api/v1/processes/leave/suggestions", nil)
}

// decisions deploys a decision file, reads what is deployed and evaluates it.
func decisions(s *session) {
	body, kind, err := producttest.Multipart("", producttest.File{Name: "decide.dmn", Content: []byte(s.model("decide.dmn"))})
	if err != nil {
		s.Fatal(err)
	}
	answer := s.do("zhouming", "POST /api/v1/deployments", body, "Content-Type", kind)
	one := "GET /api/v1/decisions/" + s.at(answer, "decisions.0.id")
	s.do("zhangwei", "GET /api/v1/decisions?key=route&latest=true&limit=1&count=true", nil)
	s.do("zhangwei", one, nil)
	s.do("zhangwei", one+"/xml", nil)
	s.refused(http.StatusNotFound, "zhangwei", "GET /api/v1/decisions/"+nothing, nil)
	s.do("zhangwei", "POST /api/v1/decisions/route/evaluate", value{"variables": value{"days": 5}, "version": 1})
	s.refused(http.StatusNotFound, "zhangwei", "POST /api/v1/decisions/nobody/evaluate", value{})
	s.refused(http.StatusUnprocessableEntity, "zhangwei", "POST /api/v1/decisions/route/evaluate", value{"variables": value{"days": 3.5}})
}

// tasks hands a task around and completes it.
func tasks(s *session) {
	instance, task := s.start("leave", value{"days": 3, "reason": "家事", "nested": value{"list": []any{1, "two", nil, 3.5, true}}})
	at := " /api/v1/tasks/" + task
	for _, view := range []string{"todo", "claimable", "done", "started", "copied"} {
		s.do("wangfang", "GET /api/v1/tasks?view="+view+"&count=true&sort=dueAt", nil)
	}
	s.do("wuqiang", "GET /api/v1/tasks?view=all&limit=1", nil)
	s.do("wangfang", "GET"+at, nil)
	s.do("wangfang", "GET"+at+"/form", nil)
	s.do("wangfang", "POST"+at+"/delegate", value{"userId": "lina", "comment": "请看"})
	s.do("lina", "POST"+at+"/resolve", value{"comment": "看过"})
	s.do("wangfang", "POST"+at+"/transfer", value{"userId": "sunqi"})
	s.refused(http.StatusForbidden, "wangfang", "POST"+at+"/complete", value{})
	s.refused(http.StatusUnprocessableEntity, "sunqi", "POST"+at+"/transfer", value{"userId": "nobody"})
	s.do("sunqi", "POST"+at+"/escalate", value{"code": "LATE", "variables": value{"question": "附件在哪里"}}, "Idempotency-Key", "escalate")
	_, wrong := s.start("leave", value{"days": 4})
	s.do("wangfang", "POST /api/v1/tasks/"+wrong+"/error", value{"code": "WRONG", "message": "日期有误", "variables": value{"approved": false}}, "Idempotency-Key", "error")
	next := s.do("sunqi", "POST"+at+"/complete", value{"variables": value{"approved": true}, "outcome": "approved", "comment": "同意"}, "Idempotency-Key", "complete")
	s.do("sunqi", "POST"+at+"/complete", value{"variables": value{"approved": true}, "outcome": "approved", "comment": "同意"}, "Idempotency-Key", "complete")
	s.refused(http.StatusUnprocessableEntity, "sunqi", "POST"+at+"/complete", value{}, "Idempotency-Key", "complete")
	s.refused(http.StatusConflict, "sunqi", "POST"+at+"/claim", nil)
	file := " /api/v1/tasks/" + s.at(next, "next.0.id")
	s.do("lina", "GET"+file, nil)
	s.do("lina", "POST"+file+"/claim", nil)
	s.do("lina", "POST"+file+"/unclaim", nil, "Idempotency-Key", "unclaim")
	s.do("lina", "POST"+file+"/claim", nil)
	s.do("lina", "GET /api/v1/home", nil)
	for _, aspect := range []string{"", "/variables", "/history", "/activity", "/timeline", "/why"} {
		s.do("zhangwei", "GET /api/v1/instances/"+instance+aspect, nil)
	}
	s.do("zhangwei", "GET /api/v1/instances/"+instance+"/history?limit=1&after=1", nil)
	s.do("lina", "POST"+file+"/complete", nil)
	s.do("zhangwei", "GET /api/v1/instances/"+instance, nil)
}

// operate suspends, resumes, repairs and looks.
func operate(s *session) {
	instance, _ := s.start("leave", value{"days": 2})
	at := " /api/v1/instances/" + instance
	s.do("zhangwei", "GET /api/v1/instances?state=active&processKey=leave&businessKey=B-leave&limit=1&view=mine&starter=zhangwei&count=true", nil)
	s.do("wuqiang", "GET /api/v1/timers?instanceId="+instance, nil)
	s.do("wuqiang", "GET /api/v1/subscriptions?limit=2", nil)
	s.do("wuqiang", "GET /api/v1/processes/leave/statistics?days=30", nil)
	s.refused(http.StatusBadRequest, "wuqiang", "GET /api/v1/processes/leave/statistics?days=0", nil)
	s.do("wuqiang", "GET /api/v1/statistics", nil)
	caller, _ := s.start("visit", value{"days": 2})
	called := s.do("zhangwei", "GET /api/v1/instances?parentInstanceId="+caller, nil)
	s.do("zhangwei", "GET /api/v1/instances/"+s.at(called, "items.0.id"), nil)
	s.do("zhangwei", "GET /api/v1/instances/"+caller+"/activity", nil)
	s.do("wuqiang", "POST"+at+"/suspend", value{"reason": "audit"})
	s.refused(http.StatusConflict, "wuqiang", "POST"+at+"/suspend", nil)
	s.do("wuqiang", "POST"+at+"/resume", value{"reason": "the audit is over"})
	s.refused(http.StatusNotFound, "wuqiang", "POST"+at+"/retry", nil)
	s.refused(http.StatusForbidden, "lina", "POST"+at+"/cancel", nil)
	s.do("zhangwei", "POST"+at+"/cancel", value{"reason": "家事已了"}, "Idempotency-Key", "cancel")
	for _, mend := range []string{"instances", "incidents"} {
		broken, _ := s.start("broken", nil)
		id := broken
		detail := s.do("wuqiang", "GET /api/v1/instances/"+broken, nil)
		if s.do("wuqiang", "GET /api/v1/incidents?instanceId="+broken+"&count=true", nil); mend == "incidents" {
			id = s.at(detail, "incidents.0.id")
		}
		s.do("wuqiang", "POST /api/v1/"+mend+"/"+id+"/retry", value{"variables": value{"manager": "wangfang"}})
		s.do("wuqiang", "GET /api/v1/incidents?resolved=true&processKey=broken&limit=1", nil)
	}
}

// work does the jobs of a worker.
func work(s *session) {
	fetch := value{"workerId": "w", "topics": []value{{"name": "work", "lockSeconds": 60, "variables": []string{"a"}}}, "maxJobs": 1, "waitSeconds": 5}
	job := func() string {
		s.start("work", value{"a": 1, "b": "x"})
		return s.at(s.do("admin", "POST /api/v1/jobs:fetch", fetch), "items.0.id")
	}
	s.refused(http.StatusUnprocessableEntity, "admin", "POST /api/v1/jobs:fetch", value{"workerId": "w"})
	done := " /api/v1/jobs/" + job()
	s.do("wuqiang", "GET /api/v1/jobs?kind=external&topic=work&processKey=work&count=true", nil)
	s.do("admin", "POST"+done+"/extend", value{"workerId": "w", "lockSeconds": 90})
	s.do("admin", "POST"+done+"/escalate", value{"workerId": "w", "code": "LATE", "variables": value{"minutes": 5}}, "Idempotency-Key", "escalation")
	s.refused(http.StatusConflict, "admin", "POST"+done+"/complete", value{"workerId": "other"})
	s.do("admin", "POST"+done+"/complete", value{"workerId": "w", "variables": value{"result": []int{1}}}, "Idempotency-Key", "job")
	s.do("admin", "POST /api/v1/jobs/"+job()+"/error", value{"workerId": "w", "code": "FAILED", "message": "no", "variables": value{"c": nil}})
	failed := job()
	s.do("admin", "POST /api/v1/jobs/"+failed+"/fail", value{"workerId": "w", "message": "no line", "details": "trace", "retries": 0, "retryAfterSeconds": 1})
	s.do("wuqiang", "GET /api/v1/incidents?processKey=work", nil)
}

// inform sends messages and reads notifications.
func inform(s *session) {
	s.do("admin", "POST /api/v1/messages", value{"name": "order placed", "businessKey": "O-1", "variables": value{"amount": 1.5}})
	s.refused(http.StatusNotFound, "admin", "POST /api/v1/messages", value{"name": "nobody waits"})
	s.do("admin", "POST /api/v1/messages", value{"name": "nobody waits", "correlationKeys": value{"a": 1}, "ttlSeconds": 60}, "Idempotency-Key", "parked")
	s.do("admin", "POST /api/v1/messages", value{"name": "nobody waits", "correlationKeys": value{"a": 1}, "ttlSeconds": 60}, "Idempotency-Key", "parked")
	s.do("admin", "POST /api/v1/signals", value{"name": "market closed", "variables": value{"reason": "holiday"}}, "Idempotency-Key", "signal")
	s.do("admin", "POST /api/v1/conditions", value{"businessKey": "W-1", "variables": value{"stock": 0}}, "Idempotency-Key", "condition")
	list := s.eventually("wangfang", "GET /api/v1/notifications?unread=true&limit=2&count=true", some)
	s.do("wangfang", "GET /api/v1/notifications/unread-count", nil)
	one := s.at(list, "items.0.id")
	s.do("wangfang", "POST /api/v1/notifications/"+one+"/read", nil, "Idempotency-Key", "read")
	s.refused(http.StatusNotFound, "lina", "POST /api/v1/notifications/"+one+"/read", nil)
	s.do("wangfang", "POST /api/v1/notifications:read-all", nil)
	s.do("wangfang", "GET /api/v1/notifications", nil)
	deliver(s)
}

const (
	sourceName = "https://crm.example/contract"
	sourceKey  = "a key of the contract's own source"
)

func source(name string) value {
	return value{
		"source": name, "types": []string{"com.example.order.placed.v1", "com.example.odd.v1"}, "keyId": "c1", "key": sourceKey,
		"mappings": []value{
			{"type": "com.example.order.placed.v1", "message": "order placed", "businessKey": "${event.businesskey}", "variables": value{"amount": "${data.amount}"}},
			{"type": "com.example.odd.v1", "message": "odd", "correlationKeys": value{"x": "${data.none.at.all}"}},
		},
	}
}

func signed(id, kind string) event.Event {
	e := event.New()
	e.SetID(id)
	e.SetSource(sourceName)
	e.SetType(kind)
	e.SetTime(time.Now().UTC())
	e.SetExtension("businesskey", "O-"+id)
	e.SetDataContentType(event.ApplicationJSON)
	e.DataEncoded = []byte(`{"amount":99.5}`)
	cloudevent.Sign(&e, "c1", []byte(sourceKey), time.Now())
	return e
}

// events sends CloudEvents in each way, and one that becomes a dead letter.
func events(s *session) {
	registered := s.do("admin", "POST /api/v1/event-sources", source(sourceName))
	const path = "POST /api/v1/events"
	structured := []string{"Content-Type", event.ApplicationCloudEventsJSON}
	one, two, odd := signed("1", "com.example.order.placed.v1"), signed("2", "com.example.order.placed.v1"), signed("3", "com.example.odd.v1")
	s.do("", path, one, structured...)
	s.do("", path, []event.Event{one, two}, "Content-Type", event.ApplicationCloudEventsBatchJSON)
	binary := []string{"Ce-Specversion", "1.0", "Ce-Id", one.ID(), "Ce-Source", one.Source(), "Ce-Type", one.Type(), "Ce-Time", one.Time().Format(time.RFC3339Nano)}
	for name, attribute := range one.Extensions() {
		binary = append(binary, "Ce-"+name, attribute.(string))
	}
	s.do("", path, one.Data(), append(binary, "Content-Type", event.ApplicationJSON)...)
	unsigned := one.Clone()
	unsigned.SetExtension(cloudevent.SignatureAttribute, nil)
	s.refused(http.StatusUnauthorized, "", path, unsigned, structured...)
	s.refused(http.StatusBadRequest, "", path, "no event", structured...)
	s.refused(http.StatusUnprocessableEntity, "", path, odd, structured...)
	letter := s.at(s.do("admin", "GET /api/v1/dead-letters?direction=in&type=com.example.odd.v1&count=true", nil), "items.0.id")
	s.do("admin", "GET /api/v1/dead-letters/"+letter, nil)
	s.do("admin", "GET /api/v1/dead-letters/"+letter+"/rehearsal", nil)
	s.refused(http.StatusNotFound, "admin", "GET /api/v1/dead-letters/"+nothing+"/rehearsal", nil)
	resubmit := "POST /api/v1/dead-letters/" + letter + "/resubmit"
	s.refused(http.StatusUnprocessableEntity, "admin", resubmit, nil)
	mended := value{"mappings": []value{{"type": "com.example.odd.v1", "message": "order placed"}}}
	s.do("admin", "PUT /api/v1/event-sources/"+s.at(registered, "id"), mended)
	for end := time.Now().Add(waitLimit); s.send("admin", resubmit, nil).Status != http.StatusOK && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond) // the old mapping is remembered for a moment
	}
}
