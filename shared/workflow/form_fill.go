package workflow

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
	"diom.io/workflow/shared/store"
)

// ErrFormChanged: another version of the form has been deployed since it was opened.
var ErrFormChanged = fault.New(fault.Conflict, "form_changed", "The form has changed since it was opened. Open it again.")

// filling is a form that somebody hands in.
type filling struct {
	definition    *definition
	form          *bpmn.Form
	instance      engine.ID
	known, values engine.Variables
	formID        engine.ID
	lenient       bool
}

// fillTask returns the variables with which a task is completed.
func (s *Service) fillTask(ctx context.Context, call Call, sub *subject, c Completion) (engine.Variables, error) {
	open := sub.instance.Task(sub.task.ID)
	if open == nil {
		return c.Variables, nil // it has ended, which the step says
	}
	return s.fill(ctx, call, filling{
		definition: sub.definition, form: formOf(sub.definition.process.Node(sub.task.NodeID)), instance: sub.instance.ID,
		known: sub.instance.Visible(open.Token), values: c.Variables, formID: c.FormID, lenient: c.Lenient,
	})
}

// fillStart returns the variables with which an instance is started.
func (s *Service) fillStart(ctx context.Context, call Call, f filling) (engine.Variables, error) {
	f.form = formOf(f.definition.process.NoneStart())
	return s.fill(ctx, call, f)
}

// fill holds values against the form of a task or a start, where it has one that was deployed, and against the rights
// of its fields. It returns the variables to set, with the files in them bound to the instance. Errors:
// form.ErrSubmission, ErrFormChanged, ErrNoFile.
func (s *Service) fill(ctx context.Context, call Call, f filling) (engine.Variables, error) {
	if f.form == nil || f.lenient && f.form.Rights == nil {
		return f.values, nil
	}
	d, err := s.formAt(ctx, f.definition, f.form, f.known)
	if err != nil {
		return nil, err
	}
	if !f.formID.IsZero() && (d == nil || d.ID != f.formID) {
		if err := s.sameVersion(ctx, d, f.formID); err != nil {
			return nil, err
		}
	}
	if d == nil {
		return f.values, plainRights(f)
	}
	values, err := d.form.Validate(form.Submission{
		Values: f.values, Known: f.known, Now: s.instant().In(s.location), Access: rights(f.form.Rights),
	})
	if err != nil {
		return nil, err
	}
	if err := s.checkPicked(ctx, d.form, f.known, values); err != nil {
		return nil, err
	}
	return values, s.bindFiles(ctx, call, f, d.form.Files(values))
}

// sameVersion returns ErrFormChanged unless id is the same version of the same form as d.
func (s *Service) sameVersion(ctx context.Context, d *deployedForm, id engine.ID) error {
	opened, err := s.form(ctx, id)
	if errors.Is(err, store.ErrNoForm) || err == nil && (d == nil || opened.Key != d.Key || opened.Version != d.Version) {
		return ErrFormChanged
	}
	return err
}

// rights are those of an activity as a form asks for them.
func rights(of *bpmn.FieldRights) func(string) form.Access {
	return func(name string) form.Access {
		right := of.Of(name)
		return form.Access{Hidden: right.Access == bpmn.FieldHidden, ReadOnly: right.Access == bpmn.FieldRead, Required: right.Required}
	}
}

// plainRights holds variables against the rights of fields where no form was deployed: each is a field by its name.
func plainRights(f filling) error {
	if f.form.Rights == nil {
		return nil
	}
	wrong := forbidden(f.form, f.values, f.known)
	for _, name := range slices.Sorted(maps.Keys(f.form.Rights.Named)) {
		value, given := f.values[name]
		if !given {
			value = f.known[name]
		}
		if f.form.Rights.Named[name].Required && !strings.Contains(name, ".") && (value == nil || value == "") {
			wrong = append(wrong, fault.Detail{Pointer: pointerTo(name), Code: form.CodeRequired, Detail: "The field is required."})
		}
	}
	if len(wrong) > 0 {
		return form.ErrSubmission.With(wrong...)
	}
	return nil
}

// forbidden lists the variables that change although their fields, or some of them, cannot be written.
func forbidden(f *bpmn.Form, values, known engine.Variables) []fault.Detail {
	var wrong []fault.Detail
	for _, name := range slices.Sorted(maps.Keys(values)) {
		code := map[string]string{bpmn.FieldHidden: form.CodeHidden, bpmn.FieldRead: form.CodeReadOnly}[f.Rights.Of(name).Access]
		if code == "" && partly(f.Rights, name) {
			code = form.CodeReadOnly
		}
		if code != "" && !expr.Equal(values[name], known[name]) {
			wrong = append(wrong, fault.Detail{Pointer: pointerTo(name), Code: code, Detail: "The field cannot be changed at this activity."})
		}
	}
	return wrong
}

func pointerTo(name string) string {
	return "/variables/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
