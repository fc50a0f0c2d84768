package expr

import (
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"
)

// maxDepth is how many lists and maps of JSON may be within each other.
const maxDepth = 32

var (
	errEncoding = errors.New("JSON is not UTF-8")
	errDepth    = errors.New("JSON nests deeper than 32 levels")
	errNumber   = errors.New("JSON has no such number")
	errDate     = errors.New("JSON dates have years 0 to 9999")
	errValue    = errors.New("JSON cannot hold a foreign type")
)

// Marshal writes a value as JSON with sorted keys and exact numbers; a date becomes RFC 3339 text, a
// duration ISO 8601 text. It fails on what Unmarshal would not read back: NaN and infinity, more than
// 32 levels, a number beyond 400 digits; and on what is not a Value. Bytes that are not UTF-8 become
// U+FFFD. The signs <, > and & are escaped, so that it may stand in HTML.
func Marshal(v Value) ([]byte, error) { return appendJSON(make([]byte, 0, 64), v, 0) }

// Key returns a value as a text that equal values share, to look it up by: its JSON, where 7, 7.0 and
// 70E-1 are one number.
func Key(v Value) (string, error) {
	if d, ok := v.(*apd.Decimal); ok && bounded(d) {
		reduced := new(apd.Decimal)
		reduced.Reduce(d)
		reduced.Negative = reduced.Negative && !reduced.IsZero()
		v = reduced
	}
	raw, err := Marshal(v)
	return string(raw), err
}

func appendJSON(b []byte, v Value, depth int) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, x), nil
	case int64:
		return strconv.AppendInt(b, x, 10), nil
	case *apd.Decimal:
		return appendNumber(b, x)
	case string:
		return appendQuoted(b, x), nil
	case time.Time:
		if x.Year() < 0 || x.Year() > 9999 {
			return nil, errDate
		}
		return append(x.AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), nil
	case Duration:
		return appendQuoted(b, x.String()), nil
	case []Value:
		return appendList(b, x, depth+1)
	case map[string]Value:
		return appendMap(b, x, depth+1)
	}
	return nil, errValue
}

// appendNumber writes plain notation, but a zero with a positive exponent, which would be written as
// several zeros.
func appendNumber(b []byte, d *apd.Decimal) ([]byte, error) {
	switch {
	case !bounded(d):
		return nil, errNumber
	case d.IsZero() && d.Exponent >= 0:
		return append(b, '0'), nil
	case d.Exponent > 0 && d.NumDigits()+int64(d.Exponent) > maxDigits:
		return d.Append(b, 'E'), nil
	}
	return d.Append(b, 'f'), nil
}

func appendList(b []byte, list []Value, depth int) (_ []byte, err error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, item, depth); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMap(b []byte, m map[string]Value, depth int) (_ []byte, err error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	b = append(b, '{')
	for i, name := range sortedKeys(m) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, name), ':')
		if b, err = appendJSON(b, m[name], depth); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendQuoted(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for at := 0; at < len(text); {
		c := text[at]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[at:])
			b = utf8.AppendRune(b, r)
			at += size
			continue
		}
		at++
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < 0x20 || c == 0x7f || c == '<' || c == '>' || c == '&':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
