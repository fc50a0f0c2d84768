package camunda

import (
	"cmp"
	"context"
	"fmt"

	"diom.io/workflow/shared/access"
)

// PastDetail is one value that a variable was given.
type PastDetail struct {
	ID   string `json:"id"`
	Kind string `json:"type"`
	// Value without the type, which here has another name.
	Shown            any            `json:"value"`
	Info             map[string]any `json:"valueInfo"`
	VariableType     string         `json:"variableType"`
	Variable         string         `json:"variableName"`
	VariableInstance string         `json:"variableInstanceId"`
	Initial          bool           `json:"initial"`
	Revision         int            `json:"revision"`
	ErrorMessage     *string        `json:"errorMessage"`
	DefinitionKey    string         `json:"processDefinitionKey"`
	Definition       string         `json:"processDefinitionId"`
	Instance         string         `json:"processInstanceId"`
	ActivityInstance string         `json:"activityInstanceId"`
	Execution        string         `json:"executionId"`
	Task             *string        `json:"taskId"`
	CaseDefined      *string        `json:"caseDefinitionKey"`
	Tenant           *string        `json:"tenantId"`
	Operation        *string        `json:"userOperationId"`
	Time             Date           `json:"time"`
	Removal          Date           `json:"removalTime"`
	Root             string         `json:"rootProcessInstanceId"`
}

// variableUpdate is the one kind of detail that is kept.
const variableUpdate = "variableUpdate"

// detail notes that a variable was set.
func (f *past) detail(v PastVariable, first bool) {
	f.revisions[v.ID]++
	f.details = append(f.details, PastDetail{
		ID: fmt.Sprintf("%s:%d:%d", v.Instance, f.at.Seq, len(f.details)), Kind: variableUpdate, Shown: v.Value.Value, Info: v.Info, VariableType: v.Type, Variable: v.Name,
		VariableInstance: v.ID, Initial: first && f.at.Seq == 1, Revision: f.revisions[v.ID] - 1, DefinitionKey: v.DefinitionKey, Definition: v.Definition, Instance: v.Instance,
		ActivityInstance: v.ActivityInstance, Execution: v.Execution, Time: Date{f.at.At}, Root: v.Root,
	})
}

// PastDetails lists what variables were set to, one after the other.
func (s *Service) PastDetails(ctx context.Context, p access.Principal, q Query) ([]PastDetail, int, error) {
	wants := func(d PastDetail) bool {
		return q.is("variableInstanceId", d.VariableInstance) && q.in("variableTypeIn", d.VariableType) && q.in("variableNameIn", d.Variable) && q.like("variableNameLike", d.Variable) && q.is("executionId", d.Execution) &&
			q.is("activityInstanceId", d.ActivityInstance) && q.holds("initial", d.Initial) && q.before("occurredBefore", d.Time.Time) && q.after("occurredAfter", d.Time.Time) &&
			!q.Flag("formFields") && !q.Has("taskId") && !q.Has("userOperationId") && !q.Has("caseInstanceId") && !q.Has("caseExecutionId") && q.unowned()
	}
	return history(ctx, s, p, q, part[PastDetail]{func(f *past) []PastDetail { return f.details }, wants, sorts[PastDetail]{
		"processInstanceId": func(a, b PastDetail) int { return cmp.Compare(a.Instance, b.Instance) },
		"variableName":      func(a, b PastDetail) int { return cmp.Compare(a.Variable, b.Variable) },
		"variableType":      func(a, b PastDetail) int { return cmp.Compare(a.VariableType, b.VariableType) },
		"variableRevision":  func(a, b PastDetail) int { return cmp.Compare(a.Revision, b.Revision) },
		"formPropertyId":    func(PastDetail, PastDetail) int { return 0 },
		"time":              func(a, b PastDetail) int { return a.Time.Compare(b.Time.Time) },
		"occurrence":        func(a, b PastDetail) int { return a.Time.Compare(b.Time.Time) },
		"tenantId":          func(PastDetail, PastDetail) int { return 0 },
	}})
}

// PastDetail returns one detail of the history.
func (s *Service) PastDetail(ctx context.Context, p access.Principal, id string) (PastDetail, error) {
	list, _, err := s.PastDetails(ctx, p, Query{values: map[string]any{}})
	for _, one := range list {
		if one.ID == id {
			return one, nil
		}
	}
	if err == nil {
		err = NotFound("Historic detail with id '%s' does not exist", id)
	}
	return PastDetail{}, err
}
