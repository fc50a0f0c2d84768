package expr_test

import (
	"testing"

	"diom.io/workflow/shared/expr"
)

// TestTypes holds what EL makes of numbers (EL 2.2 §1.3, §1.5, §1.7): a name keeps the type of its variable, a
// literal or a sum of whole numbers is a Long, a quotient a Double, and what Java's methods give is an Integer.
func TestTypes(t *testing.T) {
	t.Parallel()
	types := map[string]string{"n": "Short", "big": "Long", "price": "", "day": "Date", "whole": expr.TypeDouble}
	for _, c := range []struct{ source, want, kind string }{
		{"${n}", "5", "Short"}, {"${(n)}", "5", "Short"}, {"${big}", "9007199254740993", "Long"}, {"${day}", `"2026-01-31T08:30:05.007Z"`, "Date"}, {"${whole}", "4", "Double"},
		{"${-n}", "-5", "Short"}, {"${yes ? n : 1}", "5", "Short"}, {"${yes ? (yes ? 1 : n) : n}", "1", "Long"}, {"${!yes ? 1 : whole}", "4", "Double"}, {"${n > 3 ? n + 1 : n}", "6", "Long"},
		{"${5}", "5", "Long"}, {"${-5}", "-5", "Long"}, {"${n + 1}", "6", "Long"}, {"${n + n}", "10", "Long"}, {"${n * 2 - 1}", "9", "Long"}, {"${7 % 4}", "3", "Long"}, {"${'3' + 4}", "7", "Long"}, {"${nothing + nothing}", "0", "Long"},
		{"${8 / 2}", "4", "Double"}, {"${7 / 2}", "3.5", ""}, {"${8 div 2 + 1}", "5", "Double"}, {"${whole + 1}", "5", "Double"}, {"${1.50}", "1.50", ""}, {"${9223372036854775807 + 1}", "9223372036854775808", "Double"},
		{"${text.length()}", "3", ""}, {"${list.size()}", "3", ""}, {"${list[0]}", "1", ""}, {"${n.longValue()}", "5", "Long"}, {"${big.intValue()}", "", ""}, {"${day.time}", "1769848205007", "Long"}, {"${day.getTime()}", "1769848205007", "Long"},
		{"${n == 5}", "true", ""}, {"a${n}", `"a5"`, ""}, {"${text}", `"abc"`, ""},
	} {
		e, err := expr.CompileJUEL(c.source)
		if err != nil {
			t.Fatalf("%s: %v", c.source, err)
		}
		from := env()
		variable := from.Variable
		from.Variable = func(name string) (expr.Value, bool) {
			if name == "whole" {
				return must(expr.Unmarshal([]byte("4"))), true
			}
			return variable(name)
		}
		from.Type = func(name string) string { return types[name] }
		value, kind, err := e.EvaluateTyped(from)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if raw, err := expr.Marshal(value); err != nil || c.want != "" && string(raw) != c.want || kind != c.kind {
			t.Errorf("%s = %s as %q (%v), want %s as %q", c.source, raw, kind, err, c.want, c.kind)
		}
	}
}

// TestNumbersOfDifferentTypes compares across Integer, Long and Double by value, also beyond what a float64 holds.
func TestNumbersOfDifferentTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		want   bool
	}{
		{"${n == 5.0}", true}, {"${n == '5'}", true}, {"${big > n}", true}, {"${big == 9007199254740993}", true}, {"${big == '9007199254740993'}", true}, {"${big > 9007199254740992.5}", true},
		{"${9223372036854775807 + 1 > 9223372036854775807}", true}, {"${2147483647 + 1 == 2147483648}", true}, {"${2147483647 + 1 > 2147483647}", true}, {"${8 / 2 == 4}", true},
		{"${price < 20}", true}, {"${price == 19.9}", true}, {"${n ge 5 and n le 5.0}", true}, {"${7 / 2 > 3}", true}, {"${n ne 5.5}", true}, {"${big < n}", false},
	} {
		e, err := expr.CompileJUEL(c.source)
		if err != nil {
			t.Fatalf("%s: %v", c.source, err)
		}
		if got, err := e.EvaluateBool(env()); err != nil || got != c.want {
			t.Errorf("%s is %v (%v)", c.source, got, err)
		}
	}
}
