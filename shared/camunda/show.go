package camunda

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

// Value is a variable as an answer has it.
type Value struct {
	Type  string         `json:"type"`
	Value any            `json:"value"`
	Info  map[string]any `json:"valueInfo"`
}

// Values are variables as an answer has them.
type Values map[string]Value

// ShowAll writes variables with their types. open shows objects as JSON instead of the text of it
// (deserializeValues).
func ShowAll(values engine.Variables, types engine.Types, open bool) Values {
	shown := make(Values, len(values))
	for name, value := range values {
		shown[name] = Show(value, types[name], open)
	}
	return shown
}

// Show writes one variable. A type that the value does not fit any more, since an expression has made it
// anew, gives way to the one that is inferred.
func Show(value expr.Value, kept string, open bool) Value {
	kind, query, _ := strings.Cut(kept, "?")
	info := map[string]any{}
	if parsed, err := url.ParseQuery(query); err == nil {
		for name := range parsed {
			info[name] = parsed.Get(name)
		}
	}
	if kind == "" || value != nil && !fits(kind, value) {
		kind = inferred(value)
	}
	v := Value{Type: kind, Value: value, Info: info}
	switch x := value.(type) {
	case nil:
		v.Value = nil
	case expr.Duration:
		v.Value = x.String()
	default:
		v.fill(value, open)
	}
	return v
}

// fill writes what depends on the type.
func (v *Value) fill(value expr.Value, open bool) {
	switch v.Type {
	case typeFile:
		v.Value = nil // read by …/data alone
	case typeDate:
		if at, err := ParseDate(strings.Trim(expr.String(value), `"`)); err == nil {
			v.Value = Date{at}.String()
		}
	case typeJSON:
		v.Value = plain(value)
	case typeObject:
		v.object(value, open)
	case typeDouble:
		v.Value = number(value)
	}
}

func (v *Value) object(value expr.Value, open bool) {
	if _, given := v.Info[infoFormat]; !given {
		v.Info[infoFormat] = jsonFormat
	}
	if _, given := v.Info[infoObject]; !given {
		v.Info[infoObject] = className(value)
	}
	_, isText := value.(string)
	switch {
	case isText && v.Info[infoFormat] != jsonFormat:
	case open:
		v.Value = json.RawMessage(plain(value))
	default:
		v.Value = plain(value)
	}
}

func className(value expr.Value) string {
	if _, list := value.([]expr.Value); list {
		return "java.util.ArrayList"
	}
	return "java.util.LinkedHashMap"
}

// plain is the JSON text of a value.
func plain(value expr.Value) string {
	raw, err := expr.Marshal(value)
	if err != nil {
		return "null"
	}
	return unescape.Replace(string(raw))
}

// unescape undoes what expr.Marshal escapes for HTML.
var unescape = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

// number writes a Double with a fraction, as Java does.
func number(value expr.Value) any {
	switch n := value.(type) {
	case int64:
		return json.RawMessage(expr.String(n) + ".0")
	case *apd.Decimal:
		text := expr.String(n)
		if !strings.ContainsAny(text, ".eE") {
			text += ".0"
		}
		return json.RawMessage(text)
	}
	return value
}

// fits reports whether a value can be of a type.
func fits(kind string, value expr.Value) bool {
	one := inferred(value)
	switch kind {
	case typeShort, typeInteger, typeLong:
		_, err := conversions[kind](value, nil)
		return err == nil && (one == typeInteger || one == typeLong)
	case typeDouble:
		return one == typeInteger || one == typeLong || one == typeDouble
	case typeBoolean, typeString:
		return one == kind
	case typeDate:
		_, err := ParseDate(expr.String(value))
		return one == typeDate || one == typeString && err == nil
	case typeBytes, typeFile, typeXML:
		return one == typeString
	}
	return true
}

// Visible are the variables that a token sees, with their types.
func Visible(in *engine.Instance, token int) (engine.Variables, engine.Types) {
	return in.Visible(token), in.VisibleTypes(token)
}

// only keeps the variables with the names; no names are all.
func only(values engine.Variables, names []string) engine.Variables {
	if names == nil {
		return values
	}
	kept := engine.Variables{}
	for name, value := range values {
		if slices.Contains(names, name) {
			kept[name] = value
		}
	}
	return kept
}
