package camunda

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// PastTask is a user task of the history.
type PastTask struct {
	ID               string  `json:"id"`
	DefinitionKey    string  `json:"processDefinitionKey"`
	Definition       string  `json:"processDefinitionId"`
	Instance         string  `json:"processInstanceId"`
	Execution        string  `json:"executionId"`
	CaseDefined      *string `json:"caseDefinitionKey"`
	ActivityInstance string  `json:"activityInstanceId"`
	Name             *string `json:"name"`
	Description      *string `json:"description"`
	DeleteReason     *string `json:"deleteReason"`
	Owner            *string `json:"owner"`
	Assignee         *string `json:"assignee"`
	Start            Date    `json:"startTime"`
	End              Date    `json:"endTime"`
	Duration         *int64  `json:"duration"`
	Key              string  `json:"taskDefinitionKey"`
	Priority         int     `json:"priority"`
	Due              Date    `json:"due"`
	Parent           *string `json:"parentTaskId"`
	FollowUp         Date    `json:"followUp"`
	Tenant           *string `json:"tenantId"`
	Removal          Date    `json:"removalTime"`
	Root             string  `json:"rootProcessInstanceId"`
	State            string  `json:"taskState"`
}

// PastTasks lists the user tasks of the history.
func (s *Service) PastTasks(ctx context.Context, p access.Principal, q Query) ([]PastTask, int, error) {
	list, err := either(q, func(t PastTask) string { return t.ID }, func(q Query) ([]PastTask, error) { return s.pastTasks(ctx, p, q) })
	if err != nil {
		return nil, 0, err
	}
	return finish(q, list, sorts[PastTask]{
		"taskId":             func(a, b PastTask) int { return cmp.Compare(a.ID, b.ID) },
		"activityInstanceId": func(a, b PastTask) int { return cmp.Compare(a.ActivityInstance, b.ActivityInstance) },
		"processInstanceId":  func(a, b PastTask) int { return cmp.Compare(a.Instance, b.Instance) },
		"executionId":        func(a, b PastTask) int { return cmp.Compare(a.Execution, b.Execution) },
		"duration":           func(a, b PastTask) int { return compareNumbers(a.Duration, b.Duration) },
		"endTime":            func(a, b PastTask) int { return a.End.Compare(b.End.Time) },
		"startTime":          func(a, b PastTask) int { return a.Start.Compare(b.Start.Time) },
		"taskName":           func(a, b PastTask) int { return cmp.Compare(textOf(a.Name), textOf(b.Name)) },
		"assignee":           func(a, b PastTask) int { return cmp.Compare(textOf(a.Assignee), textOf(b.Assignee)) },
		"owner":              func(a, b PastTask) int { return cmp.Compare(textOf(a.Owner), textOf(b.Owner)) },
		"dueDate":            func(a, b PastTask) int { return a.Due.Compare(b.Due.Time) },
		"followUpDate":       func(a, b PastTask) int { return a.FollowUp.Compare(b.FollowUp.Time) },
		"priority":           func(a, b PastTask) int { return cmp.Compare(a.Priority, b.Priority) },
		"taskDefinitionKey":  func(a, b PastTask) int { return cmp.Compare(a.Key, b.Key) },
		"tenantId":           func(PastTask, PastTask) int { return 0 },
	})
}

func (s *Service) pastTasks(ctx context.Context, p access.Principal, q Query) ([]PastTask, error) {
	variables, err := q.conditions("processVariables")
	if err != nil {
		return nil, err
	}
	if err := q.checkDates(); err != nil {
		return nil, err
	}
	scenes, err := s.pastScenes(ctx, p, q)
	if err != nil {
		return nil, err
	}
	var list []PastTask
	for _, x := range scenes {
		rows, err := s.store.InstanceTasks(ctx, x.ID, most)
		if err != nil {
			return nil, err
		}
		tokens, err := s.taskTokens(ctx, x)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			known := tokens[row.ID]
			t := x.pastTask(row, known.token)
			t.Assignee = pointer(known.assignee)
			if q.wantsPastTask(t) && q.offered(row, known.assignee) && q.wantsPastScene(x) && variables.hold(x.Scopes[0].Variables) {
				list = append(list, t)
			}
		}
	}
	return list, nil
}

// pastTaken is what the row of a task does not say: its token, and who it was assigned to last. That somebody has
// completed it does not make it theirs to Camunda.
type pastTaken struct {
	token    int
	assignee string
}

func (s *Service) taskTokens(ctx context.Context, x scene) (map[engine.ID]pastTaken, error) {
	rows, err := s.store.History(ctx, x.ID, 0, most)
	tokens := map[engine.ID]pastTaken{}
	for _, row := range rows {
		for _, c := range row.Changes {
			switch c.Kind {
			case engine.TaskCreated, engine.TaskChanged:
				tokens[c.Task.ID] = pastTaken{max(c.Task.Token, tokens[c.Task.ID].token), c.Task.Assignee}
			case engine.TaskAssigned:
				tokens[c.TaskID] = pastTaken{tokens[c.TaskID].token, c.Assignee}
			}
		}
	}
	return tokens, err
}

func (x scene) pastTask(row store.Task, token int) PastTask {
	t := PastTask{
		ID: row.ID.String(), DefinitionKey: x.ProcessKey, Definition: x.definition(), Instance: x.ID.String(), Execution: ExecutionID(x.ID, token),
		ActivityInstance: ActivityInstanceID(row.NodeID, x.ID, token), Name: pointer(row.Name), Owner: row.Owner, Assignee: row.Assignee, Start: Date{row.CreatedAt},
		End: date(row.EndedAt), Key: row.NodeID, Priority: row.Priority, Due: date(row.DueAt), FollowUp: date(row.FollowUpAt), Root: x.Root().String(), State: "Created",
	}
	if node := x.process.Node(row.NodeID); node != nil {
		t.Description = pointer(node.Documentation)
	}
	t.Duration = millis(t.Start, t.End)
	switch row.State {
	case "completed":
		t.DeleteReason, t.State = pointer("completed"), "Completed"
	case "cancelled":
		t.DeleteReason, t.State = pointer("deleted"), "Deleted"
	}
	return t
}

func (q Query) wantsPastTask(t PastTask) bool {
	name, assignee, owner, description, reason := textOf(t.Name), textOf(t.Assignee), textOf(t.Owner), textOf(t.Description), textOf(t.DeleteReason)
	return q.is("taskId", t.ID) && q.is("taskName", name) && q.like("taskNameLike", name) && q.is("taskAssignee", assignee) && q.like("taskAssigneeLike", assignee) &&
		q.is("taskOwner", owner) && q.like("taskOwnerLike", owner) && q.is("taskDescription", description) && q.like("taskDescriptionLike", description) &&
		q.is("taskDefinitionKey", t.Key) && q.in("taskDefinitionKeyIn", t.Key) && q.is("executionId", t.Execution) && q.in("activityInstanceIdIn", t.ActivityInstance) && q.ended(t.End.Time) &&
		q.is("taskDeleteReason", reason) && q.like("taskDeleteReasonLike", reason) && q.holds("assigned", t.Assignee != nil) && q.holds("unassigned", t.Assignee == nil) &&
		q.is("taskPriority", strconv.Itoa(t.Priority)) && !q.Has("taskParentTaskId") && q.unowned() && q.wantsPastTimes(t)
}

func (q Query) wantsPastTimes(t PastTask) bool {
	return q.before("startedBefore", t.Start.Time) && q.after("startedAfter", t.Start.Time) && q.before("finishedBefore", t.End.Time) && q.after("finishedAfter", t.End.Time) &&
		q.on("taskDueDate", t.Due.Time) && q.before("taskDueDateBefore", t.Due.Time) && q.after("taskDueDateAfter", t.Due.Time) && q.holds("withoutTaskDueDate", t.Due.IsZero()) &&
		q.on("taskFollowUpDate", t.FollowUp.Time) && q.before("taskFollowUpDateBefore", t.FollowUp.Time) && q.after("taskFollowUpDateAfter", t.FollowUp.Time) && q.holds("withoutTaskFollowUpDate", t.FollowUp.IsZero())
}

// offered holds the filters by those whom a task was offered to, or who had to do with it.
func (q Query) offered(row store.Task, assignee string) bool {
	involved := append([]string{assignee, textOf(row.Assignee), textOf(row.Owner)}, row.CandidateUsers...)
	return (!q.Has("taskHadCandidateUser") || slices.Contains(row.CandidateUsers, q.Text("taskHadCandidateUser"))) &&
		(!q.Has("taskHadCandidateGroup") || slices.Contains(row.CandidateGroups, q.Text("taskHadCandidateGroup"))) &&
		(!q.Has("taskInvolvedUser") || slices.Contains(involved, q.Text("taskInvolvedUser"))) &&
		(!q.Has("taskInvolvedGroup") || slices.Contains(row.CandidateGroups, q.Text("taskInvolvedGroup"))) &&
		q.holds("withCandidateGroups", len(row.CandidateGroups) > 0) && q.holds("withoutCandidateGroups", len(row.CandidateGroups) == 0)
}

// wantsPastScene holds the filters of history/task by the instance.
func (q Query) wantsPastScene(x scene) bool {
	return q.holds("processFinished", x.State.Ended()) && q.holds("processUnfinished", !x.State.Ended()) && q.is("processDefinitionName", x.process.Name) &&
		q.in("processInstanceBusinessKeyIn", x.BusinessKey) && q.like("processInstanceBusinessKeyLike", x.BusinessKey)
}
