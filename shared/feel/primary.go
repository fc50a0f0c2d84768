package feel

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// primary reads a value or a name.
func (p *parser) primary() node {
	p.space()
	c := p.peek()
	switch {
	case c == '"':
		return constant{p.text()}
	case c >= '0' && c <= '9', c == '.' && p.digitAt(p.at+1):
		return constant{p.number()}
	case c == '@':
		return p.atLiteral()
	case c == '(':
		p.at++
		return p.parenthesis()
	case c == '[' && !p.endpoint:
		p.at++
		return p.bracket()
	case c == ']':
		p.at++
		return p.openRange()
	case c == '{':
		p.at++
		return p.context()
	}
	w := p.wordAt(p.at)
	if w == "" {
		p.bail("a value is missing")
	}
	return p.word(w)
}

// word reads what begins with a word: a keyword, or a name.
func (p *parser) word(w string) node {
	after := p.at + len(w)
	switch w {
	case "if", "for", "some", "every", "function":
		if n := p.control(w, after); n != nil {
			return n
		}
	case "true", "false", "null":
		if p.isAlone(after) {
			p.at = after
			return constant{map[string]Value{"true": true, "false": false, "null": nil}[w]}
		}
	case "?":
		p.asksInput = true
	}
	best, _ := p.known()
	if stops[w] && best == nil {
		p.bail("a value is missing before %s", w)
	}
	name := p.name()
	if best == nil {
		p.free = append(p.free, name)
	}
	return variable{name}
}

// isAlone reports whether no further word of a name follows.
func (p *parser) isAlone(at int) bool {
	saved := p.at
	p.at = at
	p.blanks()
	next := p.wordAt(p.at)
	p.at = saved
	return next == "" || stops[next]
}

func (p *parser) digitAt(at int) bool {
	return at < len(p.source) && p.source[at] >= '0' && p.source[at] <= '9'
}

func (p *parser) digits() {
	for p.digitAt(p.at) {
		p.at++
	}
}

func (p *parser) number() Value {
	start := p.at
	p.digits()
	if p.at < len(p.source) && p.source[p.at] == '.' && p.digitAt(p.at+1) {
		p.at++
		p.digits()
	}
	if p.at < len(p.source) && (p.source[p.at] == 'e' || p.source[p.at] == 'E') {
		end := p.at + 1
		if end < len(p.source) && (p.source[end] == '+' || p.source[end] == '-') {
			end++
		}
		if p.digitAt(end) {
			p.at = end
			p.digits()
		}
	}
	if p.wordAt(p.at) != "" {
		p.bail("a number goes on with a letter")
	}
	d, ok := parseNumber(p.source[start:p.at])
	if !ok {
		p.bail("the number is out of range")
	}
	return d
}

var escapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '\'': "'", '"': `"`, '\\': `\`}

// text reads a string literal (rules 35, 64); a backslash that begins no escape stands for itself.
func (p *parser) text() string {
	p.at++
	var b strings.Builder
	for p.at < len(p.source) {
		c := p.source[p.at]
		switch {
		case c == '"':
			p.at++
			return b.String()
		case c != '\\' || p.at+1 >= len(p.source):
			b.WriteByte(c)
			p.at++
		default:
			p.escape(&b)
		}
	}
	p.bail("a string is not closed")
	return ""
}

func (p *parser) escape(b *strings.Builder) {
	c := p.source[p.at+1]
	if plain, ok := escapes[c]; ok {
		b.WriteString(plain)
		p.at += 2
		return
	}
	size := map[byte]int{'u': 4, 'U': 6}[c]
	code, ok := p.hex(p.at+2, size)
	if !ok {
		b.WriteByte('\\')
		p.at++
		return
	}
	p.at += 2 + size
	if utf16.IsSurrogate(code) && strings.HasPrefix(p.source[p.at:], `\u`) {
		if low, ok := p.hex(p.at+2, 4); ok {
			if pair := utf16.DecodeRune(code, low); pair != utf8.RuneError {
				code = pair
				p.at += 6
			}
		}
	}
	b.WriteRune(code)
}

func (p *parser) hex(at, size int) (rune, bool) {
	if size == 0 || at+size > len(p.source) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.source[at:at+size], 16, 32)
	return rune(n), err == nil
}

// atLiteral is @"2020-01-01" and its like (rule 62).
func (p *parser) atLiteral() node {
	p.at++
	if p.space(); p.peek() != '"' {
		p.bail("a string is missing after @")
	}
	text := p.text()
	v, ok := parseTemporal(text)
	if !ok {
		return failed{"@ takes a date, a time, a date and time or a duration, not " + clip(text)}
	}
	return constant{v}
}

func parseTemporal(text string) (Value, bool) {
	if d, ok := parseDate(text); ok {
		return d, true
	}
	if t, ok := parseTime(text); ok {
		return t, true
	}
	if strings.Contains(text, "T") && !strings.HasPrefix(strings.TrimPrefix(text, "-"), "P") {
		d, ok := parseDateTime(text)
		return d, ok
	}
	return parseDuration(text)
}

// parenthesis goes on behind (: a grouped expression, an open range, or a comparison such as (< 5).
func (p *parser) parenthesis() node {
	var result node
	p.inner(func() {
		if sign := p.comparator(); sign != "" {
			result = boundOf(sign, p.sum())
			p.need(")")
			return
		}
		if p.take("..") {
			result = p.rangeEnd(nil, false)
			return
		}
		first := p.expression()
		if p.take("..") {
			result = p.rangeEnd(first, false)
			return
		}
		p.need(")")
		result = first
	})
	return result
}

// bracket goes on behind [: a list or a range.
func (p *parser) bracket() node {
	var result node
	p.inner(func() {
		if p.take("..") {
			result = p.rangeEnd(nil, true)
			return
		}
		var l listNode
		for n := 0; !p.take("]"); n++ {
			if n > 0 {
				p.need(",")
			}
			l = append(l, p.element())
			if n == 0 && p.take("..") {
				result = p.rangeEnd(l[0], true)
				return
			}
		}
		result = l
	})
	return result
}

// element of a list may be a comparison, which is a range.
func (p *parser) element() node {
	if sign := p.comparator(); sign != "" {
		return boundOf(sign, p.sum())
	}
	return p.expression()
}

func (p *parser) openRange() node {
	var result node
	p.inner(func() {
		var first node
		if !p.is("..") {
			first = p.sum()
		}
		p.need("..")
		result = p.rangeEnd(first, false)
	})
	return result
}

// rangeEnd goes on behind the two points; an end that is not there is unbounded.
func (p *parser) rangeEnd(start node, included bool) node {
	var end node
	if !p.is(")") && !p.is("[") && !p.is("]") {
		p.endpoint = true
		end = p.sum()
		p.endpoint = false
	}
	g := rangeNode{start: start, end: end, startIncluded: included}
	switch {
	case p.take("]"):
		g.endIncluded = true
	case p.take(")"), p.take("["):
	default:
		p.bail("the end of a range is missing")
	}
	return g
}

// boundOf makes the range of a comparison.
func boundOf(sign string, value node) node {
	switch sign {
	case "<":
		return rangeNode{end: value}
	case "<=":
		return rangeNode{end: value, endIncluded: true}
	case ">":
		return rangeNode{start: value}
	case ">=":
		return rangeNode{start: value, startIncluded: true}
	case "=":
		return rangeNode{start: value, end: value, startIncluded: true, endIncluded: true, point: true}
	}
	return unequal{value}
}

// context goes on behind {; an entry sees the ones before it.
func (p *parser) context() node {
	c := contextNode{}
	known := index{}
	p.local = append(p.local, known)
	p.inner(func() {
		for n := 0; !p.take("}"); n++ {
			if n > 0 {
				p.need(",")
			}
			var key string
			if p.is(`"`) {
				key = Name(p.text())
			} else {
				key = p.newName(":", "")
			}
			p.need(":")
			if len(words(key)) > 1 {
				p.keys.add(key)
			}
			c.keys = append(c.keys, key)
			c.values = append(c.values, p.expression())
			known.add(key)
		}
	})
	p.local = p.local[:len(p.local)-1]
	return c
}
