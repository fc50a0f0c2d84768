package camunda

import (
	"cmp"
	"context"
	"crypto/sha256"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// JobDefinition is a place in a definition where jobs come from.
type JobDefinition struct {
	ID            string  `json:"id"`
	Definition    string  `json:"processDefinitionId"`
	DefinitionKey string  `json:"processDefinitionKey"`
	Type          string  `json:"jobType"`
	Configuration string  `json:"jobConfiguration"`
	Activity      string  `json:"activityId"`
	Suspended     bool    `json:"suspended"`
	Priority      *int64  `json:"overridingJobPriority"`
	Tenant        *string `json:"tenantId"`
	Deployment    string  `json:"deploymentId"`
}

// The types of job definitions, as Camunda's job handlers are called.
const (
	asyncJob    = "async-continuation"
	asyncBefore = "async-before"
	asyncAfter  = "async-after"
)

// derived is an id that is always the same for the same parts.
func derived(id engine.ID, parts ...string) string {
	sum := sha256.Sum256(append(id[:], strings.Join(parts, "\n")...))
	return engine.ID(sum[:16]).String()
}

// jobDefinitionID is the id of what makes the jobs of a node; its kind is a configuration of asyncJob, or
// empty for a timer.
func jobDefinitionID(definition engine.ID, node, kind string) string {
	return derived(definition, "job", node, kind)
}

// jobDefinitions lists where the jobs of a definition come from, in document order.
func jobDefinitions(d store.Definition, process *bpmn.Process) []JobDefinition {
	var list []JobDefinition
	for _, n := range process.Nodes {
		add := func(kind, what, configuration string) {
			one := JobDefinition{
				ID: jobDefinitionID(d.ID, n.ID, kind), Definition: DefinitionID(d.Key, d.Version, d.ID), DefinitionKey: d.Key, Type: what,
				Configuration: configuration, Activity: n.ID, Suspended: d.Suspended, Deployment: d.DeploymentID.String(),
			}
			if n.MultiInstance != nil && kind == configuration {
				one.Activity += multiInstanceBody
			}
			list = append(list, one)
		}
		if n.Event != nil && n.Event.Trigger == bpmn.TriggerTimer && n.Event.Timer != nil {
			add("", timerType(n), timerConfiguration(n.Event.Timer))
		}
		for _, side := range continuations(n) {
			add(side, asyncJob, strings.TrimPrefix(side, oneInstance))
		}
	}
	return list
}

// continuations are the kinds of jobs before and after a node, and those of its instances.
func continuations(n *bpmn.FlowNode) []string {
	var kinds []string
	note := func(mark string, before, after bool) {
		if before {
			kinds = append(kinds, mark+asyncBefore)
		}
		if after {
			kinds = append(kinds, mark+asyncAfter)
		}
	}
	note("", n.AsyncBefore, n.AsyncAfter)
	if m := n.MultiInstance; m != nil {
		note(oneInstance, m.Instance.AsyncBefore, m.Instance.AsyncAfter)
	}
	return kinds
}

// oneInstance marks what is of the instances of a multi-instance activity, not of it as a whole.
const oneInstance = "instance "

// ofInstance is the mark of a token at such an instance.
func (x scene) ofInstance(token int) string {
	t := x.Token(token)
	if t == nil {
		return ""
	}
	if n := x.process.Node(t.Node); n == nil || n.MultiInstance == nil || x.whole(*t) {
		return ""
	}
	return oneInstance
}

func timerType(n *bpmn.FlowNode) string {
	switch {
	case n.Element == bpmn.ElementBoundaryEvent:
		return "timer-transition"
	case n.Element == bpmn.ElementStartEvent && n.Parent != nil:
		return "timer-start-event-subprocess"
	case n.Element == bpmn.ElementStartEvent:
		return "timer-start-event"
	}
	return "timer-intermediate-transition"
}

func timerConfiguration(t *bpmn.Timer) string {
	kind := map[bpmn.TimerKind]string{bpmn.TimerDate: "DATE", bpmn.TimerDuration: "DURATION", bpmn.TimerCycle: "CYCLE"}[t.Kind]
	return kind + ": " + t.Value.Source()
}

var jobDefinitionSorts = sorts[JobDefinition]{
	"jobDefinitionId":      func(a, b JobDefinition) int { return cmp.Compare(a.ID, b.ID) },
	"activityId":           func(a, b JobDefinition) int { return cmp.Compare(a.Activity, b.Activity) },
	"processDefinitionId":  func(a, b JobDefinition) int { return cmp.Compare(a.Definition, b.Definition) },
	"processDefinitionKey": func(a, b JobDefinition) int { return cmp.Compare(a.DefinitionKey, b.DefinitionKey) },
	"jobType":              func(a, b JobDefinition) int { return cmp.Compare(a.Type, b.Type) },
	"jobConfiguration":     func(a, b JobDefinition) int { return cmp.Compare(a.Configuration, b.Configuration) },
	"tenantId":             func(JobDefinition, JobDefinition) int { return 0 },
}

// JobDefinitions lists where jobs come from.
func (s *Service) JobDefinitions(ctx context.Context, _ access.Principal, q Query) ([]JobDefinition, int, error) {
	rows, err := s.store.Definitions(ctx, store.DefinitionFilter{Key: q.Text("processDefinitionKey")}, page.Request{Limit: most})
	if err != nil {
		return nil, 0, err
	}
	var list []JobDefinition
	for _, d := range rows.Items {
		_, process, err := s.workflow.Model(ctx, d.ID)
		if err != nil {
			return nil, 0, err
		}
		for _, one := range jobDefinitions(d, process) {
			if q.is("jobDefinitionId", one.ID) && q.is("processDefinitionId", one.Definition) && q.in("activityIdIn", one.Activity) && q.is("jobType", one.Type) &&
				q.is("jobConfiguration", one.Configuration) && q.holds("active", !one.Suspended) && q.holds("suspended", one.Suspended) &&
				q.holds("withOverridingJobPriority", false) && q.unowned() {
				list = append(list, one)
			}
		}
	}
	return finish(q, list, jobDefinitionSorts)
}

// JobDefinition returns one of them.
func (s *Service) JobDefinition(ctx context.Context, p access.Principal, id string) (JobDefinition, error) {
	list, _, err := s.JobDefinitions(ctx, p, Query{values: map[string]any{"jobDefinitionId": id}})
	if err == nil && len(list) == 0 {
		err = NotFound("Job Definition with id %s does not exist", id)
	}
	if err != nil {
		return JobDefinition{}, err
	}
	return list[0], nil
}
