package jobs

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/workflow"
)

const payment = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<error id="e" errorCode="declined"/><process id="payment" isExecutable="true"><startEvent id="start"/><serviceTask id="pay" c:type="external" c:topic="pay"/>
<boundaryEvent id="declined" attachedToRef="pay"><errorEventDefinition errorRef="e"/></boundaryEvent><userTask id="book" c:assignee="wangfang"/><userTask id="review" c:assignee="lina"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="pay"/><sequenceFlow id="f2" sourceRef="pay" targetRef="book"/><sequenceFlow id="f3" sourceRef="declined" targetRef="review"/></process></definitions>`

// rig makes jobs for the calls of a table.
type rig struct {
	*faastest.Demo
	t *testing.T
}

func open(t *testing.T) *rig {
	d := faastest.OpenDemo(t, true)
	d.Deploy(payment)
	return &rig{d, t}
}

func (r *rig) start() engine.ID {
	r.t.Helper()
	raw, err := r.App.Workflow.StartProcess(r.t.Context(), r.Call("zhangwei"), "payment", workflow.StartRequest{BusinessKey: "B1", Variables: engine.Variables{"sum": int64(7), "secret": "x"}})
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return started.Instance.ID
}

// fetch starts an instance and lets the worker hold its job.
func (r *rig) fetch(worker string) workflow.FetchedJob {
	r.t.Helper()
	r.start()
	most := 1
	jobs, err := r.App.Workflow.FetchJobs(r.t.Context(), workflow.JobFetch{WorkerID: worker, MaxJobs: &most, Topics: []workflow.JobTopic{{Name: "pay", LockSeconds: 600}}})
	if err != nil || len(jobs) != 1 {
		r.t.Fatalf("%+v %v", jobs, err)
	}
	return jobs[0]
}

// on prepares a call of an operation on a job that worker w1 holds.
func (r *rig) on(operation string) func(*testing.T, *faastest.Call) {
	return func(_ *testing.T, c *faastest.Call) { c.Path = "/api/v1/jobs/" + r.fetch("w1").ID.String() + operation }
}

// suspended is on for a suspended instance.
func (r *rig) suspended(operation string) func(*testing.T, *faastest.Call) {
	return func(t *testing.T, c *faastest.Call) {
		job := r.fetch("w1")
		if _, err := r.App.Workflow.SuspendInstance(t.Context(), r.Call("wuqiang"), job.InstanceID, ""); err != nil {
			t.Fatal(err)
		}
		c.Path = "/api/v1/jobs/" + job.ID.String() + operation
	}
}

// ended is on for a job that has been completed.
func (r *rig) ended(operation string) func(*testing.T, *faastest.Call) {
	return func(t *testing.T, c *faastest.Call) {
		job := r.fetch("w1")
		if _, err := r.App.Workflow.CompleteJob(t.Context(), r.Call("wuqiang"), job.ID, workflow.JobCompletion{WorkerID: "w1"}); err != nil {
			t.Fatal(err)
		}
		c.Path = "/api/v1/jobs/" + job.ID.String() + operation
	}
}

// free is on for a job that nobody has fetched.
func (r *rig) free(operation string) func(*testing.T, *faastest.Call) {
	return func(t *testing.T, c *faastest.Call) {
		in, err := r.App.Store.LoadInstance(t.Context(), r.start())
		if err != nil {
			t.Fatal(err)
		}
		c.Path = "/api/v1/jobs/" + in.Jobs[0].ID.String() + operation
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	r := open(t)
	operator, employee := r.As("wuqiang"), r.As("zhangwei")
	started := func(*testing.T, *faastest.Call) { r.start() }
	const path, topic = "/api/v1/jobs:fetch", `"topics": [{"name": "pay", "lockSeconds": 60, "variables": ["sum", "none"]}]`
	long := strings.Repeat("工", 256)
	many := strings.Repeat(`{"name": "x", "lockSeconds": 1},`, 100) + `{"name": "x", "lockSeconds": 1}`
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "a job", Method: "POST", Path: path, Prepare: started, Header: operator, Body: `{"workerId": "w1", "maxJobs": 1, "waitSeconds": 5, ` + topic + `}`, Status: 200,
			JSON: `{"items": [{"topic": "pay", "processKey": "payment", "businessKey": "B1", "nodeId": "pay", "variables": {"sum": 7}, "retries": 3, "priority": 0}]}`,
			Check: func(t *testing.T, a faastest.Answer) {
				if strings.Contains(string(a.Body), "secret") || !strings.Contains(string(a.Body), `"lockExpiresAt"`) || !strings.Contains(string(a.Body), `"createdAt"`) {
					t.Errorf("%s", a.Body)
				}
			}},
		{Name: "nothing", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "w1", ` + topic + `}`, Status: 200, JSON: `{"items": []}`},
		{Name: "nothing in the end", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "w1", "waitSeconds": 1, ` + topic + `}`, Status: 200, JSON: `{"items": []}`},
		{Name: "no worker", Method: "POST", Path: path, Header: operator, Body: `{` + topic + `}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/workerId"}]}`},
		{Name: "a long worker", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "` + long + `", ` + topic + `}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/workerId"}]}`},
		{Name: "no topics", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "w"}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/topics"}]}`},
		{Name: "too many topics", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "w", "topics": [` + many + `]}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/topics"}]}`},
		{Name: "bad topics", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "w", "topics": [{"name": "a", "lockSeconds": 1}, {"lockSeconds": 1}, {"name": "a", "lockSeconds": 86401}]}`, Status: 422, Code: "bad_job_request",
			JSON: `{"errors": [{"pointer": "/topics/1/name"}, {"pointer": "/topics/2/lockSeconds"}, {"pointer": "/topics/2/name"}]}`},
		{Name: "bad numbers", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "w", "maxJobs": 0, "waitSeconds": 26, ` + topic + `}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/maxJobs"}, {"pointer": "/waitSeconds"}]}`},
		{Name: "too much", Method: "POST", Path: path, Header: operator, Body: `{"workerId": "w", "maxJobs": 101, "waitSeconds": -1, ` + topic + `}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/maxJobs"}, {"pointer": "/waitSeconds"}]}`},
		{Name: "wrong type", Method: "POST", Path: path, Header: operator, Body: `{"workerId": 1}`, Status: 422, Code: "bad_type"},
		{Name: "unknown field", Method: "POST", Path: path, Header: operator, Body: `{"worker": "w"}`, Status: 400, Code: "bad_json"},
		{Name: "an employee", Method: "POST", Path: path, Header: employee, Body: `{}`, Status: 403, Code: "forbidden"},
		{Name: "no token", Method: "POST", Path: path, Status: 401, Code: "token_missing"},
	})
}

func TestResults(t *testing.T) {
	t.Parallel()
	r := open(t)
	operator, employee := r.As("wuqiang"), r.As("zhangwei")
	unknown := "/api/v1/jobs/" + engine.ID{1}.String()
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "complete", Method: "POST", Prepare: r.on("/complete"), Header: operator, Body: `{"workerId": "w1", "variables": {"receipt": "R"}}`, Status: 200, JSON: `{"instance": {"state": "active", "version": 2}, "next": [{"nodeId": "book"}]}`},
		{Name: "complete another's", Method: "POST", Prepare: r.on("/complete"), Header: operator, Body: `{"workerId": "w2"}`, Status: 409, Code: "job_locked_by_another"},
		{Name: "complete what nobody holds", Method: "POST", Prepare: r.free("/complete"), Header: operator, Body: `{"workerId": "w1"}`, Status: 409, Code: "job_not_locked"},
		{Name: "complete again", Method: "POST", Prepare: r.ended("/complete"), Header: operator, Body: `{"workerId": "w1"}`, Status: 404, Code: "job_not_found"},
		{Name: "complete what is suspended", Method: "POST", Prepare: r.suspended("/complete"), Header: operator, Body: `{"workerId": "w1"}`, Status: 409, Code: "instance_suspended"},
		{Name: "complete the unknown", Method: "POST", Path: unknown + "/complete", Header: operator, Body: `{"workerId": "w1"}`, Status: 404, Code: "job_not_found"},
		{Name: "complete no id", Method: "POST", Path: "/api/v1/jobs/x/complete", Header: operator, Body: `{"workerId": "w1"}`, Status: 404, Code: "not_found"},
		{Name: "complete as nobody", Method: "POST", Path: unknown + "/complete", Header: operator, Body: `{}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/workerId"}]}`},
		{Name: "complete with a huge variable", Method: "POST", Path: unknown + "/complete", Header: operator, Body: `{"workerId": "w", "variables": {"x": "` + strings.Repeat("x", 257<<10) + `"}}`, Status: 413, Code: "variable_too_large"},
		{Name: "complete with no name", Method: "POST", Path: unknown + "/complete", Header: operator, Body: `{"workerId": "w", "variables": {"": 1}}`, Status: 422, Code: "bad_variable_name"},
		{Name: "complete as an employee", Method: "POST", Path: unknown + "/complete", Header: employee, Body: `{"workerId": "w1"}`, Status: 403, Code: "forbidden"},
		{Name: "fail", Method: "POST", Prepare: r.on("/fail"), Header: operator, Body: `{"workerId": "w1", "message": "down", "details": "at x.go:1", "retryAfterSeconds": 60}`, Status: 200, JSON: `{"instance": {"state": "active", "version": 2}, "next": []}`},
		{Name: "fail for good", Method: "POST", Prepare: r.on("/fail"), Header: operator, Body: `{"workerId": "w1", "retries": 0}`, Status: 200, JSON: `{"instance": {"state": "active"}}`},
		{Name: "fail another's", Method: "POST", Prepare: r.on("/fail"), Header: operator, Body: `{"workerId": "w2"}`, Status: 409, Code: "job_locked_by_another"},
		{Name: "fail with bad numbers", Method: "POST", Path: unknown + "/fail", Header: operator, Body: `{"workerId": "w1", "retries": -1, "retryAfterSeconds": 31536001}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/retries"}, {"pointer": "/retryAfterSeconds"}]}`},
		{Name: "fail with half a number", Method: "POST", Path: unknown + "/fail", Header: operator, Body: `{"workerId": "w1", "retries": 1.5}`, Status: 422, Code: "bad_type"},
		{Name: "fail at length", Method: "POST", Path: unknown + "/fail", Header: operator, Body: `{"workerId": "w1", "message": "` + strings.Repeat("长", 4001) + `"}`, Status: 422, Code: "text_too_long", JSON: `{"errors": [{"pointer": "/message"}]}`},
		{Name: "fail in detail", Method: "POST", Path: unknown + "/fail", Header: operator, Body: `{"workerId": "w1", "details": "` + strings.Repeat("x", 64<<10+1) + `"}`, Status: 422, Code: "text_too_long", JSON: `{"errors": [{"pointer": "/details"}]}`},
		{Name: "a caught error", Method: "POST", Prepare: r.on("/error"), Header: operator, Body: `{"workerId": "w1", "code": "declined", "message": "no cover", "variables": {"limit": 5}}`, Status: 200, JSON: `{"instance": {"state": "active"}, "next": [{"nodeId": "review"}]}`},
		{Name: "an uncaught error", Method: "POST", Prepare: r.on("/error"), Header: operator, Body: `{"workerId": "w1", "code": "other"}`, Status: 200, JSON: `{"instance": {"state": "completed"}, "next": []}`},
		{Name: "an uncaught escalation", Method: "POST", Prepare: r.on("/escalate"), Header: operator, Body: `{"workerId": "w1", "code": "other"}`, Status: 409, Code: "escalation_unhandled"},
		{Name: "an escalation without a code", Method: "POST", Path: unknown + "/escalate", Header: operator, Body: `{"workerId": "w1"}`, Status: 422, Code: "bad_job_request"},
		{Name: "an escalation of another's", Method: "POST", Prepare: r.on("/escalate"), Header: operator, Body: `{"workerId": "w2", "code": "x"}`, Status: 409, Code: "job_locked_by_another"},
		{Name: "an error without a code", Method: "POST", Path: unknown + "/error", Header: operator, Body: `{"workerId": "w1"}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/code"}]}`},
		{Name: "an error of another's", Method: "POST", Prepare: r.on("/error"), Header: operator, Body: `{"workerId": "w2", "code": "x"}`, Status: 409, Code: "job_locked_by_another"},
		{Name: "extend", Method: "POST", Prepare: r.on("/extend"), Header: operator, Body: `{"workerId": "w1", "lockSeconds": 5}`, Status: 200, JSON: `{"instance": {"state": "active", "version": 1}, "next": []}`},
		{Name: "extend another's", Method: "POST", Prepare: r.on("/extend"), Header: operator, Body: `{"workerId": "w2", "lockSeconds": 5}`, Status: 409, Code: "job_locked_by_another"},
		{Name: "extend what nobody holds", Method: "POST", Prepare: r.free("/extend"), Header: operator, Body: `{"workerId": "w1", "lockSeconds": 5}`, Status: 409, Code: "job_not_locked"},
		{Name: "extend what has ended", Method: "POST", Prepare: r.ended("/extend"), Header: operator, Body: `{"workerId": "w1", "lockSeconds": 5}`, Status: 404, Code: "job_not_found"},
		{Name: "extend what is suspended", Method: "POST", Prepare: r.suspended("/extend"), Header: operator, Body: `{"workerId": "w1", "lockSeconds": 5}`, Status: 409, Code: "instance_suspended"},
		{Name: "extend by nothing", Method: "POST", Path: unknown + "/extend", Header: operator, Body: `{"workerId": "w1"}`, Status: 422, Code: "bad_job_request", JSON: `{"errors": [{"pointer": "/lockSeconds"}]}`},
	})
}

// A repeated result under one Idempotency-Key gets the first answer.
func TestRepeatedResult(t *testing.T) {
	t.Parallel()
	r := open(t)
	header := r.As("wuqiang")
	var path, first string
	repeat := func(name string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Body: `{"workerId": "w1"}`, Status: 200,
			Prepare: func(_ *testing.T, c *faastest.Call) {
				if path == "" {
					path = "/api/v1/jobs/" + r.fetch("w1").ID.String() + "/complete"
				}
				c.Path, c.Header = path, map[string]string{"Authorization": header["Authorization"], "Idempotency-Key": "k1"}
			},
			Check: func(t *testing.T, a faastest.Answer) {
				if first == "" {
					first = string(a.Body)
				} else if string(a.Body) != first || a.Header.Get("Idempotency-Replayed") != "true" {
					t.Errorf("%s %s", a.Header, a.Body)
				}
			}}
	}
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{repeat("first"), repeat("again")})
}

func TestList(t *testing.T) {
	t.Parallel()
	r := open(t)
	job := r.fetch("w1")
	r.start()
	operator := r.As("wuqiang")
	one := "instanceId=" + job.InstanceID.String()
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "of an instance", Method: "GET", Path: "/api/v1/jobs?" + one, Header: operator, Status: 200,
			JSON: `{"items": [{"id": "` + job.ID.String() + `", "topic": "pay", "kind": "external", "workerId": "w1", "retries": 3, "nodeId": "pay", "businessKey": "B1", "dueAt": null}]}`},
		{Name: "of a process", Method: "GET", Path: "/api/v1/jobs?processKey=payment&topic=pay&kind=external&limit=1", Header: operator, Status: 200, JSON: `{"items": [{"workerId": null, "lockExpiresAt": null}]}`},
		{Name: "of another topic", Method: "GET", Path: "/api/v1/jobs?topic=other", Header: operator, Status: 200, JSON: `{"items": []}`},
		{Name: "no instance", Method: "GET", Path: "/api/v1/jobs?instanceId=1", Header: operator, Status: 400, Code: "bad_filter"},
		{Name: "no kind", Method: "GET", Path: "/api/v1/jobs?kind=odd", Header: operator, Status: 400, Code: "bad_filter"},
		{Name: "unknown filter", Method: "GET", Path: "/api/v1/jobs?state=1", Header: operator, Status: 400, Code: "bad_list_request"},
		{Name: "an employee", Method: "GET", Path: "/api/v1/jobs", Header: r.As("zhangwei"), Status: 403, Code: "forbidden"},
	})
}

// A worker that waits gets the job of a start in the same process, within about a second.
func TestFetchWaitsForAStart(t *testing.T) {
	t.Parallel()
	r := open(t)
	var begun time.Time
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{{
		Name: "woken", Method: "POST", Path: "/api/v1/jobs:fetch", Header: r.As("wuqiang"), Status: 200, JSON: `{"items": [{"topic": "pay"}]}`,
		Body: `{"workerId": "w1", "waitSeconds": 20, "topics": [{"name": "pay", "lockSeconds": 60}]}`,
		Prepare: func(*testing.T, *faastest.Call) {
			begun = time.Now()
			time.AfterFunc(500*time.Millisecond, func() { r.start() })
		},
		Check: func(t *testing.T, _ faastest.Answer) {
			if taken := time.Since(begun); taken < 500*time.Millisecond || taken > 3*time.Second {
				t.Errorf("after %s", taken)
			}
		},
	}})
}
