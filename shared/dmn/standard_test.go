package dmn_test

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
)

// TestAllowedValues is DMN §7.3.3: allowed values of a component may name the components beside it, those
// of a collection are for its elements, a constraint is for the whole.
func TestAllowedValues(t *testing.T) {
	t.Parallel()
	types := `<itemDefinition name="tStay"><itemComponent name="first night"><typeRef>number</typeRef></itemComponent>
		<itemComponent name="last night"><typeRef>number</typeRef><allowedValues><text>&gt;= first night</text></allowedValues></itemComponent></itemDefinition>
		<itemDefinition name="tStays" isCollection="true"><typeRef>tStay</typeRef><typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>
		<itemDefinition name="tEven" isCollection="true"><typeRef>number</typeRef><allowedValues><text>even(?)</text></allowedValues></itemDefinition>`
	for _, c := range []struct{ typ, value, want string }{
		{"tStay", `{first night: 1, last night: 2}`, `{first night: 1, last night: 2}`}, {"tStay", `{first night: 3, last night: 2}`, "null"},
		{"tStays", `[{first night: 1, last night: 2}]`, `[{first night: 1, last night: 2}]`}, {"tStays", `[{first night: 1, last night: 2}, {first night: 3, last night: 2}]`, "null"},
		{"tStays", `for i in 1..3 return {first night: 1, last night: 2}`, "null"}, {"tEven", `[2, 4]`, "[2, 4]"}, {"tEven", `[2, 3]`, "null"}, {"tEven", `2`, "[2]"},
	} {
		m := model(t, types+`<decision id="d" name="d"><variable name="d" typeRef="`+c.typ+`"/><literalExpression><text>`+c.value+`</text></literalExpression></decision>`, dmn.Options{})
		got, err := m.Invoke("d", nil, now)
		if err != nil || feel.String(got.Value) != c.want {
			t.Errorf("%s as %s: %s, not %s (%v)", c.value, c.typ, feel.String(got.Value), c.want, err)
		}
	}
}

// TestAllowedValuesOfBases is DMN §7.3.3: a type restricts the values that its base allows; a value has to be
// allowed by both, also as a component, as an element and by a chain of types.
func TestAllowedValuesOfBases(t *testing.T) {
	t.Parallel()
	item := func(name, base, kind, tests string) string {
		return `<itemDefinition name="` + name + `"><typeRef>` + base + `</typeRef><` + kind + `><text>` + tests + `</text></` + kind + `></itemDefinition>`
	}
	types := item("tDay", "number", "allowedValues", "[1..31]") + item("tEarly", "tDay", "allowedValues", "&lt; 10") + item("tEven", "tEarly", "typeConstraint", "even(?)") +
		item("tNever", "tDay", "allowedValues", "40, 50") + item("tPlain", "number", "typeConstraint", "[1..31]") + item("tOf", "tPlain", "allowedValues", "&lt; 10") +
		`<itemDefinition name="tDays" isCollection="true"><typeRef>tEarly</typeRef></itemDefinition>
		<itemDefinition name="tPart"><itemComponent name="day"><typeRef>tDay</typeRef><allowedValues><text>&lt; 10</text></allowedValues></itemComponent></itemDefinition>`
	for _, c := range []struct{ typ, value, want string }{
		{"tEarly", "5", "5"}, {"tEarly", "12", "null"}, {"tEarly", "0", "null"}, {"tEven", "4", "4"}, {"tEven", "5", "null"}, {"tEven", "-2", "null"}, {"tEven", "12", "null"},
		{"tNever", "40", "null"}, {"tNever", "5", "null"}, {"tOf", "5", "5"}, {"tOf", "0", "null"}, {"tOf", "12", "null"},
		{"tDays", "[1, 9]", "[1, 9]"}, {"tDays", "[1, 0]", "null"}, {"tPart", "{day: 3}", "{day: 3}"}, {"tPart", "{day: 0}", "null"}, {"tPart", "{day: 30}", "null"},
	} {
		m := model(t, types+`<decision id="d" name="d"><variable name="d" typeRef="`+c.typ+`"/><literalExpression><text>`+c.value+`</text></literalExpression></decision>`, dmn.Options{})
		got, err := m.Invoke("d", nil, now)
		if err != nil || feel.String(got.Value) != c.want {
			t.Errorf("%s as %s: %s, not %s (%v)", c.value, c.typ, feel.String(got.Value), c.want, err)
		}
	}
}

// TestColumnTypes is DMN §8.3.2 and §8.3.3: what a column's type does not allow is null.
func TestColumnTypes(t *testing.T) {
	t.Parallel()
	types := `<itemDefinition name="tGrade"><typeRef>string</typeRef><allowedValues><text>"a", "b"</text></allowedValues></itemDefinition>`
	for name, c := range map[string]struct{ input, output, rule, want string }{
		"allowed input":     {`typeRef="tGrade"`, `<output name="y"/>`, `"a"=>1`, "1"},
		"type of an output": {``, `<output name="y" typeRef="number"/><output name="z"/>`, `-=>"text"=>1`, "{y: null, z: 1}"},
		"null output":       {``, `<output name="y" typeRef="number"/><output name="z"/>`, `-=>null=>1`, "{y: null, z: 1}"},
		"allowed output":    {``, `<output name="y" typeRef="tGrade"/>`, `-=>"a"`, "a"},
		"another output":    {``, `<output name="y" typeRef="tGrade"/>`, `-=>"c"`, "null"},
	} {
		input := `<inputExpression ` + c.input + `><text>"a"</text></inputExpression>`
		m := model(t, types+table(``, input, c.output, c.rule), dmn.Options{})
		if got, err := m.Invoke("d", nil, now); err != nil || feel.String(got.Value) != c.want {
			t.Errorf("%s: %s, not %s (%v)", name, feel.String(got.Value), c.want, err)
		}
		m = model(t, types+table(``, strings.Replace(input, `"a"`, `"c"`, 1), c.output, c.rule), dmn.Options{})
		if got, _ := m.Invoke("d", nil, now); c.input != "" && got.Value != nil {
			t.Errorf("%s: %s for an input that is not allowed", name, feel.String(got.Value))
		}
	}
}

// TestExternalFunction: a model that defines one is refused; read leniently, its call is null.
func TestExternalFunction(t *testing.T) {
	t.Parallel()
	data := []byte(head + literal(`{f: function(a) external {java: {class: "java.lang.Math", method signature: "abs(int)"}}, r: [f(1), 2]}.r`) + "</definitions>")
	_, err := dmn.Read(data, dmn.Options{})
	if details := fault.From(err).Details; len(details) != 1 || details[0].Rule != "unsupported_function" {
		t.Errorf("%+v", details)
	}
	m, err := dmn.Read(data, dmn.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.Invoke("d", nil, now); err != nil || feel.String(got.Value) != "[null, 2]" {
		t.Errorf("%s %v", feel.String(got.Value), err)
	}
}
