package cloudevent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/telemetry"
)

func step() cloudevent.Step {
	return cloudevent.Step{
		InstanceID: engine.ID{1}, Seq: 7, CommandID: engine.ID{12: 0xab, 15: 0x0c}, At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Actor: "lina", ProcessKey: "leave", BusinessKey: "B-1",
		Changes: []engine.Change{
			{Kind: engine.VariablesSet, Variables: engine.Variables{"secret": "x"}},
			{Kind: engine.TaskCompleted, TaskID: engine.ID{2}, Node: "approve", Assignee: "lina", Outcome: "approved"},
			{Kind: engine.TokenMoved, Token: 1},
			{Kind: engine.TaskCreated, Task: &engine.Task{ID: engine.ID{3}, Node: "file", Name: "备案", CandidateGroups: []string{"hr"}}},
			{Kind: engine.IncidentRaised, Incident: &engine.Incident{ID: engine.ID{4}, Node: "file", Code: "unknown_variable"}},
			{Kind: engine.InstanceCompleted},
		},
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	events, err := cloudevent.Events("/diom/test", step())
	if err != nil {
		t.Fatal(err)
	}
	id := engine.ID{1}.String()
	want := []struct{ id, kind, subject, sequence, data string }{
		{id + "/7/2/ab00000c", "task.completed", "tasks/" + engine.ID{2}.String(), "0000000007.002", `"outcome":"approved"`},
		{id + "/7/4/ab00000c", "task.created", "tasks/" + engine.ID{3}.String(), "0000000007.004", `"candidateGroups":["hr"]`},
		{id + "/7/5/ab00000c", "incident.raised", "instances/" + id, "0000000007.005", `"code":"unknown_variable"`},
		{id + "/7/6/ab00000c", "instance.ended", "instances/" + id, "0000000007.006", `"processKey":"leave"`},
	}
	if len(events) != len(want) {
		t.Fatalf("%d events", len(events))
	}
	for i, w := range want {
		e := events[i]
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
		x := e.Extensions()
		if e.ID() != w.id || e.Type() != "io.diom.workflow."+w.kind+".v1" || e.Subject() != w.subject || e.Source() != "/diom/test" ||
			x["sequence"] != w.sequence || x["partitionkey"] != id || x["diomprocess"] != "leave" || x["businesskey"] != "B-1" {
			t.Errorf("event %d: %s", i, e)
		}
		if data := string(e.Data()); !strings.Contains(data, w.data) || strings.Contains(data, "secret") {
			t.Errorf("event %d: data %s", i, data)
		}
	}
}

// events is a step of what is not a person's work.
func events() cloudevent.Step {
	s := step()
	job := engine.Job{ID: engine.ID{5}, Node: "pay", Kind: engine.ExternalJob, Topic: "payment", Retries: 3, DueAt: s.At}
	before := engine.Job{ID: engine.ID{6}, Node: "book", Kind: engine.BeforeJob, Retries: 1}
	s.Changes = []engine.Change{
		{Kind: engine.JobCreated, Job: &job},
		{Kind: engine.JobCreated, Job: &before},
		{Kind: engine.JobCompleted, JobID: job.ID, Node: "pay", Topic: "payment", Variables: engine.Variables{"secret": "x"}},
		{Kind: engine.JobCompleted, JobID: before.ID, Node: "book"},
		{Kind: engine.JobFailed, JobID: job.ID, Node: "pay", Topic: "payment", Reason: "no answer", Comment: "secret stack"},
		{Kind: engine.JobFailed, JobID: before.ID, Node: "book", Reason: "no answer"},
		{Kind: engine.JobCancelled, JobID: job.ID, Node: "pay", Topic: "payment"},
		{Kind: engine.TimerCreated, Timer: &engine.Timer{ID: engine.ID{7}}},
		{Kind: engine.TimerFired, TimerID: engine.ID{7}, Node: "late"},
		{Kind: engine.MessageReceived, Node: "paid", Message: "payment received"},
		{Kind: engine.MessageSent, Node: "tell", Message: "order shipped", Variables: engine.Variables{"secret": "x"}},
	}
	return s
}

func TestEventsOfTheMachinery(t *testing.T) {
	t.Parallel()
	s := events()
	s.Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	list, err := cloudevent.Events("/diom/test", s)
	if err != nil {
		t.Fatal(err)
	}
	id := func(n byte) string { return engine.ID{n}.String() }
	want := []struct{ n, kind, data string }{
		{"1", "job.created", `"nodeId":"pay","jobId":"` + id(5) + `","jobKind":"external","topic":"payment","retries":3,"dueAt":"2026-03-02T09:00:00Z"}`},
		{"2", "token.ready", `"nodeId":"book","jobId":"` + id(6) + `","jobKind":"before","retries":1}`},
		{"3", "job.completed", `"nodeId":"pay","jobId":"` + id(5) + `","topic":"payment"}`},
		{"5", "job.failed", `"nodeId":"pay","reason":"no answer","jobId":"` + id(5) + `","topic":"payment","retries":0}`},
		{"9", "timer.due", `"nodeId":"late","timerId":"` + id(7) + `"}`},
		{"10", "message.received", `"nodeId":"paid","message":"payment received"}`},
		{"11", "message.sent", `"nodeId":"tell","message":"order shipped"}`},
	}
	if len(list) != len(want) {
		t.Fatalf("%d events: %v", len(list), list)
	}
	for i, w := range want {
		e := list[i]
		if e.ID() != id(1)+"/7/"+w.n+"/ab00000c" || e.Type() != "io.diom.workflow."+w.kind+".v1" || !strings.HasSuffix(string(e.Data()), w.data) {
			t.Errorf("event %d is %s, want %s with %s", i, e, w.kind, w.data)
		}
		if e.Extensions()["traceparent"] != s.Trace || strings.Contains(string(e.Data()), "secret") {
			t.Errorf("event %d: %s", i, e)
		}
	}
}

// An id says what it was made of. It is of one command's step, where it has a mark.
func TestID(t *testing.T) {
	t.Parallel()
	one, other := engine.ID{12: 0xab, 15: 0x0c}, engine.ID{12: 0xab, 15: 0x0d}
	instance := engine.ID{1}.String()
	for _, text := range []string{cloudevent.NewID(engine.ID{1}, 7, 11, one).String(), instance + "/7/11"} {
		id, ok := cloudevent.ParseID(text)
		if !ok || id.Instance != (engine.ID{1}) || id.Seq != 7 || id.N != 11 || id.String() != text {
			t.Errorf("%s is %+v %v", text, id, ok)
		}
		if !id.Of(one) || id.Of(other) != (id.Mark == "") {
			t.Errorf("%s is of %v, of %v", text, id.Of(one), id.Of(other))
		}
	}
	for _, wrong := range []string{
		"", instance, instance + "/7", instance + "/7/1/1", instance + "/7/1/", instance + "/7/1/ab00000c/1", instance + "/7/1/AB00000C", instance + "/7/1/ab00000c00",
		instance + "/7/1/ab00000x", instance + "/07/1", instance + "/7/0", instance + "/-7/1", "x/7/1",
	} {
		if id, ok := cloudevent.ParseID(wrong); ok {
			t.Errorf("%q is %+v", wrong, id)
		}
	}
}

func TestDeployed(t *testing.T) {
	t.Parallel()
	e, err := cloudevent.Deployed("/diom/test", cloudevent.Definition{ID: engine.ID{9}, ProcessKey: "leave", Version: 2, Name: "请假", Actor: "zhouming"}, step().At)
	if err != nil || e.Validate() != nil || e.ID() != (engine.ID{9}).String() || !strings.Contains(string(e.Data()), `"version":2`) {
		t.Errorf("%v %s", err, e)
	}
}

// sink is a receiver that answers with a status and keeps what came.
type sink struct {
	*httptest.Server
	status atomic.Int32
	calls  atomic.Int32
	header http.Header
	body   []byte
}

func newSink(t *testing.T, status int) *sink {
	t.Helper()
	s := &sink{}
	s.status.Store(int32(status))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		s.header = r.Header
		s.body, _ = io.ReadAll(r.Body)
		w.WriteHeader(int(s.status.Load()))
	}))
	t.Cleanup(s.Close)
	return s
}

func sample(t *testing.T) event.Event {
	t.Helper()
	list, err := cloudevent.Events("/diom/test", step())
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	e := sample(t)
	e.SetExtension("businesskey", `订单 "1"`)
	e.SetExtension("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	s := newSink(t, http.StatusAccepted)
	if err := cloudevent.HTTP(s.URL)(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Ce-Id": e.ID(), "Ce-Specversion": "1.0", "Content-Type": "application/json",
		"Ce-Businesskey": "%E8%AE%A2%E5%8D%95%20%221%22", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	} {
		if got := s.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !json.Valid(s.body) {
		t.Errorf("body %s", s.body)
	}
	if err := cloudevent.Structured(cloudevent.HTTP(s.URL))(t.Context(), e); err != nil || s.header.Get("Content-Type") != "application/cloudevents+json" {
		t.Errorf("%v %v", err, s.header)
	}
	if list, _, err := cloudevent.Read(s.header, s.body); err != nil || len(list) != 1 || list[0].Event.ID() != e.ID() || !bytes.Equal(list[0].Event.Data(), e.Data()) {
		t.Errorf("structured: %v %s", err, s.body)
	}
	e.SetExtension("traceparent", nil)
	ctx := telemetry.Continue(t.Context(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	if err := cloudevent.HTTP(s.URL)(ctx, e); err != nil || !strings.HasPrefix(s.header.Get("Traceparent"), "00-0af7651916cd43dd8448eb211c80319c-") {
		t.Errorf("the trace ends here: %v %v", err, s.header)
	}
	for status, want := range map[int]*fault.Error{
		400: cloudevent.ErrSinkRefused, 413: cloudevent.ErrSinkRefused, 422: cloudevent.ErrSinkRefused, 429: cloudevent.ErrSinkBusy,
		401: cloudevent.ErrSinkUnavailable, 404: cloudevent.ErrSinkUnavailable, 409: cloudevent.ErrSinkUnavailable, 500: cloudevent.ErrSinkUnavailable, 503: cloudevent.ErrSinkUnavailable,
	} {
		s.status.Store(int32(status))
		if err := cloudevent.HTTP(s.URL)(t.Context(), e); !errors.Is(err, want) || fault.VerdictOf(err) != fault.VerdictOf(want) {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
	}
}

func TestHTTPGoesOnToTheNextReplica(t *testing.T) {
	t.Parallel()
	down, up, gone := newSink(t, http.StatusServiceUnavailable), newSink(t, http.StatusNoContent), newSink(t, http.StatusOK)
	gone.Close()
	send := cloudevent.HTTP(down.URL, up.URL, gone.URL)
	for range 6 {
		if err := send(t.Context(), sample(t)); err != nil {
			t.Error(err)
		}
	}
	if up.calls.Load() != 6 || down.calls.Load() == 0 {
		t.Errorf("%d and %d calls", up.calls.Load(), down.calls.Load())
	}
	up.status.Store(http.StatusUnprocessableEntity)
	before := down.calls.Load()
	if err := cloudevent.HTTP(down.URL, up.URL)(t.Context(), sample(t)); !errors.Is(err, cloudevent.ErrSinkRefused) || down.calls.Load() != before {
		t.Errorf("a refused event is offered to the next replica: %v", err)
	}
	up.status.Store(http.StatusTooManyRequests)
	if err := cloudevent.HTTP(down.URL, up.URL)(t.Context(), sample(t)); fault.VerdictOf(err) != fault.Retry {
		t.Errorf("no replica takes it: %v", err)
	}
}

func TestConsumers(t *testing.T) {
	t.Parallel()
	e := sample(t)
	refused, busy := fault.New(fault.Invalid, "refused", ""), fault.New(fault.Busy, "busy", "")
	for name, c := range map[string]struct {
		answers []error
		want    error
	}{
		"taken": {[]error{nil, nil}, nil}, "refused by one": {[]error{refused, nil}, refused}, "one is busy": {[]error{nil, busy}, busy},
		"refused and busy": {[]error{refused, busy}, busy}, "busy and refused": {[]error{busy, refused}, busy}, "nobody's": {nil, nil},
	} {
		var called int
		var consumers []cloudevent.Sender
		for _, answer := range c.answers {
			consumers = append(consumers, func(context.Context, event.Event) error { called++; return answer })
		}
		err := cloudevent.Consumers(map[string][]cloudevent.Sender{e.Type(): consumers})(t.Context(), e)
		if !errors.Is(err, c.want) || c.want != nil && fault.VerdictOf(err) != fault.VerdictOf(c.want) || called != len(c.answers) {
			t.Errorf("%s: %v after %d calls", name, err, called)
		}
	}
}
