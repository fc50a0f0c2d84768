package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/schedule"
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
		submitted, given := values[f.ID]
		value, err := s.field(t, f, submitted, given)
		switch {
		case err != nil:
			wrong = append(wrong, fault.Detail{Pointer: "/variables/" + f.ID, Code: codeOf(err), Detail: err.Error()})
		case given || value != nil:
			filled[f.ID] = value
			s.retypeField(f)
		}
	}
	if len(wrong) > 0 {
		return nil, ErrForm.With(wrong...)
	}
	return filled, nil
}

// NotWhole is the code of the detail of ErrForm that says that a number is not a whole one.
const NotWhole = "not_a_whole_number"

var errNotWhole = errors.New("not a whole number")

func codeOf(err error) string {
	if errors.Is(err, errNotWhole) {
		return NotWhole
	}
	return ErrForm.Code
}

// retypeField gives the variable of a field the type of the field, whatever the type was with which it came.
func (s *step) retypeField(f bpmn.FormField) {
	kind := map[string]string{"string": "String", "enum": "String", "long": "Long", "boolean": "Boolean", "date": TypeDate}[f.Type]
	if kind == "" {
		return
	}
	s.types = maps.Clone(s.types)
	if s.types == nil {
		s.types = Types{}
	}
	s.types[cmp.Or(f.Variable, f.ID)] = kind
}

// field returns what one field is set to: nil for nothing. Its default counts where it was not submitted at all.
func (s *step) field(t Token, f bpmn.FormField, value expr.Value, given bool) (expr.Value, error) {
	for _, c := range f.Constraints {
		if c.Name == "required" && value == nil && s.known(t, f) {
			continue
		}
		if err := satisfies(c, value); err != nil {
			return nil, fmt.Errorf("the form field %q: %w", f.ID, err)
		}
	}
	if !given && f.DefaultValue != nil {
		var err error
		if value, err = f.DefaultValue.Evaluate(s.environment(t, nil)); err != nil {
			return nil, fmt.Errorf("the default of the form field %q: %w", f.ID, err)
		}
	}
	value, err := s.fieldValue(f, value)
	if err != nil {
		return nil, fmt.Errorf("the form field %q: %w", f.ID, err)
	}
	return value, nil
}

// known reports whether a field that was not submitted has a value or a default (Camunda 7 RequiredValidator).
func (s *step) known(t Token, f bpmn.FormField) bool {
	value, _ := s.lookup(s.instance.scopeOf(t))(f.ID)
	return value != nil || f.DefaultValue != nil
}

// satisfies holds a value, nil for none, against a constraint (Camunda 7 org.camunda.bpm.engine.impl.form.validator).
func satisfies(c bpmn.FormConstraint, value expr.Value) error {
	met := true
	switch c.Name {
	case "required":
		met = value != nil && value != ""
	case "readonly":
		met = value == nil
	case "min", "max": // max is the first number that is too large (Camunda 7 MaxValidator)
		if value == nil {
			return nil
		}
		order, err := compareTo(value, c.Config)
		if err != nil {
			return err
		}
		met = c.Name == "min" && order >= 0 || c.Name == "max" && order < 0
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

// fits holds a text against the bounds of its length.
func fits(c bpmn.FormConstraint, value expr.Value) (bool, error) {
	text, isText := value.(string)
	limit, err := strconv.Atoi(c.Config)
	if !isText || err != nil {
		return false, fmt.Errorf("%s %s is for texts", c.Name, c.Config)
	}
	n := utf8.RuneCountInString(text)
	return c.Name == "minlength" && n >= limit || c.Name == "maxlength" && n <= limit, nil
}

// compareTo compares a number with one that is written in a model.
func compareTo(value expr.Value, config string) (int, error) {
	limit, _, err := apd.NewFromString(config)
	number, isDecimal := value.(*apd.Decimal)
	if whole, isWhole := value.(int64); isWhole {
		number, isDecimal = apd.New(whole, 0), true
		if err == nil && limit.Exponent < 0 { // Long.parseLong
			err = errNotWhole
		}
	}
	if err != nil || !isDecimal {
		return 0, fmt.Errorf("min and max compare numbers, not %q with %q", clip(expr.String(value)), config)
	}
	return number.Cmp(limit), nil
}

// fieldValue converts a value to the type of its field (Camunda 7 SimpleFormFieldType and its kinds). Custom types take
// everything.
func (s *step) fieldValue(f bpmn.FormField, value expr.Value) (expr.Value, error) {
	if value == nil {
		return nil, nil
	}
	text, isText := value.(string)
	switch f.Type {
	case "string":
		return expr.String(value), nil
	case "long":
		return wholeField(value)
	case "boolean":
		if _, isTruth := value.(bool); isTruth || !isText {
			return value, isTrue(isTruth, value)
		}
		return strings.EqualFold(text, "true"), nil
	case "date":
		return s.dateField(f, value)
	case "enum":
		if !slices.ContainsFunc(f.Values, func(v bpmn.FormValue) bool { return isText && v.ID == text }) {
			return nil, fmt.Errorf("%q is none of its values", clip(expr.String(value)))
		}
	}
	return value, nil
}

func isTrue(truth bool, value expr.Value) error {
	if !truth {
		return fmt.Errorf("%q is neither true nor false", clip(expr.String(value)))
	}
	return nil
}

// wholeField reads a whole number, of a number or a text.
func wholeField(value expr.Value) (expr.Value, error) {
	switch value.(type) {
	case int64, *apd.Decimal, string:
	default:
		return nil, fmt.Errorf("%q is no number", clip(expr.String(value)))
	}
	n, err := strconv.ParseInt(expr.String(value), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is %w", clip(expr.String(value)), errNotWhole)
	}
	return n, nil
}

// dateField reads a date by the pattern of its field, or as ISO 8601 writes it; an empty text is none.
func (s *step) dateField(f bpmn.FormField, value expr.Value) (expr.Value, error) {
	text, isText := value.(string)
	switch _, isDate := value.(time.Time); {
	case isDate, isText && s.types[f.ID] == TypeDate:
		return value, nil
	case !isText:
		return nil, fmt.Errorf("%q is no date", clip(expr.String(value)))
	case text == "":
		return nil, nil
	}
	at, err := schedule.ParsePattern(cmp.Or(f.DatePattern, "dd/MM/yyyy"), text, s.location())
	if err == nil {
		return at, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999-0700", "2006-01-02T15:04:05", "2006-01-02"} {
		if at, iso := time.ParseInLocation(layout, text, s.location()); iso == nil {
			return at.UTC(), nil
		}
	}
	return nil, err
}
