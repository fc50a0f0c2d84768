package tck

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/feel"
)

// kinds are the types of XML Schema that values name, as types of FEEL.
var kinds = map[string]string{
	"string": "string", "boolean": "boolean", "date": "date", "time": "time", "dateTime": "date and time", "duration": "duration",
	"dayTimeDuration": "duration", "yearMonthDuration": "duration", "decimal": "number", "integer": "number", "double": "number", "float": "number", "long": "number",
	"dateTimeStamp": "date and time", "anyURI": "string", "token": "string", "normalizedString": "string",
	"negativeInteger": "number", "nonPositiveInteger": "number", "unsignedLong": "number", "unsignedInt": "number", "unsignedShort": "number",
	"unsignedByte": "number", "int": "number", "short": "number", "byte": "number", "nonNegativeInteger": "number", "positiveInteger": "number",
}

const instanceSpace = "http://www.w3.org/2001/XMLSchema-instance"

// instance returns an attribute of xsi.
func (e *element) instance(local string) string {
	for _, a := range e.Attributes {
		if a.Name.Local == local && a.Name.Space == instanceSpace {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// kind is the FEEL type that a value names, "" when it names none.
func (e *element) kind() string {
	_, local, found := strings.Cut(e.instance("type"), ":")
	if !found {
		local = e.instance("type")
	}
	return kinds[local]
}

// text is what a string keeps and anything else does without: white space around it. A number loses the
// sign + and a point at its end, which XML Schema allows.
func (e *element) text(kind string) string {
	switch kind {
	case "string", "":
		return e.Text
	case "number":
		return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(e.Text), "+"), ".")
	}
	return strings.TrimSpace(e.Text)
}

// decode reads a value, list or context; a value without a type has the declared one.
func decode(e *element, t *feel.Type) (feel.Value, error) {
	if e.instance("nil") == "true" {
		return nil, nil
	}
	if l := e.child("list"); l != nil {
		return decodeList(l, t)
	}
	if components := e.all("component"); len(components) > 0 {
		c := feel.NewContext(len(components))
		for _, component := range components {
			name := component.attr("name")
			v, err := decode(component, t.Entry(name))
			if err != nil {
				return nil, err
			}
			c.Put(feel.Name(name), v)
		}
		return c, nil
	}
	v := e.child("value")
	if v == nil || v.instance("nil") == "true" {
		return nil, nil
	}
	kind := v.kind()
	if kind == "" {
		kind = scalar(t)
	}
	value, ok := feel.Parse(v.text(kind), kind)
	if !ok {
		return nil, fmt.Errorf("%q is no %s", v.Text, kind)
	}
	return value, nil
}

func decodeList(l *element, t *feel.Type) (feel.Value, error) {
	if l.instance("nil") == "true" {
		return nil, nil
	}
	list := feel.List{}
	for _, item := range l.all("item") {
		v, err := decode(item, t.Of())
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// scalar is the simple type of a declared one.
func scalar(t *feel.Type) string {
	if t.Shape() == feel.KindList {
		t = t.Of()
	}
	return t.Shape()
}

// equal compares with what is expected: a value without a type is read as what there is, numbers agree
// to eight digits behind the point.
func equal(want *element, got feel.Value) bool {
	if l := want.child("list"); l != nil && l.instance("nil") != "true" {
		return equalList(l.all("item"), got)
	}
	if components := want.all("component"); len(components) > 0 {
		return equalContext(components, got)
	}
	v := want.child("value")
	if v == nil || v.instance("nil") == "true" || want.instance("nil") == "true" {
		return got == nil
	}
	kind := v.kind()
	if kind == "" {
		kind = feel.Kind(got)
	}
	expected, ok := feel.Parse(v.text(kind), kind)
	return ok && same(expected, got)
}

func equalList(items []*element, got feel.Value) bool {
	l, ok := got.(feel.List)
	if !ok || len(l) != len(items) {
		return false
	}
	for i := range items {
		if !equal(items[i], l[i]) {
			return false
		}
	}
	return true
}

func equalContext(components []*element, got feel.Value) bool {
	c, ok := got.(*feel.Context)
	if !ok || len(c.Keys()) != len(components) {
		return false
	}
	for _, component := range components {
		v, has := c.Get(feel.Name(component.attr("name")))
		if !has || !equal(component, v) {
			return false
		}
	}
	return true
}

var tolerance = apd.New(1, -8)

func same(a, b feel.Value) bool {
	x, okX := a.(*apd.Decimal)
	y, okY := b.(*apd.Decimal)
	if !okX || !okY {
		return feel.NewRun(now).Equal(a, b)
	}
	distance := new(apd.Decimal)
	if _, err := apd.BaseContext.WithPrecision(60).Sub(distance, x, y); err != nil {
		return false
	}
	return distance.Abs(distance).Cmp(tolerance) <= 0
}

// describe writes what is expected.
func describe(e *element) string {
	if l := e.child("list"); l != nil {
		var items []string
		for _, item := range l.all("item") {
			items = append(items, describe(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	if components := e.all("component"); len(components) > 0 {
		var entries []string
		for _, c := range components {
			entries = append(entries, c.attr("name")+": "+describe(c))
		}
		return "{" + strings.Join(entries, ", ") + "}"
	}
	if v := e.child("value"); v != nil && v.instance("nil") != "true" {
		return v.Text
	}
	return "null"
}
