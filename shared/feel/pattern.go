package feel

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	maxPattern      = 1024 // bytes
	maxInstructions = 4000 // of the compiled pattern
)

// pattern compiles a regular expression of XPath 3.1 with its flags, and pays for its use on n bytes.
// It runs as RE2, in time linear in the input; back references are refused.
func (r *Run) pattern(source, flags Value, n int) (*regexp.Regexp, bool) {
	text, err := translate(asText(source), asText(flags))
	if err != nil {
		r.Fail("the regular expression %q: %v", clip(asText(source)), err)
		return nil, false
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		r.Fail("%q is no regular expression", clip(asText(source)))
		return nil, false
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxInstructions {
		r.Fail("the regular expression %q is too large", clip(asText(source)))
		return nil, false
	}
	if !r.step(20 + len(program.Inst)*(n/256+1)) {
		return nil, false
	}
	compiled, err := regexp.Compile(text)
	return compiled, err == nil
}

// translate turns XPath's syntax into that of Go.
func translate(source, flags string) (string, error) {
	if len(source) > maxPattern {
		return "", fmt.Errorf("it is longer than %d bytes", maxPattern)
	}
	var prefix string
	t := translation{source: source}
	for _, f := range flags {
		switch f {
		case 's', 'm', 'i':
			prefix += string(f)
		case 'x':
			t.extended = true
		case 'q':
			t.literal = true
		default:
			return "", fmt.Errorf("%q is no flag", f)
		}
	}
	if prefix != "" {
		prefix = "(?" + prefix + ")"
	}
	if t.literal {
		return prefix + regexp.QuoteMeta(source), nil
	}
	if t.extended {
		t.source = withoutSpace(source)
	}
	t.dotAll = strings.Contains(flags, "s")
	if err := t.run(); err != nil {
		return "", err
	}
	return prefix + t.out.String(), nil
}

type translation struct {
	source            string
	at                int
	out               strings.Builder
	extended, literal bool
	dotAll            bool
}

// withoutSpace drops white space outside of classes, as the flag x asks.
func withoutSpace(source string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == '\\' && i+1 < len(source) && depth > 0:
			b.WriteByte(c)
			i++
			c = source[i]
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case depth == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Classes of XML Schema, as the inside of a Go class.
var patternClasses = map[byte]string{
	'd': `\p{Nd}`, 'w': `\p{L}\p{M}\p{N}\p{S}`, 's': ` \t\n\r`,
	'i': `\p{L}\p{Nl}_:`, 'c': `\p{L}\p{M}\p{N}_:.\-·`,
}

func (t *translation) run() error {
	for t.at < len(t.source) {
		c := t.source[t.at]
		var err error
		switch {
		case c == '.' && !t.dotAll:
			t.out.WriteString(`[^\n\r]`)
			t.at++
		case c == '\\':
			err = t.escape()
		case c == '[':
			var class string
			if class, err = t.class(); err == nil {
				t.out.WriteString(class)
			}
		case c == '(' && strings.HasPrefix(t.source[t.at:], "(?") && !strings.HasPrefix(t.source[t.at:], "(?:"):
			return fmt.Errorf("(? is not part of it")
		default:
			t.out.WriteByte(c)
			t.at++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// escape copies what a backslash begins outside of a class.
func (t *translation) escape() error {
	inside, negated, err := t.escaped()
	if err != nil {
		return err
	}
	switch {
	case negated:
		t.out.WriteString("[^" + inside + "]")
	case len(inside) > 2:
		t.out.WriteString("[" + inside + "]")
	default:
		t.out.WriteString(inside)
	}
	return nil
}

// escaped reads a backslash and what follows, as it may stand within a Go class.
func (t *translation) escaped() (inside string, negated bool, err error) {
	if t.at+1 >= len(t.source) {
		return "", false, fmt.Errorf("it ends with a backslash")
	}
	c := t.source[t.at+1]
	t.at += 2
	if class, ok := patternClasses[c|0x20]; ok {
		return class, c < 'a', nil
	}
	switch {
	case c == 'p' || c == 'P':
		return t.property(c == 'P')
	case strings.IndexByte(`nrt\|.?*+(){}[]^$-`, c) >= 0:
		return `\` + string(c), false, nil
	case c >= '1' && c <= '9':
		return "", false, fmt.Errorf("back references are not executed")
	}
	return "", false, fmt.Errorf(`\%c is not part of it`, c)
}

// blocks are those of Unicode that patterns name most.
var patternBlocks = map[string]string{
	"BasicLatin": `\x{0}-\x{7F}`, "Latin-1Supplement": `\x{80}-\x{FF}`, "LatinExtended-A": `\x{100}-\x{17F}`,
	"LatinExtended-B": `\x{180}-\x{24F}`, "Greek": `\x{370}-\x{3FF}`, "Cyrillic": `\x{400}-\x{4FF}`, "Hebrew": `\x{590}-\x{5FF}`,
	"Arabic": `\x{600}-\x{6FF}`, "GeneralPunctuation": `\x{2000}-\x{206F}`, "Hiragana": `\x{3040}-\x{309F}`,
	"Katakana": `\x{30A0}-\x{30FF}`, "CJKUnifiedIdeographs": `\x{4E00}-\x{9FFF}`,
}

func (t *translation) property(negated bool) (string, bool, error) {
	rest := t.source[t.at:]
	end := strings.IndexByte(rest, '}')
	if !strings.HasPrefix(rest, "{") || end < 0 {
		return "", false, fmt.Errorf(`\p without a property`)
	}
	name := rest[1:end]
	t.at += end + 1
	if block, ok := strings.CutPrefix(name, "Is"); ok {
		inside, known := patternBlocks[block]
		if !known {
			return "", false, fmt.Errorf("the block %s is not known", clip(block))
		}
		return inside, negated, nil
	}
	if negated {
		return `\P{` + name + `}`, false, nil
	}
	return `\p{` + name + `}`, false, nil
}

// class reads [...]. A subtraction [a-z-[aeiou]] becomes an alternation, which Go has not; only single
// characters and ranges of it can be taken away.
func (t *translation) class() (string, error) {
	t.at++
	var b strings.Builder
	b.WriteByte('[')
	if t.at < len(t.source) && t.source[t.at] == '^' {
		b.WriteByte('^')
		t.at++
	}
	for first := true; t.at < len(t.source); first = false {
		c := t.source[t.at]
		switch {
		case c == ']' && !first:
			t.at++
			return b.String() + "]", nil
		case c == '[':
			return "", fmt.Errorf("[ stands within a class")
		case c == '-' && strings.HasPrefix(t.source[t.at:], "-["):
			return t.subtract(b.String() + "]")
		case c == '\\':
			inside, err := t.classEscape()
			if err != nil {
				return "", err
			}
			b.WriteString(inside)
		default:
			b.WriteByte(c)
			t.at++
		}
	}
	return "", fmt.Errorf("a class is not closed")
}

// classEscape reads an escape within a class.
func (t *translation) classEscape() (string, error) {
	inside, negated, err := t.escaped()
	if err != nil || !negated {
		return inside, err
	}
	return complement(inside)
}

func (t *translation) subtract(class string) (string, error) {
	t.at++
	minus, err := t.class()
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(t.source[t.at:], "]") {
		return "", fmt.Errorf("a subtraction stands last in a class")
	}
	t.at++
	return takeAway(class, minus)
}

// complement is the inside of the class of all other characters.
func complement(inside string) (string, error) {
	tree, err := syntax.Parse("[^"+inside+"]", syntax.Perl)
	if err != nil {
		return "", err
	}
	return spell(tree.Rune), nil
}

// takeAway takes one class from another.
func takeAway(class, minus string) (string, error) {
	a, err := classRanges(class)
	if err != nil {
		return "", err
	}
	b, err := classRanges(minus)
	if err != nil {
		return "", err
	}
	var left []rune
	for i := 0; i+1 < len(a); i += 2 {
		left = append(left, without(a[i], a[i+1], b)...)
	}
	if len(left) == 0 {
		return `[^\x{0}-\x{10FFFF}]`, nil
	}
	return "[" + spell(left) + "]", nil
}

// without is what sorted ranges leave of one range.
func without(low, high rune, minus []rune) []rune {
	var left []rune
	for j := 0; j+1 < len(minus) && low <= high; j += 2 {
		if minus[j+1] < low || minus[j] > high {
			continue
		}
		if minus[j] > low {
			left = append(left, low, minus[j]-1)
		}
		low = minus[j+1] + 1
	}
	if low <= high {
		left = append(left, low, high)
	}
	return left
}

// classRanges lists a class as pairs of first and last characters, sorted.
func classRanges(class string) ([]rune, error) {
	tree, err := syntax.Parse(class, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if tree.Op == syntax.OpLiteral && len(tree.Rune) == 1 {
		return []rune{tree.Rune[0], tree.Rune[0]}, nil
	}
	return tree.Rune, nil
}

func spell(pairs []rune) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, `\x{%X}-\x{%X}`, pairs[i], pairs[i+1])
	}
	return b.String()
}
