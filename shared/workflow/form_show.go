package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/form"
	"diom.io/workflow/shared/store"
)

// FieldAccess is what may be done with a field at an activity. Name has the keys from the form to the field, joined by
// dots.
type FieldAccess struct {
	Name     string `json:"name"`
	Visible  bool   `json:"visible"`
	Editable bool   `json:"editable"`
	Required bool   `json:"required"`
}

// Filled is how a task or a start is filled in: the schema of form-js, and what may be done with each of its fields.
// Form is nil where the schema was made of the form fields of the model; without either there is no schema.
type Filled struct {
	Form   *store.Form     `json:"form,omitempty"`
	Schema json.RawMessage `json:"schema,omitempty"`
	Access []FieldAccess   `json:"access"`
	// Suggestions are what the caller gave these fields before.
	Suggestions []Suggestion `json:"suggestions"`
}

// StartForm is what a start is filled in with.
type StartForm struct {
	DefinitionID string      `json:"definitionId"`
	ProcessKey   string      `json:"processKey"`
	Name         string      `json:"name"`
	FormKey      string      `json:"formKey,omitempty"`
	Fields       []FormField `json:"fields"`
	Filled
}

// TaskForm is what a task is filled in with: the key of its form and the variables that it shows.
type TaskForm struct {
	ProcessKey string           `json:"processKey"`
	FormKey    *string          `json:"formKey"`
	Fields     []FormField      `json:"fields"`
	Variables  engine.Variables `json:"variables"`
	Filled
}

// StartForm returns the start form of the latest version of a process.
func (s *Service) StartForm(ctx context.Context, p access.Principal, key string) (*StartForm, error) {
	d, err := s.latestDefinition(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := mayStart(p, d.process); err != nil {
		return nil, err
	}
	none := d.process.NoneStart()
	if none == nil {
		return nil, engine.ErrNoStart
	}
	start := none.StartEvent
	shown := &StartForm{DefinitionID: d.ID.String(), ProcessKey: key, Name: d.Name, FormKey: start.FormKey, Fields: formFields(start.FormFields)}
	shown.Filled, err = s.filled(ctx, p, d, showing{form: &start.Form})
	return shown, err
}

// TaskForm returns the form of a task that the caller may see.
func (s *Service) TaskForm(ctx context.Context, p access.Principal, id engine.ID) (*TaskForm, error) {
	task, in, err := s.task(ctx, p, id)
	if err != nil {
		return nil, err
	}
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return nil, err
	}
	node := d.process.Node(task.NodeID)
	if node == nil || node.UserTask == nil {
		return nil, errors.New("task " + id.String() + ": its definition has no such user task")
	}
	shown := &TaskForm{ProcessKey: in.ProcessKey, FormKey: task.FormKey, Fields: formFields(node.UserTask.FormFields), Variables: in.Scopes[0].Variables}
	if open := in.Task(id); open != nil { // it sees those of its instance of a multi-instance activity, too
		shown.Variables = in.Visible(open.Token)
	}
	if shown.Filled, err = s.filled(ctx, p, d, showing{&node.UserTask.Form, shown.Variables}); err != nil {
		return nil, err
	}
	shown.Variables, err = s.concealed(ctx, p, in, []*bpmn.FlowNode{node}, shown.Variables)
	return shown, err
}

// showing is a form that is shown, with the variables that its reference sees.
type showing struct {
	form  *bpmn.Form
	known engine.Variables
}

// filled describes the form of a node to a person.
func (s *Service) filled(ctx context.Context, p access.Principal, d *definition, of showing) (Filled, error) {
	f := of.form
	shown := Filled{Access: []FieldAccess{}, Suggestions: []Suggestion{}}
	deployed, err := s.formAt(ctx, d, f, of.known)
	if err != nil {
		return shown, err
	}
	var read *form.Form
	switch {
	case deployed != nil:
		shown.Form, shown.Schema, read = &deployed.Form, deployed.schema, deployed.form
	case len(f.FormFields) > 0:
		if shown.Schema, read, err = generated(d.Key, f.FormFields); err != nil {
			return shown, err
		}
	default:
		return shown, nil
	}
	names := map[string]bool{}
	for _, field := range read.Fields() {
		right := f.Rights.Of(field.Path)
		visible := right.Access != bpmn.FieldHidden
		names[strings.SplitN(field.Path, ".", 2)[0]] = visible
		shown.Access = append(shown.Access, FieldAccess{
			Name: field.Path, Visible: visible, Editable: right.Access == bpmn.FieldWrite && !field.ReadOnly, Required: field.Required || right.Required,
		})
	}
	list, err := s.Suggestions(ctx, p, d.Key)
	if err != nil {
		return shown, err
	}
	for _, suggested := range list {
		if names[suggested.Name] {
			shown.Suggestions = append(shown.Suggestions, suggested)
		}
	}
	return shown, nil
}

// concealed returns values without the fields that are hidden at one of the nodes, unless the person sees them
// otherwise: as the starter of the instance, or as one of those who see all.
func (s *Service) concealed(ctx context.Context, p access.Principal, in *engine.Instance, nodes []*bpmn.FlowNode, values engine.Variables) (engine.Variables, error) {
	if in.Starter == p.Username || p.SeesAll() {
		return values, nil
	}
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		names, err := s.hiddenAt(ctx, d, n, in.Scopes[0].Variables)
		if err != nil {
			return nil, err
		}
		values = form.Conceal(values, names)
	}
	return values, nil
}

// hiddenAt lists the fields that are hidden at a node, those of its form and those that its rights name.
func (s *Service) hiddenAt(ctx context.Context, d *definition, n *bpmn.FlowNode, known engine.Variables) ([]string, error) {
	f := formOf(n)
	if f == nil || f.Rights == nil {
		return nil, nil
	}
	var fields []string
	deployed, err := s.formAt(ctx, d, f, known)
	if err != nil {
		return nil, err
	}
	if deployed != nil {
		for _, field := range deployed.form.Fields() {
			fields = append(fields, field.Path)
		}
	}
	for _, field := range f.FormFields {
		fields = append(fields, field.ID)
	}
	names := slices.DeleteFunc(slices.Clone(fields), func(name string) bool { return f.Rights.Of(name).Access != bpmn.FieldHidden })
	for _, name := range f.Rights.Hidden() { // also one that is not in the form, unless something within may be seen
		if !slices.ContainsFunc(fields, func(field string) bool { return strings.HasPrefix(field, name+".") }) {
			names = append(names, name)
		}
	}
	return names, nil
}

// Concealed returns the variables that a task shows to a person: without those that are hidden at it.
func (s *Service) Concealed(ctx context.Context, p access.Principal, in *engine.Instance, node string, values engine.Variables) (engine.Variables, error) {
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return nil, err
	}
	return s.concealed(ctx, p, in, []*bpmn.FlowNode{d.process.Node(node)}, values)
}

// ConcealedAnywhere returns the variables that an instance shows to a person who has or had a task in it: without those
// that are hidden at any of its tasks.
func (s *Service) ConcealedAnywhere(ctx context.Context, p access.Principal, in *engine.Instance, values engine.Variables) (engine.Variables, error) {
	names, err := s.HiddenFields(ctx, p, in)
	return form.Conceal(values, names), err
}
