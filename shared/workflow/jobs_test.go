package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// payment lets a worker pay and then somebody book; an error "declined" leads to a review instead, any
// other error has no way.
const payment = `<process id="payment" isExecutable="true"><startEvent id="start"/>
<serviceTask id="pay" c:type="external" c:topic="pay" c:taskPriority="${urgent}">
 <extensionElements><c:inputOutput><c:inputParameter name="total">${amount * 2}</c:inputParameter></c:inputOutput></extensionElements>
</serviceTask>
<boundaryEvent id="declined" attachedToRef="pay"><errorEventDefinition errorRef="e1" c:errorCodeVariable="code" c:errorMessageVariable="message"/></boundaryEvent>
<userTask id="book" c:assignee="wangfang"/><userTask id="review" c:assignee="lina"/><endEvent id="paid"/><endEvent id="refused"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="pay"/><sequenceFlow id="f2" sourceRef="pay" targetRef="book"/><sequenceFlow id="f3" sourceRef="book" targetRef="paid"/>
<sequenceFlow id="f4" sourceRef="declined" targetRef="review"/><sequenceFlow id="f5" sourceRef="review" targetRef="refused"/></process><error id="e1" errorCode="declined"/>`

var robot = workflow.Call{Principal: access.Principal{Username: "robot", Permissions: []string{"WORKFLOW_JOB"}}}

// model deploys a process.
func (f *fixture) model(processes string) {
	f.t.Helper()
	content := `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">` + processes + `</definitions>`
	request := workflow.DeploymentRequest{Resources: []store.Resource{{Name: "model.bpmn", Kind: "bpmn", Content: []byte(content)}}}
	if _, err := f.Deploy(f.t.Context(), workflow.Call{Principal: operator}, request); err != nil {
		f.t.Fatalf("%v: %+v", err, fault.From(err))
	}
}

// begin starts a process and returns the instance.
func (f *fixture) begin(key string, variables engine.Variables) engine.ID {
	f.t.Helper()
	raw, err := f.StartProcess(f.t.Context(), workflow.Call{Principal: employee}, key, workflow.StartRequest{BusinessKey: "B-" + key, Variables: variables})
	return decode[workflow.Started](f.t, raw, err).Instance.ID
}

func (f *fixture) pay(amount int64) engine.ID {
	f.t.Helper()
	return f.begin("payment", engine.Variables{"amount": amount, "urgent": amount % 10})
}

// fetch lets a worker fetch jobs of topic pay for a minute.
func (f *fixture) fetch(worker string, most int) []workflow.FetchedJob {
	f.t.Helper()
	jobs, err := f.FetchJobs(f.t.Context(), fetching(worker, most, 0))
	if err != nil {
		f.t.Fatal(err)
	}
	return jobs
}

func fetching(worker string, most, wait int) workflow.JobFetch {
	return workflow.JobFetch{WorkerID: worker, Topics: []workflow.JobTopic{{Name: "pay", LockSeconds: 60}}, MaxJobs: &most, WaitSeconds: wait}
}

// one fetches one job and fails without one.
func (f *fixture) one(worker string) workflow.FetchedJob {
	f.t.Helper()
	jobs := f.fetch(worker, 1)
	if len(jobs) != 1 {
		f.t.Fatalf("%d jobs", len(jobs))
	}
	return jobs[0]
}

func (f *fixture) complete(worker string, job engine.ID) (workflow.InstanceAnswer, error) {
	f.t.Helper()
	raw, err := f.CompleteJob(f.t.Context(), robot, job, workflow.JobCompletion{WorkerID: worker, Variables: engine.Variables{"receipt": "R1"}})
	if err != nil {
		return workflow.InstanceAnswer{}, err
	}
	return decode[workflow.InstanceAnswer](f.t, raw, nil), nil
}

// change runs a statement as time or an accident would.
func (f *fixture) change(text string, arguments ...any) {
	f.t.Helper()
	var b database.Batch
	b.Add(text, arguments...)
	if err := f.store.DB.Run(f.t.Context(), &b); err != nil {
		f.t.Fatal(err)
	}
}

// expireLock lets the lock of a job run out.
func (f *fixture) expireLock(job engine.ID) {
	f.t.Helper()
	f.change("UPDATE workflow_job SET locked_until = ? WHERE id = ?", time.Now().UTC().Add(-time.Second), job[:])
}

func (f *fixture) sound(id engine.ID) {
	f.t.Helper()
	if found := f.problems(id); found != nil {
		f.t.Error(found)
	}
}

func TestJobFromFetchToCompletion(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	low, high := f.pay(20), f.pay(15)
	fetch := fetching("w", 10, 0)
	fetch.Topics[0].Variables = []string{"total", "amount", "unknown"}
	jobs, err := f.FetchJobs(t.Context(), fetch)
	if err != nil || len(jobs) != 2 || jobs[0].InstanceID != high || jobs[1].InstanceID != low {
		t.Fatalf("%+v %v", jobs, err)
	}
	key, j := "B-payment", jobs[0]
	want := workflow.FetchedJob{
		ID: j.ID, Topic: "pay", InstanceID: high, ProcessKey: "payment", BusinessKey: &key, NodeID: "pay", Retries: 3, Priority: 5,
		Variables: engine.Variables{"amount": int64(15), "total": int64(30)}, CreatedAt: j.CreatedAt, LockExpiresAt: j.LockExpiresAt,
	}
	want.Instance = j.Instance // what else it is compared with is taken from it
	if diff := cmp.Diff(want, j); diff != "" || time.Until(j.LockExpiresAt) < 55*time.Second || time.Since(j.CreatedAt) > time.Minute {
		t.Errorf("%s %+v", diff, j)
	}
	answer, err := f.complete("w", j.ID)
	if err != nil || answer.Instance.State != engine.Active || answer.Instance.Version != 2 || len(answer.Next) != 1 || answer.Next[0].NodeID != "book" {
		t.Errorf("%+v %v", answer, err)
	}
	variables, err := f.Variables(t.Context(), operator, high)
	if err != nil || variables["receipt"] != "R1" || variables["total"] != nil {
		t.Errorf("%v %v", variables, err)
	}
	f.sound(high)
	all, err := f.FetchJobs(t.Context(), workflow.JobFetch{WorkerID: "w", Topics: []workflow.JobTopic{{Name: "other", LockSeconds: 1}}})
	if err != nil || all == nil || len(all) != 0 {
		t.Errorf("%+v %v", all, err)
	}
}

// Without a list of variables a worker gets all that the job sees, the inner ones hiding the outer ones.
func TestFetchedVariables(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	f.begin("payment", engine.Variables{"amount": int64(1), "urgent": int64(0), "total": "outer", "名": true})
	if diff := cmp.Diff(engine.Variables{"amount": int64(1), "urgent": int64(0), "total": int64(2), "名": true}, f.one("w").Variables); diff != "" {
		t.Error(diff)
	}
	f.pay(1)
	none := fetching("w", 1, 0)
	none.Topics[0].Variables = []string{}
	if jobs, err := f.FetchJobs(t.Context(), none); err != nil || len(jobs) != 1 || len(jobs[0].Variables) != 0 {
		t.Errorf("%+v %v", jobs, err)
	}
}

// A job is one worker's at a time, however many fetch.
func TestWorkersShareJobs(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	const count = 60
	for n := range int64(count) {
		f.pay(n)
	}
	var mutex sync.Mutex
	var group sync.WaitGroup
	holders := map[engine.ID]string{}
	for w := range 8 {
		group.Go(func() {
			for jobs := f.fetch(fmt.Sprint(w), 5); len(jobs) > 0; jobs = f.fetch(fmt.Sprint(w), 5) {
				for _, j := range jobs {
					mutex.Lock()
					if other, held := holders[j.ID]; held {
						t.Errorf("%s is %s's and %d's", j.ID, other, w)
					}
					holders[j.ID] = fmt.Sprint(w)
					mutex.Unlock()
				}
			}
		})
	}
	group.Wait()
	for jobs := f.fetch("last", 100); len(jobs) > 0; jobs = f.fetch("last", 100) { // what each left to the others
		for _, j := range jobs {
			holders[j.ID] = "last"
		}
	}
	if len(holders) != count {
		t.Errorf("%d jobs", len(holders))
	}
}

// Who may end a job: the worker that fetched it last, also after its lock has expired.
func TestWhoHoldsAJob(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	none := 0
	for _, c := range []struct {
		name    string
		prepare func(job workflow.FetchedJob)
		want    error
	}{
		{"held", func(workflow.FetchedJob) {}, nil},
		{"expired", func(j workflow.FetchedJob) { f.expireLock(j.ID) }, nil},
		{"expired, and another's", func(j workflow.FetchedJob) { f.expireLock(j.ID); f.one("other") }, store.ErrJobLock},
		{"another's whose lock has expired too", func(j workflow.FetchedJob) { f.expireLock(j.ID); f.one("other"); f.expireLock(j.ID) }, store.ErrJobLock},
		{"given back", func(j workflow.FetchedJob) { f.mustFail(j.ID, workflow.JobFailure{WorkerID: "w"}) }, workflow.ErrJobNotLocked},
		{"given up", func(j workflow.FetchedJob) { f.mustFail(j.ID, workflow.JobFailure{WorkerID: "w", Retries: &none}) }, workflow.ErrJobNotLocked},
		{"completed", func(j workflow.FetchedJob) { _, _ = f.complete("w", j.ID) }, store.ErrNoJob},
		{"suspended", func(j workflow.FetchedJob) {
			if _, err := f.SuspendInstance(t.Context(), workflow.Call{Principal: operator}, j.InstanceID, ""); err != nil {
				t.Fatal(err)
			}
		}, engine.ErrSuspended},
		{"cancelled", func(j workflow.FetchedJob) {
			if _, err := f.CancelInstance(t.Context(), workflow.Call{Principal: operator}, j.InstanceID, ""); err != nil {
				t.Fatal(err)
			}
		}, store.ErrNoJob},
	} {
		f.pay(1)
		job := f.one("w")
		c.prepare(job)
		x := workflow.JobExtension{WorkerID: "w", LockSeconds: 90}
		_, err := f.ExtendJob(t.Context(), job.ID, x)
		if want := c.want; !errors.Is(err, want) && c.name != "expired" || c.name == "expired" && !errors.Is(err, store.ErrJobLock) {
			t.Errorf("%s: extend: %v", c.name, err)
		}
		_, err = f.complete("w", job.ID)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: complete: %v, want %v", c.name, err, c.want)
		}
		f.sound(job.InstanceID)
		f.change("DELETE FROM workflow_job") // the next case has its own
	}
	f.pay(1)
	list, err := f.store.Jobs(t.Context(), store.JobFilter{}, page.Request{Limit: 10})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := f.complete("w", list.Items[0].ID); !errors.Is(err, workflow.ErrJobNotLocked) {
		t.Errorf("never fetched: %v", err)
	}
	if _, err := f.complete("w", engine.ID{1}); !errors.Is(err, store.ErrNoJob) {
		t.Errorf("unknown: %v", err)
	}
}

func (f *fixture) mustFail(job engine.ID, failure workflow.JobFailure) workflow.InstanceAnswer {
	f.t.Helper()
	raw, err := f.FailJob(f.t.Context(), robot, job, failure)
	return decode[workflow.InstanceAnswer](f.t, raw, err)
}

// A failure costs a retry; without retries an incident waits for an operator, who gives it one.
func TestFailedJob(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	instance := f.pay(1)
	retries, after := 5, 3600
	f.mustFail(f.one("w").ID, workflow.JobFailure{WorkerID: "w"})
	job := f.one("w") // at once
	if job.Retries != 2 {
		t.Errorf("%d retries", job.Retries)
	}
	f.mustFail(job.ID, workflow.JobFailure{WorkerID: "w", Retries: &retries, RetryAfterSeconds: &after})
	if jobs := f.fetch("w", 1); len(jobs) != 0 {
		t.Errorf("fetched before its time: %+v", jobs)
	}
	f.expireLock(job.ID)
	if job = f.one("w"); job.Retries != 5 {
		t.Errorf("%d retries", job.Retries)
	}
	retries = 0
	f.mustFail(job.ID, workflow.JobFailure{WorkerID: "w", Message: "bank down", Details: "at bank.go:1", Retries: &retries})
	if jobs := f.fetch("w", 1); len(jobs) != 0 {
		t.Errorf("fetched without retries: %+v", jobs)
	}
	detail, err := f.Instance(t.Context(), operator, instance)
	if err != nil || len(detail.Incidents) != 1 || detail.Incidents[0].Message != "bank down" || detail.Incidents[0].Code != "job_failed" {
		t.Fatalf("%+v %v", detail, err)
	}
	if _, err := f.RetryIncident(t.Context(), workflow.Call{Principal: operator}, detail.Incidents[0].ID, engine.Variables{"bank": "other"}); err != nil {
		t.Fatal(err)
	}
	if job = f.one("w2"); job.Retries != 1 || job.Variables["bank"] != "other" {
		t.Errorf("%+v", job)
	}
	if answer, err := f.complete("w2", job.ID); err != nil || len(answer.Next) != 1 {
		t.Errorf("%+v %v", answer, err)
	}
	f.sound(instance)
}

// A BPMN error goes where the model catches it; one that nothing catches ends its path.
func TestJobError(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	for _, c := range []struct {
		code  string
		state engine.State
		next  int
	}{{"declined", engine.Active, 1}, {"other", engine.Completed, 0}} {
		instance := f.pay(1)
		raw, err := f.ThrowJobError(t.Context(), robot, f.one("w").ID, workflow.JobError{WorkerID: "w", Code: c.code, Message: "no cover", Variables: engine.Variables{"limit": int64(5)}})
		answer := decode[workflow.InstanceAnswer](t, raw, err)
		variables, err := f.Variables(t.Context(), operator, instance)
		if err != nil || answer.Instance.State != c.state || len(answer.Next) != c.next {
			t.Errorf("%s: %+v %v", c.code, answer, err)
		}
		if c.next > 0 && (answer.Next[0].NodeID != "review" || variables["code"] != "declined" || variables["message"] != "no cover") {
			t.Errorf("%s: %+v %v", c.code, answer.Next, variables)
		}
		f.sound(instance)
	}
}

// A repeated completion under one Idempotency-Key is one completion.
func TestRepeatedCompletion(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	f.pay(1)
	job := f.one("w")
	call := workflow.Call{Principal: robot.Principal, Idempotency: key("robot", "k", "body")}
	raw, err := f.CompleteJob(t.Context(), call, job.ID, workflow.JobCompletion{WorkerID: "w"})
	decode[workflow.InstanceAnswer](t, raw, err)
	if _, err := f.CompleteJob(t.Context(), call, job.ID, workflow.JobCompletion{WorkerID: "w"}); !errors.Is(err, store.ErrRepeated) {
		t.Error(err)
	}
	if recorded, err := f.store.Recorded(t.Context(), call.Idempotency); err != nil || recorded == nil || string(recorded.Body) != string(raw) {
		t.Errorf("%+v %v", recorded, err)
	}
}

// A long poll ends with the first job, when its time is over, or when its caller goes away.
func TestFetchWaits(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	result := make(chan []workflow.FetchedJob, 1)
	go func() {
		jobs, _ := f.FetchJobs(t.Context(), fetching("w", 1, 20))
		result <- jobs
	}()
	time.Sleep(300 * time.Millisecond)
	started := time.Now()
	f.pay(1)
	if jobs := <-result; len(jobs) != 1 || time.Since(started) > 2*time.Second {
		t.Errorf("%d jobs after %s", len(jobs), time.Since(started))
	}
	for _, c := range []struct {
		name         string
		wait         int
		limit        time.Duration // of the call, then its caller goes away
		least, most  time.Duration
		deadlineOnly bool
	}{
		{"time is over", 1, time.Minute, time.Second, 1900 * time.Millisecond, true},
		{"the caller goes away", 20, 400 * time.Millisecond, 400 * time.Millisecond, 900 * time.Millisecond, false},
		{"the call must end", 20, 1800 * time.Millisecond, 700 * time.Millisecond, 1300 * time.Millisecond, true},
		{"no wait", 0, time.Minute, 0, 500 * time.Millisecond, true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if c.deadlineOnly {
			ctx, cancel = context.WithTimeout(t.Context(), c.limit)
		} else {
			time.AfterFunc(c.limit, cancel)
		}
		begun := time.Now()
		jobs, err := f.FetchJobs(ctx, fetching("w", 1, c.wait))
		if taken := time.Since(begun); err != nil || len(jobs) != 0 || taken < c.least || taken > c.most {
			t.Errorf("%s: %d jobs, %v after %s", c.name, len(jobs), err, taken)
		}
		cancel()
	}
}

// A hundred idle workers cost the database as much as one, and all of them get work.
func TestIdleWorkersAreCheap(t *testing.T) {
	t.Parallel()
	wire := &wiretest.Wire{}
	f := setup(t, wire)
	f.model(payment)
	const workers = 100
	var group sync.WaitGroup
	var mutex sync.Mutex
	fetched := 0
	for w := range workers {
		group.Go(func() {
			jobs, err := f.FetchJobs(t.Context(), fetching(fmt.Sprint(w), 1, 20))
			mutex.Lock()
			defer mutex.Unlock()
			if fetched += len(jobs); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(2 * time.Second) // each has looked once
	wire.Reset()
	time.Sleep(3 * time.Second)
	if n := wire.Counts().RoundTrips; n > 12 {
		t.Errorf("%d round trips in 3 s", n)
	}
	for n := range int64(workers) {
		f.pay(n)
	}
	group.Wait()
	if fetched != workers {
		t.Errorf("%d of %d workers have a job", fetched, workers)
	}
}

// A worker that waits for a busy topic gets the work of the others too.
func TestTopicsTakeTurns(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	f.model(strings.NewReplacer(`id="payment"`, `id="quiet"`, `c:topic="pay"`, `c:topic="quiet"`).Replace(payment))
	for n := range int64(10) {
		f.pay(n)
	}
	f.begin("quiet", engine.Variables{"amount": int64(1), "urgent": int64(0)})
	fetch, seen := fetching("w", 1, 0), map[string]int{}
	fetch.Topics = append(fetch.Topics, workflow.JobTopic{Name: "quiet", LockSeconds: 60})
	for range 4 {
		jobs, err := f.FetchJobs(t.Context(), fetch)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%+v %v", jobs, err)
		}
		seen[jobs[0].Topic]++
	}
	if seen["quiet"] != 1 || seen["pay"] != 3 {
		t.Errorf("%v", seen)
	}
}

// One answer holds a few MB at most; what does not fit stays for the next.
func TestLargeFetch(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	big := strings.Repeat("x", 250<<10)
	for range 12 {
		f.begin("payment", engine.Variables{"amount": int64(1), "urgent": int64(0), "a": big, "b": big, "c": big})
	}
	if first, second := f.fetch("w", 100), f.fetch("w", 100); len(first) != 10 || len(second) != 2 {
		t.Errorf("%d and %d jobs", len(first), len(second))
	}
}

// A job whose instance cannot be read keeps no worker from the others.
func TestUnreadableInstance(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(payment)
	poison, good := f.pay(9), f.pay(1)
	f.change("UPDATE workflow_instance SET body = 'x' WHERE id = ?", poison[:])
	if job := f.one("w"); job.InstanceID != good {
		t.Errorf("%+v", job)
	}
	if jobs := f.fetch("w", 10); len(jobs) != 0 {
		t.Errorf("%+v", jobs)
	}
}
