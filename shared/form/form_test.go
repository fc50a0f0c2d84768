package form_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
)

// noon is the time of all submissions.
var noon = time.Date(2026, 5, 20, 12, 0, 0, 0, time.FixedZone("", 8*3600))

func schema(components string) string {
	return `{"id": "f", "type": "default", "components": [` + components + `]}`
}

func read(t testing.TB, components string) *form.Form {
	t.Helper()
	f, err := form.Read([]byte(schema(components)))
	if err != nil {
		t.Fatalf("%s: %+v", components, fault.From(err).Details)
	}
	return f
}

func values(t testing.TB, text string) map[string]expr.Value {
	t.Helper()
	if text == "" {
		return nil
	}
	v, err := expr.Unmarshal([]byte(text))
	if err != nil {
		t.Fatal(text, err)
	}
	return v.(map[string]expr.Value)
}

// told is the outcome of a validation as a text: the variables, or the problems.
func told(t testing.TB, f *form.Form, s form.Submission) string {
	t.Helper()
	s.Now = noon
	out, err := f.Validate(s)
	if err != nil {
		if !errors.Is(err, form.ErrSubmission) {
			t.Fatal(err)
		}
		var list []string
		for _, d := range fault.From(err).Details {
			list = append(list, d.Code+" "+strings.TrimPrefix(d.Pointer, "/variables"))
		}
		return strings.Join(list, ", ")
	}
	raw, err := expr.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestRead(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"type": "group", "components": [`, 18) + strings.Repeat(`]}`, 18)
	many := strings.TrimSuffix(strings.Repeat(`{"type": "text"},`, 1001), ",")
	for _, c := range []struct{ name, schema, want string }{
		{"no JSON", `{`, "form_syntax "},
		{"something behind", schema("") + "{}", "form_syntax "},
		{"no id", `{"components": []}`, "form_id /id"},
		{"another type", `{"id": "a", "type": "x", "components": []}`, "form_type /type"},
		{"no type", schema(`{"id": "1"}`), "form_type /components/0/type"},
		{"null", schema(`null`), "form_type /components/0/type"},
		{"an unknown type", schema(`{"type": "script"}`), "form_type_unknown /components/0/type"},
		{"no key", schema(`{"type": "textfield"}`), "form_key /components/0/key"},
		{"an empty part", schema(`{"type": "textfield", "key": "a..b"}`), "form_key /components/0/key"},
		{"a key twice", schema(`{"type": "textfield", "key": "a"}, {"type": "group", "components": [{"type": "number", "key": "a"}]}`), "form_key_twice /components/1/components/0/key"},
		{"a key in a key", schema(`{"type": "textfield", "key": "a"}, {"type": "textfield", "key": "a.b"}`), "form_key_twice /components/1/key"},
		{"a key around a key", schema(`{"type": "group", "path": "a", "components": [{"type": "textfield", "key": "b"}]}, {"type": "textfield", "key": "a"}`), "form_key_twice /components/1/key"},
		{"an id twice", schema(`{"type": "text", "id": "a"}, {"type": "text", "id": "a"}`), "form_id_twice /components/1/id"},
		{"a list without a path", schema(`{"type": "dynamiclist"}`), "form_key /components/0/path"},
		{"a bad condition", schema(`{"type": "text", "conditional": {"hide": "=1 +"}}`), "form_expression /components/0/conditional/hide"},
		{"a bad expression", schema(`{"type": "expression", "key": "a", "expression": "1"}`), "form_expression /components/0/expression"},
		{"a bad pattern", schema(`{"type": "textfield", "key": "a", "validate": {"pattern": "(?=a)"}}`), "form_pattern /components/0/validate/pattern"},
		{"a rule that is no number", schema(`{"type": "textfield", "key": "a", "validate": {"maxLength": "x"}}`), "form_rule /components/0/validate/maxLength"},
		{"a type of validation", schema(`{"type": "textfield", "key": "a", "validate": {"validationType": "iban"}}`), "form_rule /components/0/validate/validationType"},
		{"a value twice", schema(`{"type": "select", "key": "a", "values": [{"value": 1}, {"value": 1.0}]}`), "form_value_twice /components/0/values/1/value"},
		{"choices", schema(`{"type": "select", "key": "a", "valuesExpression": "x"}`), "form_expression /components/0/valuesExpression"},
		{"digits", schema(`{"type": "number", "key": "a", "decimalDigits": 21}`), "form_rule /components/0/decimalDigits"},
		{"a subtype", schema(`{"type": "datetime", "key": "a", "subtype": "week"}`), "form_rule /components/0/subtype"},
		{"a format", schema(`{"type": "datetime", "key": "a", "timeSerializingFormat": "unix"}`), "form_rule /components/0/timeSerializingFormat"},
		{"a total of nothing", schema(`{"type": "lineItems", "key": "a", "totals": [{"key": "t", "sum": "x"}]}`), "form_total /components/0/totals/0/sum"},
		{"too deep", schema(deep), "form_too_deep /components" + strings.Repeat("/0/components", 17)},
		{"too many", schema(many), "form_too_large /components"},
		{"too large", schema(`{"type": "text", "text": "` + strings.Repeat("x", form.MaxSize) + `"}`), "form_too_large "},
		{"too many choices", schema(`{"type": "select", "key": "a", "values": [` + strings.TrimSuffix(strings.Repeat(`{},`, 1001), ",") + `]}`), "form_too_large /components/0/values"},
	} {
		_, err := form.Read([]byte(c.schema))
		var got []string
		if f := fault.From(err); f != nil {
			for _, d := range f.Details {
				got = append(got, d.Code+" "+d.Pointer)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Every type of component can be read, and its fields come in order.
func TestReadsEveryType(t *testing.T) {
	t.Parallel()
	var list []string
	for _, kind := range []string{"textfield", "textarea", "number", "checkbox", "checklist", "radio", "select", "taglist", "datetime", "expression", "filepicker", "people", "department", "attachments", "money", "signature"} {
		list = append(list, fmt.Sprintf(`{"type": %q, "key": %q, "id": %q}`, kind, "k"+kind, kind))
	}
	for _, kind := range []string{"table", "text", "html", "image", "button", "separator", "spacer", "iframe", "documentPreview"} {
		list = append(list, fmt.Sprintf(`{"type": %q, "id": %q}`, kind, kind))
	}
	list = append(list, `{"type": "group", "path": "g", "components": [{"type": "textfield", "key": "a", "id": "ga"}]}`,
		`{"type": "dynamiclist", "path": "d", "id": "d", "components": [{"type": "textfield", "key": "a", "id": "da"}]}`)
	f := read(t, strings.Join(list, ","))
	var got []string
	for _, field := range f.Fields()[16:] {
		got = append(got, field.Path)
	}
	if diff := cmp.Diff([]string{"g.a", "d", "d.a"}, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(f.Variables(), "kmoney") || !slices.Contains(f.Variables(), "g") {
		t.Error(f.Variables())
	}
	if got := told(t, f, form.Submission{}); got != `{}` {
		t.Error(got)
	}
}

func TestConceal(t *testing.T) {
	t.Parallel()
	before := `{"a":1,"g":{"b":2,"c":3},"l":[{"x":1,"y":2},3],"t":"x"}`
	v := values(t, before)
	raw, _ := json.Marshal(form.Conceal(v, []string{"a", "g.b", "l.x", "t.u", "none", "none.x"}))
	if string(raw) != `{"g":{"c":3},"l":[{"y":2},3],"t":"x"}` {
		t.Errorf("%s", raw)
	}
	if again, _ := json.Marshal(v); string(again) != before {
		t.Errorf("the values themselves became %s", again)
	}
}
