package workflow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const coded = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="coded" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="sum"/>
<scriptTask id="sum" scriptFormat="juel" c:resource="deployment://sum.juel" c:resultVariable="sum"/><sequenceFlow id="f2" sourceRef="sum" targetRef="work"/>
<serviceTask id="work" c:type="external" c:topic="work"><extensionElements>
 <c:executionListener event="start" class="com.acme.Begin"/><c:properties><c:property name="cost" value="high"/></c:properties>
</extensionElements></serviceTask></process></definitions>`

func (f *fixture) deployCode(listeners string, files ...store.Resource) (workflow.DeploymentAnswer, error) {
	f.t.Helper()
	request := workflow.DeploymentRequest{Name: "coded", Listeners: listeners, Resources: append([]store.Resource{{Name: "coded.bpmn", Kind: "bpmn", Content: []byte(coded)}}, files...)}
	raw, err := f.Deploy(f.t.Context(), workflow.Call{Principal: operator}, request)
	if err != nil {
		return workflow.DeploymentAnswer{}, err
	}
	return decode[workflow.DeploymentAnswer](f.t, raw, nil), nil
}

func rulesOf(details []fault.Detail) []string {
	var list []string
	for _, d := range details {
		list = append(list, d.Rule+" "+d.Element)
	}
	return list
}

// What a deployment says of code, and the files that come with it, are there whenever its models are read
// again.
func TestCodeOfADeployment(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	sum := store.Resource{Name: "sum.juel", Content: []byte("${a + 1}")}
	_, err := f.deployCode("")
	if diff := cmp.Diff([]string{"missing_resource sum", "unsupported_extension work"}, rulesOf(fault.From(err).Details)); diff != "" {
		t.Errorf("without its file: %s", diff)
	}
	if _, err := f.deployCode("maybe", sum); fault.From(err).Code != workflow.ErrListeners.Code {
		t.Errorf("an unknown policy: %v", err)
	}
	if _, err := f.deployCode("", store.Resource{Name: "diom-options.json", Content: []byte("{}")}); fault.From(err).Code != workflow.ErrResourceName.Code {
		t.Errorf("a file with our own name: %v", err)
	}
	answer, err := f.deployCode("job", sum)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"worker_needed work"}, rulesOf(answer.Warnings)); diff != "" {
		t.Errorf("warnings: %s", diff)
	}
	f.connect(nil, databasetest.Redis(t)) // another process, which has not seen the deployment
	id := f.begin("coded", engine.Variables{"a": int64(1)})
	listener := f.fetchTopic("com.acme.Begin")
	if listener.Variables["sum"] != int64(2) || listener.Properties["cost"] != "high" {
		t.Errorf("the worker is given %+v", listener)
	}
	if _, err := f.CompleteJob(context.Background(), robot, listener.ID, workflow.JobCompletion{WorkerID: "w"}); err != nil {
		t.Fatal(err)
	}
	f.fetchTopic("work")
	f.sound(id)

	f.SetCode(workflow.Code{Listeners: "ignore"})
	answer, err = f.deployCode("", sum)
	if diff := cmp.Diff([]string{"ignored_extension work"}, rulesOf(answer.Warnings)); err != nil || diff != "" {
		t.Errorf("the site ignores them: %v %s", err, diff)
	}
	f.connect(nil, databasetest.Redis(t))
	f.begin("coded", engine.Variables{"a": int64(1)})
	if jobs, err := f.FetchJobs(t.Context(), workflow.JobFetch{WorkerID: "w", Topics: []workflow.JobTopic{{Name: "com.acme.Begin", LockSeconds: 60}}}); err != nil || len(jobs) > 0 {
		t.Errorf("an ignored listener is a job: %v %v", jobs, err)
	}
}

// fetchTopic fetches the one job of a topic.
func (f *fixture) fetchTopic(topic string) workflow.FetchedJob {
	f.t.Helper()
	jobs, err := f.FetchJobs(f.t.Context(), workflow.JobFetch{WorkerID: "w", Topics: []workflow.JobTopic{{Name: topic, LockSeconds: 60}}})
	if err != nil || len(jobs) != 1 {
		f.t.Fatalf("%d jobs of %s: %v", len(jobs), topic, err)
	}
	return jobs[0]
}

// A script that a worker runs is still a job when the site does not bind its language any more.
func TestBoundScript(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	process := `<process id="script" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="x"/>
<scriptTask id="x" scriptFormat="Groovy" c:resultVariable="r"><script>1 + 1</script></scriptTask></process>`
	f.SetCode(workflow.Code{Scripts: []string{" groovy "}})
	f.model(process)
	f.connect(nil, databasetest.Redis(t))
	id := f.begin("script", nil)
	job := f.fetchTopic("script:groovy")
	if job.Variables["script"] != "1 + 1" || job.Variables["scriptFormat"] != "Groovy" {
		t.Errorf("the worker is given %v", job.Variables)
	}
	if _, err := f.CompleteJob(context.Background(), robot, job.ID, workflow.JobCompletion{WorkerID: "w", Variables: engine.Variables{"result": int64(2)}}); err != nil {
		t.Fatal(err)
	}
	f.sound(id)
}

const timing = `<process id="timing" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="x"/>
<userTask id="x" c:assignee="lina"><extensionElements>
 <c:taskListener event="timeout" id="remind" expression="${task.setAssignee('wangfang')}"><timerEventDefinition><timeDate>2020-01-01T00:00:00Z</timeDate></timerEventDefinition></c:taskListener>
 <c:taskListener event="complete" expression="${missing}"/>
</extensionElements></userTask></process>`

// A timeout listener fires by the clock; a listener that fails leaves its task open.
func TestTaskListeners(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(timing)
	id := f.begin("timing", nil)
	if _, err := f.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, err := f.store.LoadInstance(t.Context(), id)
	if err != nil || in.Tasks[0].Assignee != "wangfang" || len(in.Timers) > 0 {
		t.Fatalf("%v %+v", err, in)
	}
	owner := workflow.Call{Principal: access.Principal{Username: "wangfang", Permissions: []string{"WORKFLOW_TASK"}}}
	if _, err := f.CompleteTask(t.Context(), owner, in.Tasks[0].ID, workflow.Completion{}); !errors.Is(err, engine.ErrListener) {
		t.Errorf("the failed listener: %v", err)
	}
	if after, err := f.store.LoadInstance(t.Context(), id); err != nil || len(after.Tasks) != 1 || after.Version != in.Version {
		t.Errorf("the task has not stayed: %v %+v", err, after)
	}
	f.sound(id)
}
