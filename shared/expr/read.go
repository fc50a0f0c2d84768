package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Unmarshal reads JSON (RFC 8259) into a value: a number without fraction and exponent within 64 bits
// is int64, any other an exact decimal. It refuses more than 32 levels, a key twice, anything behind
// the value, what is not UTF-8, and a number beyond 400 digits or an exponent beyond ±400. Half a
// surrogate pair becomes U+FFFD.
func Unmarshal(raw []byte) (Value, error) {
	if !utf8.Valid(raw) {
		return nil, errEncoding
	}
	r := reader{text: string(raw)}
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(r.text) {
		return nil, r.failure("something behind the value")
	}
	return v, nil
}

// reader reads one JSON text; its strings without escapes share that text's memory.
type reader struct {
	text string
	at   int
}

func (r *reader) failure(what string) error {
	return fmt.Errorf("JSON has %s at offset %d", what, r.at)
}

func (r *reader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// take skips space and then c, if that is next.
func (r *reader) take(c byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) value(depth int) (Value, error) {
	if r.space(); r.at >= len(r.text) {
		return nil, r.failure("no value")
	}
	switch c := r.text[r.at]; {
	case c == '"':
		return r.string()
	case c == '[' || c == '{':
		if depth++; depth > maxDepth {
			return nil, errDepth
		}
		r.at++
		if c == '[' {
			return r.list(depth)
		}
		return r.object(depth)
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	for word, value := range literals {
		if strings.HasPrefix(r.text[r.at:], word) {
			r.at += len(word)
			return value, nil
		}
	}
	return nil, r.failure("no value")
}

var literals = map[string]Value{"null": nil, "true": true, "false": false}

func (r *reader) list(depth int) (Value, error) {
	list := []Value{}
	if r.take(']') {
		return list, nil
	}
	for {
		item, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
		if r.take(']') {
			return list, nil
		}
		if !r.take(',') {
			return nil, r.failure("no comma or bracket")
		}
	}
}

func (r *reader) object(depth int) (Value, error) {
	m := map[string]Value{}
	if r.take('}') {
		return m, nil
	}
	for {
		if err := r.member(m, depth); err != nil {
			return nil, err
		}
		if r.take('}') {
			return m, nil
		}
		if !r.take(',') {
			return nil, r.failure("no comma or brace")
		}
	}
}

func (r *reader) member(m map[string]Value, depth int) error {
	if r.space(); r.at >= len(r.text) || r.text[r.at] != '"' {
		return r.failure("no key")
	}
	name, err := r.string()
	if err != nil {
		return err
	}
	if _, twice := m[name]; twice {
		return r.failure("the key " + strconv.Quote(clip(name)) + " twice")
	}
	if !r.take(':') {
		return r.failure("no colon")
	}
	m[name], err = r.value(depth)
	return err
}

// number follows RFC 8259 §6: no plus, no leading zeros, digits on both sides of the point.
func (r *reader) number() (Value, error) {
	end := r.at
	for end < len(r.text) && strings.IndexByte("+-.eE0123456789", r.text[end]) >= 0 {
		end++
	}
	text := r.text[r.at:end]
	unsigned := strings.TrimPrefix(text, "-")
	whole := digits(unsigned)
	mantissa, _, _ := strings.Cut(strings.ToLower(unsigned), "e")
	if whole == 0 || whole > 1 && unsigned[0] == '0' || strings.HasSuffix(mantissa, ".") || !isNumeral(unsigned) || unsigned[0] == '-' {
		return nil, r.failure("a bad number")
	}
	v, err := parseNumber(text)
	if err != nil {
		return nil, r.failure("a number out of range")
	}
	r.at = end
	return v, nil
}

// string reads from the opening quote to behind the closing one.
func (r *reader) string() (string, error) {
	r.at++
	start := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return r.text[start : r.at-1], nil
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			return "", r.failure("a control character in a string")
		}
		r.at++
	}
	return "", r.failure("a string without an end")
}

// escaped goes on where the first backslash is.
func (r *reader) escaped(start int) (string, error) {
	b := append(make([]byte, 0, 2*(r.at-start)+16), r.text[start:r.at]...)
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == '"':
			r.at++
			return string(b), nil
		case c < 0x20:
			return "", r.failure("a control character in a string")
		case c != '\\':
			b = append(b, c)
			r.at++
			continue
		}
		var ok bool
		if b, ok = r.escape(b); !ok {
			return "", r.failure("a bad escape")
		}
	}
	return "", r.failure("a string without an end")
}

// escape reads one, from its backslash.
func (r *reader) escape(b []byte) ([]byte, bool) {
	if r.at+1 >= len(r.text) {
		return b, false
	}
	c := r.text[r.at+1]
	if c == 'u' {
		unit, ok := r.unit(r.at)
		if !ok {
			return b, false
		}
		r.at += 6
		if utf16.IsSurrogate(unit) {
			second, ok := r.unit(r.at)
			pair := utf16.DecodeRune(unit, second)
			if ok && pair != utf8.RuneError {
				r.at += 6
			}
			unit = pair
		}
		return utf8.AppendRune(b, unit), true
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		return b, false
	}
	r.at += 2
	return append(b, "\"\\/\b\f\n\r\t"[i]), true
}

// unit reads \uXXXX at an offset.
func (r *reader) unit(at int) (rune, bool) {
	if at+6 > len(r.text) || r.text[at] != '\\' || r.text[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(r.text[at+2:at+6], 16, 16)
	return rune(n), err == nil
}
