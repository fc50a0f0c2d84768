package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/form"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// deployedForm is a form with its schema, read and as it is written.
type deployedForm struct {
	store.Form
	form   *form.Form
	schema json.RawMessage
}

// form returns a deployed form by its id; it is read once a process.
func (s *Service) form(ctx context.Context, id engine.ID) (*deployedForm, error) {
	return s.forms.Get(ctx, id, otter.LoaderFunc[engine.ID, *deployedForm](
		func(ctx context.Context, id engine.ID) (*deployedForm, error) {
			d, content, err := s.store.Form(ctx, id)
			if err != nil {
				return nil, err
			}
			f, err := form.Read(content)
			if err != nil {
				return nil, fmt.Errorf("form %s: %w", id, err)
			}
			return &deployedForm{Form: d, form: f, schema: content}, nil
		}))
}

// formAt returns the deployed form that a node of a definition names now; nil: it names none, or there is none. known are
// the variables that an expression sees; one that cannot be evaluated names none.
func (s *Service) formAt(ctx context.Context, d *definition, f *bpmn.Form, known engine.Variables) (*deployedForm, error) {
	if f == nil {
		return nil, nil
	}
	ref, named := formRef(f)
	if !named {
		return nil, nil
	}
	if f.RefExpression != nil {
		if ref.Key, named = s.evaluatedRef(f.RefExpression, known); !named {
			return nil, nil
		}
	}
	id, err := s.store.FindForm(ctx, ref, d.DeploymentID)
	if errors.Is(err, store.ErrNoForm) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.form(ctx, id)
}

// evaluatedRef is the key of the form that an expression names; false: none.
func (s *Service) evaluatedRef(x *expr.Expression, known engine.Variables) (string, bool) {
	value, err := x.Evaluate(&expr.Environment{
		Variable: func(name string) (expr.Value, bool) { v, found := known[name]; return v, found }, Now: instant(), Location: s.location,
	})
	key, isText := value.(string)
	return key, err == nil && isText && key != ""
}

// DeployedForm returns the bytes of the form that a task or a start of a definition names now, with the variables that an
// expression sees, or store.ErrNoForm.
func (s *Service) DeployedForm(ctx context.Context, definition engine.ID, f *bpmn.Form, known engine.Variables) ([]byte, error) {
	d, err := s.definition(ctx, definition)
	if err != nil {
		return nil, err
	}
	deployed, err := s.formAt(ctx, d, f, known)
	if err == nil && deployed == nil {
		err = store.ErrNoForm
	}
	if err != nil {
		return nil, err
	}
	return deployed.schema, nil
}

// FormDrift tells what became of a form since somebody began to fill it in: whether what is filled in there now is
// another form, or another version of it, and which of its fields that one does not have.
func (s *Service) FormDrift(ctx context.Context, begun engine.ID, now Filled) (changed bool, vanished []string, err error) {
	if begun.IsZero() {
		return now.Form != nil, nil, nil
	}
	before, err := s.form(ctx, begun)
	if errors.Is(err, store.ErrNoForm) { // its deployment was deleted
		return now.Form == nil || now.Form.ID != begun, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	if now.Form != nil && now.Form.Key == before.Key && now.Form.Version == before.Version {
		return false, nil, nil
	}
	kept := map[string]bool{}
	for _, field := range now.Access {
		kept[field.Name] = true
	}
	for _, field := range before.form.Fields() {
		if !kept[field.Path] {
			vanished = append(vanished, field.Path)
		}
	}
	return true, vanished, nil
}

// FormDetail is a deployed form with its schema.
type FormDetail struct {
	store.Form
	Schema json.RawMessage `json:"schema"`
}

// Forms lists the deployed forms; the list is store.FormList.
func (s *Service) Forms(ctx context.Context, r page.Request) (page.Page[store.Form], error) {
	return s.store.Forms(ctx, store.DefinitionFilter{Key: r.Filters.Get("key"), Latest: r.Filters.Get("latest") == "true"}, r)
}

// Form returns a deployed form with its schema, or store.ErrNoForm.
func (s *Service) Form(ctx context.Context, id engine.ID) (*FormDetail, error) {
	f, err := s.form(ctx, id)
	if err != nil {
		return nil, err
	}
	return &FormDetail{Form: f.Form, Schema: f.schema}, nil
}
