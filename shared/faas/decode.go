package faas

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"diom.io/workflow/shared/fault"
)

// maxDepth is how deeply the arrays and objects of a body may nest.
const maxDepth = 32

// Failures of Decode.
var (
	ErrBadJSON = fault.New(fault.Malformed, "bad_json", "The body is not the JSON that is expected here.")
	ErrBadType = fault.New(fault.Invalid, "bad_type", "A value in the body has the wrong type.")
)

// Decode reads the JSON body into a struct. An empty body is {}. A field that the struct does not
// have, a second value, invalid UTF-8 and a nesting deeper than 32 are ErrBadJSON (400); a value of
// the wrong type is ErrBadType (422). The detail points (RFC 6901) at what is wrong.
func (r *Request) Decode(into any) error {
	body, err := r.Body()
	if err != nil {
		return err
	}
	return decode(body, into)
}

func decode(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return badJSON("", "bad_utf8", "The body is not valid UTF-8.")
	}
	if tooDeep(body) {
		return badJSON("", "too_deep", "The body nests deeper than "+strconv.Itoa(maxDepth)+" levels.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return explain(err, body)
	}
	if rest := bytes.TrimSpace(body[d.InputOffset():]); len(rest) > 0 {
		return badJSON("", "second_value", "The body holds more than one JSON value.")
	}
	return nil
}

// tooDeep looks at the brackets outside strings. It is right for valid JSON; the decoder refuses the
// rest.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

func badJSON(pointer, code, detail string) error {
	return ErrBadJSON.Withf("%s", detail).With(fault.Detail{Pointer: pointer, Code: code, Detail: detail})
}

const unknownField = "json: unknown field "

// explain turns an error of encoding/json into a fault that points at its place.
func explain(err error, body []byte) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch text := err.Error(); {
	case errors.As(err, &kind):
		message := "The value must be " + typeName(kind.Type) + ", not " + article(kind.Value) + "."
		at := pointerAt(body, kind.Offset)
		if kind.Offset == 0 && kind.Field != "" { // an UnmarshalJSON of ours, which knows no offset
			at = pointerTo(body, kind.Field)
		}
		return ErrBadType.Withf("%s", message).With(fault.Detail{Pointer: at, Code: "bad_type", Detail: message})
	case errors.As(err, &syntax):
		return badJSON(pointerAt(body, syntax.Offset), "syntax", "The JSON is wrong at byte "+strconv.FormatInt(syntax.Offset, 10)+": "+syntax.Error()+".")
	case strings.HasPrefix(text, unknownField):
		name, _ := strconv.Unquote(strings.TrimPrefix(text, unknownField)) // encoding/json quotes the name
		return badJSON(pointerTo(body, name), "unknown_field", "There is no field "+strconv.Quote(name)+" here.")
	case strings.Contains(text, "unexpected EOF"):
		return badJSON("", "syntax", "The JSON ends early.")
	case fault.From(err) != nil:
		return err
	default: // an UnmarshalText or UnmarshalJSON of ours refused the value
		return ErrBadType.Withf("A value has the wrong form: %s.", text)
	}
}

// typeName names a Go type in JSON's words.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return typeName(t.Elem())
	default:
		return "an integer in range"
	}
}

func article(value string) string {
	switch {
	case value == "bool":
		return "true or false"
	case value == "array" || value == "object":
		return "an " + value
	}
	return "a " + value
}
