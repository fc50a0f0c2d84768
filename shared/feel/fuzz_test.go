package feel_test

import (
	"testing"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/feel"
)

// FuzzCompileEvaluate holds that no text makes the compiler or an evaluation panic or run on, that what
// fails fails with the error that is promised, that a second run gives the same, and that a result is a
// value that can be stored.
func FuzzCompileEvaluate(f *testing.F) {
	for _, seed := range []string{
		`1 + 2 * 3`, `Full Name + "x"`, `for i in 1..3, j in [i] return i + j * partial[-1]`, `people[age > 30].home town`, `{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r`,
		`x in (1, < 5, >= 10, ]1..3[)`, `some a in [1,2] satisfies a = 2`, `1 instance of list<context<a: number>>`, `@"2020-01-01T10:00:00@Europe/Paris" + @"P1Y"`, `replace("abc", "(b)[a-z-[x]]", "$1\$")`,
		`date and time("999999999-12-31T23:59:59Z") - duration("P1D")`, `sort([3,1,2], function(x,y) x < y)`, `"\uD83D\uDE00\"`, `not("a", "b")`, `- `, `? > 3 and ? < 5`, `1e999 ** 9`, `exp(100000)`, `10 ** -6000`, `decimal(1E300, 6000)`,
		`overlaps before([1..5),(< 3))`, `string([{"{": [1..2]}, null])`, `context put({a: {b: 1}}, ["a","b"], 2)`, `matches("aaa", "(a*)*b")`, `replace("aabb", "(a|b)\1{1,2}?", "$1")`, `{a: [{b: < 5}]}...b`, `@"10:00:00" < @"10:00:00@Europe/Paris"`, `/* c */ 金额 // d`,
	} {
		f.Add(seed)
	}
	symbols, scope := world()
	f.Fuzz(func(t *testing.T, source string) {
		if tests, err := feel.CompileTests(source, symbols); err == nil {
			r := feel.NewRun(noon)
			tests.Match(r, scope, "a")
		}
		e, err := feel.Compile(source, symbols)
		if err != nil {
			if syntax, ok := feel.IsSyntax(err); !ok || syntax.Offset < 0 || syntax.Offset > len(source) {
				t.Fatalf("%q: %#v", source, err)
			}
			return
		}
		r := feel.NewRun(noon)
		v := e.Evaluate(r, scope)
		second := feel.NewRun(noon)
		again := e.Evaluate(second, scope)
		if feel.String(v) != feel.String(again) || (r.Err() == nil) != (second.Err() == nil) {
			t.Fatalf("%q gave %s, then %s", source, feel.String(v), feel.String(again))
		}
		if _, err := expr.Marshal(feel.ToValue(v)); err != nil && r.Err() == nil {
			t.Fatalf("%q gave %s, which cannot be stored: %v", source, feel.String(v), err)
		}
	})
}

func TestBudget(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`for i in 1..1000000, j in 1..1000000 return 1`, `{f: function(n) f(n), r: f(1)}.r`, `{d: function(s, n) if n = 0 then s else d(s + s, n - 1), r: d("0123456789", 40)}.r`,
		`count(for i in 1..2000000 return i)`, `{d: function(l, n) if n = 0 then l else d(concatenate(l, l), n - 1), r: d([1], 40)}.r`,
	} {
		if got := evaluate(t, source); got != feel.ErrBudget.Error() {
			t.Errorf("%s gives %s", source, clipped(got))
		}
	}
}

func clipped(text string) string { return text[:min(len(text), 80)] }

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	e, err := feel.Compile(`[1 + "a", gone, 1 / 0]`, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := feel.NewRun(noon)
	e.Evaluate(r, nil)
	var got []string
	for _, d := range r.Diagnostics() {
		got = append(got, d.Message)
	}
	want := []string{"number + string gives null", "there is no gone", "division by zero", "number / number gives null"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, not %q", got[i], want[i])
		}
	}
}

func TestConversion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value expr.Value
		want  string
	}{
		{int64(5), "5"}, {"a", `"a"`}, {nil, "null"}, {noon, "2024-02-29T12:30:15+01:00"}, {expr.Duration{Months: 14}, "P1Y2M"}, {expr.Duration{Exact: 90e9}, "PT1M30S"},
		{[]expr.Value{int64(1), map[string]expr.Value{"b": nil, "a": true}}, "[1, {a: true, b: null}]"},
	} {
		v := feel.FromValue(c.value)
		text := feel.String(v)
		if _, isText := v.(string); isText {
			text = `"` + text + `"`
		}
		if text != c.want {
			t.Errorf("%v becomes %s, not %s", c.value, text, c.want)
		}
		if back := feel.ToValue(v); !expr.Equal(back, c.value) {
			t.Errorf("%v comes back as %v", c.value, back)
		}
	}
}
