package form_test

import (
	"fmt"
	"strings"
	"testing"

	"diom.io/workflow/shared/form"
)

func one(kind, rest string) string { return `{"type": "` + kind + `", "key": "a"` + rest + `}` }

func TestValidateValues(t *testing.T) {
	t.Parallel()
	choices := `, "values": [{"label": "x", "value": "x"}, {"label": "y", "value": "y"}, {"label": "1", "value": 1}]`
	rule := func(rules string) string { return `, "validate": {` + rules + `}` }
	for _, c := range []struct{ form, in, want string }{
		{one("textfield", ""), `{"a": "x"}`, `{"a":"x"}`},
		{one("textfield", ""), `{"a": ""}`, `{"a":null}`},
		{one("textfield", ""), `{"a": 1}`, "field_type /a"},
		{one("textfield", ""), `{"a": ["x"]}`, "field_type /a"},
		{one("textfield", ""), `{"b": 1, "c/d": 2}`, "unknown_field /b, unknown_field /c~1d"},
		{one("textfield", rule(`"required": true`)), ``, "field_required /a"},
		{one("textfield", rule(`"required": true`)), `{"a": ""}`, "field_required /a"},
		{one("textfield", rule(`"required": "=1 = 1"`)), `{}`, "field_required /a"},
		{one("textfield", rule(`"minLength": 2, "maxLength": 3`)), `{"a": "字"}`, "field_length /a"},
		{one("textfield", rule(`"minLength": 2, "maxLength": 3`)), `{"a": "字字字"}`, `{"a":"字字字"}`},
		{one("textfield", rule(`"minLength": "2", "maxLength": "=1 + 2"`)), `{"a": "字字字字"}`, "field_length /a"},
		{one("textfield", rule(`"pattern": "^[a-z]+$"`)), `{"a": "A"}`, "field_pattern /a"},
		{one("textfield", rule(`"validationType": "email"`)), `{"a": "a@b"}`, "field_pattern /a"},
		{one("textfield", rule(`"validationType": "email"`)), `{"a": "a.b@c.de"}`, `{"a":"a.b@c.de"}`},
		{one("textfield", rule(`"validationType": "phone"`)), `{"a": "+86 138-0000-0000"}`, `{"a":"+86 138-0000-0000"}`},
		{one("textfield", rule(`"validationType": "phone"`)), `{"a": "12x"}`, "field_pattern /a"},
		{one("textfield", `, "defaultValue": "d"`), `{}`, `{"a":"d"}`},
		{one("textfield", `, "defaultValue": "d"`), `{"a": ""}`, `{"a":null}`},

		{one("number", ""), `{"a": 1.50}`, `{"a":1.50}`},
		{one("number", ""), `{"a": "1"}`, "field_type /a"},
		{one("number", `, "serializeToString": true`), `{"a": "1.50"}`, `{"a":"1.50"}`},
		{one("number", `, "serializeToString": true`), `{"a": 1.5}`, `{"a":"1.5"}`},
		{one("number", `, "serializeToString": true`), `{"a": "x"}`, "field_type /a"},
		{one("number", `, "serializeToString": true`), `{"a": "NaN"}`, "field_type /a"},
		{one("number", `, "decimalDigits": 1`), `{"a": 1.25}`, "field_range /a"},
		{one("number", `, "decimalDigits": 1`), `{"a": 1.50}`, `{"a":1.50}`},
		{one("number", rule(`"min": 1, "max": "=1 + 1"`)), `{"a": 0}`, "field_range /a"},
		{one("number", rule(`"min": 1, "max": "=1 + 1"`)), `{"a": 2}`, `{"a":2}`},
		{one("number", rule(`"min": 1, "max": "=1 + 1"`)), `{"a": 2.1}`, "field_range /a"},
		{one("money", ""), `{"a": "10.25"}`, `{"a":"10.25"}`},
		{one("money", ""), `{"a": "10.255"}`, "field_range /a"},

		{one("checkbox", ""), `{"a": true}`, `{"a":true}`},
		{one("checkbox", ""), `{"a": "true"}`, "field_type /a"},
		{one("checkbox", rule(`"required": true`)), `{"a": false}`, "field_required /a"},
		{one("select", choices), `{"a": "y"}`, `{"a":"y"}`},
		{one("select", choices), `{"a": 1}`, `{"a":1}`},
		{one("select", choices), `{"a": "z"}`, "field_choice /a"},
		{one("radio", choices), `{"a": "1"}`, "field_choice /a"},
		{one("checklist", choices), `{"a": ["x", "y"]}`, `{"a":["x","y"]}`},
		{one("checklist", choices), `{"a": ["x", "z"]}`, "field_choice /a/1"},
		{one("taglist", choices), `{"a": ["x", "x"]}`, "field_choice /a/1"},
		{one("taglist", choices), `{"a": "x"}`, "field_type /a"},
		{one("taglist", choices+rule(`"required": true`)), `{"a": []}`, "field_required /a"},
		{one("select", `, "valuesKey": "known.list"`), `{"a": "p"}`, `{"a":"p"}`},
		{one("select", `, "valuesKey": "known.list"`), `{"a": 2}`, `{"a":2}`},
		{one("select", `, "valuesKey": "known.list"`), `{"a": "r"}`, "field_choice /a"},
		{one("select", `, "valuesExpression": "=known.list"`), `{"a": "q"}`, `{"a":"q"}`},
		{one("select", `, "valuesExpression": "=known.none"`), `{"a": "q"}`, "field_choice /a"},

		{one("datetime", `, "subtype": "date"`), `{"a": "2026-02-28"}`, `{"a":"2026-02-28"}`},
		{one("datetime", `, "subtype": "date"`), `{"a": "2026-02-30"}`, "field_type /a"},
		{one("datetime", `, "subtype": "date", "disallowPassedDates": true`), `{"a": "2026-05-19"}`, "field_range /a"},
		{one("datetime", `, "subtype": "date", "disallowPassedDates": true`), `{"a": "2026-05-20"}`, `{"a":"2026-05-20"}`},
		{one("datetime", `, "subtype": "time"`), `{"a": "12:30"}`, `{"a":"12:30"}`},
		{one("datetime", `, "subtype": "time", "timeSerializingFormat": "utc_offset"`), `{"a": "12:30+08:00"}`, `{"a":"12:30+08:00"}`},
		{one("datetime", `, "subtype": "datetime", "timeSerializingFormat": "utc_normalized"`), `{"a": "2026-02-28T12:30Z"}`, `{"a":"2026-02-28T12:30Z"}`},
		{one("datetime", `, "subtype": "datetime", "timeSerializingFormat": "no_timezone"`), `{"a": "2026-02-28T12:30Z"}`, "field_type /a"},

		{one("people", ""), `{"a": "lina"}`, `{"a":"lina"}`},
		{one("people", ""), `{"a": ["lina"]}`, "field_type /a"},
		{one("people", `, "multiple": true`), `{"a": ["lina", "wangfang"]}`, `{"a":["lina","wangfang"]}`},
		{one("people", `, "multiple": true`+rule(`"maxItems": 1`)), `{"a": ["lina", "wangfang"]}`, "field_items /a"},
		{one("attachments", ""), `{"a": ["1"]}`, `{"a":["1"]}`},
		{one("attachments", ""), `{"a": [1]}`, "field_type /a"},
		{one("signature", ""), `{"a": "` + strings.Repeat("x", 256) + `"}`, "field_type /a"},
	} {
		got := told(t, read(t, c.form), form.Submission{Values: values(t, c.in), Known: values(t, `{"known": {"list": ["p", {"label": "Q", "value": "q"}, 2]}}`)})
		if got != c.want {
			t.Errorf("%s with %s: %s, want %s", c.form, c.in, got, c.want)
		}
	}
}

// outing is a form with conditions, a group, a list, an expression and totals.
const outing = `
{"type": "checkbox", "key": "abroad"},
{"type": "textfield", "key": "visa", "validate": {"required": true}, "conditional": {"hide": "=abroad != true"}},
{"type": "group", "path": "trip", "conditional": {"hide": "=visa = \"none\""}, "components": [
  {"type": "textfield", "key": "city", "validate": {"required": true}}, {"type": "textfield", "key": "note"}]},
{"type": "dynamiclist", "path": "legs", "validate": {"minItems": 1, "maxItems": 2}, "components": [
  {"type": "number", "key": "km"},
  {"type": "textfield", "key": "why", "validate": {"required": true}, "conditional": {"hide": "=this.km < 100"}}]},
{"type": "expression", "key": "far", "expression": "=sum(for l in if legs = null then [] else legs return if l.km = null then 0 else l.km) > 1000"},
{"type": "lineItems", "key": "costs", "totals": [{"key": "total", "sum": "amount"}], "components": [{"type": "money", "key": "amount"}, {"type": "textfield", "key": "of"}]}`

func TestValidateForm(t *testing.T) {
	t.Parallel()
	f := read(t, outing)
	for _, c := range []struct{ name, in, known, want string }{
		{"hidden is not required, and dropped", `{"abroad": false, "visa": "x", "trip": {"city": "c"}}`, "", `{"abroad":false,"far":null,"trip":{"city":"c"}}`},
		{"shown is required", `{"abroad": true, "trip": {"city": "c"}}`, "", "field_required /visa"},
		{"what is known is enough", `{"abroad": true}`, `{"visa": "v", "trip": {"city": "c"}}`, `{"abroad":true,"far":null}`},
		{"a hidden field hides nothing", `{"abroad": false, "visa": "none"}`, "", "field_required /trip/city"},
		{"a shown field does", `{"abroad": true, "visa": "none"}`, "", `{"abroad":true,"far":null,"visa":"none"}`},
		{"a group is not set as a whole", `{"trip": "x"}`, `{"trip": {"city": "c"}}`, "field_type /trip"},
		{"a stranger in a group", `{"trip": {"city": "c", "x": 1}}`, "", "unknown_field /trip/x"},
		{"the rest of a group stays", `{"trip": {"note": "n"}}`, `{"trip": {"city": "c", "other": 1}}`, `{"far":null,"trip":{"city":"c","note":"n"}}`},
		{"conditions of an item", `{"legs": [{"km": 1}, {"km": 1200}], "trip": {"city": "c"}}`, "", "field_required /legs/1/why"},
		{"an expression is computed", `{"legs": [{"km": 1, "why": "x"}, {"km": 1200, "why": "w"}], "far": false, "trip": {"city": "c"}}`, "", `{"far":true,"legs":[{"km":1},{"km":1200,"why":"w"}],"trip":{"city":"c"}}`},
		{"as it is", `{"legs": [{"km": 1, "why": "x"}, {"km": 1200, "why": "w"}], "trip": {"city": "c"}}`, "", `{"far":true,"legs":[{"km":1},{"km":1200,"why":"w"}],"trip":{"city":"c"}}`},
		{"too many items", `{"legs": [{"km": 1}, {"km": 1}, {"km": 1}], "trip": {"city": "c"}}`, "", "field_items /legs"},
		{"a stranger in an item", `{"legs": [{"x": 1, "km": 1}], "trip": {"city": "c"}}`, "", "unknown_field /legs/0/x"},
		{"no item", `{"legs": [1], "trip": {"city": "c"}}`, "", "field_type /legs/0"},
		{"no list", `{"legs": {}, "trip": {"city": "c"}}`, "", "field_type /legs"},
		{"a total", `{"costs": [{"amount": "1.10"}, {"amount": "2.05", "of": "x"}], "trip": {"city": "c"}}`, "", `{"costs":[{"amount":"1.10"},{"amount":"2.05","of":"x"}],"far":null,"total":3.15,"trip":{"city":"c"}}`},
		{"a total is not what the caller says", `{"total": 4, "trip": {"city": "c"}}`, "", `{"far":null,"trip":{"city":"c"}}`},
	} {
		got := told(t, f, form.Submission{Values: values(t, c.in), Known: values(t, c.known)})
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestValidateAccess(t *testing.T) {
	t.Parallel()
	f := read(t, one("textfield", "")+`, {"type": "textfield", "key": "b", "readonly": true}, {"type": "textfield", "key": "c", "disabled": true},
		{"type": "group", "path": "g", "components": [{"type": "number", "key": "x"}, {"type": "number", "key": "y"}]},
		{"type": "dynamiclist", "path": "l", "components": [{"type": "number", "key": "x"}, {"type": "number", "key": "y"}]},
		{"type": "textfield", "key": "d", "readonly": "=a = \"lock\""}`)
	known := `{"a": "old", "g": {"x": 1, "y": 2}, "l": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}`
	rights := map[string]map[string]form.Access{
		"none": {}, "read": {"a": {ReadOnly: true}, "g.x": {ReadOnly: true}, "l.x": {ReadOnly: true}}, "hidden": {"a": {Hidden: true}, "g.x": {Hidden: true}, "l.x": {Hidden: true}},
		"required": {"d": {Required: true}},
	}
	for _, c := range []struct{ rights, in, want string }{
		{"none", `{"a": "new"}`, `{"a":"new"}`},
		{"none", `{"b": "new", "c": "new"}`, "read_only_field /b, read_only_field /c"},
		{"none", `{"a": "lock", "d": "x"}`, "read_only_field /d"},
		{"read", `{"a": "old"}`, `{}`},
		{"read", `{"a": "new"}`, "read_only_field /a"},
		{"read", `{"g": {"x": 1, "y": 3}}`, `{"g":{"x":1,"y":3}}`},
		{"read", `{"g": {"x": 2, "y": 3}}`, "read_only_field /g/x"},
		{"hidden", `{"a": "new"}`, "hidden_field /a"},
		{"hidden", `{"g": {"y": 3}}`, `{"g":{"x":1,"y":3}}`},
		{"hidden", `{"l": [{"y": 5}, {"y": 6}]}`, `{"l":[{"x":1,"y":5},{"x":3,"y":6}]}`},
		{"hidden", `{"l": [{"y": 5}]}`, "field_items /l"},
		{"hidden", `{"l": [{"x": 9, "y": 5}, {"y": 6}]}`, "hidden_field /l/0/x"},
		{"required", `{"a": "x"}`, "field_required /d"},
	} {
		got := told(t, f, form.Submission{Values: values(t, c.in), Known: values(t, known), Access: func(name string) form.Access { return rights[c.rights][name] }})
		if got != c.want {
			t.Errorf("%s with %s: %s, want %s", c.rights, c.in, got, c.want)
		}
	}
}

// However many expressions a form has, they share one budget.
func TestValidateBudget(t *testing.T) {
	t.Parallel()
	f := read(t, `{"type": "expression", "key": "a", "expression": "=count(for x in 1..1000, y in 1..1000, z in 1..100 return x)"}`)
	if got := told(t, f, form.Submission{}); got != "form_budget " {
		t.Error(got)
	}
}

// A long list in a form with conditions costs what its items cost, not their square.
func TestValidateLongLists(t *testing.T) {
	t.Parallel()
	f := read(t, `{"type": "dynamiclist", "path": "l", "components": [{"type": "number", "key": "x", "conditional": {"hide": "=this.x > 500"}}]}`)
	var items []string
	for n := range 1001 {
		items = append(items, fmt.Sprintf(`{"x": %d}`, n))
	}
	got := told(t, f, form.Submission{Values: values(t, `{"l": [`+strings.Join(items[:1000], ",")+`]}`)})
	if !strings.HasSuffix(got, `{"x":500},`+strings.TrimSuffix(strings.Repeat("{},", 499), ",")+`]}`) {
		t.Error(got)
	}
	if got := told(t, f, form.Submission{Values: values(t, `{"l": [`+strings.Join(items, ",")+`]}`)}); got != "field_type /l" {
		t.Error(got)
	}
}
