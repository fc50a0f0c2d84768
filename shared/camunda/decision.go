package camunda

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// DecisionDefinition is a deployed decision.
type DecisionDefinition struct {
	ID              string  `json:"id"`
	Key             string  `json:"key"`
	Category        *string `json:"category"`
	Name            *string `json:"name"`
	Version         int     `json:"version"`
	Resource        string  `json:"resource"`
	DeploymentID    string  `json:"deploymentId"`
	Tenant          *string `json:"tenantId"`
	Requirements    *string `json:"decisionRequirementsDefinitionId"`
	RequirementsKey *string `json:"decisionRequirementsDefinitionKey"`
	TimeToLive      *int    `json:"historyTimeToLive"`
	VersionTag      *string `json:"versionTag"`

	row store.DeployedDecision
}

func showDecision(d store.DeployedDecision) DecisionDefinition {
	return DecisionDefinition{
		ID: DefinitionID(d.Key, d.Version, d.ID), Key: d.Key, Name: pointer(d.Name), Version: d.Version, Resource: d.Resource,
		DeploymentID: d.DeploymentID.String(), VersionTag: pointer(d.VersionTag), row: d,
	}
}

var decisionSorts = sorts[DecisionDefinition]{
	"id":           func(a, b DecisionDefinition) int { return cmp.Compare(a.ID, b.ID) },
	"key":          func(a, b DecisionDefinition) int { return cmp.Compare(a.Key, b.Key) },
	"name":         func(a, b DecisionDefinition) int { return cmp.Compare(textOf(a.Name), textOf(b.Name)) },
	"version":      func(a, b DecisionDefinition) int { return cmp.Compare(a.Version, b.Version) },
	"deploymentId": func(a, b DecisionDefinition) int { return cmp.Compare(a.DeploymentID, b.DeploymentID) },
	"deployTime":   func(a, b DecisionDefinition) int { return a.row.DeployedAt.Compare(b.row.DeployedAt) },
	"versionTag":   func(a, b DecisionDefinition) int { return cmp.Compare(textOf(a.VersionTag), textOf(b.VersionTag)) },
	"category":     func(DecisionDefinition, DecisionDefinition) int { return 0 },
	"tenantId":     func(DecisionDefinition, DecisionDefinition) int { return 0 },
}

// DecisionDefinitions lists deployed decisions.
func (s *Service) DecisionDefinitions(ctx context.Context, _ access.Principal, q Query) ([]DecisionDefinition, int, error) {
	rows, err := s.store.Decisions(ctx, store.DefinitionFilter{Key: q.Text("key"), Latest: q.Flag("latestVersion")}, page.Request{Limit: most})
	if err != nil {
		return nil, 0, err
	}
	var list []DecisionDefinition
	for _, row := range rows.Items {
		if shown := showDecision(row); q.wantsDecision(shown) {
			list = append(list, shown)
		}
	}
	return finish(q, list, decisionSorts)
}

func (q Query) wantsDecision(d DecisionDefinition) bool {
	return q.is("decisionDefinitionId", d.ID) && q.in("decisionDefinitionIdIn", d.ID) && q.like("keyLike", d.Key) &&
		q.is("name", textOf(d.Name)) && q.like("nameLike", textOf(d.Name)) && q.is("deploymentId", d.DeploymentID) &&
		q.is("version", strconv.Itoa(d.Version)) && q.is("resourceName", d.Resource) && q.like("resourceNameLike", d.Resource) &&
		q.is("versionTag", textOf(d.VersionTag)) && q.like("versionTagLike", textOf(d.VersionTag)) && q.around("deployed", d.row.DeployedAt) && q.unowned()
}

// FindDecision returns a deployed decision with its file: by id, or the latest version of a key.
func (s *Service) FindDecision(ctx context.Context, id, key string) (DecisionDefinition, []byte, error) {
	gone := NotFound("No matching decision definition with id: %s", id)
	var parsed engine.ID
	var err error
	if key != "" {
		gone = NotFound("No matching decision definition with key: %s and no tenant-id", key)
		parsed, err = s.store.FindDecision(ctx, engine.DecisionRef{Key: key}, engine.ID{})
	} else if parsed, err = ParseDefinitionID(id); err != nil {
		return DecisionDefinition{}, nil, gone
	}
	if err != nil {
		return DecisionDefinition{}, nil, Unknowns(err, gone)
	}
	d, content, err := s.store.Decision(ctx, parsed)
	return showDecision(d), content, Unknowns(err, gone)
}

// DecisionModel is the file of a decision.
type DecisionModel struct {
	ID  string `json:"id"`
	XML string `json:"dmnXml"`
}

// DecisionXML returns the file of a decision.
func (s *Service) DecisionXML(ctx context.Context, id, key string) (DecisionModel, error) {
	d, content, err := s.FindDecision(ctx, id, key)
	return DecisionModel{d.ID, string(content)}, err
}

// Evaluation is the body that evaluates a decision.
type Evaluation struct {
	Variables Variables `json:"variables"`
}

// Evaluate makes a decision: one map of outputs for each rule that matched.
func (s *Service) Evaluate(ctx context.Context, call workflow.Call, id, key string, body Evaluation) ([]Values, error) {
	d, _, err := s.FindDecision(ctx, id, key)
	if err != nil {
		return nil, err
	}
	variables, _, err := body.Variables.Read()
	if err != nil {
		return nil, As(err, http.StatusBadRequest, invalidRequest, "Cannot evaluate decision "+cmp.Or(id, key)+": ")
	}
	answer, err := s.workflow.EvaluateDecision(ctx, call, workflow.DecisionChoice{ID: d.row.ID}, variables)
	if err != nil {
		return nil, As(err, http.StatusInternalServerError, restException, "Cannot evaluate decision "+cmp.Or(id, key)+": ")
	}
	results := make([]Values, len(answer.Results))
	for i, outputs := range answer.Results {
		results[i] = ShowAll(outputs, nil, true)
	}
	return results, nil
}
