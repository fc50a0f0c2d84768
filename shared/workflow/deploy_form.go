package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
	"diom.io/workflow/shared/store"
)

// kindForm is the kind of a resource that is a form.
const kindForm = "form"

// readForms reads every form of a deployment and gathers them in d.
func readForms(d *store.Deployment) error {
	d.Forms = []store.Form{}
	var problems []fault.Detail
	for _, r := range d.Resources {
		if r.Kind != kindForm {
			continue
		}
		pointer := "/resources/" + r.Name
		f, err := form.Read(r.Content)
		if err != nil {
			for _, p := range fault.From(err).Details {
				p.Pointer = pointer + "#" + p.Pointer
				problems = append(problems, p)
			}
			continue
		}
		if slices.ContainsFunc(d.Forms, func(other store.Form) bool { return other.Key == f.ID }) {
			problems = append(problems, fault.Detail{
				Pointer: pointer + "#/id", Code: "duplicate_form_key", Rule: "duplicate_form_key", Element: f.ID,
				Detail: "Another file of the deployment has the form, too.", Fix: "Deploy one of the two, or give it another id.",
			})
		}
		d.Forms = append(d.Forms, store.Form{ID: newID(), Key: f.ID, Resource: r.Name})
	}
	if len(problems) > 0 {
		return form.ErrSchema.With(problems...)
	}
	return nil
}

// formOf is the form of a user task or a start event, nil for what has none.
func formOf(n *bpmn.FlowNode) *bpmn.Form {
	switch {
	case n == nil:
	case n.UserTask != nil:
		return &n.UserTask.Form
	case n.StartEvent != nil:
		return &n.StartEvent.Form
	}
	return nil
}

// deployedKey begins form keys that name a file of the deployment (Camunda 7).
const deployedKey = "camunda-forms:deployment:"

// formRef says which deployed form a node names; false: none.
func formRef(f *bpmn.Form) (store.FormRef, bool) {
	if file, named := strings.CutPrefix(f.FormKey, deployedKey); named && file != "" {
		return store.FormRef{File: file}, true
	}
	if f.FormRef == "" {
		return store.FormRef{}, false
	}
	ref := store.FormRef{Key: f.FormRef, SameDeployment: f.FormRefBinding == "deployment"}
	if f.FormRefBinding == "version" {
		if _, err := fmt.Sscanf(f.FormRefVersion, "%d", &ref.Version); err != nil || ref.Version < 1 {
			ref.Version = -1 // there is none
		}
	}
	return ref, true
}

// warnOfForms adds a warning for each form that is not there: it may be deployed later, and until then nobody sees it.
func (s *Service) warnOfForms(ctx context.Context, d *store.Deployment, processes []*bpmn.Process, warnings []fault.Detail) ([]fault.Detail, error) {
	for _, p := range processes {
		at := slices.IndexFunc(d.Definitions, func(f store.Definition) bool { return f.Key == p.Key })
		for _, n := range p.Nodes {
			ref, named := literalForm(n)
			if !named {
				continue
			}
			known, err := s.formKnown(ctx, d, ref)
			if err != nil {
				return nil, err
			}
			if !known {
				warnings = append(warnings, fault.Detail{
					Pointer: "/resources/" + d.Definitions[at].Resource, Code: "form_unknown", Rule: "form_unknown", Element: n.ID, Name: n.Name, Line: n.Line,
					Detail: fmt.Sprintf("There is no form %s%s, which is to be filled in there.", ref.Key, ref.File),
					Fix:    "Deploy it before an instance gets there, or correct the form's reference or its binding.",
				})
			}
		}
	}
	return warnings, nil
}

// literalForm says which deployed form a node names, unless an expression does; false: none.
func literalForm(n *bpmn.FlowNode) (store.FormRef, bool) {
	f := formOf(n)
	if f == nil || f.RefExpression != nil || strings.Contains(f.FormKey, "${") {
		return store.FormRef{}, false
	}
	return formRef(f)
}

// formKnown reports whether a form is in the deployment d, or was deployed before where that is enough.
func (s *Service) formKnown(ctx context.Context, d *store.Deployment, ref store.FormRef) (bool, error) {
	here := slices.ContainsFunc(d.Forms, func(f store.Form) bool { return f.Key == ref.Key || f.Resource == ref.File })
	if here && ref.Version == 0 || ref.SameDeployment || ref.File != "" {
		return here, nil
	}
	_, err := s.store.FindForm(ctx, ref, d.ID)
	if errors.Is(err, store.ErrNoForm) {
		return false, nil
	}
	return err == nil, err
}
