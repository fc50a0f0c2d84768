// Package expr compiles and evaluates expressions: JUEL as Camunda 7 uses it (EL 2.2, JSR 245, with
// the deviations named at each function). There is no access to the host: named functions, named
// methods, and values. Evaluation is bounded in steps, depth and bytes, and depends on nothing but
// the Environment, so that a replay gives the same result.
package expr

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// Value is what an expression works on: nil, bool, int64, *apd.Decimal, string, time.Time, Duration,
// []Value or map[string]Value, and nothing else. A value is never changed once it is made, so it may
// be shared between goroutines.
type Value = any

// The codes of an EvaluationError.
const (
	CodeUnknownVariable = "unknown_variable" // Name is the variable
	CodeUnknownProperty = "unknown_property" // Name is the property
	CodeUnknownMethod   = "unknown_method"   // Name is the method
	CodeTypeMismatch    = "type_mismatch"
	CodeBudgetExceeded  = "budget_exceeded"
	CodeDivisionByZero  = "division_by_zero"
	CodeNumberOverflow  = "number_overflow"
	CodeOutOfBounds     = "out_of_bounds"
	CodeBadPattern      = "bad_pattern" // a regular expression or a date pattern
	CodeBadPath         = "bad_path"    // a JSON path
)

// EvaluationError is a failure that the data or the expression caused. Code is one of the constants
// above and stable; Name is the variable, property or method that it is about, or empty.
type EvaluationError struct {
	Code    string
	Message string
	Name    string
}

// Error returns the message.
func (e *EvaluationError) Error() string { return e.Message }

func failure(code, name, format string, arguments ...any) error {
	return &EvaluationError{Code: code, Name: name, Message: fmt.Sprintf(format, arguments...)}
}

func mismatch(format string, arguments ...any) error {
	return failure(CodeTypeMismatch, "", format, arguments...)
}

// clip keeps foreign text short in messages.
func clip(text string) string {
	n := 0
	for at := range text {
		if n++; n > 40 {
			return text[:at] + "…"
		}
	}
	return text
}

// kindOf names the type of a value for messages.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int64, *apd.Decimal:
		return "number"
	case string:
		return "string"
	case time.Time:
		return "date"
	case Duration:
		return "duration"
	case []Value:
		return "list"
	case map[string]Value:
		return "map"
	case spin, spinList:
		return "JSON node"
	case Object:
		return "object"
	}
	return "value of a foreign type"
}

func isNumber(v Value) bool {
	switch v.(type) {
	case int64, *apd.Decimal:
		return true
	}
	return false
}

// number coerces to int64 or *apd.Decimal (EL 2.2 §1.18.3): null and "" are 0, a text must be a
// number, a boolean is none.
func number(v Value) (Value, error) {
	switch n := v.(type) {
	case nil:
		return int64(0), nil
	case int64:
		return v, nil
	case *apd.Decimal:
		if !bounded(n) {
			return nil, errRange
		}
		return v, nil
	case string:
		if n == "" {
			return int64(0), nil
		}
		return parseNumber(n)
	}
	return nil, mismatch("a %s is not a number", kindOf(v))
}

// position coerces to a whole number as Java's intValue does: the fraction is dropped.
func position(v Value) (int64, error) {
	n, err := number(v)
	if err != nil {
		return 0, err
	}
	if d, ok := n.(*apd.Decimal); ok {
		return truncate(d)
	}
	return n.(int64), nil
}

// boolean coerces to bool (EL 2.2 §1.18.5): null and "" are false, a text is true when it says so in
// any case, a number is no boolean.
func boolean(v Value) (bool, error) {
	switch b := v.(type) {
	case bool:
		return b, nil
	case nil:
		return false, nil
	case string:
		return strings.EqualFold(b, "true"), nil
	}
	return false, mismatch("a %s is not a boolean", kindOf(v))
}

// instant reads a date, or a text in a form of ISO 8601; one without an offset counts as UTC.
func instant(v Value) (time.Time, error) {
	switch t := v.(type) {
	case time.Time:
		return t, nil
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
			if at, err := time.Parse(layout, t); err == nil {
				return at, nil
			}
		}
		return time.Time{}, mismatch("%q is not a date", clip(t))
	}
	return time.Time{}, mismatch("a %s is not a date", kindOf(v))
}

// maxWalk is how deep a value is followed; what is read from JSON has at most 32 levels.
const maxWalk = 64

// String returns the text of a value (EL 2.2 §1.18.2): null is the empty text; a number is in plain
// notation, a date in RFC 3339, a duration in ISO 8601, a list and a map as Java writes them.
func String(v Value) string {
	switch s := v.(type) {
	case nil:
		return ""
	case string:
		return s
	}
	b, _ := appendString(nil, v, 0, int(^uint(0)>>1))
	return string(b)
}

// appendString appends the text of v; false when it goes beyond limit bytes in all or too deep.
func appendString(b []byte, v Value, depth, limit int) ([]byte, bool) {
	switch s := v.(type) {
	case nil:
		if depth > 0 {
			b = append(b, "null"...)
		}
	case bool:
		b = strconv.AppendBool(b, s)
	case int64:
		b = strconv.AppendInt(b, s, 10)
	case *apd.Decimal:
		b = appendDecimal(b, s)
	case string:
		b = append(b, s...)
	case time.Time:
		b = s.AppendFormat(b, time.RFC3339Nano)
	case Duration:
		b = append(b, s.String()...)
	case []Value, map[string]Value:
		return appendCollection(b, v, depth+1, limit)
	}
	return b, len(b) <= limit
}

func appendCollection(b []byte, v Value, depth, limit int) (_ []byte, ok bool) {
	if depth > maxWalk {
		return append(b, "…"...), false
	}
	if list, isList := v.([]Value); isList {
		return appendListText(b, list, depth, limit)
	}
	m, _ := v.(map[string]Value)
	b = append(b, '{')
	for i, name := range sortedKeys(m) {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, name...), '=')
		if b, ok = appendString(b, m[name], depth, limit); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

func appendListText(b []byte, list []Value, depth, limit int) (_ []byte, ok bool) {
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, ok = appendString(b, item, depth, limit); !ok {
			return b, false
		}
	}
	return append(b, ']'), true
}
