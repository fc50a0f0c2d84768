package openapi

import (
	"net/http"

	"diom.io/workflow/shared/access"
)

// identity lists and ends log-ins, makes API tokens, changes settings and reads the audit trail.
func identity(s *session) {
	s.do("lina", "GET /api/v1/sessions?limit=5&count=true&sort=-usedAt", nil)
	s.refused(http.StatusForbidden, "lina", "GET /api/v1/sessions?user="+nothing, nil)
	other := s.send("", "POST /auth/login", value{"username": "lina", "password": access.DemoPassword})
	list := s.do("lina", "GET /api/v1/sessions", nil) // the one that was used last is the first
	if other.Status != http.StatusOK {
		s.Errorf("a second log-in: %d", other.Status)
	}
	s.do("lina", "DELETE /api/v1/sessions/"+s.at(list, "items.0.id"), nil)
	s.refused(http.StatusNotFound, "lina", "DELETE /api/v1/sessions/"+nothing, nil)
	s.do("lina", "POST /api/v1/sessions:revoke-all", value{"keepCurrent": true})
	s.refused(http.StatusForbidden, "lina", "POST /api/v1/sessions:revoke-all", value{"user": nothing})

	token := value{"name": "夜间对账", "permissions": []string{"WORKFLOW_START", "WORKFLOW_TASK"}, "expiresAt": nil}
	made := s.do("wangfang", "POST /api/v1/api-tokens", token)
	s.refused(http.StatusUnprocessableEntity, "wangfang", "POST /api/v1/api-tokens", value{})
	s.refused(http.StatusForbidden, "wangfang", "POST /api/v1/api-tokens", value{"name": "x", "permissions": []string{"SYS_USER"}})
	s.do("wangfang", "GET /api/v1/api-tokens?limit=5", nil)
	s.do("wangfang", "DELETE /api/v1/api-tokens/"+s.at(made, "id"), nil)
	s.refused(http.StatusNotFound, "wangfang", "DELETE /api/v1/api-tokens/"+nothing, nil)

	s.do("admin", "GET /api/v1/settings", nil)
	const one = " /api/v1/settings/approval.urge_cooldown"
	tag := s.send("admin", "GET"+one, nil).Header.Get("ETag")
	s.do("admin", "GET"+one, nil)
	s.refused(http.StatusNotFound, "admin", "GET /api/v1/settings/none", nil)
	s.refused(http.StatusPreconditionRequired, "admin", "PUT"+one, value{"value": "45m"})
	s.do("admin", "PUT"+one, value{"value": "45m"}, "If-Match", tag)
	s.refused(http.StatusPreconditionFailed, "admin", "PUT"+one, value{"value": "50m"}, "If-Match", tag)
	s.refused(http.StatusUnprocessableEntity, "admin", "PUT"+one, value{"value": "soon"}, "If-Match", "*")
	s.do("admin", "PUT"+one, value{"value": nil}, "If-Match", "*")

	for range 4 {
		s.refused(http.StatusUnauthorized, "", "POST /auth/login", value{"username": "wuqiang", "password": "wrong-wrong"})
	}
	delayed := s.eventually("admin", "GET /api/v1/delayed-accounts", func(v value) bool { items, _ := v["items"].([]any); return len(items) > 0 })
	if name := s.at(delayed, "items.0.username"); name != "wuqiang" {
		s.Errorf("delayed is %s", name)
	}
	user := s.at(s.do("admin", "GET /api/v1/users?q=wuqiang", nil), "items.0.id")
	s.do("admin", "POST /api/v1/users/"+user+"/unlock", nil)
	s.refused(http.StatusNotFound, "admin", "POST /api/v1/users/"+nothing+"/unlock", nil)
	s.do("admin", "GET /api/v1/audit?actor=admin&action=user.unlock&limit=5&count=true&from=2024-01-31T00:00:00Z", nil)
	s.refused(http.StatusForbidden, "lina", "GET /api/v1/audit", nil)
}
