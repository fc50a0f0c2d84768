package openapi

import "net/http"

// approvals lets three people sign a request, who ask others, take back what they said, and send it back.
func approvals(s *session) {
	instance, request := s.start("board", nil)
	signers := s.do("zhangwei", "POST /api/v1/tasks/"+request+"/complete", value{})
	at := func(n string) string { return " /api/v1/tasks/" + s.at(signers, "next."+n+".id") }
	s.do("wangfang", "GET"+at("0"), nil)
	s.do("wangfang", "POST"+at("0")+"/add-signers", value{"userIds": []string{"sunqi"}, "mode": "parallel", "comment": "请仓库也看一下"})
	s.refused(http.StatusUnprocessableEntity, "wangfang", "POST"+at("0")+"/add-signers", value{"userIds": []string{"nobody"}, "mode": "after"})
	s.refused(http.StatusConflict, "wangfang", "POST"+at("0")+"/add-signers", value{"userIds": []string{"lina"}, "mode": "after"})
	s.do("wangfang", "POST"+at("0")+"/remove-signers", value{"userIds": []string{"sunqi"}, "comment": "不必了"})
	s.do("lina", "POST"+at("1")+"/complete", value{"outcome": "approve", "comment": "同意"})
	s.do("lina", "POST"+at("1")+"/withdraw", value{"comment": "再看看"})
	s.refused(http.StatusForbidden, "zhaolei", "POST"+at("1")+"/withdraw", value{})
	s.refused(http.StatusConflict, "zhaolei", "POST"+at("2")+"/return", value{"to": "sign"})
	s.refused(http.StatusUnprocessableEntity, "zhaolei", "POST"+at("2")+"/complete", value{"outcome": "perhaps"})
	s.do("zhaolei", "POST"+at("2")+"/return", value{"to": "starter", "straightBack": true, "comment": "请补充附件"})
	s.do("zhangwei", "GET /api/v1/instances/"+instance+"/timeline", nil)
	s.refused(http.StatusForbidden, "lina", "POST /api/v1/instances/"+instance+"/withdraw", value{})
	s.do("zhangwei", "POST /api/v1/instances/"+instance+"/withdraw", value{"comment": "不再需要"})
}
