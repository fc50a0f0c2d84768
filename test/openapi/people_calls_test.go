package openapi

import (
	"net/http"
	"time"
)

// people lets those who have to do with a task copy it, urge it and discuss it, stand in for each other, take over and
// complete many at once.
func people(s *session) {
	instance, task := s.start("leave", value{"days": 5})
	at := " /api/v1/tasks/" + task
	s.do("wangfang", "POST"+at+"/copy", value{"userIds": []string{"sunqi"}, "comment": "供参考"}, "Idempotency-Key", "copy")
	s.refused(http.StatusForbidden, "lina", "POST"+at+"/copy", value{"userIds": []string{"sunqi"}})
	s.refused(http.StatusUnprocessableEntity, "wangfang", "POST"+at+"/copy", value{"userIds": []string{"nobody"}})
	s.do("sunqi", "GET /api/v1/tasks?view=copied&unread=true&count=true", nil)
	s.do("sunqi", "GET"+at, nil)
	s.do("zhangwei", "POST"+at+"/urge", value{"comment": "请尽快处理"}, "Idempotency-Key", "urge")
	s.refused(http.StatusTooManyRequests, "zhangwei", "POST"+at+"/urge", value{})
	discussion(s, at, " /api/v1/instances/"+instance)
	attachments(s, at)
	forms(s)
	delegation(s)
	_, request := s.start("board", nil)
	signers := s.do("zhangwei", "POST /api/v1/tasks/"+request+"/complete", value{})
	ids := []string{s.at(signers, "next.0.id"), nothing}
	s.do("wangfang", "POST /api/v1/tasks:complete", value{"ids": ids, "outcome": "approve", "comment": "同意"}, "Idempotency-Key", "bulk")
	s.refused(http.StatusUnprocessableEntity, "wangfang", "POST /api/v1/tasks:complete", value{"ids": []string{}})
}

func discussion(s *session, task, instance string) {
	question := s.do("wangfang", "POST"+task+"/comments", value{"text": "能否推迟一周？@zhangwei", "mentions": []string{"zhangwei"}}, "Idempotency-Key", "question")
	s.do("zhangwei", "POST"+task+"/comments", value{"text": "可以", "parentId": s.at(question, "id")})
	s.refused(http.StatusForbidden, "lina", "POST"+task+"/comments", value{"text": "x"})
	s.refused(http.StatusUnprocessableEntity, "wangfang", "POST"+task+"/comments", value{"text": ""})
	s.do("wangfang", "GET"+task+"/comments", nil)
	s.do("zhangwei", "POST"+instance+"/comments", value{"text": "已与客户确认"}, "Idempotency-Key", "remark")
	s.refused(http.StatusForbidden, "lina", "GET"+instance+"/comments", nil)
	s.do("zhangwei", "GET"+instance+"/comments", nil)
}

func attachments(s *session, task string) {
	const kind = "multipart/form-data; boundary=b"
	body := "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"note.txt\"\r\nContent-Type: text/plain\r\n\r\nnote\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n说明\r\n--b--\r\n"
	made := s.do("wangfang", "POST"+task+"/attachments", []byte(body), "Content-Type", kind, "Idempotency-Key", "attach")
	s.refused(http.StatusBadRequest, "wangfang", "POST"+task+"/attachments", "{}", "Content-Type", "application/json")
	one := task + "/attachments/" + s.at(made, "id")
	s.do("zhangwei", "GET"+task+"/attachments", nil)
	s.do("zhangwei", "GET"+one+"/content", nil)
	s.refused(http.StatusForbidden, "zhangwei", "DELETE"+one, nil)
	s.do("wangfang", "DELETE"+one, nil)
	s.refused(http.StatusNotFound, "wangfang", "GET"+one+"/content", nil)
}

func delegation(s *session) {
	from, to := time.Now().UTC().Format(time.RFC3339), time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339)
	period := value{"substitute": "zhaolei", "from": from, "to": to, "processKeys": []string{"board"}, "reason": "出差", "existing": true}
	made := s.do("chenjing", "POST /api/v1/delegations", period, "Idempotency-Key", "delegation")
	s.refused(http.StatusConflict, "chenjing", "POST /api/v1/delegations", period)
	s.refused(http.StatusUnprocessableEntity, "chenjing", "POST /api/v1/delegations", value{"substitute": "chenjing", "from": from, "to": to})
	one := " /api/v1/delegations/" + s.at(made, "id")
	s.do("chenjing", "GET /api/v1/delegations?view=mine&count=true", nil)
	tag := s.send("chenjing", "GET"+one, nil).Header.Get("ETag")
	s.do("chenjing", "GET"+one, nil)
	s.do("chenjing", "PUT"+one, value{"to": time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)}, "If-Match", tag)
	s.refused(http.StatusPreconditionFailed, "chenjing", "PUT"+one, value{"reason": "x"}, "If-Match", tag)
	s.refused(http.StatusForbidden, "sunqi", "GET"+one, nil)
	s.do("chenjing", "DELETE"+one, nil)
	s.do("wuqiang", "POST /api/v1/tasks:transfer", value{"from": "wangfang", "to": "chenjing", "comment": "离职"}, "Idempotency-Key", "transfer")
	s.refused(http.StatusUnprocessableEntity, "wuqiang", "POST /api/v1/tasks:transfer", value{"from": "wangfang", "to": "wangfang"})
}
