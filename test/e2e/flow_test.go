package e2e_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/producttest"
)

func logIn(s *session) {
	for _, a := range access.DemoAccounts() {
		me := get[access.Profile](s, a.Username, "/auth/userinfo")
		if me.Username != a.Username || me.DisplayName != a.DisplayName || !slices.Equal(me.Roles, sorted(a.Roles)) {
			s.Errorf("%s is %+v", a.Username, me)
		}
	}
	answer := s.send("", http.MethodPost, "/auth/login", map[string]string{"username": "lina", "password": access.DemoPassword})
	login := decode[access.Login](s, http.StatusOK, answer)
	if login.TokenType != "Bearer" || login.ExpiresIn <= 0 || login.User.Department != "财务部" || answer.Header.Get("Set-Cookie") == "" {
		s.Errorf("log-in %+v, headers %v", login, answer.Header)
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// modelers deploys what several modelers wrote, GBK and GB18030 among it, and reads the same bytes back.
func modelers(s *session) {
	root, err := producttest.Root()
	if err != nil {
		s.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "shared/bpmn/testdata/*.bpmn*"))
	if err != nil || len(files) < 6 {
		s.Fatalf("%d models, %v", len(files), err)
	}
	for _, file := range files {
		s.sub(filepath.Base(file), func(s *session) {
			content, err := os.ReadFile(file)
			if err != nil {
				s.Fatal(err)
			}
			name := filepath.Base(file)
			if filepath.Ext(name) == ".xml" {
				name = "model.xml"
			}
			deployed := s.deploy(name, content)
			if len(deployed.Definitions) == 0 || deployed.ID.IsZero() {
				s.Fatalf("deployed %+v", deployed)
			}
			for _, d := range deployed.Definitions {
				shown := get[store.Definition](s, "zhangwei", "/api/v1/definitions/"+d.ID.String())
				if !reflect.DeepEqual(shown, d) || d.Version < 1 || !d.Latest || d.Name == "" || d.DeployedBy != "zhouming" {
					s.Errorf("deployed %+v, shown %+v", d, shown)
				}
			}
			xml := s.send("zhangwei", http.MethodGet, "/api/v1/definitions/"+deployed.Definitions[0].ID.String()+"/xml", nil)
			if xml.Status != http.StatusOK || !bytes.Equal(xml.Body, content) || xml.Header.Get("Content-Type") != "application/xml" {
				s.Errorf("status %d, %d bytes, want %d", xml.Status, len(xml.Body), len(content))
			}
		})
	}
}

func has(s *session, username, query string, id engine.ID) bool {
	s.Helper()
	list := get[page.Page[store.Task]](s, username, "/api/v1/tasks?limit=100&"+query)
	return slices.ContainsFunc(list.Items, func(t store.Task) bool { return t.ID == id })
}

func (s *session) views(task engine.ID, want map[string]bool) {
	s.Helper()
	for query, expected := range want {
		username, view, _ := bytes.Cut([]byte(query), []byte(" "))
		if has(s, string(username), "view="+string(view), task) != expected {
			s.Errorf("%s: the task is there: %t, want %t", query, !expected, expected)
		}
	}
}

// approve takes a large expense from its start through a claimed task to the end.
func approve(s *session) {
	key := s.process("approval.bpmn")
	form := get[workflow.StartForm](s, "zhangwei", "/api/v1/processes/"+key+"/start-form")
	if form.ProcessKey != key || len(form.Fields) != 1 || form.Fields[0].ID != "amount" || form.Fields[0].Label != "金额" {
		s.Errorf("start form %+v", form)
	}
	started := post[workflow.Started](s, "zhangwei", "/api/v1/processes/"+key+"/start", http.StatusCreated,
		map[string]any{"businessKey": "BX-1", "variables": variables{"amount": 2500, "reason": "差旅"}})
	in, task := started.Instance, started.Tasks[0]
	if in.State != engine.Active || in.Starter != "zhangwei" || *in.BusinessKey != "BX-1" || in.Version != 1 || task.NodeID != "review" || task.Assignee != nil {
		s.Fatalf("started %+v", started)
	}
	s.views(task.ID, map[string]bool{
		"wangfang claimable": true, "wangfang todo": false, "zhangwei started": true, "zhangwei claimable": false, "lina claimable": false, "wuqiang all": true,
	})
	claimed := post[workflow.TaskAnswer](s, "wangfang", taskPath(task, "/claim"), http.StatusOK, nil)
	if *claimed.Task.Assignee != "wangfang" || claimed.Instance.Version != 2 {
		s.Errorf("claimed %+v", claimed)
	}
	s.views(task.ID, map[string]bool{"wangfang claimable": false, "wangfang todo": true})
	detail := get[workflow.TaskDetail](s, "wangfang", taskPath(task, ""))
	if i := slices.IndexFunc(detail.Actions, func(a workflow.Action) bool { return a.Name == "complete" }); i < 0 || !detail.Actions[i].Allowed {
		s.Errorf("actions %+v", detail.Actions)
	}
	if form := get[workflow.TaskForm](s, "wangfang", taskPath(task, "/form")); form.Variables["reason"] != "差旅" {
		s.Errorf("form %+v", form)
	}
	approved := post[workflow.TaskAnswer](s, "wangfang", taskPath(task, "/complete"), http.StatusOK,
		map[string]any{"variables": variables{"approved": true}, "outcome": "approved", "comment": "同意"})
	if approved.Task.State != "completed" || *approved.Task.EndedBy != "wangfang" || len(approved.Next) != 1 || approved.Next[0].NodeID != "direct" {
		s.Fatalf("approved %+v", approved)
	}
	s.views(task.ID, map[string]bool{"wangfang todo": false, "wangfang done": true, "zhangwei started": false})
	last := approved.Next[0]
	s.views(last.ID, map[string]bool{"chenjing todo": true, "zhangwei started": true})
	ended := post[workflow.TaskAnswer](s, "chenjing", taskPath(last, "/complete"), http.StatusOK, map[string]any{})
	if ended.Instance.State != engine.Completed || ended.Instance.EndedAt == nil || len(ended.Next) != 0 {
		s.Errorf("ended %+v", ended)
	}
	small := s.start(key, variables{"amount": 10})
	direct := post[workflow.TaskAnswer](s, "wangfang", taskPath(small.Tasks[0], "/complete"), http.StatusOK, map[string]any{})
	if direct.Instance.State != engine.Completed || len(direct.Next) != 0 {
		s.Errorf("a small expense needs no director: %+v", direct)
	}
}

// assign hands a task from person to person.
func assign(s *session) {
	task := s.start(s.process("approval.bpmn"), variables{"amount": 1}).Tasks[0]
	do := func(username, operation string, body any) store.Task {
		s.Helper()
		return post[workflow.TaskAnswer](s, username, taskPath(task, "/"+operation), http.StatusOK, body).Task
	}
	do("wangfang", "claim", nil)
	if got := do("wangfang", "unclaim", nil); got.Assignee != nil {
		s.Errorf("unclaimed %+v", got)
	}
	do("wangfang", "claim", nil)
	if got := do("wangfang", "delegate", map[string]string{"userId": "lina", "comment": "请核对"}); *got.Assignee != "lina" || *got.Owner != "wangfang" {
		s.Errorf("delegated %+v", got)
	}
	if got := do("lina", "resolve", map[string]string{"comment": "已核对"}); *got.Assignee != "wangfang" {
		s.Errorf("resolved %+v", got)
	}
	if got := do("wangfang", "transfer", map[string]string{"userId": "sunqi"}); *got.Assignee != "sunqi" {
		s.Errorf("transferred %+v", got)
	}
	s.views(task.ID, map[string]bool{"sunqi todo": true, "wangfang todo": false})
	if got := do("sunqi", "complete", map[string]any{}); got.State != "completed" {
		s.Errorf("completed %+v", got)
	}
}

// operate cancels, suspends and resumes.
func operate(s *session) {
	task := s.memo("lina")
	in := store.Instance{ID: task.InstanceID}
	state := func(username, operation string) engine.State {
		s.Helper()
		return post[workflow.InstanceAnswer](s, username, instancePath(in, "/"+operation), http.StatusOK, map[string]string{"reason": "试验"}).Instance.State
	}
	if got := state("wuqiang", "suspend"); got != engine.Suspended {
		s.Errorf("suspended: %s", got)
	}
	s.refused(http.StatusConflict, "instance_suspended", "", func() producttest.Answer {
		return s.send("lina", http.MethodPost, taskPath(task, "/complete"), map[string]any{})
	})
	if got := state("wuqiang", "resume"); got != engine.Active {
		s.Errorf("resumed: %s", got)
	}
	if got := state("zhangwei", "cancel"); got != engine.Cancelled {
		s.Errorf("cancelled: %s", got)
	}
	s.views(task.ID, map[string]bool{"lina todo": false, "lina done": false})
	if got := get[workflow.TaskDetail](s, "lina", taskPath(task, "")); got.State != "cancelled" {
		s.Errorf("task %+v", got.Task)
	}
}

// incidents leaves an instance at a node whose expression has no value, and lets it go on.
func incidents(s *session) {
	key := s.process("memo.bpmn")
	in := s.start(key, variables{"urgency": 50}).Instance
	other := s.start(key, variables{"urgency": 50}).Instance
	list := get[page.Page[store.Incident]](s, "wuqiang", "/api/v1/incidents?processKey="+key+"&instanceId="+in.ID.String())
	if len(list.Items) != 1 || list.Items[0].Code != "unknown_variable" || list.Items[0].NodeID != "read" {
		s.Fatalf("incidents %+v", list.Items)
	}
	if detail := get[workflow.InstanceDetail](s, "zhangwei", instancePath(in, "")); len(detail.Incidents) != 1 || len(detail.Tasks) != 0 || detail.State != engine.Active {
		s.Errorf("instance %+v", detail)
	}
	retry := "/api/v1/incidents/" + list.Items[0].ID.String() + "/retry"
	again := post[workflow.InstanceAnswer](s, "wuqiang", retry, http.StatusOK, map[string]any{})
	if len(again.Next) != 0 {
		s.Errorf("nothing was mended: %+v", again)
	}
	mended := post[workflow.InstanceAnswer](s, "wuqiang", instancePath(in, "/retry"), http.StatusOK, map[string]any{"variables": variables{"reader": "lina"}})
	if len(mended.Next) != 1 || *mended.Next[0].Assignee != "lina" {
		s.Fatalf("mended %+v", mended)
	}
	one := get[page.Page[store.Incident]](s, "wuqiang", "/api/v1/incidents?instanceId="+other.ID.String())
	mended = post[workflow.InstanceAnswer](s, "wuqiang", "/api/v1/incidents/"+one.Items[0].ID.String()+"/retry", http.StatusOK, map[string]any{"variables": variables{"reader": "sunqi"}})
	if len(mended.Next) != 1 || *mended.Next[0].Assignee != "sunqi" {
		s.Errorf("mended %+v", mended)
	}
	if open := get[page.Page[store.Incident]](s, "wuqiang", "/api/v1/incidents?processKey="+key); len(open.Items) != 0 {
		s.Errorf("open %+v", open.Items)
	}
	all := get[page.Page[store.Incident]](s, "wuqiang", "/api/v1/incidents?resolved=true&instanceId="+in.ID.String())
	if len(all.Items) != 2 || all.Items[0].ResolvedAt == nil {
		s.Errorf("resolved %+v", all.Items)
	}
	cancelled := s.start(key, nil).Instance
	post[workflow.InstanceAnswer](s, "wuqiang", instancePath(cancelled, "/cancel"), http.StatusOK, map[string]any{})
}

// views reads everything that is told of an instance.
func views(s *session) {
	in := s.start(s.process("approval.bpmn"), variables{"amount": 5000}).Instance
	task := get[workflow.InstanceDetail](s, "zhangwei", instancePath(in, "")).Tasks[0]
	post[workflow.TaskAnswer](s, "wangfang", taskPath(task, "/complete"), http.StatusOK, map[string]any{"outcome": "approved", "comment": "好"})
	if v := get[variables](s, "zhangwei", instancePath(in, "/variables")); v["amount"] != 5000.0 || v["starter"] != "zhangwei" {
		s.Errorf("variables %v", v)
	}
	first := get[workflow.HistoryPage](s, "zhangwei", instancePath(in, "/history?limit=1"))
	if len(first.Items) != 1 || first.Items[0].Seq != 1 || first.Items[0].Command != "start" || first.Next == nil || *first.Next != 1 {
		s.Fatalf("history %+v", first)
	}
	rest := get[workflow.HistoryPage](s, "zhangwei", instancePath(in, "/history?after=1"))
	if len(rest.Items) != 1 || rest.Items[0].Actor != "wangfang" || rest.Items[0].Command != "complete" || rest.Next != nil {
		s.Errorf("history %+v", rest)
	}
	var nodes []string
	for _, a := range get[struct{ Items []workflow.Activity }](s, "zhangwei", instancePath(in, "/activity")).Items {
		nodes = append(nodes, a.NodeID)
		if (a.LeftAt == nil) != (a.NodeID == "direct") {
			s.Errorf("activity %+v", a)
		}
	}
	if !slices.Equal(nodes, []string{"start", "review", "amount", "direct"}) {
		s.Errorf("activity %v", nodes)
	}
	timeline := get[struct{ Items []workflow.TimelineEntry }](s, "zhangwei", instancePath(in, "/timeline")).Items
	done := slices.IndexFunc(timeline, func(e workflow.TimelineEntry) bool { return e.Kind == engine.TaskCompleted })
	if done < 0 || timeline[done].Comment != "好" || timeline[done].Outcome != "approved" || timeline[done].TaskName != "经理审批" || timeline[done].Actor != "wangfang" {
		s.Errorf("timeline %+v", timeline)
	}
	why := get[struct{ Items []workflow.Decision }](s, "zhangwei", instancePath(in, "/why")).Items
	taken := slices.IndexFunc(why, func(d workflow.Decision) bool { return d.NodeID == "amount" })
	if taken < 0 || why[taken].FlowID != "large" || why[taken].Why[0].Expression != "${amount > 1000}" || string(why[taken].Why[0].Inputs["amount"]) != "5000" {
		s.Errorf("why %+v", why)
	}
}

// visibility: nobody sees what is not theirs (I9).
func visibility(s *session) {
	task := s.memo("lina")
	in := store.Instance{ID: task.InstanceID}
	for _, suffix := range []string{"", "/variables", "/history", "/activity", "/timeline", "/why"} {
		for username, status := range map[string]int{"zhangwei": 200, "lina": 200, "wuqiang": 200, "admin": 200, "sunqi": 403, "zhouming": 403} {
			if answer := s.send(username, http.MethodGet, instancePath(in, suffix), nil); answer.Status != status {
				s.Errorf("%s reads %q: %d, want %d", username, suffix, answer.Status, status)
			}
		}
	}
	s.refuse([]refusal{
		{name: "task", user: "sunqi", method: http.MethodGet, path: taskPath(task, ""), status: 403, code: "not_your_task"},
		{name: "form", user: "sunqi", method: http.MethodGet, path: taskPath(task, "/form"), status: 403, code: "not_your_task"},
		{name: "list", user: "sunqi", method: http.MethodGet, path: "/api/v1/instances?starter=zhangwei", status: 403, code: "not_your_instances"},
		{name: "all tasks", user: "sunqi", method: http.MethodGet, path: "/api/v1/tasks?view=all", status: 400, code: "bad_filter"},
		{name: "incidents", user: "sunqi", method: http.MethodGet, path: "/api/v1/incidents", status: 403, code: "forbidden"},
		{name: "users", user: "sunqi", method: http.MethodGet, path: "/api/v1/users", status: 403, code: "forbidden"},
	})
	mine := get[page.Page[store.Instance]](s, "sunqi", "/api/v1/instances?limit=100")
	if slices.ContainsFunc(mine.Items, func(i store.Instance) bool { return i.Starter != "sunqi" }) {
		s.Errorf("sunqi sees %+v", mine.Items)
	}
}

// definitions makes versions, suspends one and reads the list.
func definitions(s *session) {
	key, content := s.model("memo.bpmn")
	first := s.deploy("memo.bpmn", content).Definitions[0]
	started := s.start(key, variables{"reader": "lina", "urgency": 1})
	second := s.deploy("memo.bpmn", content).Definitions[0]
	if first.Version != 1 || second.Version != 2 {
		s.Errorf("versions %d, %d", first.Version, second.Version)
	}
	list := get[page.Page[store.Definition]](s, "zhangwei", "/api/v1/definitions?key="+key)
	latest := get[page.Page[store.Definition]](s, "zhangwei", "/api/v1/definitions?latest=true&key="+key)
	if len(list.Items) != 2 || len(latest.Items) != 1 || latest.Items[0].ID != second.ID {
		s.Errorf("all %+v, latest %+v", list.Items, latest.Items)
	}
	if now := s.start(key, variables{"reader": "lina", "urgency": 1}); now.Instance.ProcessVersion != 2 || started.Instance.ProcessVersion != 1 {
		s.Errorf("versions of instances: %d, then %d", started.Instance.ProcessVersion, now.Instance.ProcessVersion)
	}
	path := "/api/v1/definitions/"
	old := post[workflow.Started](s, "zhangwei", path+first.ID.String()+"/start", http.StatusCreated, map[string]any{"variables": variables{"reader": "lina", "urgency": 1}})
	if old.Instance.ProcessVersion != 1 {
		s.Errorf("version 1 by its id: %+v", old.Instance)
	}
	if got := post[store.Definition](s, "zhouming", path+second.ID.String()+"/suspend", http.StatusOK, nil); !got.Suspended {
		s.Errorf("suspended %+v", got)
	}
	s.refuse([]refusal{{name: "suspended", user: "zhangwei", path: "/api/v1/processes/" + key + "/start", body: "{}", status: 409, code: "definition_suspended"}})
	post[store.Definition](s, "zhouming", path+second.ID.String()+"/resume", http.StatusOK, nil)
	s.start(key, variables{"reader": "lina", "urgency": 1})
	post[workflow.TaskAnswer](s, "lina", taskPath(started.Tasks[0], "/complete"), http.StatusOK, map[string]any{})
}
