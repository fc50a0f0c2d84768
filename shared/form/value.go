package form

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/feel"
)

var (
	email = regexp.MustCompile(`^[^\s@"<>()\[\],;:\\]{1,64}@[^\s@"<>()\[\],;:\\.]+(\.[^\s@"<>()\[\],;:\\.]+)+$`)
	phone = regexp.MustCompile(`^\+?[0-9(][0-9 ().-]{2,28}[0-9]$`)
)

// reference is what names a file, a person or a department.
const reference = 255

// value checks a value that is not empty by the type of its field, and returns it as it is kept.
func (c *check) value(f *field, p place, v expr.Value) (expr.Value, bool) {
	switch f.Type {
	case "textfield", "textarea":
		return c.text(f, p, v)
	case "number", "money":
		return c.number(f, p, v)
	case "checkbox":
		_, isTruth := v.(bool)
		return c.typed(f, p, v, isTruth, "true or false")
	case "radio", "select":
		return v, c.chosen(f, p, p.at(f), v)
	case "checklist", "taglist":
		return c.several(f, p, v)
	case "datetime":
		return c.moment(f, p, v)
	default: // files, people, departments and signatures
		return c.references(f, p, v)
	}
}

func (c *check) typed(f *field, p place, v expr.Value, fits bool, what string) (expr.Value, bool) {
	if !fits {
		c.wrong(p.at(f), CodeType, "The value is to be %s.", what)
	}
	return v, fits
}

func (c *check) text(f *field, p place, v expr.Value) (expr.Value, bool) {
	text, isText := v.(string)
	if !isText || !utf8.ValidString(text) {
		return c.typed(f, p, v, false, "a text")
	}
	c.bounded(f, p, ofLength, utf8.RuneCountInString(text))
	switch {
	case f.pattern != nil && !f.pattern.MatchString(text):
		c.wrong(p.at(f), CodePattern, "The text does not match the pattern %s.", f.Validate.Pattern)
	case f.Validate.ValidationType == "email" && !email.MatchString(text):
		c.wrong(p.at(f), CodePattern, "The text is no address of mail.")
	case f.Validate.ValidationType == "phone" && !phone.MatchString(text):
		c.wrong(p.at(f), CodePattern, "The text is no number of a telephone.")
	}
	return text, true
}

// limits are two rules for a count, and the code of what breaks them.
type limits struct{ least, most, code string }

var (
	ofLength = limits{"minLength", "maxLength", CodeLength}
	ofItems  = limits{"minItems", "maxItems", CodeItems}
)

// bounded holds a count against two rules.
func (c *check) bounded(f *field, p place, l limits, n int) {
	if low := c.bound(f, p, l.least); low != nil && low.Cmp(apd.New(int64(n), 0)) > 0 {
		c.wrong(p.at(f), l.code, "There are to be at least %s, not %d.", low.Text('f'), n)
	}
	if high := c.bound(f, p, l.most); high != nil && high.Cmp(apd.New(int64(n), 0)) < 0 {
		c.wrong(p.at(f), l.code, "There are to be at most %s, not %d.", high.Text('f'), n)
	}
}

func (c *check) bound(f *field, p place, name string) *apd.Decimal {
	b, given := f.bounds[name]
	switch {
	case !given:
		return nil
	case b.expr != nil:
		return numberOf(p.data.value(c.run, b.expr))
	}
	return numberOf(b.number)
}

// number checks a number, which is a text where the form says so; money always is.
func (c *check) number(f *field, p place, v expr.Value) (expr.Value, bool) {
	_, isText := v.(string)
	asText := f.SerializeToString || f.Type == "money"
	n := numberOf(v)
	if n == nil || isText && !asText {
		return c.typed(f, p, v, false, "a number")
	}
	digits := f.DecimalDigits
	if digits == nil && f.Type == "money" {
		digits = new(2)
	}
	reduced := new(apd.Decimal)
	reduced.Reduce(n)
	if digits != nil && -int(reduced.Exponent) > *digits {
		c.wrong(p.at(f), CodeRange, "The number has more than %d decimal digits.", *digits)
	}
	if low := c.bound(f, p, "min"); low != nil && n.Cmp(low) < 0 {
		c.wrong(p.at(f), CodeRange, "The number is less than %s.", low.Text('f'))
	}
	if high := c.bound(f, p, "max"); high != nil && n.Cmp(high) > 0 {
		c.wrong(p.at(f), CodeRange, "The number is greater than %s.", high.Text('f'))
	}
	if asText {
		if !isText {
			return n.Text('f'), true
		}
		return strings.TrimSpace(v.(string)), true //nolint:forcetypeassert // isText
	}
	return v, true
}

// numberOf reads a number or the text of one; nil: it is none, or it is far too long to be one that somebody means.
func numberOf(v any) *apd.Decimal {
	var text string
	switch x := v.(type) {
	case *apd.Decimal:
		if x.Form != apd.Finite || x.Exponent < -1000 || x.Exponent > 1000 {
			return nil
		}
		return x
	case int64:
		return apd.New(x, 0)
	case json.Number:
		text = x.String()
	case string:
		text = strings.TrimSpace(x)
	default:
		return nil
	}
	n, _, err := apd.NewFromString(text)
	if err != nil || len(text) > 60 || n.Form != apd.Finite || n.Exponent < -1000 || n.Exponent > 1000 {
		return nil
	}
	return n
}

// several checks a list of choices.
func (c *check) several(f *field, p place, v expr.Value) (expr.Value, bool) {
	list, isList := v.([]expr.Value)
	if !isList || len(list) > maxOptions {
		return c.typed(f, p, v, false, "a list of choices")
	}
	for n, e := range list {
		c.chosen(f, p, fmt.Sprintf("%s/%d", p.at(f), n), e)
		if slices.ContainsFunc(list[:n], func(other expr.Value) bool { return expr.Equal(e, other) }) {
			c.wrong(fmt.Sprintf("%s/%d", p.at(f), n), CodeChoice, "The choice is there twice.")
		}
	}
	return list, true
}

// chosen checks that a value is one of the choices of its field.
func (c *check) chosen(f *field, p place, pointer string, v expr.Value) bool {
	for _, o := range c.options(f, p.data) {
		if expr.Equal(o, v) {
			return true
		}
	}
	c.wrong(pointer, CodeChoice, "The value is none of the choices.")
	return false
}

// options are the values of the choices: those of the form, of an expression, or of a variable.
func (c *check) options(f *field, w *world) []expr.Value {
	var list []expr.Value
	switch {
	case f.choices != nil:
		list, _ = w.value(c.run, f.choices).([]expr.Value)
	case f.ValuesKey != "":
		v, _ := lookup(w.root, parts(f.ValuesKey))
		list, _ = v.([]expr.Value)
	default:
		for _, o := range f.Values {
			list = append(list, jsonValue(o.Value))
		}
		return list
	}
	made := make([]expr.Value, 0, len(list))
	for _, o := range list {
		if entry, isMap := o.(map[string]expr.Value); isMap {
			if value, there := entry["value"]; there {
				o = value
			}
		}
		made = append(made, o)
	}
	return made
}

// references checks one name or several: of files, people or departments. The form knows none of them; who takes the
// submission does.
func (c *check) references(f *field, p place, v expr.Value) (expr.Value, bool) {
	text, isText := v.(string)
	many := f.Multiple || f.Type == "attachments"
	if isText && f.Type != "attachments" {
		_, ok := c.typed(f, p, v, len(text) <= reference, "a name")
		return v, ok
	}
	list, isList := v.([]expr.Value)
	if !many || !isList || len(list) > maxOptions {
		return c.typed(f, p, v, false, map[bool]string{true: "a list of names", false: "a name"}[many])
	}
	for _, e := range list {
		if text, isText := e.(string); !isText || text == "" || len(text) > reference {
			return c.typed(f, p, v, false, "a list of names")
		}
	}
	c.bounded(f, p, ofItems, len(list))
	return list, true
}

var zones = map[string]string{"utc_offset": "-07:00", "utc_normalized": "Z07:00"}

// moment checks a date, a time of day or both by the format of its field. A moment that came as such is written so.
func (c *check) moment(f *field, p place, v expr.Value) (expr.Value, bool) {
	layouts := []string{"2006-01-02"}
	switch f.Subtype {
	case "time":
		layouts = []string{"15:04", "15:04:05"}
	case "datetime":
		layouts = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05.000"}
	}
	if f.Subtype == "time" || f.Subtype == "datetime" {
		for n := range layouts {
			layouts[n] += zones[f.TimeFormat]
		}
	}
	if at, isTime := v.(time.Time); isTime {
		return at.In(c.Now.Location()).Format(layouts[0]), true
	}
	text, _ := v.(string)
	at, fits := time.Time{}, false
	for _, layout := range layouts {
		var err error
		if at, err = time.ParseInLocation(layout, text, c.Now.Location()); err == nil {
			fits = true
			break
		}
	}
	if !fits {
		return c.typed(f, p, v, false, "written like "+layouts[0])
	}
	if past := c.Now; f.DisallowPassedDates && f.Subtype != "time" {
		if day := time.Date(past.Year(), past.Month(), past.Day(), 0, 0, 0, 0, past.Location()); at.Before(day) {
			c.wrong(p.at(f), CodeRange, "The date is past.")
		}
	}
	return text, true
}

// sums adds up a field of the lines.
func sums(lines expr.Value, path []string) expr.Value {
	total := apd.New(0, 0)
	exact := apd.BaseContext.WithPrecision(60)
	list, _ := lines.([]expr.Value)
	for _, line := range list {
		fields, _ := line.(map[string]expr.Value)
		v, _ := lookup(fields, path)
		if n := numberOf(v); n != nil {
			_, _ = exact.Add(total, total, n)
		}
	}
	return feel.ToValue(total)
}
