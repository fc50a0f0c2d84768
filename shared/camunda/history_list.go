package camunda

import (
	"cmp"
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// PastActivities lists the visits of tokens to nodes.
func (s *Service) PastActivities(ctx context.Context, p access.Principal, q Query) ([]PastActivity, int, error) {
	wants := func(a PastActivity) bool {
		return q.is("activityInstanceId", a.ID) && q.is("activityId", a.Activity) && q.in("activityIdIn", a.Activity) && q.is("activityName", textOf(a.Name)) && q.like("activityNameLike", textOf(a.Name)) &&
			q.is("activityType", a.Type) && q.is("executionId", a.Execution) && q.is("taskAssignee", textOf(a.Assignee)) && q.ended(a.End.Time) && q.holds("canceled", a.Canceled) && q.holds("completeScope", a.CompleteScope) &&
			q.before("startedBefore", a.Start.Time) && q.after("startedAfter", a.Start.Time) && q.before("finishedBefore", a.End.Time) && q.after("finishedAfter", a.End.Time) && q.unowned()
	}
	return history(ctx, s, p, q, part[PastActivity]{func(f *past) []PastActivity { return f.activities }, wants, sorts[PastActivity]{
		"activityInstanceId": func(a, b PastActivity) int { return cmp.Compare(a.ID, b.ID) },
		"instanceId":         func(a, b PastActivity) int { return cmp.Compare(a.Instance, b.Instance) },
		"executionId":        func(a, b PastActivity) int { return cmp.Compare(a.Execution, b.Execution) },
		"activityId":         func(a, b PastActivity) int { return cmp.Compare(a.Activity, b.Activity) },
		"activityName":       func(a, b PastActivity) int { return cmp.Compare(textOf(a.Name), textOf(b.Name)) },
		"activityType":       func(a, b PastActivity) int { return cmp.Compare(a.Type, b.Type) },
		"startTime":          func(a, b PastActivity) int { return a.Start.Compare(b.Start.Time) },
		"endTime":            func(a, b PastActivity) int { return a.End.Compare(b.End.Time) },
		"duration":           func(a, b PastActivity) int { return compareNumbers(a.Duration, b.Duration) },
		"definitionId":       func(a, b PastActivity) int { return cmp.Compare(a.Definition, b.Definition) },
		"occurrence":         func(a, b PastActivity) int { return a.Start.Compare(b.Start.Time) },
		"tenantId":           func(PastActivity, PastActivity) int { return 0 },
	}})
}

// PastVariables lists the variables of the history; those that were removed only where they are asked for.
func (s *Service) PastVariables(ctx context.Context, p access.Principal, q Query) ([]PastVariable, int, error) {
	wants := func(v PastVariable) bool {
		return (v.State != "DELETED" || q.Flag("includeDeleted")) && q.is("variableName", v.Name) && q.in("variableNameIn", v.Name) && q.like("variableNameLike", v.Name) && q.in("executionIdIn", v.Execution) &&
			q.in("activityInstanceIdIn", v.ActivityInstance) && (!q.Has("variableValue") || equal(v.raw, scalar(q.Text("variableValue")))) && q.in("variableTypeIn", v.Type) && q.unowned()
	}
	list, total, err := history(ctx, s, p, q, part[PastVariable]{func(f *past) []PastVariable { return f.variables }, wants, sorts[PastVariable]{
		"instanceId":   func(a, b PastVariable) int { return cmp.Compare(a.Instance, b.Instance) },
		"variableName": func(a, b PastVariable) int { return cmp.Compare(a.Name, b.Name) },
		"tenantId":     func(PastVariable, PastVariable) int { return 0 },
	}})
	return list, total, err
}

var jobLogSorts = sorts[PastJob]{
	"timestamp":            func(a, b PastJob) int { return a.Time.Compare(b.Time.Time) },
	"taskId":               func(a, b PastJob) int { return cmp.Compare(a.External, b.External) },
	"jobId":                func(a, b PastJob) int { return cmp.Compare(a.job, b.job) },
	"topicName":            func(a, b PastJob) int { return cmp.Compare(textOf(a.Topic), textOf(b.Topic)) },
	"retries":              func(a, b PastJob) int { return cmp.Compare(a.Retries, b.Retries) },
	"jobRetries":           func(a, b PastJob) int { return cmp.Compare(a.Retries, b.Retries) },
	"priority":             func(a, b PastJob) int { return cmp.Compare(a.Priority, b.Priority) },
	"jobPriority":          func(a, b PastJob) int { return cmp.Compare(a.Priority, b.Priority) },
	"activityId":           func(a, b PastJob) int { return cmp.Compare(a.Activity, b.Activity) },
	"executionId":          func(a, b PastJob) int { return cmp.Compare(a.Execution, b.Execution) },
	"processInstanceId":    func(a, b PastJob) int { return cmp.Compare(a.Instance, b.Instance) },
	"processDefinitionId":  func(a, b PastJob) int { return cmp.Compare(a.Definition, b.Definition) },
	"processDefinitionKey": func(a, b PastJob) int { return cmp.Compare(a.DefinitionKey, b.DefinitionKey) },
	"occurrence":           func(a, b PastJob) int { return a.Time.Compare(b.Time.Time) },
	"tenantId":             func(PastJob, PastJob) int { return 0 },
}

// PastIncidents lists the incidents of the history.
func (s *Service) PastIncidents(ctx context.Context, p access.Principal, q Query) ([]PastIncident, int, error) {
	wants := func(i PastIncident) bool {
		return q.is("incidentId", i.ID) && q.is("incidentType", i.Type) && q.is("incidentMessage", textOf(i.Message)) && q.is("activityId", i.Activity) && q.is("failedActivityId", textOf(i.FailedActivity)) &&
			q.is("executionId", i.Execution) && q.is("configuration", i.Configuration) && q.holds("open", i.Open) && q.holds("resolved", i.Resolved) && q.holds("deleted", i.Deleted) && q.unowned()
	}
	return history(ctx, s, p, q, part[PastIncident]{func(f *past) []PastIncident { return f.incidents }, wants, sorts[PastIncident]{
		"incidentId":        func(a, b PastIncident) int { return cmp.Compare(a.ID, b.ID) },
		"createTime":        func(a, b PastIncident) int { return a.Created.Compare(b.Created.Time) },
		"endTime":           func(a, b PastIncident) int { return a.Ended.Compare(b.Ended.Time) },
		"incidentType":      func(a, b PastIncident) int { return cmp.Compare(a.Type, b.Type) },
		"activityId":        func(a, b PastIncident) int { return cmp.Compare(a.Activity, b.Activity) },
		"processInstanceId": func(a, b PastIncident) int { return cmp.Compare(a.Instance, b.Instance) },
	}})
}

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
	scenes, err := s.pastScenes(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	var list []PastTask
	for _, x := range scenes {
		rows, err := s.store.InstanceTasks(ctx, x.ID, most)
		if err != nil {
			return nil, 0, err
		}
		tokens, err := s.taskTokens(ctx, x)
		if err != nil {
			return nil, 0, err
		}
		for _, row := range rows {
			known := tokens[row.ID]
			t := x.pastTask(row, known.token)
			t.Assignee = pointer(known.assignee)
			if q.wantsPastTask(t) && q.holds("processFinished", x.State.Ended()) && q.holds("processUnfinished", !x.State.Ended()) {
				list = append(list, t)
			}
		}
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
		End: date(row.EndedAt), Key: row.NodeID, Priority: row.Priority, Due: date(row.DueAt), FollowUp: date(row.FollowUpAt), Root: x.ID.String(), State: "Created",
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
	return q.is("taskId", t.ID) && q.is("taskName", textOf(t.Name)) && q.like("taskNameLike", textOf(t.Name)) && q.is("taskAssignee", textOf(t.Assignee)) && q.like("taskAssigneeLike", textOf(t.Assignee)) && q.is("taskOwner", textOf(t.Owner)) &&
		q.is("taskDefinitionKey", t.Key) && q.in("taskDefinitionKeyIn", t.Key) && q.is("executionId", t.Execution) && q.in("activityInstanceIdIn", t.ActivityInstance) && q.ended(t.End.Time) &&
		q.is("taskDeleteReason", textOf(t.DeleteReason)) && q.like("taskDeleteReasonLike", textOf(t.DeleteReason)) && q.holds("assigned", t.Assignee != nil) && q.holds("unassigned", t.Assignee == nil) &&
		q.before("startedBefore", t.Start.Time) && q.after("startedAfter", t.Start.Time) && q.before("finishedBefore", t.End.Time) && q.after("finishedAfter", t.End.Time) && q.unowned()
}
