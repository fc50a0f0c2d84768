package camunda

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// PastDecision is a decision that was made for a business rule task, or at somebody's request: the one that was
// asked for, or one that this requires, which then names it as its root.
type PastDecision struct {
	ID               string             `json:"id"`
	Definition       string             `json:"decisionDefinitionId"`
	Key              string             `json:"decisionDefinitionKey"`
	Name             *string            `json:"decisionDefinitionName"`
	Time             Date               `json:"evaluationTime"`
	Removal          Date               `json:"removalTime"`
	Process          *string            `json:"processDefinitionId"`
	ProcessKey       *string            `json:"processDefinitionKey"`
	Instance         *string            `json:"processInstanceId"`
	CaseDefinition   *string            `json:"caseDefinitionId"`
	CaseDefined      *string            `json:"caseDefinitionKey"`
	CaseInstance     *string            `json:"caseInstanceId"`
	Activity         *string            `json:"activityId"`
	ActivityInstance *string            `json:"activityInstanceId"`
	User             *string            `json:"userId"`
	Inputs           []PastDecisionPart `json:"inputs"`
	Outputs          []PastDecisionPart `json:"outputs"`
	Collected        *float64           `json:"collectResultValue"`
	RootDecision     *string            `json:"rootDecisionInstanceId"`
	Root             *string            `json:"rootProcessInstanceId"`
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
	Root         *string `json:"rootProcessInstanceId"`
}

// decided notes the decisions of an evaluation; they are made in this order, the asked one last.
func (f *past) decided(c *engine.Change) {
	x := scene{f.state, f.process}
	root := fmt.Sprintf("%s:%d:%d", x.ID, f.at.Seq, len(f.decisions)+len(c.Decision.Decisions))
	activity := ""
	f.visit(c.Token, func(a *PastActivity) { activity = a.ID })
	f.decisions = append(f.decisions, decisions(c.Decision, root, func(n int) PastDecision {
		return PastDecision{
			ID: fmt.Sprintf("%s:%d:%d", x.ID, f.at.Seq, len(f.decisions)+1+n), Time: Date{f.at.At}, Process: pointer(x.definition()), ProcessKey: pointer(x.ProcessKey),
			Instance: pointer(x.ID.String()), Activity: pointer(c.Node), ActivityInstance: pointer(activity), Root: pointer(f.scene.Root().String()),
		}
	})...)
}

// decisions fills the decisions of an evaluation into what is known of each; the asked one has the id root.
func decisions(decided *engine.Decided, root string, known func(n int) PastDecision) []PastDecision {
	list := make([]PastDecision, 0, len(decided.Decisions))
	for n, made := range decided.Decisions {
		d := known(n)
		d.Key, d.asked = made.Key, decided.ID
		if n == len(decided.Decisions)-1 {
			d.ID, d.Definition = root, DefinitionID(made.Key, decided.Version, decided.ID)
		} else {
			d.RootDecision = pointer(root)
		}
		d.Inputs, d.Outputs = d.inputs(made), d.outputs(made)
		list = append(list, d)
	}
	return list
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

var pastDecisionSorts = sorts[PastDecision]{
	"evaluationTime": func(a, b PastDecision) int { return a.Time.Compare(b.Time.Time) },
	"tenantId":       func(PastDecision, PastDecision) int { return 0 },
}

// PastDecisions lists the decisions of the history: those of business rule tasks, and those that were made at
// somebody's request. Inputs and outputs come where they are asked for.
func (s *Service) PastDecisions(ctx context.Context, p access.Principal, q Query) ([]PastDecision, int, error) {
	known := names{}
	var failure error
	look := func(made []PastDecision) []PastDecision {
		failure = cmp.Or(failure, s.name(ctx, known, made))
		return made
	}
	list, err := gather(ctx, s, p, q, part[PastDecision]{of: func(f *past) []PastDecision { return look(f.decisions) }, wants: q.wantsPastDecision})
	if err != nil {
		return nil, 0, err
	}
	evaluated, err := s.evaluated(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	for _, d := range look(evaluated) {
		if q.wantsPastDecision(d) {
			list = append(list, d)
		}
	}
	list, total, err := finish(q, list, pastDecisionSorts)
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

// ofProcess are the parameters that no decision answers to which was made for no instance.
var ofProcess = []string{"processDefinitionId", "processDefinitionKey", "processDefinitionNameIn", "processInstanceId", "processInstanceIdIn", "processInstanceBusinessKey"}

// evaluated are the decisions that were made at somebody's request: everybody's for those who see all, else
// one's own.
func (s *Service) evaluated(ctx context.Context, p access.Principal, q Query) ([]PastDecision, error) {
	if slices.ContainsFunc(ofProcess, q.Has) {
		return nil, nil
	}
	actor := p.Username
	if p.SeesAll() {
		actor = ""
	}
	rows, err := s.store.Evaluations(ctx, actor, most)
	var list []PastDecision
	for _, e := range rows {
		list = append(list, decisions(&e.Decided, e.ID.String(), func(n int) PastDecision {
			return PastDecision{ID: fmt.Sprintf("%s:%d", e.ID, n+1), Time: Date{e.At}, User: pointer(e.Actor)}
		})...)
	}
	return list, err
}

// names are the deployed decisions by the id of the one that was asked for, and by key.
type names map[engine.ID]map[string]DecisionDefinition

// name says which deployed decisions were made.
func (s *Service) name(ctx context.Context, known names, made []PastDecision) error {
	for n := range made {
		d := &made[n]
		if known[d.asked] == nil {
			found, err := s.deployedWith(ctx, d.asked, made)
			if err != nil {
				return err
			}
			known[d.asked] = found
		}
		if deployed, ok := known[d.asked][d.Key]; ok {
			d.Definition, d.Name = deployed.ID, deployed.Name
		}
	}
	return nil
}

func (q Query) wantsPastDecision(d PastDecision) bool {
	return q.is("decisionInstanceId", d.ID) && q.in("decisionInstanceIdIn", d.ID) && q.is("decisionDefinitionId", d.Definition) && q.in("decisionDefinitionIdIn", d.Definition) &&
		q.is("decisionDefinitionKey", d.Key) && q.in("decisionDefinitionKeyIn", d.Key) && q.is("decisionDefinitionName", textOf(d.Name)) && q.like("decisionDefinitionNameLike", textOf(d.Name)) &&
		q.in("activityIdIn", textOf(d.Activity)) && q.in("activityInstanceIdIn", textOf(d.ActivityInstance)) && q.before("evaluatedBefore", d.Time.Time) && q.after("evaluatedAfter", d.Time.Time) &&
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
