package feel

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// texts are the string functions (DMN §10.3.4.3).
var texts = map[string][]signature{
	"substring":        {sig("string s, start position n, length n?", substring)},
	"string length":    {sig("string s", func(_ *Run, a []Value) Value { return integer(int64(utf8.RuneCountInString(asText(a[0])))) })},
	"upper case":       {sig("string s", func(r *Run, a []Value) Value { return r.text(cases.Upper(language.Und).String(asText(a[0]))) })},
	"lower case":       {sig("string s", func(r *Run, a []Value) Value { return r.text(cases.Lower(language.Und).String(asText(a[0]))) })},
	"substring before": {sig("string s, match s", substringBefore)},
	"substring after":  {sig("string s, match s", substringAfter)},
	"contains":         {sig("string s, match s", onTexts(strings.Contains))},
	"starts with":      {sig("string s, match s", onTexts(strings.HasPrefix))},
	"ends with":        {sig("string s, match s", onTexts(strings.HasSuffix))},
	"trim":             {sig("string s", func(r *Run, a []Value) Value { return r.text(strings.TrimSpace(asText(a[0]))) })},
	"replace":          {sig("input s, pattern s, replacement s, flags s?", replace)},
	"matches":          {sig("input s, pattern s, flags s?", matches)},
	"split":            {sig("string s, delimiter s", split)},
	"string join":      {sig("list l, delimiter s?", stringJoin)},
}

func onTexts(f func(s, t string) bool) func(*Run, []Value) Value {
	return func(_ *Run, a []Value) Value { return f(asText(a[0]), asText(a[1])) }
}

// substring counts characters from 1, or from the end when the position is negative.
func substring(r *Run, a []Value) Value {
	runes := []rune(asText(a[0]))
	n := int64(len(runes))
	start, ok := r.position(a[1])
	if !ok {
		return nil
	}
	if start < 0 {
		start += n + 1
	}
	if start < 1 || start > n {
		return r.Fail("substring: the position is not in the string")
	}
	end := n
	if a[2] != nil {
		length, ok := r.position(a[2])
		if !ok || length < 1 {
			return r.Fail("substring: the length is not positive")
		}
		if length < n-start+1 {
			end = start - 1 + length
		}
	}
	return r.text(string(runes[start-1 : end]))
}

func substringBefore(r *Run, a []Value) Value {
	before, _, found := strings.Cut(asText(a[0]), asText(a[1]))
	if !found {
		return ""
	}
	return r.text(before)
}

func substringAfter(r *Run, a []Value) Value {
	_, after, found := strings.Cut(asText(a[0]), asText(a[1]))
	if !found {
		return ""
	}
	return r.text(after)
}

// stringJoin leaves null out; without a delimiter nothing stands between.
func stringJoin(r *Run, a []Value) Value {
	var parts []string
	size := 0
	for _, e := range asList(a[0]) {
		if e == nil {
			continue
		}
		s, ok := e.(string)
		if !ok {
			return r.Fail("string join: a %s is no string", kindOf(e))
		}
		parts = append(parts, s)
		size += len(s) + len(asText(a[1]))
	}
	if !r.grow(size) {
		return nil
	}
	return strings.Join(parts, asText(a[1]))
}

// replace follows fn:replace of XPath 3.1: $1 is a group, \$ and \\ are themselves.
func replace(r *Run, a []Value) Value {
	pattern, ok := r.pattern(a[1], a[3], len(asText(a[0])))
	if !ok {
		return nil
	}
	input, replacement := asText(a[0]), asText(a[2])
	if pattern.matches(r, "") {
		return r.Fail("replace: the pattern matches the empty string")
	}
	literal := strings.Contains(asText(a[3]), "q")
	var b strings.Builder
	last := 0
	for _, m := range pattern.all(r, input) {
		b.WriteString(input[last:m[0]])
		last = m[1]
		if literal {
			b.WriteString(replacement)
		} else if !expand(&b, replacement, input, m) {
			return r.Fail("replace: the replacement has a $ or a backslash that means nothing")
		}
		if !r.step(1) || b.Len() > r.bytes {
			r.grow(b.Len())
			return nil
		}
	}
	b.WriteString(input[last:])
	return r.text(b.String())
}

// expand writes a replacement with the groups of a match.
func expand(b *strings.Builder, replacement, input string, m []int) bool {
	for at := 0; at < len(replacement); at++ {
		c := replacement[at]
		if c != '$' && c != '\\' {
			b.WriteByte(c)
			continue
		}
		if at++; at >= len(replacement) {
			return false
		}
		next := replacement[at]
		switch {
		case c == '\\' && (next == '$' || next == '\\'):
			b.WriteByte(next)
		case c == '$' && digit(replacement, at) >= 0:
			var group int
			group, at = groupAt(replacement, at, len(m)/2)
			if 2*group+1 < len(m) && m[2*group] >= 0 {
				b.WriteString(input[m[2*group]:m[2*group+1]])
			}
		default:
			return false
		}
	}
	return true
}

// groupAt reads the number of a group, as many digits as there are groups for, and where it ends.
func groupAt(text string, at, groups int) (group, end int) {
	group = digit(text, at)
	for digit(text, at+1) >= 0 && group*10+digit(text, at+1) < groups {
		at++
		group = group*10 + digit(text, at)
	}
	return group, at
}

func digit(text string, at int) int {
	if at >= len(text) || text[at] < '0' || text[at] > '9' {
		return -1
	}
	return int(text[at] - '0')
}

func matches(r *Run, a []Value) Value {
	pattern, ok := r.pattern(a[1], a[2], len(asText(a[0])))
	if !ok {
		return nil
	}
	return pattern.matches(r, asText(a[0]))
}

func split(r *Run, a []Value) Value {
	pattern, ok := r.pattern(a[1], nil, len(asText(a[0])))
	if !ok {
		return nil
	}
	if pattern.matches(r, "") {
		return r.Fail("split: the delimiter matches the empty string")
	}
	var l List
	last, input := 0, asText(a[0])
	for _, m := range pattern.all(r, input) {
		l = append(l, input[last:m[0]])
		last = m[1]
	}
	return r.list(append(l, input[last:]))
}
