package e2e_test

import (
	"net/http"
	"strings"

	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// refusedBodies sends to a start and to a completion what is not the JSON that they take.
func refusedBodies(s *session) {
	start, complete := "/api/v1/processes/"+s.process("memo.bpmn")+"/start", taskPath(s.memo("lina"), "/complete")
	deep := `{"variables":{"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}}"
	bottomless := strings.Repeat(`{"variables":`, 100_000)
	huge := `{"variables":{"x":"` + strings.Repeat("x", 257<<10) + `"}}`
	var list []refusal
	for target, path := range map[string]string{"start": start, "complete": complete} {
		user := map[string]string{"start": "zhangwei", "complete": "lina"}[target]
		for name, c := range map[string]struct {
			body         string
			status       int
			code, detail string
		}{
			"not JSON":             {"days=3", 400, "bad_json", "syntax"},
			"cut off":              {`{"variables":{"x":1}`, 400, "bad_json", "syntax"},
			"two values":           {`{}{}`, 400, "bad_json", "second_value"},
			"array":                {`[]`, 422, "bad_type", "bad_type"},
			"text":                 {`"x"`, 422, "bad_type", "bad_type"},
			"bad UTF-8":            {"{\"variables\":{\"x\":\"\xff\"}}", 400, "bad_json", "bad_utf8"},
			"deep":                 {deep, 400, "bad_json", "too_deep"},
			"bottomless":           {bottomless, 413, "body_too_large", ""},
			"bottomless, small":    {bottomless[:900_000], 400, "bad_json", "too_deep"},
			"unknown field":        {`{"variables":{},"starter":"admin"}`, 400, "bad_json", "unknown_field"},
			"variables a number":   {`{"variables":5}`, 422, "bad_type", "bad_type"},
			"variables a list":     {`{"variables":[1]}`, 422, "bad_type", "bad_type"},
			"variables text":       {`{"variables":"x"}`, 422, "bad_type", "bad_type"},
			"key twice":            {`{"variables":{"x":1,"x":2}}`, 422, "bad_type", ""},
			"nameless variable":    {`{"variables":{"":1}}`, 422, "bad_variable_name", ""},
			"long name":            {`{"variables":{"` + strings.Repeat("x", 300) + `":1}}`, 422, "bad_variable_name", ""},
			"huge variable":        {huge, 413, "variable_too_large", "variable_too_large"},
			"huge number":          {`{"variables":{"x":1e999999999}}`, 422, "bad_type", ""},
			"large number":         {`{"variables":{"x":1e100000}}`, 422, "bad_type", ""},
			"number of 100 kB":     {`{"variables":{"x":` + strings.Repeat("9", 100_000) + `}}`, 422, "bad_type", ""},
			"body of 2 MB":         {`{"variables":{"x":"` + strings.Repeat("x", 2<<20) + `"}}`, 413, "body_too_large", ""},
			"null byte, not JSON":  {"\x00", 400, "bad_json", "syntax"},
			"NaN":                  {`{"variables":{"x":NaN}}`, 400, "bad_json", "syntax"},
			"comment":              {`{/* x */}`, 400, "bad_json", "syntax"},
			"byte order mark":      {"\xef\xbb\xbf{}", 400, "bad_json", "syntax"},
			"half a surrogate key": {`{"\ud800":1}`, 400, "bad_json", "unknown_field"},
		} {
			list = append(list, refusal{name: target + "/" + name, user: user, path: path, body: c.body, status: c.status, code: c.code, detail: c.detail})
		}
	}
	list = append(list,
		refusal{name: "start/business key a number", user: "zhangwei", path: start, body: `{"businessKey":5}`, status: 422, code: "bad_type", detail: "bad_type"},
		refusal{name: "start/long business key", user: "zhangwei", path: start, body: map[string]any{"businessKey": strings.Repeat("x", 256)}, status: 422, code: "bad_business_key"},
		refusal{name: "complete/outcome a list", user: "lina", path: complete, body: `{"outcome":[]}`, status: 422, code: "bad_type", detail: "bad_type"},
		refusal{name: "complete/long outcome", user: "lina", path: complete, body: map[string]any{"outcome": strings.Repeat("同", 256)}, status: 422, code: "text_too_long"},
		refusal{name: "complete/long comment", user: "lina", path: complete, body: map[string]any{"comment": strings.Repeat("意", 4001)}, status: 422, code: "text_too_long"},
		refusal{name: "claim/unknown field", user: "lina", path: strings.Replace(complete, "complete", "claim", 1), body: `{"userId":"admin"}`, status: 400, code: "bad_json"},
	)
	s.refuse(list)
	s.sub("an instance beyond 1 MB", largeInstance)
	if again := post[workflow.TaskAnswer](s, "lina", complete, http.StatusOK, `{"variables":null}`); again.Task.State != "completed" {
		s.Errorf("null variables are none: %+v", again.Task)
	}
}

// largeInstance fills an instance to just below what is stored for one; the variables that would go
// beyond are refused as a whole.
func largeInstance(s *session) {
	quarter := strings.Repeat("x", 250<<10)
	task := s.start(s.process("memo.bpmn"), variables{"reader": "lina", "urgency": 50, "a": quarter, "b": quarter, "c": quarter, "d": quarter}).Tasks[0]
	s.refuse([]refusal{{
		name: "beyond", user: "lina", path: taskPath(task, "/complete"), body: map[string]any{"variables": variables{"e": quarter}}, status: 413, code: "instance_too_large",
	}})
	post[workflow.TaskAnswer](s, "lina", taskPath(task, "/complete"), http.StatusOK, map[string]any{"variables": variables{"a": "", "备注": strings.Repeat("好", 60<<10), "number": 12.50}})
}

// refusedCommands asks for what cannot be done, or not by this person.
func refusedCommands(s *session) {
	task, ended := s.memo("lina"), s.memo("lina")
	post[workflow.TaskAnswer](s, "lina", taskPath(ended, "/complete"), http.StatusOK, map[string]any{})
	offered := s.start(s.process("approval.bpmn"), variables{"amount": 1}).Tasks[0]
	in, over := store.Instance{ID: task.InstanceID}, store.Instance{ID: ended.InstanceID}
	const nobody = "0190f3c0-0000-7000-8000-000000000000"
	unknown := "/api/v1/tasks/" + nobody
	s.refuse([]refusal{
		{name: "unknown task", user: "lina", path: unknown + "/complete", body: "{}", status: 404, code: "task_not_found"},
		{name: "unknown task, read", user: "lina", method: http.MethodGet, path: unknown, status: 404, code: "task_not_found"},
		{name: "task that is no id", user: "lina", path: "/api/v1/tasks/42/complete", body: "{}", status: 404, code: "not_found"},
		{name: "task with SQL", user: "lina", method: http.MethodGet, path: "/api/v1/tasks/'%20OR%201=1", status: 404, code: "not_found"},
		{name: "another's task", user: "sunqi", path: taskPath(task, "/complete"), body: "{}", status: 403, code: "not_your_task"},
		{name: "the starter's own", user: "zhangwei", path: taskPath(task, "/complete"), body: "{}", status: 403, code: "not_your_task"},
		{name: "the operator's", user: "wuqiang", path: taskPath(task, "/complete"), body: "{}", status: 403, code: "not_your_task"},
		{name: "offered to others", user: "lina", path: taskPath(offered, "/complete"), body: "{}", status: 403, code: "not_your_task"},
		{name: "claim another's", user: "sunqi", path: taskPath(task, "/claim"), status: 403, code: "not_your_task"},
		{name: "claim of others' offer", user: "lina", path: taskPath(offered, "/claim"), status: 403, code: "not_your_task"},
		{name: "transfer of another's", user: "sunqi", path: taskPath(task, "/transfer"), body: map[string]string{"userId": "sunqi"}, status: 403, code: "not_your_task"},
		{name: "transfer to nobody", user: "lina", path: taskPath(task, "/transfer"), body: map[string]string{"userId": "nobody"}, status: 422, code: "unknown_user", detail: "unknown_user"},
		{name: "resolve what is not delegated", user: "lina", path: taskPath(task, "/resolve"), status: 409, code: "task_not_delegated"},
		{name: "unclaim what nobody else may do", user: "lina", path: taskPath(task, "/unclaim"), status: 409, code: "task_not_offered"},
		{name: "completed task", user: "lina", path: taskPath(ended, "/complete"), body: "{}", status: 409, code: "task_ended"},
		{name: "completed task, claim", user: "lina", path: taskPath(ended, "/claim"), status: 409, code: "task_ended"},
		{name: "completed task of another", user: "sunqi", path: taskPath(ended, "/complete"), body: "{}", status: 403, code: "not_your_task"},
		{name: "unknown process", user: "zhangwei", path: "/api/v1/processes/no-such-process/start", body: "{}", status: 404, code: "definition_not_found"},
		{name: "unknown version", user: "zhangwei", path: "/api/v1/definitions/" + nobody + "/start", body: "{}", status: 404, code: "definition_not_found"},
		{name: "start by the administrator of nothing", user: "", path: "/api/v1/processes/x/start", body: "{}", status: 401, code: "token_missing"},
		{name: "unknown instance", user: "zhangwei", method: http.MethodGet, path: "/api/v1/instances/" + nobody, status: 404, code: "instance_not_found"},
		{name: "cancel another's", user: "sunqi", path: instancePath(in, "/cancel"), body: "{}", status: 403, code: "not_your_instance"},
		{name: "suspend by its starter", user: "zhangwei", path: instancePath(in, "/suspend"), body: "{}", status: 403, code: "forbidden"},
		{name: "resume what runs", user: "wuqiang", path: instancePath(in, "/resume"), body: "{}", status: 409, code: "instance_not_suspended"},
		{name: "retry without an incident", user: "wuqiang", path: instancePath(in, "/retry"), body: "{}", status: 404, code: "incident_not_found"},
		{name: "unknown incident", user: "wuqiang", path: "/api/v1/incidents/" + nobody + "/retry", body: "{}", status: 404, code: "incident_not_found"},
		{name: "cancel what has ended", user: "wuqiang", path: instancePath(over, "/cancel"), body: "{}", status: 409, code: "instance_ended"},
		{name: "suspend what has ended", user: "wuqiang", path: instancePath(over, "/suspend"), body: "{}", status: 409, code: "instance_ended"},
		{name: "resume what has ended", user: "wuqiang", path: instancePath(over, "/resume"), body: "{}", status: 409, code: "instance_ended"},
		{name: "suspend a definition, by an employee", user: "zhangwei", path: "/api/v1/definitions/" + nobody + "/suspend", status: 403, code: "forbidden"},
		{name: "suspend an unknown definition", user: "zhouming", path: "/api/v1/definitions/" + nobody + "/suspend", status: 404, code: "definition_not_found"},
	})
	post[workflow.TaskAnswer](s, "wangfang", taskPath(offered, "/claim"), http.StatusOK, nil)
	s.refuse([]refusal{
		{name: "claim what is claimed", user: "wuqiang", path: taskPath(offered, "/claim"), status: 403, code: "not_your_task"},
		{name: "transfer what another claimed", user: "lina", path: taskPath(offered, "/transfer"), body: map[string]string{"userId": "lina"}, status: 403, code: "not_your_task"},
	})
}

// refusedRoutes asks for what is no route, or not by this method.
func refusedRoutes(s *session) {
	task := s.memo("lina")
	s.refuse([]refusal{
		{name: "unknown", user: "lina", method: http.MethodGet, path: "/api/v1/nothing", status: 404, code: "no_route"},
		{name: "unknown, POST", user: "lina", path: "/api/v1/nothing", body: "{}", status: 404, code: "no_route"},
		{name: "unknown version", user: "lina", method: http.MethodGet, path: "/api/v2/tasks", status: 404, code: "no_route"},
		{name: "unknown operation", user: "lina", path: taskPath(task, "/steal"), body: "{}", status: 404, code: "no_route"},
		{name: "case", user: "lina", method: http.MethodGet, path: "/API/V1/tasks", status: 404, code: "no_route"},
		{name: "double slash", user: "lina", method: http.MethodGet, path: "/api/v1//tasks", status: 400, code: "bad_path"},
		{name: "dots", user: "lina", method: http.MethodGet, path: "/api/v1/tasks/../users", status: 400, code: "bad_path"},
		{name: "encoded slash", user: "lina", method: http.MethodGet, path: "/api/v1/tasks%2f..%2fusers", status: 400, code: "bad_path"},
	})
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodDelete, "/api/v1/tasks", "GET"},
		{http.MethodPut, taskPath(task, ""), "GET"},
		{http.MethodGet, taskPath(task, "/complete"), "POST"},
		{http.MethodPatch, "/api/v1/instances", "GET"},
		{http.MethodGet, "/api/v1/processes/x/start", "POST"},
		{http.MethodGet, "/api/v1/deployments", "POST"},
		{http.MethodDelete, "/auth/login", "POST"},
		{http.MethodPost, "/auth/userinfo", "GET"},
		{"BREW", "/api/v1/tasks", "GET"},
	} {
		s.sub(c.method+" "+c.allow, func(s *session) {
			answer := s.send("lina", c.method, c.path, nil)
			problem, err := answer.Problem()
			if err != nil {
				s.Fatal(err)
			}
			if problem.Status != http.StatusMethodNotAllowed || problem.Code != "method_not_allowed" || !strings.Contains(answer.Header.Get("Allow"), c.allow) {
				s.Errorf("%s %s: %d %s, Allow %q, want %s", c.method, c.path, problem.Status, problem.Code, answer.Header.Get("Allow"), c.allow)
			}
		})
	}
}
