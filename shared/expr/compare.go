package expr

import (
	"math"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// Equal reports whether two values are of one type and the same: numbers by value (2 and 2.00 are the
// same), dates by instant, lists and maps member by member. There is no conversion, unlike in the
// operator ==: "1" and 1 differ.
func Equal(a, b Value) bool {
	same, err := (&budget{steps: math.MaxInt}).same(a, b, 0)
	return err == nil && same
}

// same is Equal with what it costs; depth counts the lists and maps around the two values.
func (g *budget) same(a, b Value, depth int) (bool, error) {
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y, nil
	case string:
		y, ok := b.(string)
		return ok && x == y, nil
	case int64, *apd.Decimal:
		if !isNumber(b) {
			return false, nil
		}
		c, err := compareNumbers(a, b)
		return c == 0, err
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y), nil
	case Duration:
		y, ok := b.(Duration)
		return ok && x == y, nil
	case []Value:
		y, ok := b.([]Value)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return g.sameLists(x, y, depth+1)
	case map[string]Value:
		y, ok := b.(map[string]Value)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return g.sameMaps(x, y, depth+1)
	}
	return false, nil
}

func (g *budget) sameLists(x, y []Value, depth int) (bool, error) {
	if err := g.scan(len(x), depth); err != nil {
		return false, err
	}
	for i := range x {
		if same, err := g.same(x[i], y[i], depth); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (g *budget) sameMaps(x, y map[string]Value, depth int) (bool, error) {
	if err := g.scan(len(x), depth); err != nil {
		return false, err
	}
	for name, item := range x {
		other, ok := y[name]
		if !ok {
			return false, nil
		}
		if same, err := g.same(item, other, depth); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// indexOf finds a value in a list as java.util.List does; -1 when it is not there.
func (g *budget) indexOf(list []Value, value Value) (int64, error) {
	if err := g.scan(len(list), 0); err != nil {
		return -1, err
	}
	for i, item := range list {
		if same, err := g.same(item, value, 0); err != nil || same {
			return int64(i), err
		}
	}
	return -1, nil
}

// equal is the operator == (EL 2.2 §1.8.2): null equals null alone; beside a number the other side
// becomes a number, beside a boolean a boolean, beside a text a text; a failed conversion is an error.
// Beside a date a text is read as a date, where Java would compare what Date.toString writes.
func (g *budget) equal(a, b Value) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	if isNumber(a) || isNumber(b) {
		c, err := compareNumbers(a, b)
		return c == 0 && err == nil, err
	}
	if same, done, err := equalBooleans(a, b); done {
		return same, err
	}
	if isTime(a) || isTime(b) {
		c, err := compareTimes(a, b)
		return c == 0 && err == nil, err
	}
	x, textA := a.(string)
	y, textB := b.(string)
	if !textA && !textB {
		return g.same(a, b, 0)
	}
	var err error
	if !textA {
		x, err = g.text(a)
	} else if !textB {
		y, err = g.text(b)
	}
	return x == y, err
}

// equalBooleans compares when one side is a boolean.
func equalBooleans(a, b Value) (same, done bool, err error) {
	_, isA := a.(bool)
	_, isB := b.(bool)
	if !isA && !isB {
		return false, false, nil
	}
	x, err := boolean(a)
	if err != nil {
		return false, true, err
	}
	y, err := boolean(b)
	return x == y, true, err
}

func compareNumbers(a, b Value) (int, error) {
	x, err := number(a)
	if err != nil {
		return 0, err
	}
	y, err := number(b)
	if err != nil {
		return 0, err
	}
	i, wholeX := x.(int64)
	j, wholeY := y.(int64)
	switch {
	case !wholeX || !wholeY:
		return decimal(x).Cmp(decimal(y)), nil
	case i < j:
		return -1, nil
	case i > j:
		return 1, nil
	}
	return 0, nil
}

func isTime(v Value) bool { _, ok := v.(time.Time); return ok }

func compareTimes(a, b Value) (int, error) {
	x, err := instant(a)
	if err != nil {
		return 0, err
	}
	y, err := instant(b)
	return x.Compare(y), err
}

// compare orders two values that are not null (EL 2.2 §1.8.1): a number makes the other side a number,
// a text makes it a text; a date reads a text as a date, as in equal.
func (g *budget) compare(a, b Value) (int, error) {
	switch {
	case isNumber(a) || isNumber(b):
		return compareNumbers(a, b)
	case isTime(a) || isTime(b):
		return compareTimes(a, b)
	}
	_, textA := a.(string)
	_, textB := b.(string)
	if textA || textB {
		x, err := g.text(a)
		if err != nil {
			return 0, err
		}
		y, err := g.text(b)
		return strings.Compare(x, y), err
	}
	if x, ok := a.(Duration); ok {
		if y, ok := b.(Duration); ok {
			return x.compare(y)
		}
	}
	x, boolA := a.(bool)
	y, boolB := b.(bool)
	switch {
	case !boolA || !boolB:
		return 0, mismatch("a %s and a %s have no order", kindOf(a), kindOf(b))
	case x == y:
		return 0, nil
	case x:
		return 1, nil
	}
	return -1, nil
}

// empty is the operator (EL 2.2 §1.10): null, "", and a list or map without members.
func empty(v any) bool {
	switch e := v.(type) {
	case nil:
		return true
	case string:
		return e == ""
	case []Value:
		return len(e) == 0
	case map[string]Value:
		return len(e) == 0
	case spinList:
		return len(e) == 0
	}
	return false
}
