package tasklist

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/store"
)

// operators are those that a kind of field goes with.
var operators = map[store.FieldKind][]store.Operator{
	store.TextField:   {store.Equal, store.OneOf, store.Prefix, store.Exists},
	store.IDField:     {store.Equal, store.OneOf},
	store.StateField:  {store.Equal, store.OneOf},
	store.NumberField: {store.Equal, store.OneOf, store.Less, store.AtMost, store.More, store.AtLeast},
	store.TimeField:   {store.Less, store.AtMost, store.More, store.AtLeast, store.Exists},
}

// field translates a condition of a field.
func (t *translator) field(c Condition, pointer string) store.Condition {
	out := store.Condition{Field: c.Field, Operator: c.Operator}
	f, known := t.fields[c.Field]
	if !known {
		t.problem(pointer+"/field", "unknown_field", "The list has no such field to search by.")
		return out
	}
	if !slices.Contains(operators[f.Kind], c.Operator) {
		t.problem(pointer+"/operator", "bad_operator", "The field "+c.Field+" goes with "+strings.Join(words(operators[f.Kind]...), ", ")+".")
		return out
	}
	if c.Operator == store.Exists {
		out.Value = t.exists(c, pointer)
		return out
	}
	for _, raw := range t.values(c, pointer) {
		value, detail := t.value(f.Kind, raw)
		if detail != "" {
			t.problem(pointer+"/value", "bad_value", detail)
		}
		out.Values = append(out.Values, value)
	}
	return single(out)
}

// single is a condition with the one value that it has, where it is none of several.
func single(c store.Condition) store.Condition {
	if c.Operator != store.OneOf && len(c.Values) == 1 {
		c.Value, c.Values = c.Values[0], nil
	}
	return c
}

// value reads one value of a kind; detail says what is wrong with it.
func (t *translator) value(kind store.FieldKind, raw json.RawMessage) (value any, detail string) {
	if kind == store.NumberField {
		var n int64
		if json.Unmarshal(raw, &n) != nil || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
			return nil, "The value is a whole number."
		}
		return n, ""
	}
	var text *string
	if json.Unmarshal(raw, &text) != nil || text == nil || utf8.RuneCountInString(*text) > maxValueText {
		return nil, "The value is a text of at most 255 characters."
	}
	switch kind {
	case store.IDField:
		id, err := engine.ParseID(*text)
		if err != nil {
			return nil, "The value is no id."
		}
		return id[:], ""
	case store.TimeField:
		at, err := time.Parse(time.RFC3339, *text)
		if err != nil {
			return nil, "The value is a time such as 2026-01-31T09:30:00Z."
		}
		return at.UTC(), ""
	case store.StateField:
		return t.state(*text)
	}
	return *text, ""
}

// state is the code of a word for the state of a task or an instance.
func (t *translator) state(word string) (any, string) {
	find := store.StateCode
	if _, tasks := t.fields["assignee"]; tasks {
		find = store.TaskStateCode
	}
	if code, known := find(word); known {
		return code, ""
	}
	return nil, "There is no such state."
}

// variable translates a condition of a variable: its values are as the product keeps them, by expr.Key.
func (t *translator) variable(c Condition, pointer string) store.Condition {
	out := store.Condition{Variable: c.Variable, Operator: c.Operator, By: t.by}
	if t.variables++; t.variables > maxVariables {
		t.problem(pointer, "too_many_variables", "A search asks for at most five variables.")
		return out
	}
	switch c.Operator {
	case store.Exists:
		if out.Value = t.exists(c, pointer); out.Value == false {
			t.problem(pointer+"/value", "bad_value", "Of variables exists takes true alone.")
		}
		return out
	case store.Equal, store.OneOf, store.Prefix, store.Less, store.AtMost, store.More, store.AtLeast:
	default:
		t.problem(pointer+"/operator", "bad_operator", "A variable goes with eq, in, prefix, lt, le, gt, ge, exists.")
		return out
	}
	for _, raw := range t.values(c, pointer) {
		out.Values = append(out.Values, t.kept(&out, raw, pointer))
	}
	return single(out)
}

// kept is a value of a variable as it is looked up.
func (t *translator) kept(c *store.Condition, raw json.RawMessage, pointer string) any {
	value, err := expr.Unmarshal(raw)
	key := ""
	if err == nil {
		key, err = expr.Key(value)
	}
	if err != nil || utf8.RuneCountInString(key) > maxValueText {
		t.problem(pointer+"/value", "bad_value", "The value is JSON of at most 255 characters.")
		return nil
	}
	_, text := value.(string)
	switch c.Operator {
	case store.Equal, store.OneOf:
	case store.Prefix:
		if !text {
			t.problem(pointer+"/value", "bad_value", "prefix takes a text.")
		}
		key = strings.TrimSuffix(key, `"`)
	default:
		if c.Numeric = key[0] == '-' || key[0] >= '0' && key[0] <= '9'; !c.Numeric && !text {
			t.problem(pointer+"/value", "bad_value", "An order is one of numbers or of texts.")
		}
	}
	return key
}
