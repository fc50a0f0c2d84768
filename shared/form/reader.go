package form

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
)

// role is what a type of component is to the values of a form.
type role uint8

const (
	shown    role = iota // has no value
	valued               // has one
	grouped              // has components
	repeated             // has components, for each item of a list
)

// kinds are the components of form-js 1 and 2, and after them those that are the product's own.
var kinds = map[string]role{
	"textfield": valued, "textarea": valued, "number": valued, "checkbox": valued, "checklist": valued, "radio": valued, "select": valued,
	"taglist": valued, "datetime": valued, "expression": valued, "filepicker": valued,
	"group": grouped, "columns": grouped, "default": grouped, "dynamiclist": repeated,
	"table": shown, "text": shown, "html": shown, "image": shown, "button": shown, "separator": shown, "spacer": shown, "iframe": shown,
	"documentPreview": shown,

	"people": valued, "department": valued, "attachments": valued, "money": valued, "signature": valued, "lineItems": repeated,
}

type reader struct {
	problems []fault.Detail
	ids      map[string]bool
	symbols  *feel.Symbols
	seen     int
}

// at is where a component is.
type at struct {
	pointer string
	scope   *scope
	path    []string // of the groups inside of the scope
	list    string   // the name of the list whose item the scope is
	hide    []*feel.Expression
	depth   int
}

func (r *reader) wrong(pointer, code, element, detail string) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, problem(pointer, code, element, detail))
	}
}

// name makes the keys known to the expressions.
func (r *reader) name(list []*component, depth int) {
	if depth > maxNesting {
		return
	}
	for _, c := range list {
		if c == nil {
			continue
		}
		for _, part := range append(parts(c.Key), parts(c.Path)...) {
			if strings.TrimSpace(part) != "" {
				r.symbols.Define(part)
				r.symbols.Member(part)
			}
		}
		r.name(c.Components, depth+1)
	}
}

func (r *reader) walk(list []*component, a at) {
	if a.depth > maxNesting {
		r.wrong(a.pointer, "form_too_deep", "", fmt.Sprintf("More than %d groups are inside of one another.", maxNesting))
		return
	}
	for n, c := range list {
		if r.seen++; r.seen == maxComponents+1 {
			r.wrong(a.pointer, "form_too_large", "", fmt.Sprintf("The form has more than %d components.", maxComponents))
		}
		if r.seen > maxComponents {
			return
		}
		here := a
		here.pointer = a.pointer + "/" + strconv.Itoa(n)
		r.component(c, here)
	}
}

func (r *reader) component(c *component, a at) {
	if c == nil || c.Type == "" {
		r.wrong(a.pointer+"/type", "form_type", "", "A component has a type.")
		return
	}
	what, known := kinds[c.Type]
	if !known {
		r.wrong(a.pointer+"/type", "form_type_unknown", c.ID, "There is no type of components "+clip(c.Type)+".")
		return
	}
	if c.ID != "" && r.ids[c.ID] {
		r.wrong(a.pointer+"/id", "form_id_twice", c.ID, "Another component has the id "+clip(c.ID)+".")
	}
	r.ids[c.ID] = true
	if hide := r.expression(c.Conditional.Hide, a.pointer+"/conditional/hide", c.ID); hide != nil {
		a.hide = append(slices.Clone(a.hide), hide)
	}
	switch what {
	case grouped:
		a.path = append(slices.Clone(a.path), r.steps(c.Path, a.pointer+"/path", c.ID)...)
		a.pointer, a.depth = a.pointer+"/components", a.depth+1
		r.walk(c.Components, a)
	case repeated:
		r.list(c, a)
	case valued:
		if c.Key == "" {
			r.wrong(a.pointer+"/key", "form_key", c.ID, "The component has no key.")
			return
		}
		r.field(c, a, append(slices.Clone(a.path), r.steps(c.Key, a.pointer+"/key", c.ID)...))
	}
}

// steps splits a key or a path and holds its parts to what a variable's name may be.
func (r *reader) steps(path, pointer, element string) []string {
	list := parts(path)
	for _, part := range list {
		if part == "" || len([]rune(part)) > 255 || len(list) > maxNesting {
			r.wrong(pointer, "form_key", element, "The parts of a key have 1 to 255 characters.")
			return nil
		}
	}
	return list
}

func (r *reader) list(c *component, a at) {
	key, at := c.Path, a.pointer+"/path"
	if key == "" && c.Type == "lineItems" {
		key, at = c.Key, a.pointer+"/key"
	}
	if key == "" {
		r.wrong(at, "form_key", c.ID, "A list has a path.")
		return
	}
	f := r.field(c, a, append(slices.Clone(a.path), r.steps(key, at, c.ID)...))
	f.items = newScope()
	r.walk(c.Components, atItems(a, f))
	for n, t := range c.Totals {
		pointer := a.pointer + "/totals/" + strconv.Itoa(n)
		if f.items.find(parts(t.Sum)) == nil {
			r.wrong(pointer+"/sum", "form_total", c.ID, "The lines have no field "+clip(t.Sum)+".")
		}
		path := append(slices.Clone(a.path), r.steps(t.Key, pointer+"/key", c.ID)...)
		if t.Key == "" {
			r.wrong(pointer+"/key", "form_key", c.ID, "A total has a key.")
			continue
		}
		r.place(&field{component: &component{ID: c.ID, Type: "total"}, path: path, sum: &sum{f, parts(t.Sum)}, hide: a.hide}, pointer+"/key", a)
	}
}

func atItems(a at, f *field) at {
	return at{pointer: a.pointer + "/components", scope: f.items, list: f.name + ".", depth: a.depth + 1}
}

// find returns the field at a path, or nil.
func (s *scope) find(path []string) *field {
	b := s.tree
	for _, part := range path {
		if b = b.below[part]; b == nil {
			return nil
		}
	}
	return b.field
}

// place puts a field into its scope.
func (r *reader) place(f *field, pointer string, a at) {
	f.name = a.list + strings.Join(f.path, ".")
	if len(f.path) > 0 && !a.scope.add(f) {
		r.wrong(pointer, "form_key_twice", f.ID, "Another component has the key "+clip(f.name)+", or one that it is part of.")
	}
}

func (r *reader) field(c *component, a at, path []string) *field {
	f := &field{component: c, path: path, hide: a.hide, bounds: map[string]bound{}}
	r.place(f, a.pointer+"/key", a)
	f.readonly = r.expression(c.Readonly, a.pointer+"/readonly", c.ID)
	f.required = r.expression(c.Validate.Required, a.pointer+"/validate/required", c.ID)
	if c.Type == "expression" {
		if f.compute = r.expression(c.Expression, a.pointer+"/expression", c.ID); f.compute == nil && c.Expression != "" {
			r.wrong(a.pointer+"/expression", "form_expression", c.ID, "An expression begins with an equals sign.")
		}
	}
	r.rules(f, a.pointer+"/validate")
	r.choices(f, a.pointer)
	r.details(f, a.pointer)
	return f
}

// expression compiles a text that begins with an equals sign; anything else is none.
func (r *reader) expression(v any, pointer, element string) *feel.Expression {
	text, isText := v.(string)
	source, isExpression := strings.CutPrefix(strings.TrimSpace(text), "=")
	if !isText || !isExpression {
		return nil
	}
	e, err := feel.Compile(source, r.symbols)
	if err != nil {
		r.wrong(pointer, "form_expression", element, "The expression cannot be read: "+err.Error()+".")
	}
	return e
}

func (r *reader) rules(f *field, pointer string) {
	v := f.Validate
	for name, value := range map[string]any{"minLength": v.MinLength, "maxLength": v.MaxLength, "min": v.Min, "max": v.Max, "minItems": v.MinItems, "maxItems": v.MaxItems} {
		if value == nil || value == "" {
			continue
		}
		if e := r.expression(value, pointer+"/"+name, f.ID); e != nil {
			f.bounds[name] = bound{expr: e}
			continue
		}
		n := numberOf(value)
		if n == nil {
			r.wrong(pointer+"/"+name, "form_rule", f.ID, "The rule "+name+" is a number.")
			continue
		}
		f.bounds[name] = bound{number: n}
	}
	if v.Pattern != "" {
		var err error
		if f.pattern, err = regexp.Compile(v.Pattern); err != nil || len(v.Pattern) > 1000 {
			r.wrong(pointer+"/pattern", "form_pattern", f.ID, "The pattern is no regular expression of RE2 with at most 1000 characters.")
		}
	}
	if !slices.Contains([]string{"", "custom", "email", "phone"}, v.ValidationType) {
		r.wrong(pointer+"/validationType", "form_rule", f.ID, "There is no type of validation "+clip(v.ValidationType)+".")
	}
}

func (r *reader) choices(f *field, pointer string) {
	if f.ValuesExpression != "" {
		if f.choices = r.expression(f.ValuesExpression, pointer+"/valuesExpression", f.ID); f.choices == nil {
			r.wrong(pointer+"/valuesExpression", "form_expression", f.ID, "The expression of the values cannot be read.")
		}
	}
	if len(f.Values) > maxOptions {
		r.wrong(pointer+"/values", "form_too_large", f.ID, fmt.Sprintf("The component has more than %d values.", maxOptions))
		return
	}
	var known []any
	for n, o := range f.Values {
		v := jsonValue(o.Value)
		if slices.ContainsFunc(known, func(k any) bool { return expr.Equal(k, v) }) {
			r.wrong(pointer+"/values/"+strconv.Itoa(n)+"/value", "form_value_twice", f.ID, "Another choice has the same value.")
		}
		known = append(known, v)
	}
}

// details reads what only some types of components have.
func (r *reader) details(f *field, pointer string) {
	if d := f.DecimalDigits; d != nil && (*d < 0 || *d > 20) {
		r.wrong(pointer+"/decimalDigits", "form_rule", f.ID, "There are 0 to 20 decimal digits.")
	}
	if f.Type == "datetime" && !slices.Contains([]string{"", "date", "time", "datetime"}, f.Subtype) {
		r.wrong(pointer+"/subtype", "form_rule", f.ID, "The subtype is date, time or datetime.")
	}
	if !slices.Contains([]string{"", "utc_offset", "utc_normalized", "no_timezone"}, f.TimeFormat) {
		r.wrong(pointer+"/timeSerializingFormat", "form_rule", f.ID, "The format is utc_offset, utc_normalized or no_timezone.")
	}
	if len(f.DefaultValue) > 0 {
		var err error
		if f.initial, err = expr.Unmarshal(f.DefaultValue); err != nil {
			r.wrong(pointer+"/defaultValue", "form_syntax", f.ID, "The default value cannot be read.")
		}
	}
}

// jsonValue turns what was decoded with json.Number into a value.
func jsonValue(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	value, err := expr.Unmarshal(raw)
	if err != nil {
		return nil
	}
	return value
}

// clip keeps foreign text short in messages.
func clip(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}
