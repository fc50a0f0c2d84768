package expr_test

import (
	"errors"
	"slices"
	"testing"

	"diom.io/workflow/shared/expr"
)

// FuzzCompileEvaluate holds that no text makes the compiler or an evaluation panic, that what fails
// fails with the error that is promised, that a second run gives the same, and that a value can be stored.
func FuzzCompileEvaluate(f *testing.F) {
	for _, seed := range []string{
		"", "${amount > 1000 && level == \"gold\"}", "#{list[0].a ? 1 : -2.5e3}", `\${x}a${nil}b`, "${S(spin).jsonPath('$.a[1].n').value() % 3}", "${'a,b'.split(',')[1].concat(level)}",
		"${leap.plusMonths(amount).toString('yyyy\\'x\\'')}", "${not empty gone or order.isVip() and list.contains(nil)}", "${wide.replace('a', wide)}", "${wide.matches('(a|b)*')}", "${金额}", "${((((((1))))))}",
		"#{n > 3 ? list[0] : 'x'}", "a${S(json).prop('a')}b", "${text.split(',').size() + 1}", `${'\'' == "x"}`, "${now().plusDays(amount)}", "${-amount % 3 / 2}", "${bean.a.run(list, execution, bean.go(1))}", "${列表.size()}",
	} {
		f.Add(seed)
	}
	env := world()
	f.Fuzz(func(t *testing.T, source string) {
		e, err := expr.CompileJUEL(source)
		var syntax *expr.SyntaxError
		if err != nil {
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(source) {
				t.Fatalf("%q: %#v", source, err)
			}
			return
		}
		if c := e.Call(); c != nil && !slices.Contains(e.Identifiers(), c.Root) {
			t.Fatalf("%q calls %+v", source, c)
		}
		v, err := e.Evaluate(env)
		again, errAgain := e.Evaluate(env)
		var failed *expr.EvaluationError
		if err != nil && (!errors.As(err, &failed) || errAgain == nil || err.Error() != errAgain.Error()) {
			t.Fatalf("%q: %#v, then %v", source, err, errAgain)
		}
		if err == nil && expr.String(v) != expr.String(again) {
			t.Fatalf("%q gave %v, then %v", source, v, again)
		}
		if _, errStored := expr.Marshal(v); err == nil && errStored != nil {
			t.Fatalf("%q gave %T, which cannot be stored: %v", source, v, errStored)
		}
	})
}

// FuzzRoundTrip holds that what is read is written and read back as the same value.
func FuzzRoundTrip(f *testing.F) {
	for _, seed := range []string{`{"b":[1,2.50,"x\n",null,true],"a":{}}`, `0e01`, `-1.5E-7`, `"\ud83d\ude00\ud800"`, `[[[]]]`, `9223372036854775808`, `1e400`, `{"a":[1,2.5,"x",null,true]}`, `1e-7`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := expr.Unmarshal(raw)
		if err != nil {
			return
		}
		once, err := expr.Marshal(v)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		again, err := expr.Unmarshal(once)
		if err != nil || !expr.Equal(v, again) {
			t.Fatalf("%q became %s: %v", raw, once, err)
		}
		if twice, err := expr.Marshal(again); err != nil || string(twice) != string(once) {
			t.Fatalf("%s, then %s: %v", once, twice, err)
		}
	})
}

func BenchmarkEvaluateCondition(b *testing.B) {
	e, err := expr.CompileJUEL(`${amount > 1000 && level == "gold"}`)
	if err != nil {
		b.Fatal(err)
	}
	env := world()
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := e.EvaluateBool(env); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
