package e2e_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"strings"
	"sync"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/producttest"
)

const keyHeader = "Idempotency-Key"

// repeats sends each kind of POST twice under one Idempotency-Key: same status, same bytes, one effect.
func repeats(s *session) {
	memo := s.process("memo.bpmn")
	start := map[string]any{"variables": variables{"reader": "lina", "urgency": 50}}
	task := s.memo("lina")
	suspended := store.Instance{ID: s.memo("lina").InstanceID}
	broken := s.start(memo, nil).Instance
	offered := s.start(s.process("approval.bpmn"), variables{"amount": 1}).Tasks[0]
	for _, c := range []struct {
		name, user, path string
		body             any
		status           int
	}{
		{"start", "zhangwei", "/api/v1/processes/" + memo + "/start", start, 201},
		{"complete", "lina", taskPath(task, "/complete"), map[string]any{"comment": "已阅"}, 200},
		{"claim", "wangfang", taskPath(offered, "/claim"), nil, 200},
		{"unclaim", "wangfang", taskPath(offered, "/unclaim"), nil, 200},
		{"suspend", "wuqiang", instancePath(suspended, "/suspend"), map[string]any{}, 200},
		{"resume", "wuqiang", instancePath(suspended, "/resume"), map[string]any{}, 200},
		{"cancel", "zhangwei", instancePath(suspended, "/cancel"), map[string]any{"reason": "重复"}, 200},
		{"retry", "wuqiang", instancePath(broken, "/retry"), map[string]any{"variables": variables{"reader": "lina", "urgency": 50}}, 200},
	} {
		s.sub(c.name, func(s *session) {
			s.repeated(c.status, func(key string) producttest.Answer {
				return s.send(c.user, http.MethodPost, c.path, c.body, keyHeader, key)
			})
		})
	}
	s.sub("deploy", func(s *session) {
		_, content := s.model("memo.bpmn")
		body, kind, err := producttest.Multipart("twice", producttest.File{Name: "memo.bpmn", Content: content})
		if err != nil {
			s.Fatal(err)
		}
		s.repeated(http.StatusCreated, func(key string) producttest.Answer {
			return s.send("zhouming", http.MethodPost, "/api/v1/deployments", body, keyHeader, key, "Content-Type", kind)
		})
	})
	s.sub("at once", func(s *session) { s.repeatedAtOnce(memo, start) })
	s.sub("keys are their owner's", func(s *session) {
		key := rand.Text()
		path := "/api/v1/processes/" + memo + "/start"
		one := decode[workflow.Started](s, 201, s.send("zhangwei", http.MethodPost, path, start, keyHeader, key))
		two := decode[workflow.Started](s, 201, s.send("lina", http.MethodPost, path, start, keyHeader, key))
		if one.Instance.ID == two.Instance.ID || two.Instance.Starter != "lina" {
			s.Errorf("one %+v, two %+v", one.Instance, two.Instance)
		}
	})
	s.sub("a failure is not kept", func(s *session) {
		key, content := s.model("memo.bpmn")
		path, name := "/api/v1/processes/"+key+"/start", rand.Text()
		if first := s.send("zhangwei", http.MethodPost, path, start, keyHeader, name); first.Status != http.StatusNotFound {
			s.Errorf("status %d", first.Status)
		}
		s.deploy("memo.bpmn", content)
		decode[workflow.Started](s, 201, s.send("zhangwei", http.MethodPost, path, start, keyHeader, name))
	})
	s.reusedKeys(memo, start)
}

func (s *session) repeated(status int, send func(key string) producttest.Answer) {
	s.Helper()
	key := rand.Text()
	first := send(key)
	before := s.judge.Fingerprint()
	for range 2 {
		again := send(key)
		if first.Status != status || again.Status != status || !bytes.Equal(first.Body, again.Body) {
			s.Errorf("first %d %.400s\nagain %d %.400s", first.Status, first.Body, again.Status, again.Body)
		}
		if again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
			s.Errorf("headers of the repeat %v, of the first %v", again.Header, first.Header)
		}
	}
	if s.judge.Fingerprint() != before {
		s.Error("the repeat changed the database")
	}
}

func (s *session) repeatedAtOnce(memo string, start any) {
	key := rand.Text()
	var group sync.WaitGroup
	answers := make([]producttest.Answer, 16)
	failures := make([]error, len(answers))
	client := s.as("zhangwei")
	for i := range answers {
		group.Go(func() {
			answers[i], failures[i] = client.Send(http.MethodPost, "/api/v1/processes/"+memo+"/start", start, keyHeader, key)
		})
	}
	group.Wait()
	for i, a := range answers {
		if failures[i] != nil || a.Status != http.StatusCreated || !bytes.Equal(a.Body, answers[0].Body) {
			s.Errorf("%v %d %.300s", failures[i], a.Status, a.Body)
		}
	}
}

// reusedKeys: one key for two different requests is refused.
func (s *session) reusedKeys(memo string, start any) {
	key := rand.Text()
	path := "/api/v1/processes/" + memo + "/start"
	decode[workflow.Started](s, 201, s.send("zhangwei", http.MethodPost, path, start, keyHeader, key))
	task := s.memo("zhangwei")
	with := []string{keyHeader, key}
	other := map[string]any{"variables": variables{"reader": "sunqi", "urgency": 50}}
	s.refuse([]refusal{
		{name: "another body", user: "zhangwei", path: path, body: other, headers: with, status: 422, code: "idempotency_key_reused"},
		{name: "another process", user: "zhangwei", path: "/api/v1/processes/" + s.process("approval.bpmn") + "/start", body: start, headers: with, status: 422, code: "idempotency_key_reused"},
		{name: "another route", user: "zhangwei", path: taskPath(task, "/complete"), body: start, headers: with, status: 422, code: "idempotency_key_reused"},
		{name: "a long key", user: "zhangwei", path: path, body: start, headers: []string{keyHeader, strings.Repeat("k", 256)}, status: 400, code: "bad_idempotency_key"},
		{name: "a key of Chinese", user: "zhangwei", path: path, body: start, headers: []string{keyHeader, "键"}, status: 400, code: "bad_idempotency_key"},
	})
}

// race: sixteen callers complete one task at the same moment. One gets through (I4).
func race(s *session) {
	for range 5 {
		task := s.memo("lina")
		client := s.as("lina")
		statuses := map[string]int{}
		var mutex sync.Mutex
		var group sync.WaitGroup
		begin := make(chan struct{})
		for range 16 {
			group.Go(func() {
				<-begin
				answer, err := client.Send(http.MethodPost, taskPath(task, "/complete"), map[string]any{})
				code := ""
				if err != nil {
					code = err.Error()
				} else if answer.Status != http.StatusOK {
					problem, failure := answer.Problem()
					if code = problem.Code; failure != nil {
						code = failure.Error()
					}
				}
				mutex.Lock()
				defer mutex.Unlock()
				statuses[code]++
			})
		}
		close(begin)
		group.Wait()
		if statuses[""] != 1 || statuses["task_ended"] != 15 {
			s.Errorf("answers %v, want one 200 and fifteen 409 task_ended", statuses)
		}
		if n := s.judge.Changes(task.InstanceID, engine.TaskCompleted, ""); n != 1 {
			s.Errorf("%d completions in the history", n)
		}
		if n := s.judge.Changes(task.InstanceID, engine.InstanceCompleted, ""); n != 1 {
			s.Errorf("%d ends in the history", n)
		}
	}
}

// languages: titles follow Accept-Language, codes do not.
func languages(s *session) {
	path := "/api/v1/tasks/0190f3c0-0000-7000-8000-000000000000"
	titles := map[string]bool{}
	for _, language := range []string{"zh-CN", "en", "en;q=0.2, zh-TW;q=0.9", "fr"} {
		answer := s.send("lina", http.MethodGet, path, nil, "Accept-Language", language)
		problem, err := answer.Problem()
		if err != nil || problem.Code != "task_not_found" || answer.Header.Get("Content-Language") == "" {
			s.Errorf("%s: %v %s %v", language, err, problem.Code, answer.Header)
		}
		titles[answer.Header.Get("Content-Language")+" "+problem.Title] = true
	}
	if len(titles) != 2 {
		s.Errorf("titles %v", titles)
	}
}
