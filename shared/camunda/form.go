package camunda

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// DeployedStartForm returns the file of a start form, which a form key camunda-forms:deployment:name or a form reference
// names.
func (s *Service) DeployedStartForm(ctx context.Context, id, key string) ([]byte, error) {
	d, _, err := s.FindDefinition(ctx, id, key)
	if err != nil {
		return nil, err
	}
	_, process, err := s.workflow.Model(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	var f *bpmn.Form
	if start := process.NoneStart(); start != nil && start.StartEvent != nil {
		f = &start.StartEvent.Form
	}
	return s.deployedForm(ctx, d.ID, f, nil)
}

// DeployedForm returns the file of a task's form.
func (s *Service) DeployedForm(ctx context.Context, p access.Principal, id string) ([]byte, error) {
	t, err := s.Task(ctx, p, id)
	if err != nil {
		return nil, err
	}
	var f *bpmn.Form
	if node := t.scene.process.Node(t.Key); node != nil && node.UserTask != nil {
		f = &node.UserTask.Form
	}
	var known engine.Variables
	if open := t.scene.Task(t.row.ID); open != nil {
		known = t.scene.Visible(open.Token)
	}
	return s.deployedForm(ctx, t.scene.DefinitionID, f, known)
}

// deployedForm finds a file by its name in the deployment of a definition, whatever it is, or a form by its reference.
func (s *Service) deployedForm(ctx context.Context, definition engine.ID, f *bpmn.Form, known engine.Variables) ([]byte, error) {
	if f == nil {
		return nil, BadRequest("The form key '' does not reference a deployed form.")
	}
	if _, name, named := strings.Cut(f.FormKey, ":deployment:"); named {
		d, _, err := s.workflow.Model(ctx, definition)
		if err != nil {
			return nil, err
		}
		return s.store.Resource(ctx, d.DeploymentID, name)
	}
	if f.FormRef == "" {
		return nil, BadRequest("The form key '%s' does not reference a deployed form.", f.FormKey)
	}
	content, err := s.workflow.DeployedForm(ctx, definition, f, known)
	if errors.Is(err, store.ErrNoForm) {
		return nil, NotFound("No Camunda Form Definition was found for Camunda Form Ref: %s", f.FormRef)
	}
	return content, err
}

// reference is the reference of a form; nil: it has none.
func reference(f *bpmn.Form) *Form {
	if f.FormRef == "" {
		return nil
	}
	ref := &Form{Key: f.FormRef, Binding: cmp.Or(f.FormRefBinding, "latest")}
	if n, err := strconv.Atoi(f.FormRefVersion); err == nil {
		ref.Version = &n
	}
	return ref
}
