package feel

// Part is a piece of logic that is not written in FEEL, such as a boxed expression of DMN.
type Part func(r *Run, s *Scope) Value

func (p Part) evaluate(r *Run, s *Scope) Value { return p(r, s) }

// Conditional is if, then and else of boxed expressions (DMN 1.4 §10.2.2.9).
func Conditional(condition, yes, no Part) Part { return choice{condition, yes, no}.evaluate }

// Filter is list[match] (DMN 1.4 §10.2.2.10).
func Filter(list, match Part) Part { return filter{base: list, condition: match}.evaluate }

// For is for name in list return result (DMN 1.4 §10.2.2.11).
func For(name string, list, result Part) Part {
	return loop{[]iterator{{name: Name(name), from: list}}, result}.evaluate
}

// Quantified is every, or some, name in list satisfies condition (DMN 1.4 §10.2.2.12).
func Quantified(every bool, name string, list, condition Part) Part {
	return quantified{every, []iterator{{name: Name(name), from: list}}, condition}.evaluate
}

// Index returns which of the tests is the first that a value passes, -1 when none is.
func (t *Tests) Index(r *Run, v Value) int {
	for i, one := range t.tests {
		if one.match(r, nil, v) == true {
			return i
		}
	}
	return -1
}

// Parse reads the text of a value of a simple type by its name, as test data and forms write it: a
// number, a boolean, a date, a time, a date and time or a duration; any other type is a string. It
// reports false for a text that is none.
func Parse(text, kind string) (Value, bool) {
	switch kind {
	case "number":
		if !numeral.MatchString(text) {
			return nil, false
		}
		return orNil(parseNumber(text))
	case "boolean":
		return text == "true" || text == "1", text == "true" || text == "false" || text == "1" || text == "0"
	case "date":
		return orNil(parseDate(text))
	case "time":
		return orNil(parseTime(text))
	case "date and time":
		return orNil(parseDateTime(text))
	case "duration", "days and time duration", "years and months duration":
		return parseDuration(text)
	}
	return text, true
}

func orNil[T any](v T, ok bool) (Value, bool) {
	if !ok {
		return nil, false
	}
	return v, true
}

// Kind names the type of a value as instance of does: "number", "date and time", "Null".
func Kind(v Value) string { return kindOf(v) }

// Shape is the kind of a type, or of the one that it refers to; empty for nil.
func (t *Type) Shape() string {
	if t == nil {
		return ""
	}
	return t.shapeKind()
}

// Restricts reports whether a type has allowed values or constraints, of its own or of what it refers to.
func (t *Type) Restricts() bool {
	for i := 0; t != nil && i < maxWalk; i++ {
		if t.Allowed != nil || t.Constraint != nil || t.Element != nil && t.Element.Allowed != nil {
			return true
		}
		t = t.Base
	}
	return false
}

// Of returns the type of the elements of a list type, nil when it is none.
func (t *Type) Of() *Type {
	for i := 0; t != nil && t.Element == nil && t.Base != nil && i < maxWalk; i++ {
		t = t.Base
	}
	if t == nil {
		return nil
	}
	return t.Element
}

// Entry returns the type of an entry of a context type, nil when there is none.
func (t *Type) Entry(name string) *Type {
	for i := 0; t != nil && len(t.Fields) == 0 && t.Base != nil && i < maxWalk; i++ {
		t = t.Base
	}
	if t == nil {
		return nil
	}
	return t.field(Name(name))
}

// Aggregate is sum, min, max or count of a list.
func (r *Run) Aggregate(function string, l List) Value {
	return r.Invoke(builtins[function], []Value{l}, nil)
}

// Takes returns the types of the parameters of a function type, nil when it is none.
func (t *Type) Takes() []*Type {
	if t = t.function(); t == nil {
		return nil
	}
	return t.Parameters
}

// Gives returns the type of the result of a function type, nil when it is none or says nothing.
func (t *Type) Gives() *Type {
	if t = t.function(); t == nil {
		return nil
	}
	return t.Result
}

func (t *Type) function() *Type {
	for i := 0; t != nil && t.Kind == "" && i < maxWalk; i++ {
		t = t.Base
	}
	if t == nil || t.Kind != KindFunction {
		return nil
	}
	return t
}
