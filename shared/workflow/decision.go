package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// chooser is a deployed decision with the model of its file.
type decision struct {
	store.DeployedDecision
	model *dmn.Model
}

// decision returns a deployed decision by its id; its file is read once a process.
func (s *Service) decision(ctx context.Context, id engine.ID) (*decision, error) {
	return s.decisions.Get(ctx, id, otter.LoaderFunc[engine.ID, *decision](
		func(ctx context.Context, id engine.ID) (*decision, error) {
			d, _, err := s.store.Decision(ctx, id)
			if err != nil {
				return nil, err
			}
			files, err := s.store.DecisionFiles(ctx, d.DeploymentID)
			if err != nil {
				return nil, err
			}
			models, err := decisionModels(files)
			if err != nil {
				return nil, err
			}
			if models[d.Resource] == nil {
				return nil, fmt.Errorf("decision %s: its deployment has no file %s", id, d.Resource)
			}
			return &decision{d, models[d.Resource]}, nil
		}))
}

// answerDecision finds what a step needs. A decision that is not there is an answer, too: its task is an
// incident.
func (s *Service) answerDecision(ctx context.Context, ref engine.DecisionRef, deployment engine.ID) (engine.Decision, error) {
	id, err := s.store.FindDecision(ctx, ref, deployment)
	if errors.Is(err, dmn.ErrNoDecision) || errors.Is(err, store.ErrVersionTag) {
		return engine.Decision{}, nil
	}
	if err != nil {
		return engine.Decision{}, err
	}
	d, err := s.decision(ctx, id)
	if err != nil {
		return engine.Decision{}, err
	}
	return engine.Decision{ID: d.ID, Key: d.Key, Version: d.Version, Model: d.model}, nil
}

// Decisions returns the deployed decision that a step needs, for a step that has no effect; the zero
// decision where there is none. deployment is the one of the process that asks.
func (s *Service) Decisions(ctx context.Context, ref engine.DecisionRef, deployment engine.ID) (engine.Decision, error) {
	return s.answerDecision(ctx, ref, deployment)
}

// DecisionChoice names a deployed decision: by its id, or by its key and, if one is given, version or version
// tag; else the latest version.
type DecisionChoice struct {
	ID         engine.ID
	Key        string
	Version    int
	VersionTag string
}

// DecisionRequest is what a caller gives to evaluate a decision.
type DecisionRequest struct {
	Variables engine.Variables `json:"variables"`
	Version   int              `json:"version"`
}

// DecisionAnswer is what a decision gives.
type DecisionAnswer struct {
	Decision store.DeployedDecision `json:"decision"`
	// Results has the outputs by their names for each rule that matched.
	Results []engine.Variables `json:"results"`
	// Evaluated are the decisions in the order in which they were made, the asked one last.
	Evaluated []EvaluatedDecision `json:"evaluated"`
	// Diagnostics say where null stands for a mistake.
	Diagnostics []Diagnostic `json:"diagnostics"`
}

// EvaluatedDecision is one decision that was made.
type EvaluatedDecision struct {
	Key     string             `json:"key"`
	Inputs  []json.RawMessage  `json:"inputs"`  // of a decision table, by its columns
	Matched []string           `json:"matched"` // the ids of the rules
	Outputs []engine.Variables `json:"outputs"`
}

// Diagnostic says why something became null; Where is the source of the expression.
type Diagnostic struct {
	Where   string `json:"where"`
	Message string `json:"message"`
}

// EvaluateDecision makes a deployed decision with the given variables, and keeps who asked for it and what
// came of it. It returns dmn.ErrNoDecision, store.ErrVersionTag, dmn.ErrEvaluation or dmn.ErrBudget.
func (s *Service) EvaluateDecision(ctx context.Context, call Call, choice DecisionChoice, variables engine.Variables) (*DecisionAnswer, error) {
	if err := checkVariables(variables); err != nil {
		return nil, err
	}
	d, err := s.choose(ctx, choice)
	if err != nil {
		return nil, err
	}
	now := instant()
	result, err := d.model.Evaluate(d.Key, variables, now.In(s.location))
	if err != nil {
		return nil, diagnosed(err, d)
	}
	answer, err := answerOf(d, result)
	if err != nil {
		return nil, err
	}
	made := engine.RecordDecision(engine.Decision{ID: d.ID, Key: d.Key, Version: d.Version, Model: d.model}, result)
	return answer, s.store.AddEvaluation(ctx, store.Evaluation{ID: newID(), Actor: call.Principal.Username, At: now, Decided: *made})
}

func answerOf(d *decision, result *dmn.Result) (*DecisionAnswer, error) {
	answer := &DecisionAnswer{Decision: d.DeployedDecision, Results: outputs(result.Rules), Evaluated: []EvaluatedDecision{}, Diagnostics: []Diagnostic{}}
	for _, e := range result.Evaluated {
		made := EvaluatedDecision{Key: e.DecisionID, Inputs: []json.RawMessage{}, Matched: append([]string{}, e.Matched...), Outputs: outputs(e.Rules)}
		for _, in := range e.Inputs {
			raw, err := expr.Marshal(in)
			if err != nil {
				return nil, err
			}
			made.Inputs = append(made.Inputs, raw)
		}
		answer.Evaluated = append(answer.Evaluated, made)
	}
	for _, g := range result.Diagnostics {
		answer.Diagnostics = append(answer.Diagnostics, Diagnostic{g.Where, g.Message})
	}
	return answer, nil
}

func (s *Service) choose(ctx context.Context, c DecisionChoice) (*decision, error) {
	id := c.ID
	if id.IsZero() {
		ref := engine.DecisionRef{Key: c.Key, Version: c.Version, VersionTag: c.VersionTag, Binding: bpmn.CallLatest}
		switch {
		case c.Version != 0:
			ref.Binding = bpmn.CallVersion
		case c.VersionTag != "":
			ref.Binding = bpmn.CallVersionTag
		}
		var err error
		if id, err = s.store.FindDecision(ctx, ref, engine.ID{}); err != nil {
			return nil, err
		}
	}
	return s.decision(ctx, id)
}

// diagnosed points a failed evaluation to the decision.
func diagnosed(err error, d *decision) error {
	failed := (*fault.Error)(nil)
	if !errors.As(err, &failed) || len(failed.Details) > 0 {
		return err
	}
	line := 0
	if m := d.model.Decision(d.Key); m != nil {
		line = m.Line
	}
	return failed.With(fault.Detail{
		Pointer: "/variables", Code: failed.Code, Element: d.Key, Name: d.Name, Line: line, Detail: failed.Message,
		Fix: "Correct the variables, or the rules in " + d.Resource + ".",
	})
}

func outputs(rules []map[string]expr.Value) []engine.Variables {
	list := make([]engine.Variables, len(rules))
	for i, r := range rules {
		list[i] = r
	}
	return list
}
