package workflow_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// file reads a file of testdata with parts of it replaced.
func file(t *testing.T, name string, replace ...string) store.Resource {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return store.Resource{Name: name, Content: []byte(strings.NewReplacer(replace...).Replace(string(content)))}
}

func (f *fixture) deployFiles(files ...store.Resource) (workflow.DeploymentAnswer, error) {
	f.t.Helper()
	raw, err := f.Deploy(f.t.Context(), workflow.Call{Principal: operator}, workflow.DeploymentRequest{Resources: files})
	if err != nil {
		return workflow.DeploymentAnswer{}, err
	}
	return decode[workflow.DeploymentAnswer](f.t, raw, nil), nil
}

// A business rule task decides by the version that its binding names; an operator retries what failed, also
// after the decision has been deployed.
func TestDecisions(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	answer, err := f.deployFiles(file(t, "decide.bpmn"))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, w := range answer.Warnings {
		told = append(told, w.Rule+" "+w.Element)
	}
	if diff := cmp.Diff([]string{"decision_unknown decide", "decision_unknown bound", "decision_unknown tagged"}, told); diff != "" || len(answer.Decisions) != 0 {
		t.Errorf("warnings:\n%s", diff)
	}
	unknown := f.start(engine.Variables{"days": int64(5), "tag": "first"})
	if code := f.incident(unknown.Instance.ID); code != "decision_not_found" {
		t.Errorf("without the decision: %s", code)
	}
	answer, err = f.deployFiles(file(t, "decide.bpmn"), file(t, "decide.dmn"))
	if err != nil || len(answer.Decisions) != 2 || answer.Decisions[0].Key != "route" || answer.Decisions[0].Version != 1 || !answer.Decisions[0].Latest || len(answer.Warnings) != 0 {
		t.Fatalf("deployed %+v, %v", answer, err)
	}
	second, err := f.deployFiles(file(t, "decide.dmn", `"director"`, `"board"`, "first", "second"))
	if err != nil || second.Decisions[0].Version != 2 {
		t.Fatalf("the second version: %+v, %v", second, err)
	}
	raw, err := f.RetryIncidents(t.Context(), workflow.Call{Principal: operator}, unknown.Instance.ID, nil)
	if err != nil {
		t.Fatal(err, string(raw))
	}
	if code := f.incident(unknown.Instance.ID); code != "decision_not_found" { // of its own deployment
		t.Errorf("after the retry: %s", code)
	}
	started := f.start(engine.Variables{"days": int64(5), "tag": "first"})
	in, err := f.store.LoadInstance(t.Context(), started.Instance.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := engine.Variables{"days": int64(5), "tag": "first", "to": "board", "here": "director", "tagged": "director"}
	if diff := cmp.Diff(want, in.Scopes[0].Variables); diff != "" || started.Tasks[0].Name != "board" {
		t.Errorf("variables:\n%s", diff)
	}
	if wrong := f.problems(started.Instance.ID); len(wrong) > 0 {
		t.Error(wrong)
	}
	if code := f.incident(f.start(engine.Variables{"days": int64(5), "tag": "third"}).Instance.ID); code != "decision_not_found" {
		t.Errorf("an unknown tag: %s", code)
	}
	failed := f.start(engine.Variables{"tag": "first", "days": apd.New(35, -1)})
	if code := f.incident(failed.Instance.ID); code != "decision_evaluation_failed" {
		t.Errorf("two rules of a unique table match: %s", code)
	}
}

// incident returns the code of an instance's incident.
func (f *fixture) incident(id engine.ID) string {
	f.t.Helper()
	in, err := f.store.LoadInstance(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	if len(in.Incidents) == 0 {
		return ""
	}
	return in.Incidents[0].Code
}

// What the API evaluates is what a task would get; what is wrong is told with its place.
func TestEvaluateDecision(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	for _, replace := range [][]string{{"x", "x"}, {`"director"`, `"board"`}} {
		if _, err := f.deployFiles(file(t, "decide.dmn", replace...)); err != nil {
			t.Fatal(err)
		}
	}
	days := engine.Variables{"days": int64(5)}
	for choice, want := range map[workflow.DecisionChoice]string{{Key: "route"}: "board", {Key: "route", Version: 1}: "director"} {
		answer, err := f.EvaluateDecision(t.Context(), workflow.Call{}, choice, days)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]engine.Variables{{"to": want}}, answer.Results); diff != "" {
			t.Errorf("%+v:\n%s", choice, diff)
		}
		if len(answer.Evaluated) != 2 || answer.Evaluated[0].Key != "size" || answer.Evaluated[1].Matched[0] != "big" {
			t.Errorf("evaluated %+v", answer.Evaluated)
		}
	}
	for _, choice := range []workflow.DecisionChoice{{Key: "nobody"}, {Key: "route", Version: 9}, {ID: engine.ID{1}}} {
		if _, err := f.EvaluateDecision(t.Context(), workflow.Call{}, choice, days); !errors.Is(err, dmn.ErrNoDecision) {
			t.Errorf("%+v: %v", choice, err)
		}
	}
	if _, err := f.EvaluateDecision(t.Context(), workflow.Call{}, workflow.DecisionChoice{Key: "route", VersionTag: "first"}, days); !errors.Is(err, store.ErrVersionTag) {
		t.Errorf("a tag of two versions: %v", err)
	}
	_, err := f.EvaluateDecision(t.Context(), workflow.Call{}, workflow.DecisionChoice{Key: "size"}, engine.Variables{"days": "many"})
	if details := fault.From(err).Details; !errors.Is(err, dmn.ErrEvaluation) || len(details) != 1 || details[0].Element != "size" {
		t.Errorf("what is no number: %v %+v", err, details)
	}
	latest, err := f.store.Decisions(t.Context(), store.DefinitionFilter{Key: "route", Latest: true}, page.Request{Limit: 10, Descending: true})
	if err != nil || len(latest.Items) != 1 || latest.Items[0].Version != 2 {
		t.Errorf("latest %+v, %v", latest.Items, err)
	}
	_, content, err := f.store.Decision(t.Context(), latest.Items[0].ID)
	if err != nil || !strings.Contains(string(content), "board") {
		t.Errorf("the file: %v", err)
	}
}

// A deployment with a wrong decision file leaves nothing.
func TestDeployWrongDecisions(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	other := file(t, "decide.dmn")
	other.Name = "other.dmn"
	for name, c := range map[string]struct {
		files []store.Resource
		kind  error
		rule  string
	}{
		"expression":   {[]store.Resource{file(t, "decide.bpmn"), file(t, "decide.dmn", "&lt;= 3", "&lt;= (")}, bpmn.ErrModel, "bad_expression"},
		"twice":        {[]store.Resource{file(t, "decide.dmn"), other}, bpmn.ErrModel, "duplicate_decision_key"},
		"long tag":     {[]store.Resource{file(t, "decide.dmn", "first", strings.Repeat("t", 256))}, bpmn.ErrModel, "decision_name_too_long"},
		"no XML":       {[]store.Resource{{Name: "a.dmn", Content: []byte("hello")}}, dmn.ErrNotWellFormed, ""},
		"no such file": {[]store.Resource{{Name: "a.exe", Content: []byte("hello")}}, workflow.ErrResourceName, ""},
	} {
		_, err := f.deployFiles(c.files...)
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if details := fault.From(err).Details; c.rule != "" && (len(details) == 0 || details[0].Rule != c.rule || details[0].Line == 0 || !strings.HasPrefix(details[0].Pointer, "/resources/")) {
			t.Errorf("%s: %+v", name, details)
		}
	}
	left, err := f.store.Decisions(t.Context(), store.DefinitionFilter{}, page.Request{Limit: 10, Descending: true})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("left %+v, %v", left.Items, err)
	}
}

// A file finds what it imports among the files of its deployment, whatever their order.
func TestDecisionsImport(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	const importing = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="outer" name="outer" namespace="http://example.com/outer">
  <import name="in" namespace="http://example.com/dmn" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>
  <decision id="whole" name="Whole"><variable name="Whole"/><informationRequirement id="q"><requiredDecision href="http://example.com/dmn#size"/></informationRequirement>
    <literalExpression id="l"><text>in.Size + "!"</text></literalExpression></decision></definitions>`
	if _, err := f.deployFiles(store.Resource{Name: "a.dmn", Content: []byte(importing)}, file(t, "decide.dmn")); err != nil {
		t.Fatal(err, fault.From(err).Details)
	}
	answer, err := f.EvaluateDecision(t.Context(), workflow.Call{}, workflow.DecisionChoice{Key: "whole"}, engine.Variables{"days": int64(1)})
	if err != nil || len(answer.Evaluated) != 2 {
		t.Fatalf("%+v, %v", answer, err)
	}
}
