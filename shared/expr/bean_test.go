package expr_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/expr"
)

func TestBeans(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"${a}": "", "${list.size() > 0}": "", "${order.isPremium() && order.getTotal() > 3}": "", "${now().plusDays(1).toDate()}": "",
		"${execution.anything(a)}": "", "${task.setName('x')}": "", "${S(x).prop('a').value()}": "", "${'x'.shout()}": "",
		"${payer.pay()}": "payer.pay", "${a.b.check(order) ? b.do(1) : c.do(2)}": "a.b.check b.do c.do",
		"${list.get(0).launch(now())}": "list….launch", "${order.getTotal(1)}": "order.getTotal", "${a.minusFoo(1)}": "a.minusFoo",
		"${map.put('a', 1)} ${bean.x()}": "bean.x",
	} {
		e, err := expr.CompileJUEL(source)
		if err != nil {
			t.Fatal(source, err)
		}
		if got := strings.Join(e.Beans(), " "); got != want {
			t.Errorf("%s needs %q, want %q", source, got, want)
		}
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"${payer.pay(1 + 1, execution, 'x')}": "payer payer.pay [2 <nil> x]",
		"#{a.b.run()}":                        "a a.b.run []", "${a['b'].run()}": "a a.b.run []",
		"${execution.setVariable('a', 1)}": "", "${a}": "", "${a.run() + 1}": "", "x${a.run()}": "", "${a.b().run()}": "", "${a[0].run()}": "", "${now()}": "", "text": "",
	} {
		e, err := expr.CompileJUEL(source)
		if err != nil {
			t.Fatal(source, err)
		}
		got := ""
		if c := e.Call(); c != nil {
			values := make([]string, len(c.Arguments))
			for i, a := range c.Arguments {
				v, err := a.Evaluate(&expr.Environment{Objects: map[string]expr.Object{"execution": object{}}})
				if err != nil {
					t.Error(source, err)
				}
				if values[i] = expr.String(v); v == nil {
					values[i] = "<nil>"
				}
			}
			got = c.Root + " " + c.Path + " [" + strings.Join(values, " ") + "]"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	if e := expr.Literal("${a"); !e.IsLiteral() || e.Source() != "${a" || e.Call() != nil {
		t.Errorf("a literal is %+v", e)
	}
}
