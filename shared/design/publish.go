package design

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Publishing is the body that publishes a design.
type Publishing struct {
	Comment string `json:"comment"`
	// Listeners says what becomes of listeners that are Java code: refuse, ignore or job. Without it the
	// setting DIOM_LISTENERS does.
	Listeners string `json:"listeners"`
}

// Options are the body of what reads the model of a design; Listeners is as in Publishing.
type Options struct {
	Listeners string `json:"listeners"`
	// Content is checked instead of the saved one, such as while somebody still draws.
	Content *string `json:"content"`
}

// Verdict is what is to be said of a design that can be published.
type Verdict struct {
	Warnings []fault.Detail `json:"warnings"`
}

// Validate checks a design, or what is to be its content, as its publication would. It returns the errors of Publish:
// ErrInvalid, bpmn.ErrModel, dmn.ErrModel or ErrForm with one detail for each problem.
func (s *Service) Validate(ctx context.Context, call workflow.Call, id engine.ID, o Options) (*Verdict, error) {
	d, err := s.store.Design(ctx, id)
	if err != nil {
		return nil, err
	}
	set(&d.Content, o.Content)
	var v validation
	v.content(d.Content)
	if err := v.err(); err != nil {
		return nil, err
	}
	x, err := s.examine(ctx, call, d, o.Listeners)
	if err != nil {
		return nil, err
	}
	return &Verdict{x.Warnings}, nil
}

// Publish deploys a design that still has the version match, in one transaction with the design's own state,
// and returns the answer of the deployment. Errors: ErrInvalid, store.ErrNoDesign, store.ErrPeopleStale, bpmn.ErrModel, ErrForm,
// store.ErrRepeated, and the other errors of a deployment.
func (s *Service) Publish(ctx context.Context, call workflow.Call, id engine.ID, in Publishing, match int64) (json.RawMessage, error) {
	var v validation
	v.text("/comment", in.Comment, maxText)
	if err := v.err(); err != nil {
		return nil, err
	}
	d, err := s.store.Design(ctx, id)
	if err != nil {
		return nil, err
	}
	if match != 0 && match != d.Version {
		return nil, store.ErrPeopleStale
	}
	if _, err := s.examine(ctx, call, d, in.Listeners); err != nil {
		return nil, err
	}
	request := deployment(d, in.Listeners)
	// The content was read before: the transaction holds that it is still the design's.
	request.Design = &store.Publication{ID: d.ID, Match: d.Version, Comment: in.Comment}
	raw, err := s.workflow.Deploy(ctx, call, request)
	if err != nil {
		return nil, fmt.Errorf("design %s: %w", id, err)
	}
	return raw, nil
}

// deployment is the one that publishes a design.
func deployment(d store.Design, listeners string) workflow.DeploymentRequest {
	name := []rune(d.Key)
	name = name[:min(len(name), maxName-len(d.Kind)-1)]
	return workflow.DeploymentRequest{
		Name: d.Name, Listeners: listeners, Source: "design", Other: d.Kind == store.DesignForm,
		Resources: []store.Resource{{Name: string(name) + "." + d.Kind, Kind: d.Kind, Content: []byte(d.Content)}},
	}
}

// examine checks the content of a design, and that what has its key is in it.
func (s *Service) examine(ctx context.Context, call workflow.Call, d store.Design, listeners string) (*workflow.Examined, error) {
	file := "/resources/" + deployment(d, "").Resources[0].Name
	if d.Kind == store.DesignForm {
		if problems := checkForm(d.Key, d.Content); len(problems) > 0 {
			for i := range problems {
				problems[i].Pointer = file + problems[i].Pointer
			}
			return nil, ErrForm.With(problems...)
		}
	}
	x, err := s.workflow.Examine(ctx, call, deployment(d, listeners))
	if err != nil {
		return nil, err
	}
	found := d.Kind == store.DesignForm ||
		slices.ContainsFunc(x.Processes, func(p *bpmn.Process) bool { return p.Key == d.Key }) ||
		slices.ContainsFunc(x.Decisions, func(f store.DeployedDecision) bool { return f.Key == d.Key || f.ModelKey == d.Key })
	if !found {
		return nil, bpmn.ErrModel.With(fault.Detail{
			Pointer: file, Code: "design_key", Rule: "design_key", Element: d.Key,
			Detail: "The file has no process and no decision with the key of the design, " + d.Key + ".",
			Fix:    "Give the process or decision this id, or make another design for it.",
		})
	}
	return x, nil
}
