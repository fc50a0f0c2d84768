package dispatch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

const reporterKey = "a key of the reporter"

// later opens a rig whose receiver takes jobs and reports by events.
func later(t *testing.T) (*rig, *receiver) {
	t.Helper()
	r := open(t, nil)
	s := receive(t, answers(202, "", ""))
	r.bind(dispatch.NewBinding{Topic: "pay", Kind: dispatch.URL, Target: s.URL, ResultSeconds: 7200})
	r.deploy(fmt.Sprintf(model, external, "", "order"))
	_, err := r.Inbound.CreateEventSource(t.Context(), workflow.NewEventSource{
		Source: "/payments", KeyID: "p1", Key: reporterKey, Types: []string{cloudevent.TypeJobCompleted, cloudevent.TypeJobFailed},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

// accepted starts an instance whose job the receiver has taken.
func (r *rig) accepted() (instance, job engine.ID) {
	r.t.Helper()
	instance = r.start("order", nil)
	job = r.job(instance).ID
	r.look()
	return instance, job
}

// report sends a result as the receiver would.
func (r *rig) report(id, kind, key string, data any) error {
	r.t.Helper()
	e := event.New()
	e.SetID(id)
	e.SetSource("/payments")
	e.SetType(kind)
	if err := e.SetData(event.ApplicationJSON, data); err != nil {
		r.t.Fatal(err)
	}
	cloudevent.Sign(&e, "p1", []byte(key), time.Now())
	raw, err := json.Marshal(e)
	if err != nil {
		r.t.Fatal(err)
	}
	list, _, err := cloudevent.Read(http.Header{"Content-Type": {event.ApplicationCloudEventsJSON}}, raw)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.Inbound.Receive(r.t.Context(), &list[0])
}

type data map[string]any

// A receiver that answered 202 has the job until its time is over, and reports by a signed event, once
// or more often.
func TestResultsComeLater(t *testing.T) {
	t.Parallel()
	r, s := later(t)
	id, job := r.accepted()
	if until := r.job(id).LockExpiresAt; until == nil || time.Until(*until) < time.Hour {
		t.Errorf("held until %v", until)
	}
	r.look()
	if err := r.report("1", cloudevent.TypeJobCompleted, "another key of 16", data{"jobId": job}); !errors.Is(err, cloudevent.ErrSignature) {
		t.Errorf("forged: %v", err)
	}
	for _, event := range []string{"1", "1", "2"} { // a second one by another event is as good as done
		if err := r.report(event, cloudevent.TypeJobCompleted, reporterKey, data{"jobId": job, "variables": data{"n": event}}); err != nil {
			t.Error(err)
		}
	}
	nodes, in := r.at(id)
	if diff := cmp.Diff([]string{"after"}, nodes); diff != "" || value(in, "n") != "1" || len(s.got) != 1 {
		t.Errorf("%s %+v pushed %d times", diff, in.Scopes, len(s.got))
	}
}

func TestOtherResultsThatComeLater(t *testing.T) {
	t.Parallel()
	r, _ := later(t)
	declined, job := r.accepted()
	if err := r.report("d", cloudevent.TypeJobCompleted, reporterKey, data{"jobId": job, "error": data{"code": "declined"}}); err != nil {
		t.Error(err)
	}
	if nodes, _ := r.at(declined); !cmp.Equal([]string{"review"}, nodes) {
		t.Error(nodes)
	}
	failed, job := r.accepted()
	for range 2 {
		if err := r.report("f", cloudevent.TypeJobFailed, reporterKey, data{"jobId": job, "message": "no money"}); err != nil {
			t.Error(err)
		}
	}
	if job := r.job(failed); job.Retries != 2 || job.WorkerID != nil {
		t.Errorf("failed: %+v", job)
	}
	// It has been done all the same.
	if err := r.report("g", cloudevent.TypeJobCompleted, reporterKey, data{"jobId": job}); err != nil {
		t.Error(err)
	}
	if nodes, _ := r.at(failed); !cmp.Equal([]string{"after"}, nodes) {
		t.Error(nodes)
	}
	byRoute, job := r.accepted()
	if _, err := r.Workflow.CompleteJob(t.Context(), workflow.Call{}, job, workflow.JobCompletion{WorkerID: workflow.PushWorker}); err != nil {
		t.Error(err)
	}
	if nodes, _ := r.at(byRoute); !cmp.Equal([]string{"after"}, nodes) {
		t.Error(nodes)
	}
}

// No result in time: the same event goes out once more.
func TestResultsThatDoNotCome(t *testing.T) {
	t.Parallel()
	r, s := later(t)
	id, _ := r.accepted()
	r.release()
	r.look()
	if len(s.got) != 2 || s.got[0].event.ID() != s.got[1].event.ID() || r.job(id).Retries != 3 {
		t.Errorf("pushed %d times", len(s.got))
	}
}

// What is no result of a pushed job changes nothing, and is kept among the dead letters where it is
// poison.
func TestStrangeResults(t *testing.T) {
	t.Parallel()
	r, s := later(t)
	s.answer = answers(500, "", "")
	id := r.start("order", nil)
	job := r.job(id).ID
	if _, err := r.Workflow.FetchJobs(t.Context(), workflow.JobFetch{WorkerID: "w", Topics: []workflow.JobTopic{{Name: "pay", LockSeconds: 60}}}); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		data any
		want error
	}{
		"a worker's job": {data{"jobId": job}, workflow.ErrNotPushed},
		"no job":         {data{}, workflow.ErrJobRequest},
		"no object":      {"x", workflow.ErrJobRequest},
		"no id":          {data{"jobId": "x"}, workflow.ErrJobRequest},
		"gone":           {data{"jobId": engine.ID{1}}, nil},
	} {
		if err := r.report(name, cloudevent.TypeJobCompleted, reporterKey, tc.data); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if nodes, in := r.at(id); len(nodes) != 0 || len(in.Jobs) != 1 || in.Jobs[0].Retries != 3 {
		t.Errorf("%v %+v", nodes, in.Jobs)
	}
}

// A suspended instance takes no result; the event comes again until it does.
func TestResultOfASuspendedInstance(t *testing.T) {
	t.Parallel()
	r, _ := later(t)
	id, job := r.accepted()
	call := workflow.Call{Principal: operator}
	if _, err := r.Workflow.SuspendInstance(t.Context(), call, id, ""); err != nil {
		t.Fatal(err)
	}
	if err := r.report("1", cloudevent.TypeJobCompleted, reporterKey, data{"jobId": job}); !errors.Is(err, workflow.ErrBusy) {
		t.Error(err)
	}
	if _, err := r.Workflow.ResumeInstance(t.Context(), call, id, ""); err != nil {
		t.Fatal(err)
	}
	if err := r.report("1", cloudevent.TypeJobCompleted, reporterKey, data{"jobId": job}); err != nil {
		t.Error(err)
	}
	if nodes, _ := r.at(id); !cmp.Equal([]string{"after"}, nodes) {
		t.Error(nodes)
	}
}

// Jobs of a binding to events go to its sink with all they need, and their results always come later.
func TestEventBinding(t *testing.T) {
	t.Parallel()
	r, s := later(t)
	s.answer = answers(200, "application/json", `{"variables": {"a": 1}}`)
	r.bind(dispatch.NewBinding{Topic: "ship", Kind: dispatch.Event, Target: s.URL})
	r.deploy(fmt.Sprintf(model, `c:type="external" c:topic="ship"`, "", "order"))
	id, job := r.accepted()
	if nodes, _ := r.at(id); len(nodes) != 0 || len(s.got) != 1 || s.got[0].data.JobID != job {
		t.Fatalf("%v, sent %d times", nodes, len(s.got))
	}
	if err := r.report("1", cloudevent.TypeJobCompleted, reporterKey, data{"jobId": job}); err != nil {
		t.Error(err)
	}
	if nodes, _ := r.at(id); !cmp.Equal([]string{"after"}, nodes) {
		t.Error(nodes)
	}
}
