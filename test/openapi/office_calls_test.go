package openapi

import "net/http"

// office gives people posts and calendars, starts for others, sends requests in again, links and foresees them.
func office(s *session) {
	user := s.at(s.do("admin", "GET /api/v1/users?q=zhangwei", nil), "items.0.id")
	s.do("admin", "PUT /api/v1/users/"+user+"/posts", value{"posts": []value{}})
	s.refused(http.StatusUnprocessableEntity, "admin", "PUT /api/v1/users/"+user+"/posts", value{"posts": []value{{"department": "none", "title": "顾问"}}})
	s.do("admin", "GET /api/v1/users/"+user+"/posts", nil)
	s.do("zhangwei", "GET /api/v1/posts", nil)
	s.do("zhangwei", "GET /api/v1/people?q=zhang", nil)
	s.do("zhangwei", "GET /api/v1/people?usernames=zhangwei,nobody&count=true", nil)
	s.do("zhangwei", "GET /api/v1/units", nil)
	s.do("zhangwei", "GET /api/v1/me/phrases", nil)
	s.do("zhangwei", "PUT /api/v1/me/phrases", value{"items": []string{"同意", "请补充材料"}})
	s.refused(http.StatusUnprocessableEntity, "zhangwei", "PUT /api/v1/me/phrases", value{"items": []string{""}})
	people := value{"csv": "username,displayName,department,roles\nliuyang,刘洋,rd,EMPLOYEE\n", "password": "Liu-yang-2026", "dryRun": true}
	s.do("admin", "POST /api/v1/users:import", people)
	s.refused(http.StatusUnprocessableEntity, "admin", "POST /api/v1/users:import", value{"csv": "username,roles\nliuyang,NOBODY\n"})
	s.refused(http.StatusForbidden, "lina", "POST /api/v1/users:import", people)
	holdAndErase(s)
	backups(s)
	role := s.at(s.do("admin", "GET /api/v1/roles", nil), "items.0.id")
	s.do("admin", "GET /api/v1/roles/"+role+"/scope", nil)
	s.do("admin", "PUT /api/v1/roles/"+role+"/scope", value{"dataScope": "own", "departments": []string{}})
	s.refused(http.StatusUnprocessableEntity, "admin", "PUT /api/v1/roles/"+role+"/scope", value{"dataScope": "chosen", "departments": []string{}})

	hours := value{"mon": []string{"09:00-12:00", "13:30-18:00"}, "tue": []string{"09:00-12:00", "13:30-18:00"}}
	const one = " /api/v1/calendars/default"
	s.refused(http.StatusNotFound, "zhangwei", "GET /api/v1/calendars/none", nil)
	s.do("admin", "PUT"+one, value{"name": "总部", "timeZone": "Asia/Shanghai", "hours": hours, "days": value{"2026-10-01": "off", "2026-10-10": "work"}})
	s.refused(http.StatusUnprocessableEntity, "admin", "PUT"+one, value{"name": "总部", "hours": value{"mon": []string{"9-12"}}})
	s.do("zhangwei", "GET"+one, nil)
	s.do("zhangwei", "GET /api/v1/calendars", nil)
	s.do("admin", "DELETE"+one, nil)
	s.refused(http.StatusNotFound, "admin", "DELETE"+one, nil)

	s.do("zhangwei", "POST /api/v1/processes/leave/forecast", value{"variables": value{"days": 5}})
	s.refused(http.StatusNotFound, "zhangwei", "POST /api/v1/processes/none/forecast", value{})
	first, _ := s.start("leave", value{"days": 5})
	at := " /api/v1/instances/" + first
	s.do("zhangwei", "GET"+at+"/forecast", nil)
	s.refused(http.StatusConflict, "zhangwei", "POST"+at+"/resubmit", value{})
	s.do("zhangwei", "POST"+at+"/withdraw", value{"comment": "日期不对"})
	s.do("zhangwei", "GET"+at+"/forecast", nil)
	again := s.do("zhangwei", "POST"+at+"/resubmit", value{"variables": value{"days": 3}}, "Idempotency-Key", "resubmit")
	s.do("zhangwei", "POST"+at+"/copy", value{}, "Idempotency-Key", "copy-request")
	s.refused(http.StatusForbidden, "lina", "POST"+at+"/copy", value{})
	other := s.at(again, "instance.id")
	s.do("zhangwei", "POST"+at+"/links", value{"instanceId": other, "comment": "重新提交"}, "Idempotency-Key", "link")
	s.refused(http.StatusConflict, "zhangwei", "POST"+at+"/links", value{"instanceId": other})
	s.do("zhangwei", "GET"+at+"/links", nil)
	s.do("zhangwei", "DELETE"+at+"/links/"+other, nil)
	s.refused(http.StatusNotFound, "zhangwei", "DELETE"+at+"/links/"+other, nil)
	s.do("zhangwei", "GET /api/v1/instances?view=scope&limit=1", nil)
}

// holdAndErase keeps instances from being deleted, and erases a person.
func holdAndErase(s *session) {
	held := s.at(s.do("admin", "POST /api/v1/holds", value{"processKey": "leave", "reason": "劳动仲裁"}, "Idempotency-Key", "hold"), "id")
	s.refused(http.StatusUnprocessableEntity, "admin", "POST /api/v1/holds", value{"reason": "劳动仲裁"})
	s.refused(http.StatusForbidden, "lina", "POST /api/v1/holds", value{"processKey": "leave", "reason": "x"})
	s.do("admin", "GET /api/v1/holds?state=open", nil)
	s.do("admin", "POST /api/v1/holds/"+held+"/lift", nil)
	s.refused(http.StatusConflict, "admin", "POST /api/v1/holds/"+held+"/lift", nil)
	gone := s.at(s.do("admin", "POST /api/v1/users", value{"username": "leaver", "displayName": "刘离", "password": "Liu-li-2026", "enabled": false}), "id")
	s.refused(http.StatusUnprocessableEntity, "admin", "POST /api/v1/users/"+gone+"/erase", value{"confirm": "yes", "reason": "离职"})
	s.do("admin", "POST /api/v1/users/"+gone+"/erase", value{"confirm": "leaver", "reason": "离职"})
	s.refused(http.StatusConflict, "admin", "POST /api/v1/users/"+gone+"/erase", value{"confirm": "leaver", "reason": "离职"})
	s.do("admin", "GET /api/v1/erasures", nil)
}
