package feel

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

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
