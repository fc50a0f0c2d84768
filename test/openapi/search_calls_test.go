package openapi

import (
	"net/http"
)

// look searches, exports, saves filters and reads what describes the product.
func look(s *session) {
	s.start("leave", value{"days": 4})
	condition := value{"any": []value{{"variable": "days", "operator": "ge", "value": 3}, {"field": "processKey", "operator": "in", "value": []string{"leave", "broken"}}}}
	wrong := value{"condition": value{"field": "color", "value": "red"}}
	for _, list := range []string{"tasks", "instances"} {
		at := "POST /api/v1/" + list
		s.do("wangfang", at+":search", value{"condition": condition, "limit": 2, "count": true})
		s.refused(http.StatusUnprocessableEntity, "wangfang", at+":search", wrong)
		s.do("wangfang", at+":export", value{"condition": condition, "format": "csv", "columns": []string{"id", "processKey", "state"}}, "Accept-Language", "zh-CN")
		s.do("wangfang", at+":export", value{"format": "xlsx"})
		s.refused(http.StatusUnprocessableEntity, "wangfang", at+":export", value{"format": "pdf"})
	}
	const filters = " /api/v1/filters"
	body := value{"list": "tasks", "name": "三天以上", "role": "EMPLOYEE", "parameters": value{"view": "todo"}, "condition": condition, "sort": "dueAt", "position": 1, "preferred": true}
	made := filters + "/" + s.at(s.do("wangfang", "POST"+filters, body, "Idempotency-Key", "filter"), "id")
	s.refused(http.StatusConflict, "wangfang", "POST"+filters, body)
	s.refused(http.StatusUnprocessableEntity, "wangfang", "POST"+filters, value{"list": "lunch", "name": "x"})
	s.do("lina", "GET"+filters+"?list=tasks&count=true", nil)
	s.refused(http.StatusBadRequest, "lina", "GET"+filters+"?owner=wangfang", nil)
	s.do("lina", "GET"+made, nil)
	s.refused(http.StatusNotFound, "lina", "GET"+filters+"/"+nothing, nil)
	s.refused(http.StatusPreconditionRequired, "wangfang", "PUT"+made, value{"position": 2})
	s.do("wangfang", "PUT"+made, value{"position": 2, "role": "", "condition": nil}, "If-Match", `"1"`)
	s.refused(http.StatusPreconditionFailed, "wangfang", "PUT"+made, value{"position": 2}, "If-Match", `"1"`)
	s.refused(http.StatusNotFound, "lina", "DELETE"+made, nil, "If-Match", "*")
	s.do("wangfang", "DELETE"+made, nil, "If-Match", `"2"`)
	s.do("lina", "GET /api/v1/functions", nil)
	s.refused(http.StatusUnauthorized, "", "GET /api/v1/functions", nil)
	tag := s.send("", "GET /asyncapi.yaml", nil).Header.Get("ETag")
	s.do("", "GET /asyncapi.yaml", nil, "If-None-Match", tag)
}

// hook sets a webhook up, whose receiver is not allowed, and looks at what became of its deliveries.
func hook(s *session) {
	const hooks = " /api/v1/webhooks"
	body := value{
		"name": "erp", "url": "https://erp.example/hooks", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"types": []string{"io.diom.workflow.task.created.v1", "io.diom.workflow.instance.ended.v1"}, "processKeys": []string{"leave"},
	}
	id := s.at(s.do("admin", "POST"+hooks, body, "Idempotency-Key", "webhook"), "id")
	made := hooks + "/" + id
	s.refused(http.StatusConflict, "admin", "POST"+hooks, body)
	s.refused(http.StatusUnprocessableEntity, "admin", "POST"+hooks, value{"name": "x", "url": "https://x.example", "secret": "y", "types": []string{"lunch"}})
	s.do("admin", "GET"+hooks+"?limit=1&count=true", nil)
	s.do("admin", "GET"+made, nil)
	s.refused(http.StatusNotFound, "admin", "GET"+hooks+"/"+nothing, nil)
	s.do("admin", "PUT"+made, value{"url": "http://127.0.0.1/hooks"}, "If-Match", `"1"`)
	s.refused(http.StatusPreconditionFailed, "admin", "PUT"+made, value{}, "If-Match", `"1"`)
	s.do("admin", "PUT"+made+"/secret", value{"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "hours": 48})
	s.refused(http.StatusUnprocessableEntity, "admin", "PUT"+made+"/secret", value{"secret": "short"})
	s.do("admin", "POST"+made+"/test", value{})
	s.refused(http.StatusNotFound, "admin", "POST"+hooks+"/"+nothing+"/test", value{})
	s.start("leave", value{"days": 3})
	s.eventually("admin", "GET /api/v1/deliveries?limit=1&state=failed&channel="+id, some)
	s.do("admin", "POST"+made+"/replay", value{"state": "failed", "since": "2026-01-01T00:00:00Z"}, "Idempotency-Key", "replay")
	s.refused(http.StatusUnprocessableEntity, "admin", "POST"+made+"/replay", value{"state": "lost"})
	s.refused(http.StatusForbidden, "lina", "DELETE"+made, nil)
	s.do("admin", "DELETE"+made, nil)
	s.refused(http.StatusNotFound, "admin", "DELETE"+made, nil)
}
