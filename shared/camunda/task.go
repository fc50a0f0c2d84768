package camunda

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Task is an open user task.
type Task struct {
	ID            string  `json:"id"`
	Name          *string `json:"name"`
	Assignee      *string `json:"assignee"`
	Created       Date    `json:"created"`
	Due           Date    `json:"due"`
	FollowUp      Date    `json:"followUp"`
	LastUpdated   Date    `json:"lastUpdated"`
	Delegation    *string `json:"delegationState"`
	Description   *string `json:"description"`
	Execution     string  `json:"executionId"`
	Owner         *string `json:"owner"`
	Parent        *string `json:"parentTaskId"`
	Priority      int     `json:"priority"`
	Definition    string  `json:"processDefinitionId"`
	Instance      string  `json:"processInstanceId"`
	Key           string  `json:"taskDefinitionKey"`
	CaseExecution *string `json:"caseExecutionId"`
	CaseInstance  *string `json:"caseInstanceId"`
	CaseDefined   *string `json:"caseDefinitionId"`
	Suspended     bool    `json:"suspended"`
	FormKey       *string `json:"formKey"`
	FormRef       *Form   `json:"camundaFormRef"`
	Tenant        *string `json:"tenantId"`
	State         string  `json:"taskState"`

	row   store.Task
	scene scene
}

// Form is the reference of a form that was deployed.
type Form struct {
	Key     string `json:"key"`
	Binding string `json:"binding"`
	Version *int   `json:"version"`
}

func (x scene) task(row store.Task) Task {
	t := Task{
		ID: row.ID.String(), Name: pointer(row.Name), Assignee: row.Assignee, Created: Date{row.CreatedAt}, Due: date(row.DueAt), FollowUp: date(row.FollowUpAt),
		Execution: ExecutionID(x.ID, x.tokenOf(row.ID)), Owner: row.Owner, Priority: row.Priority, Definition: x.definition(), Instance: x.ID.String(),
		Key: row.NodeID, Suspended: x.State == engine.Suspended, FormKey: row.FormKey, State: "Created", row: row, scene: x,
	}
	if row.Version > 1 {
		t.State = "Updated"
	}
	if node := x.process.Node(row.NodeID); node != nil {
		t.Description = pointer(node.Documentation)
		if node.Name == "" {
			t.Name = nil
		}
		if node.UserTask != nil {
			t.FormRef = reference(&node.UserTask.Form)
		}
	}
	if open := x.Instance.Task(row.ID); open != nil {
		t.Delegation = delegation(open)
	}
	return t
}

// delegation is PENDING while somebody else works on a task, and RESOLVED when it has come back.
func delegation(t *engine.Task) *string {
	switch {
	case t.Delegated:
		return pointer("PENDING")
	case t.Owner != "" && t.Owner == t.Assignee:
		return pointer("RESOLVED")
	}
	return nil
}

func (x scene) tokenOf(task engine.ID) int {
	if open := x.Instance.Task(task); open != nil {
		return open.Token
	}
	return 0
}

var taskSorts = sorts[Task]{
	"instanceId":            func(a, b Task) int { return cmp.Compare(a.Instance, b.Instance) },
	"executionId":           func(a, b Task) int { return cmp.Compare(a.Execution, b.Execution) },
	"id":                    func(a, b Task) int { return cmp.Compare(a.ID, b.ID) },
	"name":                  func(a, b Task) int { return cmp.Compare(textOf(a.Name), textOf(b.Name)) },
	"nameCaseInsensitive":   func(a, b Task) int { return cmp.Compare(textOf(a.Name), textOf(b.Name)) },
	"description":           func(a, b Task) int { return cmp.Compare(textOf(a.Description), textOf(b.Description)) },
	"assignee":              func(a, b Task) int { return cmp.Compare(textOf(a.Assignee), textOf(b.Assignee)) },
	"priority":              func(a, b Task) int { return cmp.Compare(a.Priority, b.Priority) },
	"created":               func(a, b Task) int { return a.Created.Compare(b.Created.Time) },
	"lastUpdated":           func(a, b Task) int { return a.LastUpdated.Compare(b.LastUpdated.Time) },
	"dueDate":               func(a, b Task) int { return a.Due.Compare(b.Due.Time) },
	"followUpDate":          func(a, b Task) int { return a.FollowUp.Compare(b.FollowUp.Time) },
	"taskDefinitionKey":     func(a, b Task) int { return cmp.Compare(a.Key, b.Key) },
	"tenantId":              func(Task, Task) int { return 0 },
	"caseExecutionId":       func(Task, Task) int { return 0 },
	"caseInstanceId":        func(Task, Task) int { return 0 },
	"processDefinitionName": func(a, b Task) int { return cmp.Compare(a.scene.process.Name, b.scene.process.Name) },
}

// Tasks lists open tasks: all of them for those who operate, their own for others.
func (s *Service) Tasks(ctx context.Context, p access.Principal, q Query) ([]Task, int, error) {
	list, err := either(q, func(t Task) string { return t.ID }, func(q Query) ([]Task, error) { return s.tasks(ctx, p, q) })
	if err != nil {
		return nil, 0, err
	}
	return finish(q, list, taskSorts)
}

// expressions are the parameters of a query of tasks that are expressions. Camunda 7 evaluates them when it is
// told to; unless told it refuses them, since a query is a caller's and a model is not.
var expressions = []string{
	"assigneeExpression", "assigneeLikeExpression", "ownerExpression", "involvedUserExpression", "candidateUserExpression", "candidateGroupExpression", "candidateGroupsExpression",
	"processInstanceBusinessKeyExpression", "processInstanceBusinessKeyLikeExpression", "createdOnExpression", "createdBeforeExpression", "createdAfterExpression", "updatedAfterExpression",
	"dueDateExpression", "dueBeforeExpression", "dueAfterExpression", "followUpDateExpression", "followUpBeforeExpression", "followUpBeforeOrNotExistentExpression", "followUpAfterExpression",
}

func (s *Service) tasks(ctx context.Context, p access.Principal, q Query) ([]Task, error) {
	if slices.ContainsFunc(expressions, q.Has) {
		return nil, &Error{Status: http.StatusBadRequest, Type: "BadUserRequestException", Message: "Expressions are forbidden in adhoc queries. This behavior can be toggled in the process engine configuration"}
	}
	ofProcess, err := q.conditions("processVariables")
	if err != nil {
		return nil, err
	}
	ofTask, err := q.conditions("taskVariables")
	if err != nil {
		return nil, err
	}
	rows, err := s.taskRows(ctx, p, q)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(t store.Task) bool { return !q.wantsTaskRow(t) })
	var ids []engine.ID
	for _, row := range rows {
		ids = append(ids, row.InstanceID)
	}
	slices.SortFunc(ids, func(a, b engine.ID) int { return cmp.Compare(a.String(), b.String()) })
	scenes, err := s.scenes(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	var list []Task
	for _, row := range rows {
		x, ok := scenes[row.InstanceID]
		if !ok || x.Instance.Task(row.ID) == nil {
			continue
		}
		if t := x.task(row); q.wantsTask(t) && ofProcess.hold(x.Scopes[0].Variables) && ofTask.hold(t.own()) {
			list = append(list, t)
		}
	}
	return list, nil
}

// own are the variables of a task's own scope.
func (t Task) own() engine.Variables {
	if own := t.scene.Own(t.scene.tokenOf(t.row.ID)); own != nil {
		return own.Variables
	}
	return engine.Variables{}
}

// taskRows reads the open tasks that the principal may see.
func (s *Service) taskRows(ctx context.Context, p access.Principal, q Query) ([]store.Task, error) {
	f := store.TaskFilter{View: store.All, Open: true, ProcessKey: q.Text("processDefinitionKey"), Username: p.Username, Identities: p.Identities()}
	if text := q.Text("processInstanceId"); text != "" {
		id, err := engine.ParseID(text)
		if err != nil {
			return nil, nil //nolint:nilerr // what is no id names nothing
		}
		f.InstanceID = id
	}
	if p.SeesAll() {
		list, err := s.store.Tasks(ctx, f, all("createdAt"))
		return list.Items, err
	}
	var rows []store.Task
	for _, view := range []store.View{store.Todo, store.Claimable, store.Started} {
		f.View = view
		list, err := s.store.Tasks(ctx, f, all("createdAt"))
		if err != nil {
			return nil, err
		}
		rows = append(rows, list.Items...)
	}
	slices.SortFunc(rows, func(a, b store.Task) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	return slices.CompactFunc(rows, func(a, b store.Task) bool { return a.ID == b.ID }), nil
}

func (q Query) wantsTaskRow(t store.Task) bool {
	assignee, owner := textOf(t.Assignee), textOf(t.Owner)
	return q.is("taskId", t.ID.String()) && q.in("taskIdIn", t.ID.String()) && q.is("assignee", assignee) && q.like("assigneeLike", assignee) && q.in("assigneeIn", assignee) && q.notIn("assigneeNotIn", assignee) &&
		q.holds("assigned", assignee != "") && q.holds("unassigned", assignee == "") && q.is("owner", owner) && q.in("processInstanceIdIn", t.InstanceID.String()) &&
		q.in("processDefinitionKeyIn", t.ProcessKey) && q.is("taskDefinitionKey", t.NodeID) && q.in("taskDefinitionKeyIn", t.NodeID) && q.notIn("taskDefinitionKeyNotIn", t.NodeID) && q.like("taskDefinitionKeyLike", t.NodeID) &&
		q.is("name", t.Name) && q.like("nameLike", t.Name) && !(q.Has("nameNotEqual") && q.Text("nameNotEqual") == t.Name) &&
		q.is("priority", strconv.Itoa(t.Priority)) && t.Priority <= q.Number("maxPriority", t.Priority) && t.Priority >= q.Number("minPriority", t.Priority) &&
		q.candidate(t) && q.dates(t)
}

func (q Query) dates(t store.Task) bool {
	due, followUp := date(t.DueAt), date(t.FollowUpAt)
	return q.around("created", t.CreatedAt) && q.around("due", due.Time) && q.around("followUp", followUp.Time) && q.is("dueDate", due.String()) &&
		q.holds("withoutDueDate", due.IsZero()) && (!q.Has("followUpBeforeOrNotExistent") || followUp.IsZero() || q.before("followUpBeforeOrNotExistent", followUp.Time))
}

// candidate holds the filters by those whom a task is offered to. Without includeAssignedTasks only tasks
// that nobody has count.
func (q Query) candidate(t store.Task) bool {
	asked := q.Has("candidateUser") || q.Has("candidateGroup") || q.Has("candidateGroups") || q.Has("candidateGroupLike")
	if asked && t.Assignee != nil && !q.Flag("includeAssignedTasks") {
		return false
	}
	groups := func(name string) bool {
		return !q.Has(name) || slices.ContainsFunc(t.CandidateGroups, func(g string) bool { return q.in(name, g) })
	}
	return (!q.Has("candidateUser") || slices.Contains(t.CandidateUsers, q.Text("candidateUser"))) && groups("candidateGroup") && groups("candidateGroups") &&
		(!q.Has("candidateGroupLike") || slices.ContainsFunc(t.CandidateGroups, func(g string) bool { return q.like("candidateGroupLike", g) })) &&
		(!q.Has("involvedUser") || slices.Contains(append(t.CandidateUsers, textOf(t.Assignee), textOf(t.Owner)), q.Text("involvedUser"))) &&
		q.equal("withCandidateGroups", len(t.CandidateGroups) > 0) && q.holds("withoutCandidateGroups", len(t.CandidateGroups) == 0) &&
		q.equal("withCandidateUsers", len(t.CandidateUsers) > 0) && q.holds("withoutCandidateUsers", len(t.CandidateUsers) == 0)
}

func (q Query) wantsTask(t Task) bool {
	x := t.scene
	definition, err := ParseDefinitionID(q.Text("processDefinitionId"))
	return (!q.Has("processDefinitionId") || err == nil && definition == x.DefinitionID) && q.is("executionId", t.Execution) &&
		q.in("activityInstanceIdIn", ActivityInstanceID(t.Key, x.ID, x.tokenOf(t.row.ID))) &&
		q.is("processInstanceBusinessKey", x.BusinessKey) && q.in("processInstanceBusinessKeyIn", x.BusinessKey) && q.like("processInstanceBusinessKeyLike", x.BusinessKey) &&
		q.is("processDefinitionName", x.process.Name) && q.like("processDefinitionNameLike", x.process.Name) && q.is("description", textOf(t.Description)) && q.like("descriptionLike", textOf(t.Description)) &&
		q.is("delegationState", textOf(t.Delegation)) && q.holds("active", !t.Suspended) && q.holds("suspended", t.Suspended) && !q.Has("parentTaskId") && !q.Has("caseInstanceId") && q.unowned()
}

// openTask returns an open task that the principal may see, with its instance.
func (s *Service) openTask(ctx context.Context, p access.Principal, id string) (store.Task, *engine.Instance, error) {
	gone := NotFound("No matching task with id %s", id)
	parsed, err := engine.ParseID(id)
	if err != nil {
		return store.Task{}, nil, gone
	}
	task, in, err := s.workflow.InspectTask(ctx, p, parsed)
	if err == nil && in.Task(parsed) == nil {
		err = gone
	}
	return task, in, Unknowns(err, gone)
}

// Task returns one open task.
func (s *Service) Task(ctx context.Context, p access.Principal, id string) (Task, error) {
	row, in, err := s.openTask(ctx, p, id)
	if err != nil {
		return Task{}, err
	}
	_, process, err := s.workflow.Model(ctx, in.DefinitionID)
	return scene{in, process}.task(row), err
}

// TaskID reads the id of a task for a command, to which an unknown task is a failure of the engine.
func TaskID(id, command string) (engine.ID, error) {
	parsed, err := engine.ParseID(id)
	if err != nil {
		return parsed, &Error{Status: http.StatusInternalServerError, Type: restException, Message: command + ": Cannot find task with id " + id + ": task is null"}
	}
	return parsed, nil
}

// GoneTask words a failure of a command about a task: that there is none is 500 to Camunda.
func GoneTask(err error, id, command string) error {
	if errors.Is(err, store.ErrNoTask) || errors.Is(err, engine.ErrTaskEnded) {
		return &Error{Status: http.StatusInternalServerError, Type: restException, Message: command + ": Cannot find task with id " + id + ": task is null", cause: err}
	}
	return err
}

// Completion is the body that completes a task.
type Completion struct {
	Variables Variables `json:"variables"`
	Return    bool      `json:"withVariablesInReturn"`
}

// Complete completes a task. submit gives a delegated one back to its owner instead, as Camunda's form does.
// The variables are those of the process as they are then, if they are wanted.
func (s *Service) Complete(ctx context.Context, call workflow.Call, id string, body Completion, submit bool) (Values, error) {
	words := "Cannot complete task " + id
	if submit {
		words = "Cannot submit task form " + id
	}
	parsed, err := TaskID(id, words)
	if err != nil {
		return nil, err
	}
	c := workflow.Completion{Outright: !submit, Form: submit, Lenient: !submit}
	if c.Variables, call.Types, err = body.Variables.Read(); err != nil {
		return nil, As(err, http.StatusBadRequest, invalidRequest, words+": ")
	}
	call.Strict, call.Steward = true, true
	if _, err := s.workflow.CompleteTask(ctx, call, parsed, c); err != nil {
		if gone := GoneTask(err, id, words); gone != err { //nolint:errorlint // the same error, or another in its place
			return nil, gone
		}
		return nil, formFailed(err, words+": ")
	}
	if !body.Return {
		return nil, nil
	}
	task, err := s.store.Task(ctx, parsed)
	if err != nil {
		return nil, err
	}
	in, err := s.store.LoadInstance(ctx, task.InstanceID)
	if err != nil {
		return nil, err
	}
	return ShowAll(in.Scopes[0].Variables, in.Scopes[0].Types, false), nil
}

// Hand gives a task to somebody or to nobody; reason is one of engine's.
func (s *Service) Hand(ctx context.Context, call workflow.Call, id, words string, action engine.AssignTask) error {
	parsed, err := TaskID(id, words)
	if err != nil {
		return err
	}
	call.Steward = true
	_, err = s.workflow.HandTask(ctx, call, parsed, action)
	return onSuspended(GoneTask(err, id, words))
}

// Resolve gives a delegated task back to its owner, with variables.
func (s *Service) Resolve(ctx context.Context, call workflow.Call, id string, variables Variables) error {
	parsed, err := TaskID(id, "Cannot resolve task "+id)
	if err != nil {
		return err
	}
	values, types, err := variables.Read()
	if err != nil {
		return As(err, http.StatusBadRequest, restException, "Cannot resolve task "+id+": ")
	}
	call.Steward = true
	if len(values) > 0 {
		with := call
		with.Types = types
		if _, err := s.workflow.SetTaskVariables(ctx, with, parsed, engine.SetVariables{Variables: values}); err != nil {
			return GoneTask(err, id, "Cannot resolve task "+id)
		}
	}
	return s.Hand(ctx, call, id, "Cannot resolve task "+id, engine.AssignTask{Reason: engine.Resolved})
}
