package feel

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// conversions are the functions of DMN §10.3.4.1 and §10.3.4.2 but those on dates.
var conversions = map[string][]signature{
	"number":   {sig("from s", numberFrom), sig("from n", func(_ *Run, a []Value) Value { return a[0] }), sig("from s, grouping separator s?, decimal separator s?", numberFrom)},
	"string":   {sig("from a", func(r *Run, a []Value) Value { return r.stringOf(a[0]) })},
	"duration": {sig("from a", durationFrom)},
	"not":      {sig("negand a", negandOf)},
	"is":       {sig("value1 a, value2 a", func(_ *Run, a []Value) Value { return identical(a[0], a[1]) })},
}

var numeral = regexp.MustCompile(`^-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?$`)

// numberFrom reads a text; the separators are one of space, comma and point, and differ.
func numberFrom(r *Run, a []Value) Value {
	text := asText(a[0])
	if len(a) == 3 {
		var ok bool
		if text, ok = separated(text, a[1], a[2]); !ok {
			return r.Fail("number: %q is no number with these separators", clip(asText(a[0])))
		}
	}
	if numeral.MatchString(text) {
		if d, ok := parseNumber(text); ok {
			return d
		}
	}
	return r.Fail("number: %q is no number", clip(text))
}

// separated drops the grouping separator and makes the decimal one a point.
func separated(text string, grouping, decimal Value) (string, bool) {
	group, isGroup := grouping.(string)
	point, isPoint := decimal.(string)
	if isGroup {
		if group != " " && group != "," && group != "." || isPoint && group == point {
			return "", false
		}
		text = strings.ReplaceAll(text, group, "")
	}
	if !isPoint || point == "." {
		return text, true
	}
	if point != "," || strings.Contains(text, ".") {
		return "", false
	}
	return strings.ReplaceAll(text, ",", "."), true
}

func negandOf(r *Run, a []Value) Value {
	if v := not(single(a[0])); v != nil {
		return v
	}
	return r.Fail("not: a %s is no boolean", kindOf(a[0]))
}

func durationFrom(r *Run, a []Value) Value {
	switch v := single(a[0]).(type) {
	case Months, Span:
		return v
	case string:
		if d, ok := parseDuration(v); ok {
			return d
		}
		return r.Fail("duration: %q is no duration", clip(v))
	}
	return r.Fail("duration: a %s is no duration", kindOf(a[0]))
}

// identical is equality in the semantic domain: of one kind, and with the same offset.
func identical(a, b Value) bool {
	if kindOf(a) != kindOf(b) {
		return false
	}
	switch x := a.(type) {
	case Time:
		y, _ := b.(Time)
		offset, zoned := x.offset()
		other, both := y.offset()
		return x.clock() == y.clock() && zoned == both && offset == other
	case DateTime:
		y, _ := b.(DateTime)
		return x.Date == y.Date && x.Time.clock() == y.Time.clock() && x.Time.Zone.none() == y.Time.Zone.none() && x.time().Equal(y.time())
	}
	return NewRun(zeroTime).Equal(a, b)
}

// stringOf is string(): a text as it is, null stays null.
func (r *Run) stringOf(v Value) Value {
	switch s := v.(type) {
	case nil:
		return r.Fail("string: null has no text")
	case string:
		return s
	}
	w := writer{limit: max(r.bytes, 0)}
	w.value(v, 0)
	if w.b.Len() > w.limit {
		r.grow(w.b.Len())
		return nil
	}
	return r.text(w.b.String())
}

// String returns the text of a value as FEEL's string() makes it; null is "null".
func String(v Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	w := writer{limit: maxMade}
	w.value(v, 0)
	return w.b.String()
}

// writer writes values as literals.
type writer struct {
	b     strings.Builder
	limit int
}

func (w *writer) value(v Value, depth int) {
	if w.b.Len() > w.limit || depth > maxWalk {
		return
	}
	switch x := v.(type) {
	case nil:
		w.b.WriteString("null")
	case bool:
		w.b.WriteString(strconv.FormatBool(x))
	case *apd.Decimal:
		w.b.WriteString(plain(x))
	case string:
		w.b.WriteString(quote(x))
	case Date:
		w.b.WriteString(x.String())
	case Time:
		w.b.WriteString(x.String())
	case DateTime:
		w.b.WriteString(x.String())
	case Months:
		w.b.WriteString(x.String())
	case Span:
		w.b.WriteString(x.String())
	case List:
		w.list(x, depth)
	case *Context:
		w.context(x, depth)
	case *Range:
		w.interval(x, depth)
	case *Function:
		w.b.WriteString("function(" + x.Name + ")")
	}
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

func (w *writer) list(l List, depth int) {
	w.b.WriteByte('[')
	for i, e := range l {
		if i > 0 {
			w.b.WriteString(", ")
		}
		w.value(e, depth+1)
	}
	w.b.WriteByte(']')
}

func (w *writer) context(c *Context, depth int) {
	w.b.WriteByte('{')
	for i, k := range c.keys {
		if i > 0 {
			w.b.WriteString(", ")
		}
		w.b.WriteString(keyText(k) + ": ")
		w.value(c.values[k], depth+1)
	}
	w.b.WriteByte('}')
}

// keyText quotes a key that is no name.
func keyText(key string) string {
	for i, part := range words(key) {
		c := []rune(part)[0]
		if !isPart(c) || i == 0 && !isStart(c) {
			return quote(key)
		}
	}
	if key == "" {
		return `""`
	}
	return key
}

func (w *writer) interval(g *Range, depth int) {
	switch {
	case !g.hasStart:
		w.b.WriteString(map[bool]string{true: "<=", false: "<"}[g.EndIncluded] + " ")
		w.value(g.End, depth+1)
		return
	case !g.hasEnd:
		w.b.WriteString(map[bool]string{true: ">=", false: ">"}[g.StartIncluded] + " ")
		w.value(g.Start, depth+1)
		return
	}
	w.b.WriteByte(map[bool]byte{true: '[', false: '('}[g.StartIncluded])
	w.value(g.Start, depth+1)
	w.b.WriteString("..")
	w.value(g.End, depth+1)
	w.b.WriteByte(map[bool]byte{true: ']', false: ')'}[g.EndIncluded])
}
