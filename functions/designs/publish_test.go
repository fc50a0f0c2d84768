package designs

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// While people save and publish at once, each definition is a version of the design: what is deployed is what the
// history says was published.
func TestPublishAmongSavers(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := s.design("race", leave("race"))
	call := s.Call("zhouming")
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for done := 0; done < 5; { // a publication that is late is tried again: the savers end before it
				now, err := s.App.Design.Design(t.Context(), d.ID)
				if err != nil {
					t.Error(err)
					return
				}
				if n%2 == 0 {
					content := strings.Replace(now.Content, `name="审批`, `name="审批+`, 1)
					_, err = s.App.Design.Update(t.Context(), call, d.ID, design.Change{Content: &content}, now.Version)
				} else {
					_, err = s.App.Design.Publish(t.Context(), call, d.ID, design.Publishing{}, now.Version)
				}
				switch late := errors.Is(err, store.ErrPeopleStale); {
				case err != nil && !late:
					t.Error(err)
					return
				case err == nil || n%2 == 0:
					done++
				}
			}
		})
	}
	all.Wait()
	versions, err := s.App.Design.Versions(t.Context(), d.ID, page.Request{Limit: 100, Descending: true})
	if err != nil {
		t.Fatal(err)
	}
	published := 0
	for _, v := range versions.Items {
		if v.Action != store.DesignPublication {
			continue
		}
		published++
		kept, err := s.App.Design.Version(t.Context(), d.ID, v.Version)
		if err != nil {
			t.Fatal(err)
		}
		deployed, err := s.App.Store.Resource(t.Context(), v.DeploymentID, "race.bpmn")
		if err != nil || string(deployed) != kept.Content {
			t.Errorf("version %d: %v, deployed is %s", v.Version, err, deployed)
		}
	}
	definitions, err := s.App.Store.Definitions(t.Context(), store.DefinitionFilter{Key: "race"}, page.Request{Limit: 100})
	if err != nil || published == 0 || len(definitions.Items) != published {
		t.Errorf("%v: %d definitions, %d publications", err, len(definitions.Items), published)
	}
}

// A publication that the database stops in its midst leaves neither a deployment nor a version, wherever it
// stops.
func TestPublicationIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := s.design("whole", leave("whole"))
	for _, table := range []string{"workflow_process_design_history", "workflow_deployment", "workflow_resource", "workflow_definition"} {
		execute(t, s, `CREATE TRIGGER stop BEFORE INSERT ON `+table+` FOR EACH ROW SIGNAL SQLSTATE '45000'`)
		_, err := s.App.Design.Publish(t.Context(), s.Call("zhouming"), d.ID, design.Publishing{}, d.Version)
		execute(t, s, `DROP TRIGGER stop`)
		if err == nil {
			t.Errorf("%s: published", table)
		}
		now, err := s.App.Design.Design(t.Context(), d.ID)
		if err != nil || now.Version != d.Version || now.State != store.DesignDraft {
			t.Errorf("%s: %+v %v", table, now, err)
		}
		deployments, err := s.App.Store.Deployments(t.Context(), store.DeploymentFilter{}, 10)
		if err != nil || len(deployments) != 0 {
			t.Errorf("%s: %+v %v", table, deployments, err)
		}
	}
}

func execute(t *testing.T, s *studio, text string) {
	t.Helper()
	err := s.App.DB.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Sent again with its key, a publication is answered as before, also when it comes while the first one runs.
func TestPublicationIsRepeated(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := s.design("again", leave("again"))
	call := s.Call("zhouming")
	call.Idempotency = &store.Idempotency{Principal: "zhouming", Key: "k", Route: "r"}
	if _, err := s.App.Design.Publish(t.Context(), call, d.ID, design.Publishing{}, d.Version); err != nil {
		t.Fatal(err)
	}
	request := workflow.DeploymentRequest{
		Resources: []store.Resource{{Name: "again.bpmn", Content: []byte(leave("again"))}}, Design: &store.Publication{ID: d.ID, Match: d.Version},
	}
	if _, err := s.App.Workflow.Deploy(t.Context(), call, request); !errors.Is(err, store.ErrRepeated) {
		t.Errorf("the same key: %v", err)
	}
	call.Idempotency = nil
	if _, err := s.App.Workflow.Deploy(t.Context(), call, request); !errors.Is(err, store.ErrPeopleStale) {
		t.Errorf("no key: %v", err)
	}
}

// A new version is compared with what is deployed: which nodes, and how many instances are there.
func TestDiffWithImpact(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := s.design("leave", leave("leave"))
	if _, err := s.App.Design.Publish(t.Context(), s.Call("zhouming"), d.ID, design.Publishing{}, 0); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, task := s.Start(nil)
		_ = task
	}
	_, task := s.Start(nil)
	s.Complete("wangfang", task)
	d = s.save(d, strings.NewReplacer(
		`name="审批" c:assignee="wangfang"`, `name="审批" c:assignee="lina"`, `<userTask id="file" name="备案" c:candidateGroups="finance"/>`, `<task id="copy"/>`,
		`targetRef="file"`, `targetRef="copy"`, `sourceRef="file"`, `sourceRef="copy"`,
	).Replace(leave("leave")))
	diff, err := s.App.Design.Diff(t.Context(), s.Call("zhouming"), d.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(diff)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"from":2,"to":3,"added":[{"id":"copy","element":"task"}],"removed":[{"id":"file","name":"备案","element":"userTask"}],` +
		`"changed":[{"id":"approve","name":"审批","element":"userTask","attributes":["assignee"],"changes":[{"name":"assignee","from":"wangfang","to":"lina"}]},` +
		`{"id":"f2","element":"sequenceFlow","attributes":["targetRef"],"changes":[{"name":"targetRef","from":"file","to":"copy"}]},` +
		`{"id":"f3","element":"sequenceFlow","attributes":["sourceRef"],"changes":[{"name":"sourceRef","from":"file","to":"copy"}]}],`
	if !strings.HasPrefix(string(raw), want) {
		t.Errorf("%s", raw)
	}
	i := diff.Impact
	nodes := []design.NodeImpact{{ID: "approve", Name: "审批", Change: "changed", Instances: 3}, {ID: "file", Name: "备案", Change: "removed", Instances: 1}}
	if i == nil || i.Instances != 4 || !i.Complete || len(i.Nodes) != 2 || i.Nodes[0] != nodes[0] || i.Nodes[1] != nodes[1] {
		t.Errorf("impact %+v", i)
	}
}

// finish starts a leave with variables and completes all of its tasks.
func (s *studio) finish(variables engine.Variables) engine.ID {
	s.t.Helper()
	id, task := s.Start(variables)
	_, err := s.App.Workflow.CopyTask(s.t.Context(), s.Call("zhangwei"), task, workflow.Copies{UserIDs: []string{"sunqi"}}) // goes nowhere
	if err == nil {
		_, err = s.App.Workflow.UrgeTask(s.t.Context(), s.Call("zhangwei"), task, workflow.Remark{})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.Complete("lina", s.Complete("wangfang", task))
	return id
}

// The same model goes the same way; a gateway on the way sends some elsewhere; a variable that nobody gave makes
// it unsure.
func TestShadowRun(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Deploy(leave("leave"))
	short, long := s.finish(engine.Variables{"days": int64(2)}), s.finish(engine.Variables{"days": int64(9)})
	bare := s.finish(nil)
	d := s.design("leave", leave("leave"))
	run := func() *design.ShadowReport {
		t.Helper()
		report, err := s.App.Design.ShadowRun(t.Context(), s.Call("zhouming"), d.ID, design.ShadowRequest{Instances: 10})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if r := run(); r.Replayed != 3 || r.Same != 3 || len(r.Items) != 0 {
		t.Errorf("the same model: %+v", r)
	}
	s.save(d, strings.NewReplacer(
		`<userTask id="file"`, `<exclusiveGateway id="which" default="f2b"/><task id="boss"/><sequenceFlow id="f2a" sourceRef="which" targetRef="boss">`+
			`<conditionExpression>${days &gt; 3}</conditionExpression></sequenceFlow><sequenceFlow id="f2b" sourceRef="which" targetRef="file"/><sequenceFlow id="f2c" sourceRef="boss" targetRef="file"/><userTask id="file"`,
		`sourceRef="approve" targetRef="file"`, `sourceRef="approve" targetRef="which"`).Replace(leave("leave")))
	r := run()
	if r.Different != 3 {
		t.Fatalf("a gateway on the way: %+v", r)
	}
	// Every instance enters the gateway, which is new.
	for _, x := range r.Items {
		if x.NodeID != "which" || x.FromNodeID != "approve" {
			t.Errorf("%+v", x)
		}
	}
	// With the gateway deployed, another limit sends the longer one elsewhere, and the variable is missing in one.
	s.shadowsOfGateway(d)
	_, _, _ = short, long, bare
}

// shadowsOfGateway deploys the model with a gateway, and runs one with another limit.
func (s *studio) shadowsOfGateway(d store.Design) {
	s.t.Helper()
	if _, err := s.App.Design.Publish(s.t.Context(), s.Call("zhouming"), d.ID, design.Publishing{}, 0); err != nil {
		s.t.Fatal(err)
	}
	short, long := s.finish(engine.Variables{"days": int64(2)}), s.finish(engine.Variables{"days": int64(5)})
	now, err := s.App.Design.Design(s.t.Context(), d.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	for content, want := range map[string][]design.Shadow{
		strings.Replace(now.Content, "days &gt; 3", "days &gt; 7", 1):  {{InstanceID: long, Verdict: design.Different, NodeID: "boss"}},
		strings.Replace(now.Content, "days &gt; 3", "hours &gt; 7", 1): {{InstanceID: long, Verdict: design.Unsure, NodeID: "which"}, {InstanceID: short, Verdict: design.Unsure, NodeID: "which"}},
	} {
		s.save(d, content)
		report, err := s.App.Design.ShadowRun(s.t.Context(), s.Call("zhouming"), d.ID, design.ShadowRequest{Instances: 2})
		if err != nil || len(report.Items) != len(want) {
			s.t.Fatalf("%+v %v", report, err)
		}
		for i, w := range want {
			got := report.Items[i]
			if got.InstanceID != w.InstanceID || got.Verdict != w.Verdict || w.Verdict == design.Unsure && (got.NodeID != w.NodeID || got.Reason == "") ||
				w.Verdict == design.Different && got.ExpectedNodeID != "boss" {
				s.t.Errorf("%+v, want %+v", got, w)
			}
		}
	}
}
