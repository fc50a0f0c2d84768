package form

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
)

// ErrSubmission: values were submitted that the form does not allow. There is a detail for each field.
var ErrSubmission = fault.New(fault.Invalid, "form_rejected", "The form has values that it does not allow.")

// Access is what somebody may do with a field at one activity. The zero Access is what the form says.
type Access struct {
	Hidden, ReadOnly, Required bool
}

// Submission is what somebody fills a form in with.
type Submission struct {
	// Values were submitted, by the names of variables.
	Values map[string]expr.Value
	// Known are the variables as they are: expressions and choices see them, and what is not submitted stays.
	Known map[string]expr.Value
	// Access gives the rights by the name of a field (Field.Path); nil: those that the form says.
	Access func(name string) Access
	// Now is the time of the submission in the zone of its dates.
	Now time.Time
}

// The codes of details of ErrSubmission.
const (
	CodeUnknown  = "unknown_field"
	CodeHidden   = "hidden_field"
	CodeReadOnly = "read_only_field"
	CodeRequired = "field_required"
	CodeType     = "field_type"
	CodeLength   = "field_length"
	CodeRange    = "field_range"
	CodePattern  = "field_pattern"
	CodeChoice   = "field_choice"
	CodeItems    = "field_items"
	CodeBudget   = "form_budget"
	// CodePerson and CodeDepartment: a field names somebody, or a department, that is not there.
	CodePerson     = "person_unknown"
	CodeDepartment = "department_unknown"
)

const (
	maxItems  = 1000 // of a list
	maxPasses = 8    // of conditions that depend on one another
)

// check is one validation.
type check struct {
	Submission
	run      *feel.Run
	data     *world
	problems []fault.Detail
}

// place is the scope that is being checked: the form, or an item of a list.
type place struct {
	submitted, known map[string]expr.Value
	pointer          string
	list             bool
	data             *world
	hidden           map[*field]bool
}

// Validate holds what is submitted against the form. It returns the variables to set, in the types that the form has:
// fields that a condition hides are not among them, expressions and totals are. Errors: ErrSubmission.
func (f *Form) Validate(s Submission) (map[string]expr.Value, error) {
	if s.Access == nil {
		s.Access = func(string) Access { return Access{} }
	}
	c := &check{Submission: s, run: feel.NewRun(s.Now)}
	hidden := c.see(f.root)
	out := c.scope(f.root, place{submitted: s.Values, known: s.Known, pointer: "/variables", data: c.data, hidden: hidden})
	if c.run.Err() != nil {
		c.problems = []fault.Detail{{Code: CodeBudget, Detail: "The expressions of the form take too long with these values."}}
	}
	if len(c.problems) > 0 {
		return nil, ErrSubmission.With(c.problems...)
	}
	return out, nil
}

// see works out the values that expressions see, and what conditions hide: without what is hidden, and without what was
// submitted to fields that cannot be written.
func (c *check) see(root *scope) map[*field]bool {
	whole := maps.Clone(c.Known)
	if whole == nil {
		whole = map[string]expr.Value{}
	}
	for _, f := range root.fields {
		if v, given := lookup(c.Values, f.path); given && !c.locked(f, &world{root: whole}) {
			whole = with(whole, f.path, v)
		}
	}
	hidden := map[*field]bool{}
	c.data = &world{root: whole}
	for range maxPasses {
		next, values := map[*field]bool{}, whole
		for _, f := range root.fields {
			if c.hides(f, c.data) {
				next[f] = true
				values = without(values, f.path)
			}
		}
		c.data = &world{root: values}
		if maps.Equal(hidden, next) {
			break
		}
		hidden = next
	}
	return hidden
}

// hides reports whether a condition hides a field.
func (c *check) hides(f *field, w *world) bool {
	return slices.ContainsFunc(f.hide, func(e *feel.Expression) bool { return w.truth(c.run, e) })
}

// locked reports whether a field cannot be written.
func (c *check) locked(f *field, w *world) bool {
	a := c.Access(f.name)
	readonly, _ := f.Readonly.(bool)
	return a.Hidden || a.ReadOnly || readonly || f.Disabled || f.Type == "expression" || f.sum != nil || f.readonly != nil && w.truth(c.run, f.readonly)
}

// scope checks the fields of a scope and returns its values: of the form those that are set, of an item all of them.
func (c *check) scope(s *scope, p place) map[string]expr.Value {
	c.strangers(s.tree, p.submitted, p.pointer)
	out, touched := map[string]expr.Value{}, map[string]bool{}
	for _, f := range s.fields {
		if p.hidden[f] || p.list && c.hides(f, p.data) {
			continue
		}
		current, had := lookup(p.known, f.path)
		if value, set := c.field(f, p, current); set {
			out, touched[f.path[0]] = with(out, f.path, value), true
		} else if had && (p.list || len(f.path) > 1) {
			out = with(out, f.path, current)
		}
	}
	for _, f := range s.fields {
		if f.sum != nil && !p.hidden[f] && touched[f.sum.list.path[0]] {
			lines, _ := lookup(out, f.sum.list.path)
			out, touched[f.path[0]] = with(out, f.path, sums(lines, f.sum.path)), true
		}
	}
	if !p.list {
		maps.DeleteFunc(out, func(name string, _ expr.Value) bool { return !touched[name] })
	}
	return out
}

// field returns what a field is set to; false: it stays as it is.
func (c *check) field(f *field, p place, current expr.Value) (expr.Value, bool) {
	value, given := lookup(p.submitted, f.path)
	if c.locked(f, p.data) {
		return c.lockedValue(f, p, value, current)
	}
	return c.written(f, p, value, given, current)
}

// strangers finds values for which there is no field.
func (c *check) strangers(b *branch, values map[string]expr.Value, pointer string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		below, at := b.below[name], pointer+"/"+escape(name)
		inside, isMap := values[name].(map[string]expr.Value)
		switch {
		case below == nil:
			c.wrong(at, CodeUnknown, "The form has no such field.")
		case below.field != nil:
		case isMap:
			c.strangers(below, inside, at)
		case values[name] != nil:
			c.wrong(at, CodeType, "The value has the fields of a group.")
		}
	}
}

func (c *check) wrong(pointer, code, format string, arguments ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fault.Detail{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, arguments...)})
	}
}

// lockedValue is what becomes of a field that cannot be written: it is computed, or it stays. Viewers send the value
// as they got it, which is fine.
func (c *check) lockedValue(f *field, p place, value, current expr.Value) (expr.Value, bool) {
	switch {
	case f.compute != nil: // whatever the caller has computed
		return p.data.value(c.run, f.compute), true
	case f.sum != nil:
		return nil, false // its list does it
	case empty(value) || expr.Equal(value, current):
	case c.Access(f.name).Hidden:
		c.wrong(p.at(f), CodeHidden, "The field is not shown at this activity.")
	default:
		c.wrong(p.at(f), CodeReadOnly, "The field cannot be changed at this activity.")
	}
	return nil, false
}

// written checks the value of a field that can be written; false: it stays as it is.
func (c *check) written(f *field, p place, value expr.Value, given bool, current expr.Value) (expr.Value, bool) {
	if !given && empty(current) && f.initial != nil {
		value, given = f.initial, true
	}
	required := f.Validate.Required == true || c.Access(f.name).Required || f.required != nil && p.data.truth(c.run, f.required)
	if !given {
		if required && unset(f, current) {
			c.wrong(p.at(f), CodeRequired, "The field is required.")
		}
		return nil, false
	}
	if required && unset(f, value) {
		c.wrong(p.at(f), CodeRequired, "The field is required.")
		return nil, false
	}
	if empty(value) {
		return nil, true
	}
	if f.items != nil {
		return c.list(f, p, value, current)
	}
	return c.value(f, p, value)
}

// unset reports whether a required field has nothing: a checkbox is to be ticked.
func unset(f *field, v expr.Value) bool { return empty(v) || f.Type == "checkbox" && v == false }

func empty(v expr.Value) bool {
	list, isList := v.([]expr.Value)
	return v == nil || v == "" || isList && len(list) == 0
}

// list checks the items of a list.
func (c *check) list(f *field, p place, value, current expr.Value) (expr.Value, bool) {
	items, isList := value.([]expr.Value)
	if !isList || len(items) > maxItems {
		c.wrong(p.at(f), CodeType, "The value is a list of at most %d items.", maxItems)
		return nil, false
	}
	before, _ := current.([]expr.Value)
	fixed := f.AllowAddRemove != nil && !*f.AllowAddRemove && len(before) > 0
	if (fixed || c.partly(f)) && len(items) != len(before) {
		c.wrong(p.at(f), CodeItems, "Items can neither be added nor removed.")
		return nil, false
	}
	c.bounded(f, p, ofItems, len(items))
	made := make([]expr.Value, len(items))
	for n, item := range items {
		fields, isMap := item.(map[string]expr.Value)
		at := indexed(p.at(f), n)
		if !isMap {
			c.wrong(at, CodeType, "An item has fields.")
			continue
		}
		var known map[string]expr.Value
		if n < len(before) {
			known, _ = before[n].(map[string]expr.Value)
		}
		made[n] = c.scope(f.items, place{submitted: fields, known: known, pointer: at, list: true, data: p.data.item(fields, n)})
	}
	return made, true
}

// partly reports whether some fields of the items cannot be written at this activity: then the items keep their places.
func (c *check) partly(f *field) bool {
	return slices.ContainsFunc(f.items.fields, func(inner *field) bool {
		a := c.Access(inner.name)
		return a.Hidden || a.ReadOnly || inner.items != nil && c.partly(inner)
	})
}

// at is the pointer to the value of a field.
func (p place) at(f *field) string {
	pointer := p.pointer
	for _, part := range f.path {
		pointer += "/" + escape(part)
	}
	return pointer
}

// indexed is the pointer to an item of a list.
func indexed(pointer string, n int) string { return pointer + "/" + strconv.Itoa(n) }
