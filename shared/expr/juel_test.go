package expr_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/expr"
)

func env() *expr.Environment {
	variables := must(expr.Unmarshal([]byte(`{
		"n": 5, "price": 19.90, "big": 9007199254740993, "text": "abc", "empty1": "", "nothing": null, "yes": true, "金额": 1000,
		"list": [1, "two", {"a": {"b": [10, 20]}}], "order": {"id": "o-1", "premium": true, "lines": [{"sum": 2.50}], "class": "x"},
		"number": "42", "json": "{\"a\":{\"b\":[1,2]},\"s\":\"t\"}", "evil": "${n}"}`))).(map[string]expr.Value)
	variables["day"] = time.Date(2026, 1, 31, 8, 30, 5, 7e6, time.UTC)
	return &expr.Environment{
		Variable: func(name string) (expr.Value, bool) { v, ok := variables[name]; return v, ok },
		Objects:  map[string]expr.Object{"execution": object{}},
		Now:      time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), User: "zhangwei", Groups: []string{"hr", "staff"},
	}
}

type object struct{}

func (object) Property(name string) (expr.Value, error) { return "property " + name, nil }
func (object) Call(method string, arguments []expr.Value) (expr.Value, error) {
	return method + expr.String(arguments), nil
}

func must(v expr.Value, err error) expr.Value {
	if err != nil {
		panic(err)
	}
	return v
}

// TestEvaluate holds the grammar of Camunda 7's JUEL and the conversions of EL 3.0; the result is
// written as JSON.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, want string }{
		// literals and templates: a lone expression keeps its type (Camunda 7), the rest is text
		{"plain", `"plain"`}, {"", `""`}, {"${n}", `5`}, {"#{n}", `5`}, {" ${n}", `" 5"`}, {"a${n}b#{text}", `"a5babc"`},
		{`\${n} ${n}`, `"${n} 5"`}, {`\#{n}`, `"#{n}"`}, {"${'}'}", `"}"`}, {`${"a'b"}`, `"a'b"`}, {`${'it\'s \\'}`, `"it's \\"`},
		{"${true}", `true`}, {"${null}", `null`}, {"${9223372036854775807}", `9223372036854775807`}, {"${1.50}", `1.50`}, {"${1e3}", `1000`},
		{"${ n\n\t> 3 }", `true`}, {"$", `"$"`}, {"a{b}", `"a{b}"`}, {"${nothing}", `null`}, {"x${nothing}", `"x"`},
		// a value is data, never evaluated
		{"${evil}", `"${n}"`},
		// names in any script
		{"${金额 > 500}", `true`}, {"${big}", `9007199254740993`},
		// EL 3.0 §1.7: arithmetic; + never joins texts, / is never whole
		{"${1 + 2 * 3}", `7`}, {"${(1 + 2) * 3}", `9`}, {"${7 / 2}", `3.5`}, {"${8 / 2}", `4`}, {"${7 div 2}", `3.5`}, {"${7 % 4}", `3`},
		{"${-7 mod 4}", `-3`}, {"${0.1 + 0.2}", `0.3`}, {"${'3' + 4}", `7`}, {"${number * 2}", `84`}, {"${nothing + 1}", `1`}, {"${-n}", `-5`},
		{"${9223372036854775807 + 1}", `9223372036854775808`}, {"${price * 3}", `59.70`}, {"${- -1}", `1`}, {"${10 - 2 - 3}", `5`}, {"${1 / 3 * 3 < 1}", `true`},
		// EL 3.0 §1.9: relations with conversion
		{"${1 == '1'}", `true`}, {"${'a' == 'a'}", `true`}, {"${yes == 'true'}", `true`}, {"${nothing == null}", `true`}, {"${n == null}", `false`},
		{"${n ne 5}", `false`}, {"${n ge 5 and n le 5}", `true`}, {"${n lt 5 or n gt 5}", `false`}, {"${number > 41}", `true`}, {"${'b' > 'a'}", `true`},
		{"${nothing < 1}", `false`}, {"${1.0 == 1}", `true`}, {"${not (n == 5)}", `false`}, {"${!yes || yes}", `true`}, {"${list == list}", `true`},
		{"${day > '2026-01-01T00:00:00Z'}", `true`}, {"${day == day}", `true`}, {"${1 < 2 == true}", `true`},
		// EL 3.0 §1.8 and §1.10
		{"${empty text}", `false`}, {"${empty empty1}", `true`}, {"${empty missing}", `true`}, {"${not empty list}", `true`}, {"${empty nothing}", `true`},
		{"${n > 3 ? 'high' : 'low'}", `"high"`}, {"${n > 9 ? 1 : n > 4 ? 2 : 3}", `2`}, {"${false && missing}", `false`}, {"${true || missing}", `true`},
		// EL 3.0 §1.6: members; null has none, out of bounds is null
		{"${order.id}", `"o-1"`}, {"${order['id']}", `"o-1"`}, {"${order.lines[0].sum}", `2.50`}, {"${list[2].a.b[1]}", `20`}, {"${list[9]}", `null`},
		{"${order.missing.deeper}", `null`}, {"${order.empty}", `null`}, {"${order.class}", `"x"`},
		// methods
		{"${text.length()}", `3`}, {"${text.concat('d')}", `"abcd"`}, {"${text.substring(1)}", `"bc"`}, {"${text.substring(1, 2)}", `"b"`},
		{"${text.equals('abc')}", `true`}, {"${text.contains('b')}", `true`}, {"${text.toUpperCase()}", `"ABC"`}, {"${'a,b,,'.split(',')}", `["a","b"]`},
		{"${text.matches('[a-c]+')}", `true`}, {"${text.replace('b', 'x').indexOf('x')}", `1`}, {"${' x '.trim().isEmpty()}", `false`},
		{"${list.size()}", `3`}, {"${list.contains('two')}", `true`}, {"${list.get(1)}", `"two"`}, {"${list.indexOf('none')}", `-1`},
		{"${order.containsKey('id')}", `true`}, {"${order.isPremium()}", `true`}, {"${order.getId()}", `"o-1"`}, {"${order.keySet()}", `["class","id","lines","premium"]`},
		{"${price.intValue()}", `19`}, {"${n.toString().concat('!')}", `"5!"`}, {"${'中文字'.length()}", `3`},
		// functions and dates
		{"${now()}", `"2026-03-02T09:00:00Z"`}, {"${dateTime().plusDays(1).plusHours(2).toDate()}", `"2026-03-03T11:00:00Z"`},
		{"${day.plusMonths(1)}", `"2026-02-28T08:30:05.007Z"`}, {"${day.toString('yyyy/MM/dd HH:mm:ss.SSS')}", `"2026/01/31 08:30:05.007"`},
		{"${day.before(now())}", `true`}, {"${day.getTime()}", `1769848205007`}, {"${currentUser()}", `"zhangwei"`}, {"${currentUserGroups().contains('hr')}", `true`},
		{"${S(json).prop('a').prop('b').elements().size()}", `2`}, {"${JSON(order).prop('id').stringValue()}", `"o-1"`},
		{"${S(json).jsonPath('$.a.b[1]').numberValue()}", `2`}, {"${S(json).prop('a')}", `{"b":[1,2]}`},
		{"${execution.id}", `"property id"`}, {"${execution.getVariable('x')}", `"getVariable[x]"`},
	} {
		e, err := expr.CompileJUEL(c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		v, err := e.Evaluate(env())
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if raw, err := expr.Marshal(v); err != nil || string(raw) != c.want {
			t.Errorf("%s = %s (%v), want %s", c.source, raw, err, c.want)
		}
	}
}

func TestEvaluationErrors(t *testing.T) {
	t.Parallel()
	long := "'" + strings.Repeat("x", 4000) + "'"
	for _, c := range []struct{ source, code, name string }{
		{"${missing}", "unknown_variable", "missing"}, {"${missing > 1}", "unknown_variable", "missing"}, {"${bean.call(n)}", "unknown_variable", "bean"},
		{"${text + 1}", "type_mismatch", ""}, {"${text > 1}", "type_mismatch", ""}, {"${list < 1}", "type_mismatch", ""}, {"${1 / 0}", "division_by_zero", ""},
		{"${1 % 0}", "division_by_zero", ""}, {"${text.getClass()}", "unknown_method", "getClass"}, {"${n.name}", "unknown_property", "name"},
		{"${text.length(1)}", "unknown_method", "length"}, {"${list.get(7)}", "out_of_bounds", "get"}, {"${text.substring(9)}", "out_of_bounds", "substring"},
		{"${1e400 * 1e400}", "number_overflow", ""}, {"${text.matches('(')}", "bad_pattern", ""}, {"${now().plusYears(999999)}", "number_overflow", "plusYears"},
		{"${" + long + ".replace('x', " + long + ").length()}", "budget_exceeded", ""}, {"${S('{')}", "type_mismatch", ""},
		{"${S(json).jsonPath('$..a')}", "bad_path", "jsonPath"}, {"${-'9223372036854775808x'}", "type_mismatch", ""},
	} {
		e, err := expr.CompileJUEL(c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		v, err := e.Evaluate(env())
		var failed *expr.EvaluationError
		if !errors.As(err, &failed) || failed.Code != c.code || failed.Name != c.name {
			t.Errorf("%s = %v, %#v; want %s of %q", c.source, v, err, c.code, c.name)
		}
	}
	e, _ := expr.CompileJUEL("${n}")
	if _, err := e.EvaluateBool(env()); err == nil {
		t.Error("a number was taken for a condition")
	}
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		offset int
	}{
		{"${", 2}, {"${}", 2}, {"${a", 3}, {"${a b}", 4}, {"${a +}", 5}, {"x ${1 ~ 2}", 6}, {"${'abc}", 2}, {"${f(1)}", 2}, {"${a.}", 4}, {"${a[1}", 5},
		{"${a ? b}", 7}, {"${(a}", 4}, {"${a = 1}", 4}, {"${n.f(1,)}", 8}, {"${99999999999999999999}", 2}, {"${1 2}", 4}, {"${a;b}", 3}, {"${x -> y}", 5},
		{"${" + strings.Repeat("(", 70) + "1" + strings.Repeat(")", 70) + "}", 66}, {"${" + strings.Repeat("!", 70) + "a}", 66}, {strings.Repeat("x", 8193), 8192},
		{"${n" + strings.Repeat("+n", 300) + "}", 515}, {"${n" + strings.Repeat(".n", 300) + "}", 515},
	} {
		_, err := expr.CompileJUEL(c.source)
		var syntax *expr.SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != c.offset {
			t.Errorf("%.40s: %v, want offset %d", c.source, err, c.offset)
		}
	}
}

func TestWhatAnExpressionNeeds(t *testing.T) {
	t.Parallel()
	e, err := expr.CompileJUEL("${b > a && bean.check(a, order.id) ? now() : S(c)} ${b}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "bean", "c", "order"}, e.Identifiers()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bean"}, e.Calls()); diff != "" {
		t.Error(diff)
	}
	for source, want := range map[string]bool{"text": true, `\${x}`: true, "${x}": false, "a#{x}": false} {
		if e, err := expr.CompileJUEL(source); err != nil || e.IsLiteral() != want || e.Source() != source {
			t.Errorf("%s: literal %v, %v", source, e.IsLiteral(), err)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{`{"b":1,"a":[true,null,"x<y&z"]}`, `{"a":[true,null,"x\u003cy\u0026z"],"b":1}`},
		{`1.10`, `1.10`}, {`100000000000000000000`, `100000000000000000000`}, {`1e2`, `100`}, {`-0.5e-3`, `-0.0005`}, {`0E+5`, `0`}, {`-0e9`, `0`}, {`0e-3`, `0.000`}, {`9223372036854775807`, `9223372036854775807`},
		{` "\u4e2d\n" `, `"中\n"`}, {`[]`, `[]`}, {`{}`, `{}`},
	} {
		v, err := expr.Unmarshal([]byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if raw, err := expr.Marshal(v); err != nil || string(raw) != c.want {
			t.Errorf("%s → %s (%v), want %s", c.in, raw, err, c.want)
		}
	}
	for _, in := range []string{"", "{", "1 2", `{"a":1,"a":2}`, "NaN", "1e9999", strings.Repeat("[", 33) + strings.Repeat("]", 33), `{"a"}`, `[1,]`, strings.Repeat("9", 2000)} {
		if v, err := expr.Unmarshal([]byte(in)); err == nil {
			t.Errorf("%.40s gave %v", in, v)
		}
	}
	if _, err := expr.Marshal(struct{}{}); err == nil {
		t.Error("a struct was marshalled")
	}
}
