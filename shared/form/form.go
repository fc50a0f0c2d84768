// Package form reads forms as form-js edits them (bpmn-io, schema version 1 and later), checks them before they are
// deployed, and holds what people submit against them: the same rules that the viewer has in the browser, decided here.
//
// A Form is immutable and safe for concurrent use. There is no I/O and no clock.
package form

import (
	"bytes"
	"encoding/json"
	"fmt"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
)

// ErrSchema: a form cannot be deployed; there is a detail with a pointer into the schema for each problem.
var ErrSchema = fault.New(fault.Invalid, "invalid_form", "The form cannot be used.")

// The limits of one form.
const (
	MaxSize       = 512 << 10 // bytes of the schema
	maxComponents = 1000
	maxNesting    = 16 // groups and lists inside of one another
	maxOptions    = 1000
	maxProblems   = 100
)

// Form is a form that was read. ID is its key: what a formRef names.
type Form struct {
	ID   string
	root *scope
}

// component is one component of a schema as it is written. What is about looks alone is left out.
type component struct {
	ID         string       `json:"id"`
	Key        string       `json:"key"`
	Path       string       `json:"path"`
	Type       string       `json:"type"`
	Label      string       `json:"label"`
	Subtype    string       `json:"subtype"`
	Components []*component `json:"components"`

	Conditional struct {
		Hide any `json:"hide"`
	} `json:"conditional"`
	Validate rules `json:"validate"`
	Readonly any   `json:"readonly"`
	Disabled bool  `json:"disabled"`

	Values           []option `json:"values"`
	ValuesKey        string   `json:"valuesKey"`
	ValuesExpression string   `json:"valuesExpression"`

	DecimalDigits       *int   `json:"decimalDigits"`
	SerializeToString   bool   `json:"serializeToString"`
	TimeFormat          string `json:"timeSerializingFormat"`
	DisallowPassedDates bool   `json:"disallowPassedDates"`
	Expression          string `json:"expression"`
	DefaultRepetitions  *int   `json:"defaultRepetitions"`
	AllowAddRemove      *bool  `json:"allowAddRemove"`
	Multiple            bool   `json:"multiple"`

	DefaultValue json.RawMessage `json:"defaultValue"`
	// Totals are those of a component of line items.
	Totals []total `json:"totals"`
}

// rules are what a component demands of a value. A number, and required, may be an expression instead: a text that
// begins with an equals sign.
type rules struct {
	Required       any    `json:"required"`
	MinLength      any    `json:"minLength"`
	MaxLength      any    `json:"maxLength"`
	Min            any    `json:"min"`
	Max            any    `json:"max"`
	MinItems       any    `json:"minItems"`
	MaxItems       any    `json:"maxItems"`
	Pattern        string `json:"pattern"`
	ValidationType string `json:"validationType"`
}

// option is one of the choices of a component.
type option struct {
	Label any `json:"label"`
	Value any `json:"value"`
}

// total is a sum over the lines of line items: of what, and where it is kept.
type total struct {
	Key string `json:"key"`
	Sum string `json:"sum"`
}

// Read reads a schema, or returns ErrSchema with what is wrong with it.
func Read(content []byte) (*Form, error) {
	if len(content) > MaxSize {
		return nil, ErrSchema.With(problem("", "form_too_large", "", fmt.Sprintf("The form has more than %d bytes.", MaxSize)))
	}
	var s struct {
		ID         string       `json:"id"`
		Type       string       `json:"type"`
		Components []*component `json:"components"`
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&s); err != nil {
		return nil, ErrSchema.With(problem("", "form_syntax", "", "The form is no JSON of a form schema: "+err.Error()))
	}
	if decoder.More() {
		return nil, ErrSchema.With(problem("", "form_syntax", "", "Something follows after the form."))
	}
	r := &reader{ids: map[string]bool{}, symbols: feel.NewSymbols(nil)}
	if s.ID == "" || len(s.ID) > 255 {
		r.wrong("/id", "form_id", "", "A form has an id of 1 to 255 characters: what a formRef names.")
	}
	if s.Type != "" && s.Type != "default" {
		r.wrong("/type", "form_type", "", "The type of a form is default.")
	}
	r.name(s.Components, 0)
	f := &Form{ID: s.ID, root: newScope()}
	r.walk(s.Components, at{pointer: "/components", scope: f.root})
	if len(r.problems) > 0 {
		return nil, ErrSchema.With(r.problems...)
	}
	return f, nil
}

func problem(pointer, code, element, detail string) fault.Detail {
	return fault.Detail{Pointer: pointer, Code: code, Rule: code, Element: element, Detail: detail}
}
