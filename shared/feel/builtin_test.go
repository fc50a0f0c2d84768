package feel_test

import "testing"

func TestBuiltins(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{`number("1 000,5", " ", ",")`, `1000.5`}, {`number("1,000.5", ",", ".")`, `1000.5`}, {`number("1.5")`, `1.5`}, {`number("x")`, `null`}, {`number("1", ".", ".")`, `null`}, {`number(from: "1.000,5", grouping separator: ".", decimal separator: ",")`, `1000.5`},
		{`string(1.10)`, `"1.1"`}, {`string([1,"a",{b: null}])`, `"[1, "a", {b: null}]"`}, {`string(null)`, `null`}, {`string({"{": "foo"})`, `"{"{": "foo"}"`}, {`string([1..3])`, `"[1..3]"`},
		{`substring("foobar", 3)`, `"obar"`}, {`substring("foobar", 3, 3)`, `"oba"`}, {`substring("foobar", -2, 1)`, `"a"`}, {`substring("😀bc", 2)`, `"bc"`}, {`substring("a", 0)`, `null`}, {`string length("😀b")`, `2`},
		{`substring before("foobar", "bar")`, `"foo"`}, {`substring before("foobar", "xyz")`, `""`}, {`substring after("foobar", "ob")`, `"ar"`}, {`substring after("", "a")`, `""`},
		{`upper case("aé4")`, `"AÉ4"`}, {`contains("foobar", "of")`, `false`}, {`starts with("foobar", "fo")`, `true`}, {`ends with(string: "foobar", match: "r")`, `true`},
		{`replace("abracadabra", "bra", "*")`, `"a*cada*"`}, {`replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")`, `"[1=ab][2=]cd"`}, {`replace("abc", "b", "\$")`, `"a$c"`}, {`replace("abc", "x*", "-")`, `null`}, {`replace("aXb", "x", "y", "i")`, `"ayb"`},
		{`matches("foobar", "^fo*b")`, `true`}, {`matches("abc", "[a-z-[aeiou]]{3}")`, `false`}, {`matches("bcd", "[a-z-[aeiou]]{3}")`, `true`}, {`matches("hello world", "he ll o[ ]worl d", "x")`, `true`}, {`matches("a", "a", "p")`, `null`}, {`matches("x[y-z]", "x[y-z]", "q")`, `true`}, {`matches("a\nb", "a.b")`, `false`}, {`matches("a\nb", "a.b", "s")`, `true`}, {`matches("é", "\p{L}")`, `true`},
		{`split("John Doe", "\s")`, `["John", "Doe"]`}, {`split("a;b;;c;;", ";")`, `["a", "b", "", "c", "", ""]`}, {`string join(["a","b",null,"c"], "_and_")`, `"a_and_b_and_c"`}, {`string join(["a","b"])`, `"ab"`}, {`string join("a", "X")`, `"a"`}, {`string join([1], "X")`, `null`},
		{`list contains([1,null], null)`, `true`}, {`count([1,2,3])`, `3`}, {`count(1)`, `1`}, {`count(null)`, `null`}, {`min(1,2,3)`, `1`}, {`max(["a","b"])`, `"b"`}, {`min([])`, `null`}, {`min(1, null)`, `null`}, {`max(@"2020-01-01", @"2021-01-01")`, `2021-01-01`},
		{`sum(1,2,3)`, `6`}, {`sum([])`, `null`}, {`mean([1,2,3])`, `2`}, {`all([true,null])`, `null`}, {`all(true,false,null)`, `false`}, {`all([])`, `true`}, {`any([])`, `false`}, {`any(false, null)`, `null`}, {`all(null)`, `null`},
		{`sublist([1,2,3], 2)`, `[2, 3]`}, {`sublist([1,2,3], -2, 1)`, `[2]`}, {`append([1], 2, 3)`, `[1, 2, 3]`}, {`append(1, 2)`, `[1, 2]`}, {`concatenate([1],[2,3])`, `[1, 2, 3]`}, {`insert before([1,3], 2, 2)`, `[1, 2, 3]`}, {`insert before([1,3], 3, 2)`, `null`}, {`remove([1,2,3], 2)`, `[1, 3]`},
		{`list replace([2,4,7,8], 3, 6)`, `[2, 4, 6, 8]`}, {`list replace([2,4,7,8], function(item, newItem) item < newItem, 5)`, `[5, 5, 7, 8]`}, {`reverse([1,2])`, `[2, 1]`}, {`index of([1,2,3,2], 2)`, `[2, 4]`}, {`index of([1,null], null)`, `[2]`},
		{`union([1,2],[2,3])`, `[1, 2, 3]`}, {`distinct values([1,2,1])`, `[1, 2]`}, {`flatten([[1,2],[[3]],4])`, `[1, 2, 3, 4]`}, {`product(2,3)`, `6`}, {`median(8,2,5,3,4)`, `4`}, {`median([6,1,2,3])`, `2.5`}, {`stddev(2,4,7,5)`, `2.081665999466132735282297706979931`}, {`mode(6,3,9,6,6)`, `[6]`}, {`mode([6,1,9,6,1])`, `[1, 6]`}, {`mode([])`, `[]`},
		{`sort([3,1,2], function(x,y) x < y)`, `[1, 2, 3]`}, {`sort(list: ["b","a"], precedes: function(x,y) x < y)`, `["a", "b"]`},
		{`decimal(1/3, 2)`, `0.33`}, {`decimal(1.5, 0)`, `2`}, {`decimal(2.5, 0)`, `2`}, {`floor(-1.5)`, `-2`}, {`floor(-1.56, 1)`, `-1.6`}, {`ceiling(1.5)`, `2`}, {`round up(5.5, 0)`, `6`}, {`round down(-5.5, 0)`, `-5`}, {`round half up(-5.5, 0)`, `-6`}, {`round half down(5.5, 0)`, `5`}, {`round up(1234, -2)`, `1300`},
		{`abs(-5)`, `5`}, {`abs(@"-PT5H")`, `PT5H`}, {`modulo(12, 5)`, `2`}, {`modulo(-12, 5)`, `3`}, {`modulo(12, -5)`, `-3`}, {`modulo(10.1, 4.5)`, `1.1`}, {`modulo(1, 0)`, `null`}, {`sqrt(16)`, `4`}, {`sqrt(-1)`, `null`}, {`log(10)`, `2.302585092994045684017991454684364`}, {`exp(5)`, `148.4131591025766034211155800405523`}, {`odd(5)`, `true`}, {`even(5)`, `false`},
		{`get value({a: 1}, "a")`, `1`}, {`get value({a: 1}, "b")`, `null`}, {`get entries({a: 1})`, `[{key: "a", value: 1}]`}, {`context([{key: "a", value: 1}, {key: "b", value: 2}])`, `{a: 1, b: 2}`}, {`context put({a: 1}, "b", 2)`, `{a: 1, b: 2}`}, {`context put({a: {b: 1}}, ["a","b"], 2)`, `{a: {b: 2}}`}, {`context merge([{a: 1},{a: 2, b: 3}])`, `{a: 2, b: 3}`},
		{`before(1, 10)`, `true`}, {`before(1, [1..10])`, `false`}, {`before(1, (1..10])`, `true`}, {`before([1..5), [5..10])`, `true`}, {`after([5..10], (1..5))`, `true`}, {`meets([1..5],[5..10])`, `true`}, {`met by([5..10],[1..5])`, `true`}, {`overlaps([1..5],[3..8])`, `true`}, {`overlaps([1..5],(5..8])`, `false`},
		{`overlaps before([1..5],[3..8])`, `true`}, {`overlaps before([1..5],[1..5])`, `false`}, {`overlaps before([1..5),[1..5])`, `false`}, {`overlaps after([3..8],[1..5])`, `true`}, {`finishes(10, [1..10])`, `true`}, {`finishes([5..10],[1..10])`, `true`}, {`finished by([1..10], 10)`, `true`}, {`includes([1..10], 5)`, `true`}, {`during([4..6],[1..10])`, `true`}, {`starts(1, [1..5])`, `true`}, {`starts((1..5],[1..5])`, `false`}, {`started by([1..10],[1..5])`, `true`}, {`coincides([1..5],[1..5])`, `true`}, {`coincides(3, 4)`, `false`},
		{`range("[1..3]")`, `[1..3]`}, {`range("(1..3")`, `null`}, {`is(1, 1.0)`, `true`}, {`is(@"23:00:50@Australia/Melbourne", @"23:00:50+10:00")`, `true`}, {`is(@"20:00:50+00:00", @"21:00:50+01:00")`, `false`}, {`is(@"2020-01-01T00:00:00@Etc/UTC", @"2020-01-01T00:00:00Z")`, `true`}, {`[{item: 1}, {item: 2}][item >= 2]`, `[{item: 2}]`}, {`is(1, "1")`, `false`}, {`count()`, `null`}, {`count(1, 2)`, `null`}, {`count(lst: [])`, `null`},
		{`for f in [count, sum] return f([1,2])`, `[2, 3]`}, {`number("1", null, ".")`, `1`}, {`matches("input", [])`, `null`},
	})
}
