package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/producttest"
)

// waitLimit is how long what happens by itself may take.
const waitLimit = 20 * time.Second

// eventually asks until the answer is yes.
func (s *session) eventually(what string, yes func() bool) {
	s.Helper()
	for deadline := time.Now().Add(waitLimit); !yes(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("after %s: %s is not so", waitLimit, what)
		}
	}
}

// fetched is the answer to a fetch of jobs.
type fetched struct {
	Items []struct {
		ID        engine.ID        `json:"id"`
		Topic     string           `json:"topic"`
		NodeID    string           `json:"nodeId"`
		Retries   int              `json:"retries"`
		Variables engine.Variables `json:"variables"`
	} `json:"items"`
}

// fetch waits for one job of a topic.
func (s *session) fetch(worker, topic string) (id engine.ID, v engine.Variables) {
	s.Helper()
	answer := s.send("admin", http.MethodPost, "/api/v1/jobs:fetch", map[string]any{
		"workerId": worker, "topics": []map[string]any{{"name": topic, "lockSeconds": 30}}, "maxJobs": 5, "waitSeconds": 10,
	})
	var list fetched
	if err := json.Unmarshal(answer.Body, &list); err != nil || answer.Status != http.StatusOK || len(list.Items) != 1 {
		s.Fatalf("fetch: %d %v %.500s", answer.Status, err, answer.Body)
	}
	return list.Items[0].ID, list.Items[0].Variables
}

func (s *session) state(i store.Instance) engine.State {
	s.Helper()
	return get[workflow.InstanceDetail](s, "admin", instancePath(i, "")).State
}

// trip takes a process with parallel branches, a sub-process with an asynchronous job of a worker, a
// reminder, an error and an event-based gateway to its ends.
func trip(s *session) {
	key := s.process("trip.bpmn")
	v := variables{"destination": "上海", "patience": "PT1H"}
	s.sub("booked", func(s *session) {
		started := s.start(key, v)
		job, seen := s.fetch("w1", key+"-book")
		if seen["city"] != "上海" {
			s.Errorf("the worker sees %v", seen)
		}
		path := "/api/v1/jobs/" + job.String()
		s.send("admin", http.MethodPost, path+"/fail", map[string]any{"workerId": "w1", "message": "line busy", "retries": 2, "retryAfterSeconds": 0})
		again, _ := s.fetch("w2", key+"-book")
		if again != job {
			s.Errorf("the job after its failure is %s, was %s", again, job)
		}
		s.refused(http.StatusConflict, "job_locked_by_another", "", func() producttest.Answer {
			return s.send("admin", http.MethodPost, path+"/complete", map[string]any{"workerId": "w1"})
		})
		done := s.send("admin", http.MethodPost, path+"/complete", map[string]any{"workerId": "w2", "variables": variables{"seat": "7F"}})
		if done.Status != http.StatusOK {
			s.Fatalf("complete: %d %s", done.Status, done.Body)
		}
		s.eventually("two reminders", func() bool {
			return s.judge.Changes(started.Instance.ID, engine.TimerFired, "remind") == 2
		})
		ended := post[workflow.TaskAnswer](s, "wangfang", taskPath(started.Tasks[0], "/complete"), http.StatusOK, map[string]any{})
		if ended.Instance.State != engine.Completed {
			s.Errorf("state %s", ended.Instance.State)
		}
		if values := get[engine.Variables](s, "admin", instancePath(started.Instance, "/variables")); values["ticket"] != "7F" || values["city"] != nil || values["seat"] != "7F" {
			s.Errorf("variables %v", values)
		}
	})
	s.sub("an offer", func(s *session) {
		started := s.soldOut(key, v)
		message := map[string]any{"name": key + "-offer", "correlationKeys": variables{"destination": "上海"}, "variables": variables{"offer": "火车"}}
		result := post[workflow.Correlation](s, "admin", "/api/v1/messages", http.StatusOK, message)
		if len(result.Results) != 1 || result.Results[0].InstanceID != started.Instance.ID || result.Results[0].Started {
			s.Errorf("correlated %+v", result)
		}
		s.refused(http.StatusNotFound, "no_subscription", "", func() producttest.Answer {
			return s.send("admin", http.MethodPost, "/api/v1/messages", message)
		})
		ended := post[workflow.TaskAnswer](s, "wangfang", taskPath(started.Tasks[0], "/complete"), http.StatusOK, map[string]any{})
		if ended.Instance.State != engine.Completed {
			s.Errorf("state %s", ended.Instance.State)
		}
	})
	s.sub("given up", func(s *session) {
		started := s.soldOut(key, variables{"destination": "北京", "patience": "PT1S"})
		s.eventually("the end", func() bool { return s.state(started.Instance) == engine.Completed })
		s.refused(http.StatusConflict, "task_ended", "", func() producttest.Answer {
			return s.send("wangfang", http.MethodPost, taskPath(started.Tasks[0], "/complete"), map[string]any{})
		})
	})
	s.sub("ambiguous", func(s *session) {
		for range 2 {
			s.soldOut(key, v)
		}
		s.refused(http.StatusConflict, "ambiguous_correlation", "", func() producttest.Answer {
			return s.send("admin", http.MethodPost, "/api/v1/messages", map[string]any{"name": key + "-offer"})
		})
	})
	s.sub("an incident of a worker", func(s *session) {
		started := s.start(key, v)
		job, _ := s.fetch("w1", key+"-book")
		s.send("admin", http.MethodPost, "/api/v1/jobs/"+job.String()+"/fail", map[string]any{"workerId": "w1", "message": "no line", "retries": 0})
		incidents := get[page.Page[store.Incident]](s, "wuqiang", "/api/v1/incidents?instanceId="+started.Instance.ID.String())
		if len(incidents.Items) != 1 || incidents.Items[0].Code != "job_failed" || incidents.Items[0].Message != "no line" {
			s.Fatalf("incidents %+v", incidents.Items)
		}
		if a := s.send("wuqiang", http.MethodPost, "/api/v1/incidents/"+incidents.Items[0].ID.String()+"/retry", map[string]any{}); a.Status != http.StatusOK {
			s.Fatalf("retry: %d %s", a.Status, a.Body)
		}
		if again, _ := s.fetch("w1", key+"-book"); again != job {
			s.Errorf("the job after the retry is %s, was %s", again, job)
		}
	})
	s.sub("notified", func(s *session) {
		s.start(key, v)
		s.eventually("a notification", func() bool {
			return strings.Contains(string(s.send("wangfang", http.MethodGet, "/api/v1/notifications?unread=true", nil).Body), "审批")
		})
	})
}

// soldOut starts a trip whose booking ends with a BPMN error.
func (s *session) soldOut(key string, v variables) workflow.Started {
	s.Helper()
	started := s.start(key, v)
	job, _ := s.fetch("w1", key+"-book")
	answer := s.send("admin", http.MethodPost, "/api/v1/jobs/"+job.String()+"/error", map[string]any{"workerId": "w1", "code": "SOLD_OUT", "message": "sold out"})
	if answer.Status != http.StatusOK || s.judge.Changes(started.Instance.ID, engine.ErrorThrown, "book") != 1 {
		s.Fatalf("error: %d %s", answer.Status, answer.Body)
	}
	return started
}

// sender is an event source of the test's own.
type sender struct {
	source, keyID string
	key           []byte
}

func (s sender) event(id, kind, businessKey string, data any) event.Event {
	e := event.New()
	e.SetID(id)
	e.SetSource(s.source)
	e.SetType(kind)
	e.SetTime(time.Now())
	e.SetExtension("businesskey", businessKey)
	_ = e.SetData(event.ApplicationJSON, data)
	cloudevent.Sign(&e, s.keyID, s.key, time.Now())
	return e
}

// post sends an event in one of the three modes and returns the status.
func (s *session) post(mode int, events ...event.Event) producttest.Answer {
	s.Helper()
	kind, body := event.ApplicationCloudEventsJSON, any(events[0])
	if mode == 1 || len(events) > 1 {
		kind, body = event.ApplicationCloudEventsBatchJSON, events
	}
	raw, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	headers := []string{"Content-Type", kind}
	if mode == 2 && len(events) == 1 {
		e := events[0]
		raw = e.Data()
		headers = []string{"Content-Type", e.DataContentType(), "Ce-Specversion", "1.0", "Ce-Id", e.ID(), "Ce-Source", e.Source(), "Ce-Type", e.Type(), "Ce-Time", e.Time().Format(time.RFC3339Nano)}
		for name, value := range e.Extensions() {
			headers = append(headers, "Ce-"+name, fmt.Sprint(value))
		}
	}
	return s.send("", http.MethodPost, "/api/v1/events", raw, headers...)
}

// parcels delivers every event of many parcels three times in random order: each has its effect once,
// an event that comes before its parcel is parked.
func parcels(s *session) {
	key := s.process("parcel.bpmn")
	from := sender{"/e2e/" + key, "k1", []byte("a-key-of-32-bytes-for-this-test!")}
	mapping := func(verb string) map[string]any {
		return map[string]any{"type": "parcel." + verb, "message": key + "-" + verb, "businessKey": "${event.businesskey}", "variables": variables{"place": "${data.place}"}}
	}
	registered := s.send("admin", http.MethodPost, "/api/v1/event-sources", map[string]any{
		"source": from.source, "types": []string{"parcel.sent", "parcel.scanned", "parcel.delivered"}, "keyId": from.keyID, "key": string(from.key),
		"mappings": []any{mapping("sent"), mapping("scanned"), mapping("delivered")},
	})
	if registered.Status != http.StatusCreated {
		s.Fatalf("register: %d %s", registered.Status, registered.Body)
	}
	const count, scans = 15, 3
	var all []event.Event
	for n := range count {
		number := fmt.Sprintf("%s-%d", key, n)
		add := func(id, verb string) {
			e := from.event(number+"-"+id, "parcel."+verb, number, map[string]any{"place": id})
			all = append(all, e, e, e)
		}
		add("sent", "sent")
		for i := range scans {
			add(fmt.Sprint("scan", i), "scanned")
		}
	}
	seed := rand.Uint64()
	s.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for len(all) > 0 {
		n := min(1+random.IntN(3), len(all))
		if a := s.post(random.IntN(3), all[:n]...); a.Status != http.StatusAccepted || len(a.Body) > 0 {
			s.Fatalf("event %s: %d %s", all[0], a.Status, a.Body)
		}
		all = all[n:]
	}
	for n := range count {
		number := fmt.Sprintf("%s-%d", key, n)
		s.eventually("parcel "+number+" scanned", func() bool {
			ids := s.judge.InstancesOf(number)
			return len(ids) == 1 && s.judge.Changes(ids[0], engine.MessageReceived, "scanned") == scans
		})
		unkeyed := from.event(number+"-unkeyed", "parcel.scanned", "", map[string]any{"place": "nowhere"})
		if a := s.post(n%3, unkeyed); a.Status != http.StatusUnprocessableEntity { // also when one parcel alone waits
			s.Errorf("a scan of no parcel: %d %s", a.Status, a.Body)
		}
		delivered := from.event(number+"-delivered", "parcel.delivered", number, map[string]any{"place": "home"})
		for range 3 {
			if a := s.post(0, delivered); a.Status != http.StatusAccepted {
				s.Fatalf("delivered: %d %s", a.Status, a.Body)
			}
		}
		in := get[workflow.InstanceDetail](s, "admin", "/api/v1/instances/"+s.judge.InstancesOf(number)[0].String())
		values := get[engine.Variables](s, "admin", instancePath(in.Instance, "/variables"))
		if in.State != engine.Completed || fmt.Sprint(values["scans"]) != fmt.Sprint(scans) || values["place"] != "home" {
			s.Errorf("parcel %s: %s %v", number, in.State, values)
		}
	}
}

// refusedEvents are events that must not have an effect.
func refusedEvents(s *session) {
	key := s.process("parcel.bpmn")
	from := sender{"/e2e/refused/" + key, "k1", []byte("a-key-of-32-bytes-for-this-test!")}
	registered := s.send("admin", http.MethodPost, "/api/v1/event-sources", map[string]any{
		"source": from.source, "types": []string{"parcel.sent"}, "keyId": from.keyID, "key": string(from.key),
		"mappings": []any{map[string]any{"type": "parcel.sent", "message": key + "-sent"}},
	})
	if registered.Status != http.StatusCreated {
		s.Fatalf("register: %d %s", registered.Status, registered.Body)
	}
	good := func() event.Event { return from.event("refused", "parcel.sent", "", map[string]any{}) }
	changed := good()
	changed.SetSubject("another")
	unsigned := good()
	unsigned.SetExtension("diomsignature", nil)
	stale, early := good(), good()
	cloudevent.Sign(&stale, from.keyID, from.key, time.Now().AddDate(0, 0, -31))
	cloudevent.Sign(&early, from.keyID, from.key, time.Now().Add(10*time.Minute))
	stranger := sender{"/e2e/nobody", "k1", from.key}
	forger := sender{from.source, "k1", []byte("another-key-of-32-bytes-for-this")}
	for name, c := range map[string]struct {
		event  event.Event
		status int
	}{
		"changed": {changed, 401}, "unsigned": {unsigned, 401}, "stale": {stale, 400}, "early": {early, 400},
		"unknown source": {stranger.event("x", "parcel.sent", "", nil), 401}, "forged": {forger.event("x", "parcel.sent", "", nil), 401},
		"unknown type": {from.event("x", "parcel.lost", "", nil), 422},
	} {
		s.sub(name, func(s *session) {
			before := s.judge.Count("SELECT COUNT(*) FROM workflow_inbox") + s.judge.Count("SELECT COUNT(*) FROM workflow_instance")
			answer := s.post(0, c.event)
			if p, err := answer.Problem(); err != nil || p.Status != c.status {
				s.Errorf("%d %s, want %d", answer.Status, answer.Body, c.status)
			}
			if after := s.judge.Count("SELECT COUNT(*) FROM workflow_inbox") + s.judge.Count("SELECT COUNT(*) FROM workflow_instance"); after != before {
				s.Error("the event had an effect")
			}
		})
	}
	s.sub("a batch with one bad event", func(s *session) {
		first, last := from.event("batch-1", "parcel.sent", "", nil), from.event("batch-2", "parcel.sent", "", nil)
		answer := s.post(1, first, changed, last)
		if p, err := answer.Problem(); err != nil || p.Status < 400 || p.Status >= 500 || len(p.Errors) != 1 {
			s.Errorf("%d %s", answer.Status, answer.Body)
		}
		for _, id := range []string{"batch-1", "batch-2"} {
			if n := s.judge.Count("SELECT COUNT(*) FROM workflow_inbox WHERE source = ? AND event_id = ?", from.source, id); n != 1 {
				s.Errorf("%s had %d effects", id, n)
			}
		}
	})
	s.refuse([]refusal{
		{name: "no event", path: "/api/v1/events", body: "{}", headers: []string{"Content-Type", "application/cloudevents+json"}, status: 400, code: "bad_event"},
		{name: "oversized", path: "/api/v1/events", body: strings.Repeat("x", 2<<20), headers: []string{"Content-Type", "application/cloudevents+json"}, status: 413, code: "body_too_large"},
	})
}
