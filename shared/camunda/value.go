package camunda

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

// Typed is a variable on the wire.
type Typed struct {
	Type  string          `json:"type,omitempty"`
	Value json.RawMessage `json:"value"`
	Info  map[string]any  `json:"valueInfo,omitempty"`
	Local bool            `json:"local,omitempty"` // of a modification
}

// Variables are typed variables by their names, as a request has them.
type Variables map[string]*Typed

// The types that need more than their value. What a variable is beside its value is kept by the engine as
// one text: the name of the type, and for an object or a file the value info as the query of a URL.
const (
	typeNull    = "Null"
	typeBoolean = "Boolean"
	typeShort   = "Short"
	typeInteger = "Integer"
	typeLong    = "Long"
	typeDouble  = "Double"
	typeString  = "String"
	typeDate    = engine.TypeDate
	typeBytes   = "Bytes"
	typeFile    = "File"
	typeJSON    = "Json"
	typeXML     = "Xml"
	typeObject  = "Object"

	jsonFormat = "application/json"

	infoObject   = "objectTypeName"
	infoFormat   = "serializationDataFormat"
	infoFilename = "filename"
	infoMime     = "mimetype"
	infoEncoding = "encoding"
)

// Read turns typed variables into values and what is kept of their types. A value that its type does not
// take is BadRequest.
func (v Variables) Read() (engine.Variables, engine.Types, error) {
	values, types := make(engine.Variables, len(v)), engine.Types{}
	for name, t := range v {
		value, kind, err := t.read()
		if err != nil {
			return nil, nil, err
		}
		values[name] = value
		if kind != "" {
			types[name] = kind
		}
	}
	return values, types, nil
}

// read converts one value; kind is what is to be kept of the type: empty where the value says it.
func (t *Typed) read() (value expr.Value, kind string, err error) {
	if t == nil {
		return nil, "", nil
	}
	if len(t.Value) > 0 {
		if value, err = expr.Unmarshal(t.Value); err != nil {
			return nil, "", BadRequest("The value is not JSON: %v", err)
		}
	}
	if t.Type == "" {
		return value, "", nil
	}
	kind = strings.ToUpper(t.Type[:1]) + t.Type[1:]
	convert := conversions[kind]
	if convert == nil {
		return nil, "", BadRequest("Unsupported value type '%s'", t.Type)
	}
	if value != nil {
		if value, err = convert(value, t); err != nil {
			return nil, "", err
		}
	}
	return value, t.kept(kind, value), nil
}

// kept is what is kept of a type.
func (t *Typed) kept(kind string, value expr.Value) string {
	switch kind {
	case typeObject, typeFile:
		info := url.Values{}
		for _, name := range []string{infoObject, infoFormat, infoFilename, infoMime, infoEncoding} {
			if text, ok := t.Info[name].(string); ok {
				info.Set(name, text)
			}
		}
		if len(info) > 0 {
			return kind + "?" + info.Encode()
		}
		return kind
	case inferred(value):
		return ""
	}
	return kind
}

// conversions turn the JSON of a value, which is not null, into a value of the type.
var conversions = map[string]func(expr.Value, *Typed) (expr.Value, error){
	typeNull:    func(expr.Value, *Typed) (expr.Value, error) { return nil, nil },
	typeBoolean: toBoolean,
	typeShort:   whole(typeShort, math.MinInt16, math.MaxInt16),
	typeInteger: whole(typeInteger, math.MinInt32, math.MaxInt32),
	typeLong:    whole(typeLong, math.MinInt64, math.MaxInt64),
	typeDouble:  toDouble,
	typeString:  text(typeString),
	typeDate:    toDate,
	typeBytes:   toBytes,
	typeFile:    toBytes,
	typeXML:     text(typeXML),
	typeJSON:    toJSON,
	typeObject:  toObject,
}

func mismatch(value expr.Value, kind string) error {
	java := "java.lang." + kind
	if kind == typeDate {
		java = "java.util.Date"
	}
	return BadRequest("Cannot convert value '%s' of type '%s' to java type %s", expr.String(value), kind, java)
}

func toBoolean(value expr.Value, _ *Typed) (expr.Value, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		if b, err := strconv.ParseBool(strings.ToLower(v)); err == nil {
			return b, nil
		}
	}
	return nil, mismatch(value, typeBoolean)
}

func whole(kind string, least, most int64) func(expr.Value, *Typed) (expr.Value, error) {
	return func(value expr.Value, _ *Typed) (expr.Value, error) {
		var n int64
		var err error
		switch v := value.(type) {
		case int64:
			n = v
		case string:
			n, err = strconv.ParseInt(v, 10, 64)
		case *apd.Decimal:
			n, err = v.Int64()
		default:
			return nil, mismatch(value, kind)
		}
		if err != nil || n < least || n > most {
			return nil, mismatch(value, kind)
		}
		return n, nil
	}
}

func toDouble(value expr.Value, _ *Typed) (expr.Value, error) {
	switch v := value.(type) {
	case int64, *apd.Decimal:
		return v, nil
	case string:
		if d, _, err := apd.NewFromString(strings.TrimSpace(v)); err == nil && d.Form == apd.Finite {
			return d, nil
		}
	}
	return nil, mismatch(value, typeDouble)
}

func text(kind string) func(expr.Value, *Typed) (expr.Value, error) {
	return func(value expr.Value, _ *Typed) (expr.Value, error) {
		if _, ok := value.(string); !ok && kind != typeString {
			return nil, mismatch(value, kind)
		}
		return expr.String(value), nil
	}
}

func toDate(value expr.Value, _ *Typed) (expr.Value, error) {
	switch v := value.(type) {
	case string:
		at, err := ParseDate(v)
		return at, err
	case int64:
		return time.UnixMilli(v).UTC(), nil
	}
	return nil, mismatch(value, typeDate)
}

// toBytes keeps the base64 text: values have no bytes.
func toBytes(value expr.Value, t *Typed) (expr.Value, error) {
	v, ok := value.(string)
	if _, err := base64.StdEncoding.DecodeString(v); !ok || err != nil {
		return nil, mismatch(value, t.Type)
	}
	return v, nil
}

func toJSON(value expr.Value, _ *Typed) (expr.Value, error) {
	v, ok := value.(string)
	if !ok { // Camunda wants the text; what has been read already does no harm
		return value, nil
	}
	parsed, err := expr.Unmarshal([]byte(v))
	if err != nil {
		return nil, mismatch(value, typeJSON)
	}
	return parsed, nil
}

// toObject reads an object that is written as JSON, so that expressions see what is in it; any other stays
// the text that it is.
func toObject(value expr.Value, t *Typed) (expr.Value, error) {
	format, _ := t.Info[infoFormat].(string)
	if _, isText := value.(string); isText && (format == jsonFormat || format == "") {
		return toJSON(value, t)
	}
	return value, nil
}

// inferred is the type that Camunda gives to a JSON value without one.
func inferred(value expr.Value) string {
	switch v := value.(type) {
	case nil:
		return typeNull
	case bool:
		return typeBoolean
	case int64:
		if v < math.MinInt32 || v > math.MaxInt32 {
			return typeLong
		}
		return typeInteger
	case *apd.Decimal:
		return typeDouble
	case time.Time:
		return typeDate
	case []expr.Value, map[string]expr.Value:
		return typeObject
	}
	return typeString
}
