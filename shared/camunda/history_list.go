package camunda

import (
	"cmp"
	"context"

	"diom.io/workflow/shared/access"
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
	if q.Has("variableValue") && !q.Has("variableName") {
		return nil, 0, BadRequest("Only a single variable value parameter specified: variable name and value are required to be able to query after a specific variable value.")
	}
	wants := func(v PastVariable) bool {
		return (v.State != "DELETED" || q.Flag("includeDeleted")) && q.is("variableName", v.Name) && q.in("variableNameIn", v.Name) && q.like("variableNameLike", v.Name) && q.in("executionIdIn", v.Execution) &&
			q.in("activityInstanceIdIn", v.ActivityInstance) && (!q.Has("variableValue") || equal(v.raw, scalar(q.Text("variableValue")))) && q.inAnyCase("variableTypeIn", v.Type) &&
			q.in("taskIdIn", textOf(v.Task)) && q.unowned()
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
		return q.is("incidentId", i.ID) && q.is("incidentType", i.Type) && q.is("incidentMessage", textOf(i.Message)) && q.like("incidentMessageLike", textOf(i.Message)) && q.is("activityId", i.Activity) && q.is("failedActivityId", textOf(i.FailedActivity)) &&
			q.in("processDefinitionKeyIn", i.DefinitionKey) && q.before("createTimeBefore", i.Created.Time) && q.after("createTimeAfter", i.Created.Time) &&
			q.before("endTimeBefore", i.Ended.Time) && q.after("endTimeAfter", i.Ended.Time) &&
			q.is("executionId", i.Execution) && q.is("configuration", textOf(i.Configuration)) && q.holds("open", i.Open) && q.holds("resolved", i.Resolved) && q.holds("deleted", i.Deleted) && q.unowned()
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
