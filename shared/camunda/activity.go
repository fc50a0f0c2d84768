package camunda

import (
	"context"
	"fmt"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// ActivityInstance is a node of the tree of what an instance is doing.
type ActivityInstance struct {
	ID           string                `json:"id"`
	Parent       *string               `json:"parentActivityInstanceId"`
	Activity     string                `json:"activityId"`
	ActivityName *string               `json:"activityName"`
	Name         *string               `json:"name"`
	ActivityType string                `json:"activityType"`
	Instance     string                `json:"processInstanceId"`
	Definition   string                `json:"processDefinitionId"`
	Children     []*ActivityInstance   `json:"childActivityInstances"`
	Transitions  []*TransitionInstance `json:"childTransitionInstances"`
	Executions   []string              `json:"executionIds"`
	Incidents    []string              `json:"incidentIds"`
	IncidentList []IncidentReference   `json:"incidents"`
}

// TransitionInstance is a token that an asynchronous continuation will move.
type TransitionInstance struct {
	ID           string              `json:"id"`
	Parent       string              `json:"parentActivityInstanceId"`
	Activity     string              `json:"activityId"`
	Target       string              `json:"targetActivityId"`
	ActivityName *string             `json:"activityName"`
	ActivityType string              `json:"activityType"`
	Instance     string              `json:"processInstanceId"`
	Definition   string              `json:"processDefinitionId"`
	Execution    string              `json:"executionId"`
	Incidents    []string            `json:"incidentIds"`
	IncidentList []IncidentReference `json:"incidents"`
}

// IncidentReference names an incident of an activity.
type IncidentReference struct {
	ID       string `json:"id"`
	Activity string `json:"activityId"`
}

const (
	multiInstanceBody = "#multiInstanceBody"
	bodyType          = "multiInstanceBody"
)

// ActivityInstances returns the tree of what a running instance is doing.
func (s *Service) ActivityInstances(ctx context.Context, p access.Principal, id string) (*ActivityInstance, error) {
	x, err := s.runningScene(ctx, p, id)
	if err != nil {
		return nil, As(err, 404, invalidRequest, "")
	}
	root := &ActivityInstance{
		ID: id, Activity: x.definition(), ActivityType: "processDefinition", ActivityName: pointer(x.process.Name), Name: pointer(x.process.Name),
		Instance: id, Definition: x.definition(), Children: []*ActivityInstance{}, Transitions: []*TransitionInstance{}, Executions: []string{id},
		Incidents: []string{}, IncidentList: []IncidentReference{},
	}
	by := map[int]*ActivityInstance{0: root} // the tokens that hold others, and the root
	for _, t := range x.OutsideIn() {
		x.place(by, t)
	}
	x.placeEnded(by)
	all, err := s.incidents(ctx, []scene{x})
	if err != nil {
		return nil, err
	}
	for _, a := range by {
		a.echo(all[x.ID][len(x.Incidents):])
	}
	return root, nil
}

// echo adds incidents of a called instance to the activity that calls it.
func (a *ActivityInstance) echo(list []Incident) {
	for _, i := range list {
		if a.Executions[0] == i.Execution {
			a.Incidents = append(a.Incidents, i.ID)
			a.IncidentList = append(a.IncidentList, IncidentReference{i.ID, i.Activity})
		}
	}
}

// placeEnded adds what Camunda shows of the instances of a parallel multi-instance activity that have ended while others
// go on: transition instances.
func (x scene) placeEnded(by map[int]*ActivityInstance) {
	for _, scope := range x.Scopes {
		body, n := by[scope.Token], x.process.Node(x.nodeOf(scope.Token))
		if body == nil || body.ActivityType != bodyType || n == nil || n.MultiInstance == nil || n.MultiInstance.Sequential {
			continue
		}
		all, _ := scope.Variables[bpmn.NumberOfInstances].(int64)
		for i := int64(len(body.Children) + len(body.Transitions)); i < min(all, bpmn.MaxInstances); i++ {
			id := fmt.Sprintf("%s:%d", body.ID, i)
			body.Transitions = append(body.Transitions, &TransitionInstance{
				ID: id, Parent: body.ID, Activity: n.ID, Target: n.ID, ActivityName: pointer(n.Name), ActivityType: activityType(n), Instance: x.ID.String(),
				Definition: x.definition(), Execution: id, Incidents: []string{}, IncidentList: []IncidentReference{},
			})
		}
	}
}

func (x scene) nodeOf(token int) string {
	if t := x.Token(token); t != nil {
		return t.Node
	}
	return ""
}

// place puts a token into the tree under the one that holds it.
func (x scene) place(by map[int]*ActivityInstance, t engine.Token) {
	parent := by[x.outer(t)]
	if parent == nil {
		parent = by[0]
	}
	name, kind := x.nodeName(t.Node), x.nodeType(t.Node)
	incidents, references := x.incidentsOf(t)
	if x.Continuation(t.Number) != nil {
		node := t.Node
		if x.whole(t) {
			node += multiInstanceBody
		}
		parent.Transitions = append(parent.Transitions, &TransitionInstance{
			ID: ActivityInstanceID(node, x.ID, t.Number), Parent: parent.ID, Activity: node, Target: node, ActivityName: name, ActivityType: kind,
			Instance: x.ID.String(), Definition: x.definition(), Execution: ExecutionID(x.ID, t.Number), Incidents: incidents, IncidentList: references,
		})
		return
	}
	a := &ActivityInstance{
		ID: ActivityInstanceID(t.Node, x.ID, t.Number), Parent: &parent.ID, Activity: t.Node, ActivityName: name, Name: name, ActivityType: kind,
		Instance: x.ID.String(), Definition: x.definition(), Children: []*ActivityInstance{}, Transitions: []*TransitionInstance{},
		Executions: []string{ExecutionID(x.ID, t.Number)}, Incidents: incidents, IncidentList: references,
	}
	if x.Body(t) {
		a.Activity, a.ActivityType = t.Node+multiInstanceBody, bodyType
		a.ID = ActivityInstanceID(a.Activity, x.ID, t.Number)
	}
	by[t.Number] = a
	parent.Children = append(parent.Children, a)
}

func (x scene) incidentsOf(t engine.Token) ([]string, []IncidentReference) {
	ids, references := []string{}, []IncidentReference{}
	for _, i := range x.Incidents {
		if i.Token == t.Number {
			ids = append(ids, i.ID.String())
			references = append(references, IncidentReference{i.ID.String(), i.Node})
		}
	}
	return ids, references
}

// holder is the activity instance around a token.
func (x scene) holder(t engine.Token) string {
	outer := x.Token(x.outer(t))
	if outer == nil {
		return x.ID.String()
	}
	return x.activityInstance(*outer)
}

// outer is the token in whose activity instance that of a token is shown: what a compensation or cancel event undoes
// is beside the event, or beside the event sub-process that the event is in.
func (x scene) outer(t engine.Token) int {
	number := x.Around(t).Token
	if n := x.process.Node(x.nodeOf(number)); n == nil || !n.Compensates() {
		return number
	}
	number = x.Around(*x.Token(number)).Token
	if n := x.process.Node(x.nodeOf(number)); n != nil && n.TriggeredByEvent {
		number = x.Around(*x.Token(number)).Token
	}
	return number
}

// activityInstance is the id of the activity instance that a token stands for.
func (x scene) activityInstance(t engine.Token) string {
	node := t.Node
	if x.Body(t) {
		node += multiInstanceBody
	}
	return ActivityInstanceID(node, x.ID, t.Number)
}

func (x scene) nodeName(id string) *string {
	if n := x.process.Node(id); n != nil {
		return pointer(n.Name)
	}
	return nil
}

func (x scene) nodeType(id string) string { return activityType(x.process.Node(id)) }

// triggers are the words for a trigger in the names of Camunda's activity types.
var triggers = map[bpmn.Trigger]string{
	bpmn.TriggerMessage: "Message", bpmn.TriggerTimer: "Timer", bpmn.TriggerError: "Error", bpmn.TriggerTerminate: "Terminate",
	bpmn.TriggerLink: "Link", bpmn.TriggerEscalation: "Escalation", bpmn.TriggerSignal: "Signal",
	bpmn.TriggerCompensation: "Compensation", bpmn.TriggerCancel: "Cancel", bpmn.TriggerConditional: "Conditional",
}

// activityType is the type of a node in Camunda's words (ActivityTypes).
func activityType(n *bpmn.FlowNode) string {
	if n == nil {
		return "unknown"
	}
	word := ""
	if n.Event != nil {
		word = triggers[n.Event.Trigger]
	}
	switch n.Element {
	case bpmn.ElementStartEvent:
		return startType(word)
	case bpmn.ElementEndEvent:
		if word == "" {
			return "noneEndEvent"
		}
		return strings.ToLower(word) + "EndEvent"
	case bpmn.ElementBoundaryEvent:
		return boundaryType(word)
	case bpmn.ElementIntermediateCatchEvent:
		return catchType(word)
	case bpmn.ElementIntermediateThrowEvent:
		return throwType(word)
	}
	return n.Element.String()
}

func boundaryType(word string) string {
	switch word {
	case "Compensation", "Cancel":
		return strings.ToLower(word) + "BoundaryCatch"
	}
	return "boundary" + word
}

func startType(word string) string {
	switch word {
	case "":
		return "startEvent"
	case "Timer":
		return "startTimerEvent"
	}
	return strings.ToLower(word) + "StartEvent"
}

func catchType(word string) string {
	switch word {
	case "":
		return "intermediateCatchEvent"
	case "Timer", "Conditional":
		return "intermediate" + word
	}
	return "intermediate" + word + "Catch"
}

func throwType(word string) string {
	switch word {
	case "":
		return "intermediateNoneThrowEvent"
	case "Signal", "Link":
		return "intermediate" + word + "Throw"
	}
	return "intermediate" + word + "ThrowEvent"
}
