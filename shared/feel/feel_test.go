package feel_test

import (
	"testing"
	"time"

	"diom.io/workflow/shared/feel"
)

var noon = time.Date(2024, 2, 29, 12, 30, 15, 0, time.FixedZone("", 3600))

func evaluate(t *testing.T, source string) string {
	t.Helper()
	symbols, scope := world()
	e, err := feel.Compile(source, symbols)
	if err != nil {
		return "error: " + err.Error()
	}
	r := feel.NewRun(noon)
	v := e.Evaluate(r, scope)
	if r.Err() != nil {
		return r.Err().Error()
	}
	if s, ok := v.(string); ok {
		return `"` + s + `"`
	}
	return feel.String(v)
}

func world() (*feel.Symbols, *feel.Scope) {
	symbols, scope := feel.NewSymbols(nil), feel.NewScope(nil)
	for name, source := range map[string]string{
		"Full Name": `"Ann Lee"`, "loan.amount+fees": "12", "in a list": "[1,2]", "x": "5", "y": "null",
		"people": `[{name: "a", age: 30, "home town": "X"}, {name: "b", age: 40, "home town": "Y"}]`, "金额": "1000",
	} {
		e, err := feel.Compile(source, nil)
		if err != nil {
			panic(err)
		}
		symbols.Define(name)
		scope.Put(feel.Name(name), e.Evaluate(feel.NewRun(noon), nil))
	}
	symbols.Member("home town")
	return symbols, scope
}

type example struct{ source, want string }

func check(t *testing.T, examples []example) {
	t.Helper()
	for _, e := range examples {
		if got := evaluate(t, e.source); got != e.want {
			t.Errorf("%s\n gives %s\n  want %s", e.source, got, e.want)
		}
	}
}

func TestLiteralsAndNames(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`1`, `1`}, {`.5`, `0.5`}, {`-1.50`, `-1.5`}, {`1.2e3`, `1200`}, {`"a\"b\\c\n"`, "\"a\"b\\c\n\""}, {`"\d"`, `"\d"`},
		{`"\u0041\U01F600"`, `"A😀"`}, {`"\uD83D\uDE00"`, `"😀"`}, {`true`, `true`}, {`null`, `null`}, {`[]`, `[]`}, {`[1, "a", null]`, `[1, "a", null]`},
		{`{}`, `{}`}, {`{a: 1, "b c": a + 1}`, `{a: 1, b c: 2}`}, {`{first name: 1}.first name`, `1`}, {`{a: 1, a: 2}`, `null`},
		{`Full   Name`, `"Ann Lee"`}, {`loan.amount+fees`, `12`}, {`loan.amount + fees * 2`, `24`}, {`金额 + 1`, `1001`},
		{`for i in in a list return i`, `[1, 2]`}, {`missing`, `null`}, {`missing one`, `null`}, {`// c
1 /* d */ + 2`, `3`}, {`1 +`, `error: a value is missing at offset 3`}, {`1 2`, `error: something stands behind the expression at offset 2`},
		{`"open`, `error: a string is not closed at offset 5`},
		{`people.name`, `["a", "b"]`}, {`people[age > 30].home town`, `["Y"]`}, {`people[home town = "X"].name`, `["a"]`}, {`people[2].age`, `40`},
		{`people[-1].name`, `"b"`}, {`people[3]`, `null`}, {`people[item.age = 30][1].name`, `"a"`}, {`[1,2,3,4][item > 2]`, `[3, 4]`},
		{`100[1]`, `100`}, {`null[1]`, `null`}, {`[1,2,3][x - 4]`, `1`}, {`[[1],[2]][1][1]`, `1`},
	})
}

func TestOperators(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`1 + 2 * 3 - 4 / 2`, `5`}, {`[2] ** 4`, `null`}, {`[1] < 2`, `null`}, {`5 in [null..10]`, `null`}, {`null in [1..10]`, `null`}, {`2 ** 3 ** 2`, `64`}, {`-2 ** 2`, `4`}, {`10 / 4`, `2.5`}, {`1 / 3`, `0.3333333333333333333333333333333333`}, {`1 / 0`, `null`},
		{`0.1 + 0.2`, `0.3`}, {`"a" + "b"`, `"ab"`}, {`"a" + 1`, `null`}, {`1 + null`, `null`}, {`"a" - "b"`, `null`}, {`2 ** 0.5`, `1.414213562373095048801688724209698`},
		{`1 = 1.0`, `true`}, {`1 = "1"`, `null`}, {`null = null`, `true`}, {`null != null`, `false`}, {`1 = null`, `false`}, {`[1,2] = [1,2]`, `true`}, {`{a: 1} = {a: 1.0}`, `true`},
		{`1 < 2`, `true`}, {`"a" < "b"`, `true`}, {`1 < "b"`, `null`}, {`null < 1`, `null`}, {`true < false`, `null`},
		{`true and null`, `null`}, {`false and null`, `false`}, {`true or null`, `true`}, {`false or null`, `null`}, {`"x" and true`, `null`}, {`"x" or true`, `true`},
		{`not(true)`, `false`}, {`not(null)`, `null`}, {`5 between 1 and 5`, `true`}, {`0 between 1 and 5`, `false`}, {`1 between 0 and null`, `null`},
		{`1 in [2,3,1]`, `true`}, {`1 in [[2..4],[1..3]]`, `true`}, {`5 in [[2..4],[1..3]]`, `false`}, {`1 in <= 10`, `true`}, {`1 in (2..4)`, `false`}, {`3 in (2..4)`, `true`},
		{`4 in ]2..4]`, `true`}, {`4 in [2..4[`, `false`}, {`10 in (1, < 5, >= 10)`, `true`}, {`1 in 1`, `true`}, {`1 in (!=1)`, `false`}, {`1 in (=1)`, `true`},
		{`{a: 1} in {a: 1}`, `true`}, {`true in [false, true]`, `true`}, {`[1] in [[1],[2]]`, `true`}, {`"b" in ("b".."d")`, `false`}, {`x in [in a list[1]..6]`, `true`},
		{`if true then 1 else 2`, `1`}, {`if null then 1 else 2`, `2`}, {`if 1 then 1 else 2`, `null`}, {`if x > 3 then "big" else "small"`, `"big"`},
		{`some a in [1,2], b in [2,3] satisfies a = b`, `true`}, {`every a in [1,2] satisfies a > 0`, `true`}, {`every a in [] satisfies false`, `true`}, {`some a in [] satisfies true`, `false`},
		{`for i in 1..3 return i * 2`, `[2, 4, 6]`}, {`for i in 3..1 return i`, `[3, 2, 1]`}, {`for i in 0..4 return if i = 0 then 1 else i * partial[-1]`, `[1, 1, 2, 6, 24]`},
		{`for i in 1+1..1+3 return i`, `[2, 3, 4]`}, {`for i in [1..3] return i`, `[1, 2, 3]`}, {`for d in @"2021-01-01"..@"2021-01-03" return d.day`, `[1, 2, 3]`}, {`for i in 1..2, j in [i, 10] return i + j`, `[2, 11, 4, 12]`},
		{`(function(a, b: number) a + b)(1, 2)`, `3`}, {`(function(a: number) a)("x")`, `null`}, {`{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r`, `120`},
		{`(function(a b, c) a b - c)(c: 1, a b: 3)`, `2`}, {`(function(a) a)()`, `null`}, {`1(2)`, `null`},
		{`(< 5)`, `< 5`}, {`[1..5].end included`, `true`}, {`]1..5[ = (1..5)`, `true`}, {`[1.."a"]`, `null`}, {`x in (> 3)`, `true`},
	})
}

func TestTypes(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`1 instance of number`, `true`}, {`"a" instance of number`, `false`}, {`null instance of number`, `false`}, {`null instance of Any`, `false`}, {`null instance of Null`, `true`},
		{`[1] instance of list<number>`, `true`}, {`["a"] instance of list<number>`, `false`}, {`{a: 1} instance of context<a: number>`, `true`}, {`{a: 1} instance of context<b: number>`, `false`},
		{`@"P1D" instance of days and time duration`, `true`}, {`@"P1Y" instance of years and months duration`, `true`}, {`@"2020-01-01T00:00:00" instance of date and time`, `true`},
		{`[1..3] instance of range<number>`, `true`}, {`(function(a: list<number>) {b: "b"}) instance of function<list<number>>->context<b: string, c: string>`, `false`}, {`(function(a: list<number>) {b: "b", c: "c", d: "d"}) instance of function<list<number>>->context<b: string, c: string>`, `true`},
		{`(function(a: context<a: string>) {b: "b"}) instance of function<context<a: string, b: string>>->context<b: string>`, `true`}, {`(function(a: context<a: string, b: string>) "foo") instance of function<context<a: string>>->string`, `false`}, {`(function() "foo") instance of function<>->string`, `true`}, {`{a: null} instance of context<a: string>`, `true`}, {`(function(a: number) a) instance of function<number> -> Any`, `true`}, {`1 instance of nothing`, `error: there is no type nothing at offset 14`},
		{`@"10:00:00" instance of time and true`, `true`},
	})
}

func TestTemporal(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`@"2020-02-30"`, `null`}, {`date("2017-01-01")`, `2017-01-01`}, {`date("2017-1-1")`, `null`}, {`date(2017, 13, 1)`, `null`}, {`date(-2017, 1, 1)`, `-2017-01-01`}, {`date("999999999-12-31")`, `999999999-12-31`},
		{`time("10:20:30.5+01:00")`, `10:20:30.5+01:00`}, {`time("10:20:30z")`, `null`}, {`time("10:20:30@Europe/Paris")`, `10:20:30@Europe/Paris`}, {`time("25:00:00")`, `null`}, {`time(10, 20, 30.5, duration("-PT1H"))`, `10:20:30.5-01:00`}, {`time(10, 20, 30)`, `10:20:30`},
		{`date and time("2017-01-01T10:20:30Z")`, `2017-01-01T10:20:30Z`}, {`date and time("2018-12-08")`, `2018-12-08T00:00:00`}, {`date and time(date("2017-01-01"), time("10:20:30"))`, `2017-01-01T10:20:30`},
		{`date and time(2017, 1, 2, 3, 4, 5)`, `2017-01-02T03:04:05`}, {`duration("P1Y2M")`, `P1Y2M`}, {`duration("P14M")`, `P1Y2M`}, {`duration("PT36H")`, `P1DT12H`}, {`duration("-P1DT2H3M4.5S")`, `-P1DT2H3M4.5S`}, {`duration("P1YT1S")`, `null`}, {`duration("P")`, `null`}, {`duration("PT0S")`, `PT0S`}, {`duration("P0Y")`, `P0M`},
		{`date("2020-01-31") + duration("P1M")`, `2020-02-29`}, {`date("2020-03-01") - duration("P1D")`, `2020-02-29`}, {`date("2020-03-01") - date("2020-02-28")`, `P2D`},
		{`date and time("2020-01-01T00:00:00") + duration("PT1H")`, `2020-01-01T01:00:00`}, {`time("23:00:00") + duration("PT2H")`, `01:00:00`}, {`time("10:00:00") - time("09:30:00")`, `PT30M`},
		{`date and time("2020-01-01T00:00:00Z") - date and time("2020-01-01T00:00:00")`, `null`}, {`duration("P1D") * 2`, `P2D`}, {`duration("P1Y") / 2`, `P6M`}, {`duration("P1D") / duration("PT12H")`, `2`}, {`duration("P1Y") + duration("P1D")`, `null`}, {`- duration("P1D")`, `-P1D`},
		{`time("10:00:00+01:00") = time("09:00:00Z")`, `true`}, {`time("10:00:00") = time("10:00:00Z")`, `false`}, {`is(time("10:00:00+01:00"), time("09:00:00Z"))`, `false`}, {`date("2020-01-01") < date("2020-01-02")`, `true`},
		{`date("2024-02-29").weekday`, `4`}, {`@"2020-01-01T10:00:00+02:00".time offset`, `PT2H`}, {`@"P1Y2M".months`, `2`}, {`@"P1DT2H".hours`, `2`}, {`@"10:00:00@Europe/Paris".timezone`, `"Europe/Paris"`}, {`@"2020-01-01".hour`, `null`},
		{`now()`, `2024-02-29T12:30:15+01:00`}, {`today()`, `2024-02-29`}, {`day of week(today())`, `"Thursday"`}, {`day of year(@"2019-09-17")`, `260`}, {`week of year(@"2005-01-01")`, `53`}, {`month of year(@"2019-09-17")`, `"September"`},
		{`years and months duration(@"2011-12-22", @"2013-08-24")`, `P1Y8M`}, {`years and months duration(@"2013-08-24", @"2011-12-25")`, `-P1Y7M`}, {`date(@"2020-01-01T10:00:00")`, `2020-01-01`}, {`time(@"2020-01-01T10:00:00Z")`, `10:00:00Z`},
		{`string(@"2020-01-01T10:00:00.5@Asia/Tokyo")`, `"2020-01-01T10:00:00.5@Asia/Tokyo"`}, {`@"2020-07-01T00:00:00@Europe/Paris" = @"2020-06-30T22:00:00Z"`, `true`},
	})
}
