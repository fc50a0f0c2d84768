package expr

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// textMethods are those of java.lang.String that expressions use. A position counts characters, where
// Java counts UTF-16 units: no text is cut within a character. An argument becomes a text, null the
// empty one, but for equals.
var textMethods = map[string]entry[string]{
	"equals":           {1, 1, func(v *evaluation, s string, a []Value) (any, error) { return v.same(s, a[0], 0) }},
	"equalsIgnoreCase": withText(func(_ *evaluation, s, t string) (any, error) { return strings.EqualFold(s, t), nil }),
	"contains":         withText(func(_ *evaluation, s, t string) (any, error) { return strings.Contains(s, t), nil }),
	"startsWith":       withText(func(_ *evaluation, s, t string) (any, error) { return strings.HasPrefix(s, t), nil }),
	"endsWith":         withText(func(_ *evaluation, s, t string) (any, error) { return strings.HasSuffix(s, t), nil }),
	"indexOf":          withText(func(_ *evaluation, s, t string) (any, error) { return runeIndex(s, t), nil }),
	"concat":           withText(concat),
	"split":            withText(split),
	"matches":          withText(matches),
	"length":           alone(func(_ *evaluation, s string) (any, error) { return int64(utf8.RuneCountInString(s)), nil }),
	"isEmpty":          alone(func(_ *evaluation, s string) (any, error) { return s == "", nil }),
	"toString":         alone(func(_ *evaluation, s string) (any, error) { return s, nil }),
	"trim":             alone(func(_ *evaluation, s string) (any, error) { return strings.TrimSpace(s), nil }),
	"toLowerCase":      alone(func(v *evaluation, s string) (any, error) { return v.made(strings.ToLower(s)) }),
	"toUpperCase":      alone(func(v *evaluation, s string) (any, error) { return v.made(strings.ToUpper(s)) }),
	"substring":        {1, 2, substring},
	"replace":          {2, 2, replace},
}

// alone is a method without arguments; reading the text is paid for.
func alone(f func(v *evaluation, s string) (any, error)) entry[string] {
	return entry[string]{0, 0, func(v *evaluation, s string, _ []Value) (any, error) {
		if err := v.read(len(s)); err != nil {
			return nil, err
		}
		return f(v, s)
	}}
}

// withText is a method with one text as its argument.
func withText(f func(v *evaluation, s, t string) (any, error)) entry[string] {
	return entry[string]{1, 1, func(v *evaluation, s string, a []Value) (any, error) {
		t, err := v.text(a[0])
		if err != nil {
			return nil, err
		}
		if err := v.read(len(s) + len(t)); err != nil {
			return nil, err
		}
		return f(v, s, t)
	}}
}

func concat(v *evaluation, s, t string) (any, error) {
	if err := v.grow(len(s) + len(t)); err != nil {
		return nil, err
	}
	return s + t, nil
}

func runeIndex(s, part string) int64 {
	at := strings.Index(s, part)
	if at < 0 {
		return -1
	}
	return int64(utf8.RuneCountInString(s[:at]))
}

func substring(v *evaluation, s string, a []Value) (any, error) {
	if err := v.read(len(s)); err != nil {
		return nil, err
	}
	length := int64(utf8.RuneCountInString(s))
	bounds := [2]int64{0, length}
	for i, value := range a {
		var err error
		if bounds[i], err = position(value); err != nil {
			return nil, err
		}
	}
	if bounds[0] < 0 || bounds[1] > length || bounds[0] > bounds[1] {
		return nil, failure(CodeOutOfBounds, "substring", "the positions %d to %d are not in a text of %d characters", bounds[0], bounds[1], length)
	}
	from := offset(s, bounds[0])
	return s[from : from+offset(s[from:], bounds[1]-bounds[0])], nil
}

// offset returns the byte at which the character n begins.
func offset(s string, n int64) int {
	for at := range s {
		if n == 0 {
			return at
		}
		n--
	}
	return len(s)
}

func replace(v *evaluation, s string, a []Value) (any, error) {
	from, err := v.text(a[0])
	if err != nil {
		return nil, err
	}
	to, err := v.text(a[1])
	if err != nil {
		return nil, err
	}
	if err := v.read(len(s)); err != nil {
		return nil, err
	}
	if err := v.grow(len(s) + strings.Count(s, from)*len(to)); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(s, from, to), nil
}

// split takes a regular expression; empty texts at the end are left out, as in Java.
func split(v *evaluation, s, pattern string) (any, error) {
	compiled, err := v.pattern(pattern, len(s))
	if err != nil {
		return nil, err
	}
	parts := compiled.Split(s, -1)
	for len(parts) > 0 && parts[len(parts)-1] == "" && s != "" {
		parts = parts[:len(parts)-1]
	}
	list := make([]Value, len(parts))
	for i, part := range parts {
		list[i] = part
	}
	return list, v.grow(16 * len(list))
}

func matches(v *evaluation, s, pattern string) (any, error) {
	compiled, err := v.pattern(pattern, len(s))
	if err != nil {
		return nil, err
	}
	compiled.Longest() // if the whole text matches, it is the leftmost and longest match
	found := compiled.FindStringIndex(s)
	return found != nil && found[0] == 0 && found[1] == len(s), nil
}

const (
	maxPattern      = 256  // bytes
	maxInstructions = 1000 // of the compiled pattern
)

// pattern compiles a regular expression and pays for its use on n bytes. It is RE2, whose time is the
// product of text and pattern; look-around and back references, which Java has, are refused.
func (g *budget) pattern(text string, n int) (*regexp.Regexp, error) {
	if len(text) > maxPattern {
		return nil, failure(CodeBadPattern, "", "the regular expression is longer than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, failure(CodeBadPattern, "", "%q is not a regular expression that is supported", clip(text))
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxInstructions {
		return nil, failure(CodeBadPattern, "", "the regular expression %q is too large", clip(text))
	}
	if err := g.step(50 + len(program.Inst)*(n/1024+1)/4); err != nil {
		return nil, err
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, failure(CodeBadPattern, "", "%q is not a regular expression that is supported", clip(text))
	}
	return compiled, nil
}
