package openapi

import (
	"net/http"
	"strings"
)

// designs draws a process, publishes it, changes it and tells what that means; and keeps templates and drafts.
func designs(s *session) {
	model := strings.ReplaceAll(s.model("contract.bpmn"), `"leave"`, `"drawn"`)
	category := s.category()
	const path = " /api/v1/designs"
	body := value{"kind": "bpmn", "key": "drawn", "name": "请假", "description": "三天以内经理审批", "categoryId": category, "content": model, "comment": "初稿"}
	s.refused(http.StatusUnprocessableEntity, "zhouming", "POST"+path, value{})
	s.refused(http.StatusForbidden, "zhangwei", "POST"+path, body)
	made := s.do("zhouming", "POST"+path, body, "Idempotency-Key", "design")
	s.refused(http.StatusConflict, "zhouming", "POST"+path, body)
	one := path + "/" + s.at(made, "id")
	s.do("zhouming", "GET"+path+"?kind=bpmn&key=drawn&state=draft&limit=1&count=true&categoryId="+category, nil)
	s.do("zhouming", "GET"+one, nil)
	s.do("zhouming", "POST"+one+"/validate", value{"listeners": "refuse"})
	s.refused(http.StatusForbidden, "zhangwei", "POST"+one+"/publish", value{}, "If-Match", `"1"`)
	s.do("zhouming", "POST"+one+"/publish", value{"comment": "第一版", "listeners": "refuse"}, "If-Match", `"1"`, "Idempotency-Key", "publish")
	s.refused(http.StatusPreconditionFailed, "zhouming", "POST"+one+"/publish", value{}, "If-Match", `"1"`)
	changed := strings.ReplaceAll(model, "审批", "经理审批")
	s.do("zhouming", "PUT"+one, value{"name": "请假申请", "content": changed, "comment": "改名", "deprecated": false}, "If-Match", `"2"`)
	s.refused(http.StatusPreconditionFailed, "zhouming", "PUT"+one, value{"name": "x"}, "If-Match", `"2"`)
	s.refused(http.StatusUnprocessableEntity, "zhouming", "PUT"+one, value{"name": ""}, "If-Match", `"3"`)
	_, task := s.start("drawn", value{"days": 2})
	s.do("zhouming", "GET"+one+"/diff?from=1&to=3", nil)
	if task != "" {
		s.do("wangfang", "POST /api/v1/tasks/"+task+"/complete", value{"variables": value{"approved": true}})
	}
	s.do("zhouming", "POST"+one+"/shadow-run", value{"instances": 10, "version": 3, "listeners": "refuse"})
	s.do("zhouming", "GET"+one+"/versions?limit=2&count=true", nil)
	s.do("zhouming", "GET"+one+"/versions/1", nil)
	s.do("zhouming", "POST"+one+"/rollback", value{"version": 1, "comment": "退回"}, "If-Match", `"3"`, "Idempotency-Key", "rollback")
	s.kept()
	other := s.do("zhouming", "POST"+path, value{"kind": "form", "key": "gone", "name": "表单", "content": `{"id": "gone", "components": []}`})
	s.do("zhouming", "DELETE"+path+"/"+s.at(other, "id"), nil, "If-Match", `"1"`)
}

// category makes one, and another that goes again.
func (s *session) category() string {
	const path = " /api/v1/categories"
	s.refused(http.StatusUnprocessableEntity, "zhouming", "POST"+path, value{})
	made := s.do("zhouming", "POST"+path, value{"code": "hr", "name": "人事", "position": 1}, "Idempotency-Key", "category")
	s.refused(http.StatusConflict, "zhouming", "POST"+path, value{"code": "hr", "name": "x"})
	one := path + "/" + s.at(made, "id")
	s.do("zhangwei", "GET"+path+"?limit=1&count=true", nil)
	s.do("zhangwei", "GET"+one, nil)
	s.do("zhouming", "PUT"+one, value{"name": "人力资源", "position": 2}, "If-Match", `"1"`)
	s.refused(http.StatusPreconditionFailed, "zhouming", "PUT"+one, value{"name": "x"}, "If-Match", `"1"`)
	other := s.do("zhouming", "POST"+path, value{"code": "gone", "name": "x"})
	s.do("zhouming", "DELETE"+path+"/"+s.at(other, "id"), nil, "If-Match", `"1"`)
	return s.at(made, "id")
}

// kept keeps templates and drafts of a start form.
func (s *session) kept() {
	for _, path := range []string{" /api/v1/templates", " /api/v1/drafts"} {
		body := value{"name": "年假", "processKey": "drawn", "values": value{"days": 3, "reason": "年假"}}
		change := value{"name": "三天年假", "values": value{"days": 3}}
		list := "?processKey=drawn&limit=1&count=true"
		if path == " /api/v1/templates" {
			body["public"], body["description"] = true, "常用"
			change["public"], change["description"] = true, "最常用"
			list += "&view=mine"
		}
		s.refused(http.StatusUnprocessableEntity, "zhangwei", "POST"+path, value{})
		made := s.do("zhangwei", "POST"+path, body, "Idempotency-Key", path[1:])
		one := path + "/" + s.at(made, "id")
		s.do("zhangwei", "GET"+path+list, nil)
		s.do("zhangwei", "GET"+one, nil)
		s.do("zhangwei", "PUT"+one, change, "If-Match", `"1"`)
		s.refused(http.StatusPreconditionFailed, "zhangwei", "PUT"+one, change, "If-Match", `"1"`)
		if path == " /api/v1/templates" {
			s.do("lina", "POST"+one+"/use", nil, "Idempotency-Key", "use")
			s.refused(http.StatusForbidden, "lina", "DELETE"+one, nil, "If-Match", "*")
		}
		s.do("zhangwei", "DELETE"+one, nil, "If-Match", `"2"`)
	}
}
