package camunda

import (
	"context"
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// PastActivity is a visit of a token to a node.
type PastActivity struct {
	ID             string  `json:"id"`
	Parent         string  `json:"parentActivityInstanceId"`
	Activity       string  `json:"activityId"`
	Name           *string `json:"activityName"`
	Type           string  `json:"activityType"`
	DefinitionKey  string  `json:"processDefinitionKey"`
	Definition     string  `json:"processDefinitionId"`
	Instance       string  `json:"processInstanceId"`
	Execution      string  `json:"executionId"`
	Task           *string `json:"taskId"`
	Assignee       *string `json:"assignee"`
	CalledInstance *string `json:"calledProcessInstanceId"`
	CalledCase     *string `json:"calledCaseInstanceId"`
	Start          Date    `json:"startTime"`
	End            Date    `json:"endTime"`
	Duration       *int64  `json:"durationInMillis"`
	Canceled       bool    `json:"canceled"`
	CompleteScope  bool    `json:"completeScope"`
	Tenant         *string `json:"tenantId"`
	Removal        Date    `json:"removalTime"`
	Root           string  `json:"rootProcessInstanceId"`
}

// PastVariable is a variable of the history, as it is or was last.
type PastVariable struct {
	ID string `json:"id"`
	Value
	Name             string  `json:"name"`
	DefinitionKey    string  `json:"processDefinitionKey"`
	Definition       string  `json:"processDefinitionId"`
	Instance         string  `json:"processInstanceId"`
	Execution        string  `json:"executionId"`
	ActivityInstance string  `json:"activityInstanceId"`
	Task             *string `json:"taskId"`
	CaseDefined      *string `json:"caseDefinitionKey"`
	ErrorMessage     *string `json:"errorMessage"`
	Tenant           *string `json:"tenantId"`
	State            string  `json:"state"`
	Created          Date    `json:"createTime"`
	Removal          Date    `json:"removalTime"`
	Root             string  `json:"rootProcessInstanceId"`

	raw expr.Value
}

// PastIncident is an incident of the history.
type PastIncident struct {
	Incident
	DefinitionKey string `json:"processDefinitionKey"`
	Created       Date   `json:"createTime"`
	Ended         Date   `json:"endTime"`
	Open          bool   `json:"open"`
	Deleted       bool   `json:"deleted"`
	Resolved      bool   `json:"resolved"`
}

// past is the history of an instance, folded into what Camunda keeps of it.
type past struct {
	scene
	activities []PastActivity
	variables  []PastVariable
	jobs       []PastJob
	incidents  []PastIncident
	decisions  []PastDecision
	details    []PastDetail
	removed    map[engine.ID]bool // tasks that were cancelled

	state  *engine.Instance // up to the change that is looked at
	at     store.Row
	visits map[string]int    // how often a token was at a node
	open   map[int]int       // token → index of its visit
	held   map[string]int    // scope and name → index of the variable
	raised map[engine.ID]int // incident → index
	// revisions count how often a variable was set.
	revisions map[string]int

	busy     map[int]bool // tokens whose visit has made a job, a task or a call
	entering int          // the token of the job that is being completed before a node
}

// past reads and folds the history of an instance, without the values of the fields that are hidden.
func (s *Service) past(ctx context.Context, x scene, hidden []string) (*past, error) {
	rows, err := s.store.History(ctx, x.ID, 0, most)
	if err != nil {
		return nil, err
	}
	workflow.ConcealRows(rows, hidden)
	f := &past{
		scene: x, state: &engine.Instance{}, visits: map[string]int{}, open: map[int]int{}, held: map[string]int{},
		raised: map[engine.ID]int{}, removed: map[engine.ID]bool{}, revisions: map[string]int{},
		busy: map[int]bool{},
	}
	for _, row := range rows {
		f.at = row
		f.step(row.Changes)
	}
	return f, nil
}

// step folds one row. Before a change is applied what it ends is still in the state.
func (f *past) step(changes []engine.Change) {
	m := newMarks(changes, f.process)
	for n := range changes {
		c := &changes[n]
		f.before(c, m)
		if err := f.state.Apply(*c); err != nil {
			return // of a later version of the product; what came before it is told
		}
		f.after(c)
	}
	f.state.Version = f.at.Seq
}

func (f *past) before(c *engine.Change, m *marks) {
	switch c.Kind {
	case engine.TokenMoved, engine.TokenConsumed:
		f.ends(c, m)
	case engine.TaskCancelled, engine.TaskReturned:
		if t := f.state.Task(c.TaskID); t != nil {
			m.cancelled[t.Token] = true
			f.removed[t.ID] = true
		}
	case engine.ScopeClosed:
		for _, s := range f.state.Scopes {
			m.forced[s.Token] = m.forced[s.Token] || s.Number == c.Scope && m.emptied[c.Scope]
		}
	case engine.JobCancelled, engine.JobCompleted:
		f.jobEnds(c, m)
	case engine.JobFailed:
		if j := f.state.Job(c.JobID); j != nil {
			f.log(*j, c)
		}
	case engine.TimerFired, engine.TimerCancelled, engine.TimerRetried:
		f.timer(c.TimerID, c)
	case engine.IncidentResolved:
		if i, ok := f.raised[c.IncidentID]; ok {
			f.incidents[i].Open, f.incidents[i].Resolved, f.incidents[i].Deleted, f.incidents[i].Ended = false, !m.ends, m.ends, Date{f.at.At}
		}
	case engine.InstanceCancelled:
		for token := range f.open {
			f.leave(token, true)
		}
	}
}

// ends ends the visit of a token that goes on or is consumed.
func (f *past) ends(c *engine.Change, m *marks) {
	cut := f.cut(c, m)
	f.completes(c, cut)
	t := f.state.Token(c.Token)
	if c.Kind == engine.TokenConsumed && (cut || t != nil && m.fulfilled[t.Scope]) && f.unbegun(c.Token) {
		f.forget(c.Token)
	}
	m.supersede(c, t)
	f.leave(c.Token, cut)
	if c.Kind == engine.TokenMoved { // its next visit is another
		delete(m.cancelled, c.Token)
	}
}

// completes notes that a visit was the last one of its path: to Camunda it completes its scope.
func (f *past) completes(c *engine.Change, cut bool) {
	t := f.state.Token(c.Token)
	if cut || c.Kind != engine.TokenConsumed || t == nil {
		return
	}
	if n := f.process.Node(t.Node); n != nil && len(n.Outgoing) == 0 && n.Event == nil && n.Element != bpmn.ElementStartEvent {
		f.visit(c.Token, func(a *PastActivity) { a.CompleteScope = true })
	}
}

func (f *past) jobEnds(c *engine.Change, m *marks) {
	j := f.state.Job(c.JobID)
	if j == nil {
		return
	}
	m.cancelled[j.Token] = c.Kind == engine.JobCancelled && j.Kind == engine.ExternalJob
	if _, open := f.open[j.Token]; c.Kind == engine.JobCompleted && j.Kind == engine.BeforeJob && !open {
		f.entering = j.Token
	}
	f.log(*j, c)
}

func (f *past) after(c *engine.Change) {
	switch c.Kind {
	case engine.TokenCreated, engine.TokenMoved:
		if !f.departs(c) {
			f.enter(c.Token)
		}
	case engine.VariablesSet, engine.ScopeOpened:
		f.set(c)
	case engine.VariablesRemoved:
		for _, name := range c.Names {
			if i, ok := f.held[fmt.Sprint(c.Scope, name)]; ok {
				f.variables[i].State = "DELETED"
			}
		}
	case engine.TaskCreated:
		f.busy[c.Task.Token] = true
		f.visit(c.Task.Token, func(a *PastActivity) { a.Task, a.Assignee = pointer(c.Task.ID.String()), pointer(c.Task.Assignee) })
	case engine.TaskAssigned:
		if t := f.state.Task(c.TaskID); t != nil {
			f.visit(t.Token, func(a *PastActivity) { a.Assignee = pointer(c.Assignee) })
		}
	case engine.CallStarted:
		f.busy[c.Call.Token] = true
		f.visit(c.Call.Token, func(a *PastActivity) { a.CalledInstance = pointer(c.Call.ID.String()) })
	case engine.JobCreated:
		f.log(*c.Job, c)
		f.continued(*c.Job)
	case engine.TimerCreated:
		f.timer(c.Timer.ID, c)
	case engine.JobCompleted:
		f.begun()
	case engine.DecisionEvaluated:
		f.decided(c)
	case engine.IncidentRaised:
		f.raise(c.Incident)
	}
}

// continued notes a continuation: a node that a token has yet to enter was not visited, one that it has yet to leave is done.
func (f *past) continued(j engine.Job) {
	switch _, open := f.open[j.Token]; {
	case j.Kind == engine.AfterJob:
		f.leave(j.Token, false)
	case j.Kind == engine.BeforeJob && open:
		f.forget(j.Token)
	default:
		f.busy[j.Token] = true
	}
}

// begun begins the visit of a token whose job before its node is done.
func (f *past) begun() {
	if f.entering > 0 {
		f.enter(f.entering)
	}
	f.entering = 0
}

// departs reports whether a token was made to take one of several flows out of a node later: that is no visit.
func (f *past) departs(c *engine.Change) bool {
	n := f.process.Node(c.Node)
	if c.Kind != engine.TokenCreated || n == nil {
		return false
	}
	return slices.ContainsFunc(n.Outgoing, func(flow *bpmn.SequenceFlow) bool { return flow.ID == c.Flow && flow.Target != n })
}

// enter begins a visit.
func (f *past) enter(token int) {
	t := f.state.Token(token)
	if t == nil {
		return
	}
	x := scene{f.state, f.process}
	node, kind := t.Node, x.nodeType(t.Node)
	switch n := x.process.Node(t.Node); {
	case n != nil && n.Event != nil && n.Event.Trigger == bpmn.TriggerLink:
		return // links are no activities to Camunda
	case x.whole(*t):
		node, kind = node+multiInstanceBody, bodyType
	}
	id := ActivityInstanceID(node, x.ID, token)
	if f.visits[id]++; f.visits[id] > 1 {
		id = fmt.Sprintf("%s:%d", id, f.visits[id])
	}
	f.open[token] = len(f.activities)
	delete(f.busy, token)
	f.activities = append(f.activities, PastActivity{
		ID: id, Parent: x.holder(*t), Activity: node, Name: x.nodeName(t.Node), Type: kind, DefinitionKey: x.ProcessKey, Definition: x.definition(),
		Instance: x.ID.String(), Execution: ExecutionID(x.ID, token), Start: Date{f.at.At}, Root: f.scene.Root().String(),
	})
}

func (f *past) visit(token int, change func(*PastActivity)) {
	if i, ok := f.open[token]; ok {
		change(&f.activities[i])
	}
}

// leave ends the visit of a token.
func (f *past) leave(token int, cancelled bool) {
	f.visit(token, func(a *PastActivity) {
		a.End, a.Canceled = Date{f.at.At}, cancelled
		a.CompleteScope = a.CompleteScope && !cancelled // one of them (Camunda 7 ActivityInstanceState)
		a.Duration = millis(a.Start, a.End)
	})
	delete(f.open, token)
}

// unbegun reports whether a visit is interrupted before anything was done: the first instance of a multi-instance
// task ends the others, or an event sub-process begins with the instance.
func (f *past) unbegun(token int) bool {
	i, open := f.open[token]
	if !open || f.busy[token] || !f.activities[i].Start.Equal(f.at.At) {
		return false
	}
	n := f.process.Node(f.activities[i].Activity)
	return n != nil && (n.Element == bpmn.ElementStartEvent || n.Element == bpmn.ElementUserTask || n.MultiInstance != nil && n.Element.Works())
}

// forget leaves a visit out of the history.
func (f *past) forget(token int) {
	i := f.open[token]
	f.visits[ActivityInstanceID(f.activities[i].Activity, f.ID, token)]--
	f.activities = slices.Delete(f.activities, i, i+1)
	delete(f.open, token)
	for t, at := range f.open {
		if at > i {
			f.open[t] = at - 1
		}
	}
}

// set notes the values of variables.
func (f *past) set(c *engine.Change) {
	x := scene{f.state, f.process}
	execution, activity := x.ID.String(), x.ID.String()
	var kinds engine.Types
	for _, scope := range x.Scopes {
		if scope.Number != c.Scope {
			continue
		}
		kinds = scope.Types
		if t := x.Token(scope.Token); t != nil && scope.Number > 0 {
			execution, activity = ExecutionID(x.ID, t.Number), x.activityInstance(*t)
		}
	}
	for _, name := range sortedNames(c.Variables) {
		key := fmt.Sprint(c.Scope, name)
		i, known := f.held[key]
		if !known {
			i = len(f.variables)
			f.held[key] = i
			f.variables = append(f.variables, PastVariable{
				ID: execution + ":" + name, Name: name, DefinitionKey: x.ProcessKey, Definition: x.definition(), Instance: x.ID.String(), Execution: execution,
				ActivityInstance: activity, Created: Date{f.at.At}, Root: f.scene.Root().String(),
			})
		}
		f.variables[i].Value, f.variables[i].raw, f.variables[i].State = Show(c.Variables[name], kinds[name], true), c.Variables[name], "CREATED"
		f.detail(f.variables[i], !known)
	}
}

func (f *past) raise(i *engine.Incident) {
	for _, shown := range (scene{f.state, f.process}).incidents() {
		if shown.ID == i.ID.String() {
			f.raised[i.ID] = len(f.incidents)
			f.incidents = append(f.incidents, PastIncident{Incident: shown, DefinitionKey: f.ProcessKey, Created: shown.Time, Open: true})
		}
	}
}
