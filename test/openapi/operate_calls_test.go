package openapi

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// operators modify, migrate, restart and delete instances, one by one and as batches.
func operators(s *session) {
	model := s.model("contract.bpmn")
	first := s.deploy(model)["leave"]
	run := func() string {
		return s.at(s.do("zhangwei", "POST /api/v1/definitions/"+first+"/start", value{"variables": value{"days": 2}}), "instance.id")
	}
	one, other := run(), run()
	second := s.deploy(strings.ReplaceAll(model, "审批", "主管审批"))["leave"]
	at := " /api/v1/instances/" + one
	s.refused(http.StatusForbidden, "zhangwei", "POST"+at+"/modify", value{"instructions": []value{}})
	s.refused(http.StatusUnprocessableEntity, "wuqiang", "POST"+at+"/modify", value{"instructions": []value{{"type": "startBefore", "nodeId": "nowhere"}}})
	s.do("wuqiang", "POST"+at+"/modify", value{"reason": "补一次审批", "instructions": []value{
		{"type": "startBefore", "nodeId": "approve", "variables": value{"days": 3}, "localVariables": value{"extra": true}},
		{"type": "cancel", "token": 1},
	}}, "Idempotency-Key", "modify")
	s.do("wuqiang", "POST"+at+"/variables", value{"variables": value{"days": 4}, "remove": []string{"extra"}}, "Idempotency-Key", "variables")
	plan := s.do("wuqiang", "POST /api/v1/migrations:generate", value{"sourceDefinitionId": first, "targetDefinitionId": second})
	s.refused(http.StatusNotFound, "wuqiang", "POST /api/v1/migrations:generate", value{"sourceDefinitionId": first, "targetDefinitionId": nothing})
	check := value{"instanceIds": []string{one, nothing}}
	for name, part := range plan {
		check[name] = part
	}
	s.do("wuqiang", "POST /api/v1/migrations:validate", check)
	s.do("wuqiang", "POST"+at+"/migrate", plan, "Idempotency-Key", "migrate")
	s.refused(http.StatusUnprocessableEntity, "wuqiang", "POST"+at+"/migrate", plan)
	s.refused(http.StatusConflict, "wuqiang", "POST"+at+"/correlate", value{"message": "nobody waits"})
	s.refused(http.StatusConflict, "wuqiang", "POST"+at+"/restart", value{})
	s.do("wuqiang", "POST"+at+"/cancel", value{"reason": "重来"})
	s.do("wuqiang", "POST"+at+"/restart", value{"initialVariables": true}, "Idempotency-Key", "restart")
	deleted := false
	for end := time.Now().Add(waitLimit); !deleted && time.Now().Before(end); time.Sleep(50 * time.Millisecond) { // its events are sent first
		deleted = s.send("wuqiang", "DELETE"+at, nil).Status == http.StatusOK
	}
	if !deleted {
		s.Errorf("%s is not deleted", one)
	}
	waiting := s.at(s.do("admin", "POST /api/v1/messages", value{"name": "order placed", "businessKey": "O-hand"}), "results.0.instanceId")
	s.do("wuqiang", "POST /api/v1/instances/"+waiting+"/correlate", value{"message": "arrived", "variables": value{"parcels": 2}}, "Idempotency-Key", "correlate")
	batches(s, first, other)
	s.start("work", value{"a": 1, "b": "x"})
	job := s.at(s.do("wuqiang", "GET /api/v1/jobs?topic=work&limit=1", nil), "items.0.id")
	s.do("wuqiang", "POST /api/v1/jobs/"+job+"/retries", value{"retries": 5}, "Idempotency-Key", "retries")
	s.refused(http.StatusForbidden, "zhangwei", "POST /api/v1/jobs/"+job+"/retries", value{"retries": 5})
}

// batches makes batches of instances and looks at them.
func batches(s *session, definition, instance string) {
	const path = " /api/v1/batches"
	s.refused(http.StatusUnprocessableEntity, "wuqiang", "POST"+path, value{"kind": "cancel"})
	made := s.do("wuqiang", "POST"+path, value{"kind": "suspend", "reason": "盘点", "filter": value{"definitionId": definition, "state": "active"}}, "Idempotency-Key", "batch")
	failing := s.do("wuqiang", "POST"+path, value{"kind": "correlate", "correlate": value{"message": "nobody waits"}, "instanceIds": []string{instance}})
	at := path + "/" + s.at(failing, "id")
	ended := func(v value) bool { return v["state"] == "completed" }
	s.eventually("wuqiang", "GET"+path+"/"+s.at(made, "id"), ended)
	s.eventually("wuqiang", "GET"+at, ended)
	s.do("wuqiang", "GET"+path+"?state=completed&limit=1&count=true", nil)
	s.do("wuqiang", "GET"+at+"/items?state=failed&limit=1", nil)
	s.refused(http.StatusConflict, "wuqiang", "POST"+at+"/pause", nil)
	s.do("wuqiang", "POST"+at+"/retry", nil, "Idempotency-Key", "batch-retry")
	many := []string{}
	for n := range 20_000 { // instances that there are not: the batch lasts long enough to be paused
		many = append(many, fmt.Sprintf("%s%010d", nothing[:26], n))
	}
	long := path + "/" + s.at(s.do("wuqiang", "POST"+path, value{"kind": "resume", "instanceIds": many}), "id")
	s.do("wuqiang", "POST"+long+"/pause", nil, "Idempotency-Key", "batch-pause")
	s.do("wuqiang", "POST"+long+"/resume", nil, "Idempotency-Key", "batch-resume")
	s.do("wuqiang", "POST"+long+"/cancel", nil, "Idempotency-Key", "batch-cancel")
}
