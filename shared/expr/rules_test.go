package expr_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/expr"
)

// world is an environment with one variable of each type.
func world() *expr.Environment {
	inner := map[string]expr.Value{"URL": "u", "vip": true, "名": "王"}
	variables := map[string]expr.Value{
		"amount": int64(1500), "level": "gold", "nil": nil, "price": apd.New(1990, -2), "min": int64(-9223372036854775808),
		"list": []expr.Value{int64(1), "1", inner, nil}, "order": inner, "span": expr.Duration{Months: 14}, "emoji": "a😀b",
		"wide": strings.Repeat("ab", 100<<10), "long": make([]expr.Value, 50_000), "leap": time.Date(2024, 2, 29, 23, 5, 6, 7e8, time.UTC),
		"spin": `{"a":[{"n":1},{"n":2.50}],"b.c":{"ok":true},"s":"t"}`,
	}
	return &expr.Environment{
		Variable: func(name string) (expr.Value, bool) { v, ok := variables[name]; return v, ok },
		Objects:  map[string]expr.Object{"task": host{}},
		Now:      time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), User: "li", Location: time.FixedZone("CST", 8*3600),
	}
}

// host is an object that tells what it was asked for.
type host struct{}

func (host) Property(name string) (expr.Value, error)               { return "property " + name, nil }
func (host) Call(method string, _ []expr.Value) (expr.Value, error) { return "call " + method, nil }

// outcome is the JSON of the result, or the code and the name of the error.
func outcome(t *testing.T, source string) string {
	t.Helper()
	e, err := expr.CompileJUEL(source)
	if err != nil {
		return err.Error()
	}
	v, err := e.Evaluate(world())
	var failed *expr.EvaluationError
	if errors.As(err, &failed) {
		return strings.TrimSpace(failed.Code + " " + failed.Name)
	}
	raw, err := expr.Marshal(v)
	if err != nil {
		t.Errorf("%s: %v", source, err)
	}
	return string(raw)
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, source, want string }{
		{"EL 2.2 §1.7: two nulls give 0", "${nil / null}", `0`},
		{"EL 2.2 §1.7: null counts as 0", "${5 / nil}", `division_by_zero`},
		{"EL 2.2 §1.7.4: modulo of decimals", "${5.5 % 2}", `1.5`},
		{"EL 2.2 §1.7: a quotient is real", "${(7 / 2) * 2}", `7.0`},
		{"64 bits: the lowest number is negated exactly", "${-min}", `9223372036854775808`},
		{"64 bits: a product beyond is a decimal", "${min * -1}", `9223372036854775808`},
		{"64 bits: a remainder never overflows", "${min % -1}", `0`},
		{"64 bits: sums at the edge", "${min + 0 - 1}", `-9223372036854775809`},
		{"EL 2.2 §1.19: floats", "${.5 + 5. + 1e-1}", `5.6`},
		{"EL 2.2 §1.18.3: a text with space is no number", "${' 1' + 1}", `type_mismatch`},
		{"EL 2.2 §1.18.3: NaN is no number", "${'NaN' + 1}", `type_mismatch`},
		{"EL 2.2 §1.18.3: a boolean is no number", "${true + 1}", `type_mismatch`},
		{"EL 2.2 §1.18.5: a text as a boolean", "${'TRUE' && 'x' == 'x'}", `true`},
		{"EL 2.2 §1.18.5: a number is no boolean", "${1 && true}", `type_mismatch`},
		{"EL 2.2 §1.8.1: two nulls are less or equal", "${nil <= null}", `true`},
		{"EL 2.2 §1.8.1: null has no order", "${nil >= 1}", `false`},
		{"EL 2.2 §1.8.1: a number beats a text", "${'10' > 9}", `true`},
		{"EL 2.2 §1.8.1: a text beats a boolean", "${true < 'zzz'}", `true`},
		{"EL 2.2 §1.8.1: booleans are comparable", "${false < true}", `true`},
		{"EL 2.2 §1.8.2: a failed conversion", "${1 == 'abc'}", `type_mismatch`},
		{"EL 2.2 §1.8.2: a boolean and a text", "${true == 'yes'}", `false`},
		{"EL 2.2 §1.6: an index is converted, its fraction dropped", "${list['1'] == list[3 / 2]}", `true`},
		{"EL 2.2 §1.6: null as a key", "${order[nil]}", `null`},
		{"EL 2.2 §1.6: null has no methods", "${nil.length()}", `unknown_method length`},
		{"EL 2.2 §1.15: a word behind a dot is a name", "${order.div}", `null`},
		{"EL 2.2 §1.10: empty of a missing path", "${empty gone.a[0].b}", `true`},
		{"EL 2.2 §1.10: empty hides no other name", "${empty list[gone]}", `unknown_variable gone`},
		{"EL 2.2 §1.10: empty hides no missing bean", "${empty gone.run()}", `unknown_variable gone`},
		{"EL 2.2 §1.10: an object is not empty", "${empty task}", `false`},
		{"VariableScopeElResolver: the user", "${authenticatedUserId}", `"li"`},
		{"VariableScopeElResolver: objects hide variables", "${task.name}", `"property name"`},
		{"an object is no value", "${task}", `type_mismatch`},
		{"List: members are compared without conversion", "${list.indexOf('1')}", `1`},
		{"List.add works on a copy", "${list.add(9) && list.size() == 4}", `true`},
		{"List.add(int, E) is void", "${list.add(4, 9)}", `null`},
		{"List.remove(int) gives the member", "${list.remove(1)}", `"1"`},
		{"List.remove(Object) tells whether", "${list.remove('no')}", `false`},
		{"Map.put gives the old value", "${order.put('URL', 'new').concat(order.URL)}", `"uu"`},
		{"Introspector: getURL", "${order.getURL()}", `"u"`},
		{"Introspector: isVip", "${order.isVip()}", `true`},
		{"Introspector: any script", "${order.get名()}", `"王"`},
		{"Introspector: issue is no getter", "${order.issue()}", `unknown_method issue`},
		{"a getter takes nothing", "${order.getURL(1)}", `unknown_method getURL`},
		{"positions count characters", "${emoji.length() == 3 && emoji.indexOf('b') == 2}", `true`},
		{"positions cut no character", "${emoji.substring(1, 2)}", `"😀"`},
		{"String.split leaves empty ends out", "${',,'.split(',')}", `[]`},
		{"String.split without a match", "${''.split(',')}", `[""]`},
		{"String.matches takes the whole text", "${'abc'.matches('a|abc') && !'abc'.matches('ab')}", `true`},
		{"String.matches: no way out of the pattern", "${'x'.matches('a)|(x')}", `bad_pattern`},
		{"String.matches: no look-around", "${'x'.matches('(?=x)x')}", `bad_pattern`},
		{"a duration is written in ISO 8601", "${span.toString()}", `"P1Y2M"`},
		{"Joda: a month later is a day that exists", "${leap.plusMonths(12)}", `"2025-02-28T23:05:06.7Z"`},
		{"Joda: a year earlier", "${leap.minusYears(1).plusDays(1)}", `"2023-03-01T23:05:06.7Z"`},
		{"Joda: a century of months", "${leap.minusMonths(1200)}", `"1924-02-29T23:05:06.7Z"`},
		{"Joda: millis", "${leap.plusMillis(300)}", `"2024-02-29T23:05:07Z"`},
		{"now() is shown where the environment is", "${now()}", `"2026-03-02T17:00:00+08:00"`},
		{"date patterns", "${leap.toString('yy-M-dd hh:mm a, EEE EEEE MMM, SS ZZ')}", `"24-2-29 11:05 PM, Thu Thursday Feb, 70 +00:00"`},
		{"date patterns: quotes and other scripts", "${leap.toString(\"yyyy年M月'o''c' ''\")}", `"2024年2月o'c '"`},
		{"date patterns: unknown letters", "${leap.toString('yyyy-QQ')}", `bad_pattern toString`},
		{"java.util.Date as a bean", "${leap.time - leap.getTime()}", `0`},
		{"Spin: properties and methods are one", "${S(spin).prop('s').value == S(spin).prop('s').stringValue()}", `true`},
		{"Spin: elements are nodes", "${S(spin).prop('a').elements().get(1).prop('n').numberValue()}", `2.50`},
		{"Spin: elements by index", "${S(spin).prop('a').elements()[0].prop('n').value()}", `1`},
		{"Spin: a path with quotes", `${S(spin).jsonPath("$['b.c'].ok").boolValue()}`, `true`},
		{"Spin: a path into a list", "${S(spin).jsonPath('$.a[1].n').element()}", `2.50`},
		{"Spin: a path out of a list", "${S(spin).jsonPath('$.a[2]')}", `out_of_bounds jsonPath`},
		{"Spin: a wildcard", "${S(spin).jsonPath('$.a[*].n')}", `bad_path jsonPath`},
		{"Spin: no such member", "${S(spin).prop('zz')}", `unknown_property zz`},
		{"Spin: as text", "${S(spin).prop('b.c')} ", `"{ok=true} "`},
		{"ternary before a function", "${amount > 1 ? nil : now()}", `null`},
		{"a namespace is no ternary", "${fn:now()}", `there are no functions in a namespace fn at offset 2`},
		{"a function's arguments are counted", "${now(1)}", `now takes 0 arguments, not 1 at offset 2`},
		{"EL 2.2 §1.2: backslashes before a delimiter", `a\\${level}`, `"a\\${level}"`},
		{"EL 2.2 §1.2: a brace in a text is none", "${level.concat('}')}", `"gold}"`},
		{"budget: text that is made", "${wide.concat(wide)}", `budget_exceeded`},
		{"budget: parts that are joined", "${wide}${wide}", `budget_exceeded`},
		{"budget: lists that are searched", "${" + strings.Repeat("long == long && ", 15) + "true}", `budget_exceeded`},
		{"budget: patterns on long texts", "${wide.matches('(a?b?){100}')}", `budget_exceeded`},
		{"budget: huge patterns", "${'a'.matches('((a{30}){30}){2}')}", `bad_pattern`},
	} {
		if got := outcome(t, c.source); got != c.want {
			t.Errorf("%s: %.60s = %.80s, want %s", c.rule, c.source, got, c.want)
		}
	}
}

func TestEqualAndString(t *testing.T) {
	t.Parallel()
	same := [][2]expr.Value{
		{int64(2), apd.New(200, -2)}, {nil, nil}, {[]expr.Value{int64(1)}, []expr.Value{apd.New(1, 0)}},
		{time.Unix(0, 0).UTC(), time.Unix(0, 0).In(time.FixedZone("", 3600))}, {expr.Duration{Months: 1}, expr.Duration{Months: 1}},
	}
	differ := [][2]expr.Value{
		{"1", int64(1)}, {nil, ""}, {true, "true"}, {[]expr.Value{}, []expr.Value{nil}}, {map[string]expr.Value{"a": nil}, map[string]expr.Value{"b": nil}},
		{struct{}{}, struct{}{}}, {(*apd.Decimal)(nil), int64(0)},
	}
	for i, pairs := range [][][2]expr.Value{same, differ} {
		for _, p := range pairs {
			if got := expr.Equal(p[0], p[1]); got != (i == 0) {
				t.Errorf("Equal(%v, %v) = %v", p[0], p[1], got)
			}
		}
	}
	v := []expr.Value{nil, true, apd.New(150, -2), map[string]expr.Value{"b": "x", "a": expr.Duration{Exact: -90 * time.Second}}}
	if got, want := expr.String(v), "[null, true, 1.50, {a=-PT1M30S, b=x}]"; got != want {
		t.Errorf("String = %s, want %s", got, want)
	}
	for d, want := range map[expr.Duration]string{
		{}: "PT0S", {Months: -14}: "-P1Y2M", {Exact: 50*time.Hour + 1500*time.Millisecond}: "P2DT2H1.5S",
		{Months: 1, Exact: -time.Hour}: "P1MT-1H", {Exact: -1 << 63}: "-P106751DT23H47M16.854775808S",
	} {
		if got := d.String(); got != want {
			t.Errorf("%d months %d = %s, want %s", d.Months, d.Exact, got, want)
		}
	}
}

// TestForeignValues holds that what a host should not have passed is an error and nothing worse.
func TestForeignValues(t *testing.T) {
	t.Parallel()
	deep := expr.Value("x")
	for range 1000 {
		deep = []expr.Value{deep}
	}
	for name, v := range map[string]expr.Value{
		"deep": deep, "huge": apd.New(1, 2_000_000_000), "nan": &apd.Decimal{Form: apd.NaN}, "nil decimal": (*apd.Decimal)(nil), "struct": struct{}{}, "int": 3,
	} {
		env := &expr.Environment{Variable: func(string) (expr.Value, bool) { return v, true }}
		for _, source := range []string{"${v + 1 > 0}", "${v == v && v == 1}", "${v.toString()}", "a${v}", "${v.intValue()}", "${-v}", "${v[0]}", "${v.a}", "${S(v).toString()}", "${v}"} {
			e, err := expr.CompileJUEL(source)
			if err != nil {
				t.Fatal(err)
			}
			if result, err := e.Evaluate(env); err == nil && len(expr.String(result)) > 4096 {
				t.Errorf("%s: %s made %d bytes", name, source, len(expr.String(result)))
			}
		}
		if raw, err := expr.Marshal(v); err == nil {
			t.Errorf("%s became %s", name, raw)
		}
	}
	e, _ := expr.CompileJUEL("${x}")
	if _, err := e.Evaluate(nil); err == nil {
		t.Error("a variable was found in no environment")
	}
}

func TestConditionsAndCalls(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{"${true}": true, "${'true'}": false, "true": false, "${nil}": false, "${amount > 1000 && level == 'gold'}": true} {
		e, err := expr.CompileJUEL(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.EvaluateBool(world()); got != want || !want && err == nil {
			t.Errorf("%s = %v, %v", source, got, err)
		}
	}
	e, err := expr.CompileJUEL("${z.a.b[i].run(y.go(), x)} ${z.c}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"y", "z"}, {"i", "x", "y", "z"}}, [][]string{e.Calls(), e.Identifiers()}); diff != "" {
		t.Error(diff)
	}
}

// TestConcurrentUse is for the race detector: one expression, shared values.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	e, err := expr.CompileJUEL("${price * amount > 1 && list.contains('1') && S(order).prop('vip').value()}")
	if err != nil {
		t.Fatal(err)
	}
	env := world()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				if ok, err := e.EvaluateBool(env); !ok || err != nil {
					t.Error(ok, err)
				}
			}
		})
	}
	group.Wait()
}

// TestReaderRefuses goes through RFC 8259 where readers differ.
func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"01", "-", "1.", ".5", "+1", "-+1", "1e", "0x1", "Infinity", "nul", "\"\x01\"", `"\x"`, `"\u12g4"`, `"`, `"\`, "\"\xff\"", "[1 2]", "{,}", `{"a":1,}`, `{a:1}`,
		`{"a":1,"\u0061":2}`, "[]]", "1e401", "\ufeff1",
	} {
		if v, err := expr.Unmarshal([]byte(in)); err == nil {
			t.Errorf("%q gave %v", in, v)
		}
	}
	for in, want := range map[string]string{
		`"\ud83d\ude00\ud800x\/\b"`: `"😀` + "\ufffd" + `x/\u0008"`, `0e01`: `0`, `0e-2`: `0.00`, `-0`: `0`, `-0.0`: `-0.0`, `1E+2`: `100`, "\t[ ] ": `[]`, `12e400`: `1.2E+401`,
	} {
		v, err := expr.Unmarshal([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if raw, _ := expr.Marshal(v); string(raw) != want {
			t.Errorf("%s became %s, want %s", in, raw, want)
		}
	}
}
