package feel_test

import (
	"testing"

	"diom.io/workflow/shared/feel"
)

// The tables of this file follow the clauses of DMN 1.5.

// TestGrammar is §10.3.1.2: a sign with an end is an expression (2.h, 7.a), keys are names behind a point.
func TestGrammar(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`< 5`, `< 5`}, {`< 5 = < 5`, `true`}, {`{limit: >= 5}.limit.start`, `5`}, {`string(<= 5)`, `"<= 5"`}, {`before(1, > 5)`, `true`}, {`[< 5, > 6]`, `[< 5, > 6]`}, {`5 in < 5`, `false`}, {`!= 5`, `null`},
		{`{"a-b": 3, c: 1}.a-b`, `3`}, {`{x: {"a+b": 3}, y: x.a+b}.y`, `3`}, {`[{"a-b": 3}, {"a-b": 4}][a-b = 3].a-b`, `[3]`}, {`{"a b": {"c.d": 1}}.a b.c.d`, `1`},
		{`{a: {b: 1}, c: [{b: 2}, {d: {b: [3]}}]}...b`, `[1, 2, [3]]`}, {`{a: {b: 1}} ... b[1]`, `1`}, {`{a: {b: 1}, b: 2}...b`, `[1, 2]`}, {`{a: 1}...z`, `[]`}, {`null...b`, `[]`}, {`{a: {b: null}, b: 2}...b`, `[2]`},
		{`{f: function(a) external {java: {class: "java.lang.Math", method signature: "cos(double)"}}, r: f(1), s: 2}.s`, `2`}, {`(function(a) external {})(1)`, `null`},
	})
}

// TestComparisonOfZones is table 54: a local time is ordered in the zone of the other, but is not the same.
func TestComparisonOfZones(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`@"10:00:00" < @"11:00:00+02:00"`, `true`}, {`@"10:00:00" <= @"10:00:00Z"`, `true`}, {`@"10:00:00" = @"10:00:00Z"`, `false`}, {`@"2021-01-01T10:00:00" > @"2021-01-01T09:00:00@Europe/Paris"`, `true`},
		{`@"2021-01-01T10:00:00" between @"2021-01-01T10:00:00Z" and @"2021-01-01T11:00:00Z"`, `true`}, {`@"2021-01-01T10:00:00" in [@"2021-01-01T10:00:01Z"..@"2021-01-01T11:00:00Z"]`, `false`},
		{`@"10:00:00+01:00" < @"10:00:00Z"`, `true`}, {`@"10:00:00" - @"10:00:00Z"`, `null`}, {`@"10:00:00" < @"2021-01-01T10:00:00"`, `null`},
	})
}

// TestNamedArguments is §10.3.2.13.5: what is not supplied is null, an unknown name is an error.
func TestNamedArguments(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`(function(a, b) a)(a: 1)`, `1`}, {`(function(a, b) b)(a: 1)`, `null`}, {`(function(a, b: number) b = null)(a: 1)`, `true`}, {`(function(a, b) a)(a: 1, c: 2)`, `null`}, {`(function(a, b) a)(1)`, `null`}, {`(function(a, b) a)(1, 2, 3)`, `null`},
		{`is(value1: 1)`, `false`}, {`is(value2: null)`, `true`}, {`list contains(list: [1, null])`, `true`}, {`substring(string: "foobar")`, `null`}, {`context put(context: {}, key: "a")`, `null`},
		{`abs(n: 1, m: 2)`, `null`}, {`is(value1: 1, value2: 1, value3: 1)`, `null`}, {`substring(string: "foobar", start position: 3)`, `"obar"`},
	})
}

// TestConformance is §10.3.2.9.4 and §10.3.2.13: a function is not called with an argument that does not
// conform to its parameter, and a built-in function is one of a type with as many parameters.
func TestConformance(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`(function(a: number) a = null)("x")`, `null`}, {`(function(a: number) a = null)(null)`, `true`}, {`(function(a: number) a + 1)([1])`, `2`}, {`(function(a: number) a)([1, 2])`, `null`}, {`(function(a: list<number>) a)(1)`, `[1]`},
		{`(function(a: date and time) a.hour)(@"2020-01-01")`, `0`}, {`(function(f: function<number>->number) f(4))(sqrt)`, `2`}, {`(function(f: function<number, number>->number) f(4))(sqrt)`, `null`},
	})
}

// TestConditions is §10.3.2: what asks is a boolean or null; anything else leaves no result.
func TestConditions(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`if "a" then 1 else 2`, `null`}, {`if null then 1 else 2`, `2`}, {`[1, 2]["a"]`, `null`}, {`[1, 2][if item = 1 then true else "a"]`, `null`}, {`[1, 2][null]`, `[]`},
		{`some a in [1, 2] satisfies if a = 2 then true else 5`, `null`}, {`some a in [2, 1] satisfies if a = 2 then true else 5`, `true`}, {`every a in [1, 2] satisfies if a = 1 then true else 5`, `null`}, {`some a in [null, 2] satisfies a = 2`, `true`}, {`every a in [1, 2] satisfies null`, `null`},
	})
}

// TestRangesAndNull is §10.3.2.7: null is no end of a range, and one value is no range of it.
func TestRangesAndNull(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`5 in (null..10]`, `null`}, {`5 in [1..null)`, `null`}, {`null in [1..10]`, `null`}, {`5 in (< 10)`, `true`}, {`(< 10) = (null..10)`, `false`}, {`(= 10) = [10..10]`, `false`}, {`10 in (= 10)`, `true`},
		{`for i in [2..1] return i`, `null`}, {`for i in 2..1 return i`, `[2, 1]`}, {`for i in [1..2] return i`, `[1, 2]`}, {`duration("PT0.S")`, `PT0S`},
	})
}

// TestPatterns is §10.3.4.3 with its note 2: the regular expressions of XPath.
func TestPatterns(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`matches("abcabc", "(abc)\1")`, `true`}, {`matches("abb", "(a)b\1")`, `false`}, {`matches("Mum", "([md])[aeiou]\1", "i")`, `true`}, {`matches("mud", "([md])[aeiou]\1", "i")`, `false`},
		{`replace("aa bb cc ab", "(.)\1", "[$1]")`, `"[a] [b] [c] ab"`}, {`split("a--b++c+-d", "([-+])\1")`, `["a", "b", "c+-d"]`}, {`matches("aa1", "^(a)\11$")`, `true`}, {`matches("aab", "^(a)\1*?b$")`, `true`},
		{`matches("abcdefghijkk", "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)\11")`, `true`}, {`matches("abcabcx", "^(?:(abc)|x){1,2}\1x$")`, `true`}, {`matches("xy", "(a)?\1xy")`, `true`}, {`matches("aa\nbb", "^(b)\1$", "m")`, `true`},
		{`matches("abcd", "(asd)[\1]")`, `null`}, {`matches("a", "(\1)a")`, `null`}, {`matches("a", "\1")`, `null`}, {`matches("a", "\0")`, `null`}, {`matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "(a*)*(a*)*\1c")`, feel.ErrBudget.Error()},
		{`matches("aa", "^a{2}$")`, `true`}, {`matches("a", "a{,3}")`, `null`}, {`matches("x{", "x{")`, `null`}, {`matches("x}", "x}")`, `null`}, {`matches("x]", "x]")`, `null`}, {`matches("x}", "x\}")`, `true`}, {`matches("b", "[a-z-[a]]")`, `true`},
		{`upper case("straße")`, `"STRASSE"`}, {`lower case("ÀB")`, `"àb"`},
	})
}

// TestRounding is §10.3.4.5: what is far below the scale still counts where the mode looks at it.
func TestRounding(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`ceiling(0.001)`, `1`}, {`floor(-0.001)`, `-1`}, {`floor(0.001)`, `0`}, {`round up(0.0001, 2)`, `0.01`}, {`round up(-0.0001, 2)`, `-0.01`}, {`round down(0.0001, 2)`, `0`}, {`round half up(0.0049, 2)`, `0`}, {`round half up(0.005, 2)`, `0.01`},
		{`round up(1, -2)`, `100`}, {`floor(-2.5, -2)`, `-100`}, {`decimal(51, -2)`, `100`}, {`decimal(50, -2)`, `0`}, {`decimal(0.505, 2)`, `0.5`}, {`decimal(0.515, 2)`, `0.52`}, {`ceiling(10 ** -40)`, `1`}, {`ceiling(0)`, `0`},
	})
}

// TestUnaryTests is §10.3.2.10 with table 55: a condition with ? that is null is not satisfied.
func TestUnaryTests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tests, input, want string }{
		{`? > 2`, `null`, `null`}, {`? > 2`, `3`, `true`}, {`string length(?) > 1`, `null`, `null`}, {`? = null`, `null`, `true`}, {`null`, `null`, `true`}, {`not(< 2)`, `null`, `null`}, {`not(null)`, `1`, `true`},
		{`1, ? > 5`, `1`, `true`}, {`(1, 2)`, `2`, `true`}, {`not(1, 2)`, `3`, `true`}, {`-`, `null`, `true`}, {`[1, 2]`, `2`, `true`}, {`[1..2], 5`, `5`, `true`}, {`< @"2021-01-01"`, `@"2020-12-31"`, `true`}, {`"b", "a"`, `"a"`, `true`},
	} {
		tests, err := feel.CompileTests(c.tests, nil)
		if err != nil {
			t.Fatal(err)
		}
		input, err := feel.Compile(c.input, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := feel.NewRun(noon)
		if got := feel.String(tests.Match(r, nil, input.Evaluate(r, nil))); got != c.want {
			t.Errorf("%s in (%s) is %s, not %s", c.input, c.tests, got, c.want)
		}
	}
}
