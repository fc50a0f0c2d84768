package camunda

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// PastDecision is a decision that a business rule task has made: the one it asked for, or one that this
// requires, which then names it as its root.
type PastDecision struct {
	ID               string             `json:"id"`
	Definition       string             `json:"decisionDefinitionId"`
	Key              string             `json:"decisionDefinitionKey"`
	Name             *string            `json:"decisionDefinitionName"`
	Time             Date               `json:"evaluationTime"`
	Removal          Date               `json:"removalTime"`
	Process          string             `json:"processDefinitionId"`
	ProcessKey       string             `json:"processDefinitionKey"`
	Instance         string             `json:"processInstanceId"`
	CaseDefinition   *string            `json:"caseDefinitionId"`
	CaseDefined      *string            `json:"caseDefinitionKey"`
	CaseInstance     *string            `json:"caseInstanceId"`
	Activity         string             `json:"activityId"`
	ActivityInstance string             `json:"activityInstanceId"`
	User             *string            `json:"userId"`
	Inputs           []PastDecisionPart `json:"inputs"`
	Outputs          []PastDecisionPart `json:"outputs"`
	Collected        *float64           `json:"collectResultValue"`
	RootDecision     *string            `json:"rootDecisionInstanceId"`
	Root             string             `json:"rootProcessInstanceId"`
	Requirements     *string            `json:"decisionRequirementsDefinitionId"`
	RequirementsKey  *string            `json:"decisionRequirementsDefinitionKey"`
	Tenant           *string            `json:"tenantId"`

	asked engine.ID // the decision that the task asked for
}

// PastDecisionPart is an input or an output of a decision. The ids of columns are not kept.
type PastDecisionPart struct {
	ID       string `json:"id"`
	Decision string `json:"decisionInstanceId"`
	Value
	ClauseID     *string `json:"clauseId"`
	ClauseName   *string `json:"clauseName"`
	RuleID       *string `json:"ruleId,omitempty"`
	RuleOrder    *int    `json:"ruleOrder,omitempty"`
	Variable     *string `json:"variableName,omitempty"`
	ErrorMessage *string `json:"errorMessage"`
	Created      Date    `json:"createTime"`
	Removal      Date    `json:"removalTime"`
	Root         string  `json:"rootProcessInstanceId"`
}

// decided notes the decisions of an evaluation; they are made in this order, the asked one last.
func (f *past) decided(c *engine.Change) {
	x := scene{f.state, f.process}
	root := fmt.Sprintf("%s:%d:%d", x.ID, f.at.Seq, len(f.decisions)+len(c.Decision.Decisions))
	activity := ""
	f.visit(c.Token, func(a *PastActivity) { activity = a.ID })
	for n, made := range c.Decision.Decisions {
		d := PastDecision{
			ID: fmt.Sprintf("%s:%d:%d", x.ID, f.at.Seq, len(f.decisions)+1), Key: made.Key, Time: Date{f.at.At}, Process: x.definition(), ProcessKey: x.ProcessKey,
			Instance: x.ID.String(), Activity: c.Node, ActivityInstance: activity, Root: f.scene.Root().String(), asked: c.Decision.ID,
		}
		if n == len(c.Decision.Decisions)-1 {
			d.ID, d.Definition = root, DefinitionID(made.Key, c.Decision.Version, c.Decision.ID)
		} else {
			d.RootDecision = pointer(root)
		}
		d.Inputs, d.Outputs = d.inputs(made), d.outputs(made)
		f.decisions = append(f.decisions, d)
	}
}

// part is an input or an output with the value, which may have been cut.
func (d *PastDecision) part(kind string, n int, value expr.Value) PastDecisionPart {
	return PastDecisionPart{ID: fmt.Sprintf("%s:%s%d", d.ID, kind, n), Decision: d.ID, Value: Show(value, "", true), Created: d.Time, Root: d.Root}
}

func (d *PastDecision) inputs(made engine.DecisionMade) []PastDecisionPart {
	list := []PastDecisionPart{}
	for n, raw := range made.Inputs {
		if value, err := expr.Unmarshal(raw); err == nil {
			list = append(list, d.part("in", n, value))
		}
	}
	return list
}

func (d *PastDecision) outputs(made engine.DecisionMade) []PastDecisionPart {
	list := []PastDecisionPart{}
	value, err := expr.Unmarshal(made.Outputs)
	rules, isList := value.([]expr.Value)
	if err != nil || !isList {
		return list
	}
	for n, rule := range rules {
		outputs, _ := rule.(map[string]expr.Value)
		for _, name := range sortedNames(outputs) {
			p := d.part("out", len(list), outputs[name])
			p.Variable = pointer(name)
			if len(made.Matched) == len(rules) { // else an aggregation has made one of several
				order := n + 1
				p.RuleID, p.RuleOrder = pointer(made.Matched[n]), &order
			}
			list = append(list, p)
		}
	}
	return list
}

// PastDecisions lists the decisions of the history: those of business rule tasks, but none that was made
// through the API. Inputs and outputs come where they are asked for.
func (s *Service) PastDecisions(ctx context.Context, p access.Principal, q Query) ([]PastDecision, int, error) {
	known := map[engine.ID]map[string]DecisionDefinition{} // by the asked decision, by key
	var failure error
	of := func(f *past) []PastDecision {
		for n := range f.decisions {
			d := &f.decisions[n]
			if known[d.asked] == nil {
				found, err := s.deployedWith(ctx, d.asked, f.decisions)
				failure = cmp.Or(failure, err)
				known[d.asked] = found
			}
			if deployed, ok := known[d.asked][d.Key]; ok {
				d.Definition, d.Name = deployed.ID, deployed.Name
			}
		}
		return f.decisions
	}
	list, total, err := history(ctx, s, p, q, part[PastDecision]{of, q.wantsPastDecision, sorts[PastDecision]{
		"evaluationTime": func(a, b PastDecision) int { return a.Time.Compare(b.Time.Time) },
		"tenantId":       func(PastDecision, PastDecision) int { return 0 },
	}})
	for n := range list {
		if !q.Flag("includeInputs") {
			list[n].Inputs = nil
		}
		if !q.Flag("includeOutputs") {
			list[n].Outputs = nil
		}
	}
	return list, total, cmp.Or(err, failure)
}

func (q Query) wantsPastDecision(d PastDecision) bool {
	return q.is("decisionInstanceId", d.ID) && q.in("decisionInstanceIdIn", d.ID) && q.is("decisionDefinitionId", d.Definition) && q.in("decisionDefinitionIdIn", d.Definition) &&
		q.is("decisionDefinitionKey", d.Key) && q.in("decisionDefinitionKeyIn", d.Key) && q.is("decisionDefinitionName", textOf(d.Name)) && q.like("decisionDefinitionNameLike", textOf(d.Name)) &&
		q.in("activityIdIn", d.Activity) && q.in("activityInstanceIdIn", d.ActivityInstance) && q.before("evaluatedBefore", d.Time.Time) && q.after("evaluatedAfter", d.Time.Time) &&
		q.is("userId", textOf(d.User)) && q.holds("rootDecisionInstancesOnly", d.RootDecision == nil) &&
		(!q.Has("rootDecisionInstanceId") || q.Text("rootDecisionInstanceId") == cmp.Or(textOf(d.RootDecision), d.ID)) &&
		!q.Has("caseDefinitionId") && !q.Has("caseDefinitionKey") && !q.Has("caseInstanceId") && q.unowned()
}

// deployedWith returns the deployed decisions with the keys of some that were made, from the deployment of
// one of them; what is deleted is left out.
func (s *Service) deployedWith(ctx context.Context, asked engine.ID, made []PastDecision) (map[string]DecisionDefinition, error) {
	found := map[string]DecisionDefinition{}
	root, _, err := s.store.Decision(ctx, asked)
	switch {
	case err != nil && Failure(err).Status == http.StatusNotFound: // deleted with its deployment
		return found, nil
	case err != nil:
		return found, err
	}
	for _, d := range made {
		if _, known := found[d.Key]; known || d.asked != asked {
			continue
		}
		rows, err := s.store.Decisions(ctx, store.DefinitionFilter{Key: d.Key}, page.Request{Limit: most})
		if err != nil {
			return found, err
		}
		for _, row := range rows.Items {
			if row.DeploymentID == root.DeploymentID {
				found[d.Key] = showDecision(row)
			}
		}
	}
	return found, nil
}

// PastDecision returns one decision of the history with its inputs and outputs where they are asked for.
func (s *Service) PastDecision(ctx context.Context, p access.Principal, id string, q Query) (PastDecision, error) {
	list, _, err := s.PastDecisions(ctx, p, q.with("decisionInstanceId", id))
	if err == nil && len(list) == 0 {
		err = NotFound("Historic decision instance with id '%s' does not exist", id)
	}
	if err != nil {
		return PastDecision{}, err
	}
	return list[0], nil
}
