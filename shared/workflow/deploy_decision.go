package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// readDecisions reads every DMN file and gathers the decisions of d, and the problems. err is a breach that
// is no problem of the model.
func readDecisions(d *store.Deployment) (problems []fault.Detail, err error) {
	d.Decisions = []store.DeployedDecision{}
	models, err := decisionModels(d.Resources)
	if err != nil {
		if !errors.Is(err, dmn.ErrModel) {
			return nil, err
		}
		problems = fault.From(err).Details
	}
	files := map[string]string{}
	for _, r := range d.Resources {
		model := models[r.Name]
		if model == nil {
			continue
		}
		for _, decision := range model.Decisions {
			if wrong := unusable(decision, files[decision.ID], r.Name); wrong != nil {
				problems = append(problems, *wrong)
			}
			files[decision.ID] = r.Name
			d.Decisions = append(d.Decisions, store.DeployedDecision{
				ID: newID(), Key: decision.ID, Name: short(decision.Name, decision.ID), VersionTag: decision.VersionTag,
				ModelKey: short(model.ID, r.Name), Resource: r.Name,
			})
		}
	}
	return problems, nil
}

// unusable returns why a decision cannot be kept; other is the file that has the same one.
func unusable(d *dmn.Decision, other, file string) *fault.Detail {
	wrong := &fault.Detail{Pointer: "/resources/" + file, Element: d.ID, Name: d.Name, Line: d.Line}
	switch {
	case other != "":
		wrong.Code, wrong.Detail = "duplicate_decision_key", "the decision is also in "+other
		wrong.Fix = "deploy one of the two, or give it another id"
	case utf8.RuneCountInString(d.ID) > maxName || utf8.RuneCountInString(d.VersionTag) > maxName:
		wrong.Code, wrong.Detail = "decision_name_too_long", "the id or the version tag has more than 255 characters"
		wrong.Fix = "shorten it"
	default:
		return nil
	}
	wrong.Rule = wrong.Code
	return wrong
}

// short cuts a name to what its column holds; otherwise stands where there is none.
func short(name, otherwise string) string {
	if name == "" {
		name = otherwise
	}
	runes := []rune(name)
	return string(runes[:min(len(runes), maxName)])
}

// decisionModels reads the DMN files among resources, by their names: a file after those that it imports. It
// returns what could be read, and dmn.ErrModel with the problems of the rest; another error is about one file.
func decisionModels(resources []store.Resource) (map[string]*dmn.Model, error) {
	r := &decisionReader{models: map[string]*dmn.Model{}, visited: map[string]bool{}}
	for _, resource := range resources {
		if resource.Kind == kindDecision {
			r.files = append(r.files, resource)
		}
	}
	for _, file := range r.files {
		if _, err := r.read(file); err != nil {
			return nil, err
		}
	}
	if len(r.problems) > 0 {
		return r.models, dmn.ErrModel.With(r.problems...)
	}
	return r.models, nil
}

// decisionReader reads files that may import one another.
type decisionReader struct {
	files    []store.Resource
	models   map[string]*dmn.Model
	visited  map[string]bool
	problems []fault.Detail
}

// read returns the model of a file with those that it imports, nil when it has problems or imports itself.
func (r *decisionReader) read(file store.Resource) ([]*dmn.Model, error) {
	if model := r.models[file.Name]; model != nil || r.visited[file.Name] {
		return known(model), nil
	}
	r.visited[file.Name] = true
	o := dmn.Options{File: file.Name}
	_, imports := dmn.Imports(file.Content)
	for _, i := range imports {
		for _, other := range r.files {
			if own, _ := dmn.Imports(other.Content); own != i.Namespace || other.Name == file.Name {
				continue
			}
			models, err := r.read(other)
			if err != nil {
				return nil, err
			}
			o.Imports = append(o.Imports, models...)
		}
	}
	model, err := dmn.Read(file.Content, o)
	if errors.Is(err, dmn.ErrModel) {
		r.problems = append(r.problems, fault.From(err).Details...)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.models[file.Name] = model
	return known(model), nil
}

func known(model *dmn.Model) []*dmn.Model {
	if model == nil {
		return nil
	}
	return []*dmn.Model{model}
}

// literalDecisions lists the decisions that a process names.
func literalDecisions(p *bpmn.Process) []store.UsedDecision {
	var list []store.UsedDecision
	for _, n := range p.Nodes {
		if n.Work != nil && n.Work.Decision != nil && n.Work.Decision.Key.IsLiteral() {
			d := n.Work.Decision
			list = append(list, store.UsedDecision{Key: d.Key.Source(), SameDeployment: d.Binding == bpmn.CallDeployment, NodeID: n.ID, Name: n.Name, Line: n.Line})
		}
	}
	return list
}

// warnOfDecisions adds a warning for each decision that is not there: it may be deployed later, and until
// then its task is an incident.
func (s *Service) warnOfDecisions(ctx context.Context, d *store.Deployment, warnings []fault.Detail) ([]fault.Detail, error) {
	for _, user := range d.Definitions {
		for _, used := range user.Uses {
			known := slices.ContainsFunc(d.Decisions, func(other store.DeployedDecision) bool { return other.Key == used.Key })
			if !known && !used.SameDeployment {
				var err error
				if known, err = s.store.IsDecisionDeployed(ctx, used.Key); err != nil {
					return nil, err
				}
			}
			if !known {
				warnings = append(warnings, unknownDecision(user, used))
			}
		}
	}
	return warnings, nil
}

func unknownDecision(user store.Definition, used store.UsedDecision) fault.Detail {
	w := fault.Detail{
		Pointer: "/resources/" + user.Resource, Code: "decision_unknown", Rule: "decision_unknown", Element: used.NodeID, Name: used.Name, Line: used.Line,
		Detail: fmt.Sprintf("The decision %s that the business rule task makes has not been deployed.", used.Key),
		Fix:    "Deploy it before an instance gets there, or correct the decisionRef.",
	}
	if used.SameDeployment {
		w.Detail = fmt.Sprintf("The deployment has no decision %s, which the business rule task makes from the same deployment.", used.Key)
		w.Fix = "Add its file to the deployment, or choose another decisionRefBinding."
	}
	return w
}
