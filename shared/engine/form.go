package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// ErrForm: a form was submitted with values that its fields do not allow.
var ErrForm = fault.New(fault.Invalid, "bad_form", "The form has values that its fields do not allow.")

// fill holds submitted values against the fields of a form, and returns them in the types of the fields, with the
// default values of those that were not submitted. Values without a field stay. t is where defaults are evaluated.
// It returns ErrForm with a detail for each field (Camunda 7 DefaultFormHandler.submitFormVariables, FormFieldHandler).
func (s *step) fill(t Token, fields []bpmn.FormField, values Variables) (Variables, error) {
	filled := Variables{}
	for name, value := range values {
		filled[name] = value
	}
	var wrong []fault.Detail
	for _, f := range fields {
		value, err := s.field(t, f, values[f.ID])
		if err != nil {
			wrong = append(wrong, fault.Detail{Pointer: "/variables/" + f.ID, Code: ErrForm.Code, Detail: err.Error()})
		} else if value != nil {
			filled[f.ID] = value
		}
	}
	if len(wrong) > 0 {
		return nil, ErrForm.With(wrong...)
	}
	return filled, nil
}

// field returns what one field is set to: nil for nothing.
func (s *step) field(t Token, f bpmn.FormField, value expr.Value) (expr.Value, error) {
	for _, c := range f.Constraints {
		if c.Name == "required" && value == nil {
			if known, _ := s.lookup(s.instance.scopeOf(t))(f.ID); known != nil {
				continue
			}
		}
		if err := satisfies(c, value); err != nil {
			return nil, fmt.Errorf("the form field %q: %w", f.ID, err)
		}
	}
	if value == nil && f.DefaultValue != nil {
		var err error
		if value, err = f.DefaultValue.Evaluate(s.environment(t, nil)); err != nil {
			return nil, fmt.Errorf("the default of the form field %q: %w", f.ID, err)
		}
	}
	value, err := typed(f, value)
	if err != nil {
		return nil, fmt.Errorf("the form field %q: %w", f.ID, err)
	}
	return value, nil
}

// satisfies holds a value, nil for none, against a constraint (Camunda 7 org.camunda.bpm.engine.impl.form.validator).
func satisfies(c bpmn.FormConstraint, value expr.Value) error {
	met := true
	switch c.Name {
	case "required":
		met = value != nil && value != ""
	case "readonly":
		met = value == nil
	case "min", "max":
		if value == nil {
			return nil
		}
		order, err := compareTo(value, c.Config)
		if err != nil {
			return err
		}
		met = c.Name == "min" && order >= 0 || c.Name == "max" && order <= 0
	case "minlength", "maxlength":
		if value == nil {
			return nil
		}
		var err error
		if met, err = fits(c, value); err != nil {
			return err
		}
	}
	if !met {
		return fmt.Errorf("the value does not satisfy %s", strings.TrimSpace(c.Name+" "+c.Config))
	}
	return nil
}

// fits holds a text against the bounds of its length. Camunda's maxlength is the first length that is too long.
func fits(c bpmn.FormConstraint, value expr.Value) (bool, error) {
	text, isText := value.(string)
	limit, err := strconv.Atoi(c.Config)
	if !isText || err != nil {
		return false, fmt.Errorf("%s %s is for texts", c.Name, c.Config)
	}
	n := utf8.RuneCountInString(text)
	return c.Name == "minlength" && n >= limit || c.Name == "maxlength" && n < limit, nil
}

// compareTo compares a number with one that is written in a model.
func compareTo(value expr.Value, config string) (int, error) {
	limit, _, err := apd.NewFromString(config)
	number, isDecimal := value.(*apd.Decimal)
	if whole, isWhole := value.(int64); isWhole {
		number, isDecimal = apd.New(whole, 0), true
	}
	if err != nil || !isDecimal {
		return 0, fmt.Errorf("min and max compare numbers, not %q with %q", clip(expr.String(value)), config)
	}
	return number.Cmp(limit), nil
}

// typed converts a value to the type of its field where that can be done; dates stay as they are.
func typed(f bpmn.FormField, value expr.Value) (expr.Value, error) {
	text, isText := value.(string)
	switch {
	case value == nil, f.Type == "string" && isText:
		return value, nil
	case f.Type == "string":
		return expr.String(value), nil
	case f.Type == "long" && isText && text == "", f.Type == "date" && text == "" && isText:
		return nil, nil
	case f.Type == "long" && isText:
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number", clip(text))
		}
		return whole, nil
	case f.Type == "boolean" && isText:
		return text == "true", nil
	case f.Type == "enum" && !slices.ContainsFunc(f.Values, func(v bpmn.FormValue) bool { return isText && v.ID == text }):
		return nil, fmt.Errorf("%q is none of its values", clip(expr.String(value)))
	}
	return value, nil
}
