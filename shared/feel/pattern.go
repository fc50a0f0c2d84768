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

// pattern is a compiled regular expression of XPath 3.1. It runs as RE2, in time linear in the input,
// but for one with back references, which tree is then.
type pattern struct {
	compiled *regexp.Regexp
	tree     *syntax.Regexp
	fold     bool
}

// pattern compiles a regular expression with its flags, and pays for its use on n bytes.
func (r *Run) pattern(source, flags Value, n int) (*pattern, bool) {
	t, err := translate(asText(source), asText(flags))
	if err != nil {
		r.Fail("the regular expression %q: %v", clip(asText(source)), err)
		return nil, false
	}
	tree, err := syntax.Parse(t.out.String(), syntax.Perl)
	if err != nil {
		r.Fail("%q is no regular expression", clip(asText(source)))
		return nil, false
	}
	if t.references {
		return &pattern{tree: tree, fold: strings.Contains(asText(flags), "i")}, r.step(20)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxInstructions {
		r.Fail("the regular expression %q is too large", clip(asText(source)))
		return nil, false
	}
	if !r.step(20 + len(program.Inst)*(n/256+1)) {
		return nil, false
	}
	compiled, err := regexp.Compile(t.out.String())
	return &pattern{compiled: compiled}, err == nil
}

func (p *pattern) matches(r *Run, input string) bool {
	if p.compiled != nil {
		return p.compiled.MatchString(input)
	}
	return p.find(r, input, 0) != nil
}

// all returns where each match and its groups begin and end, as regexp does. The pattern does not match
// the empty string.
func (p *pattern) all(r *Run, input string) [][]int {
	if p.compiled != nil {
		return p.compiled.FindAllStringSubmatchIndex(input, -1)
	}
	var found [][]int
	for at := 0; ; {
		m := p.find(r, input, at)
		if m == nil {
			return found
		}
		found = append(found, m)
		if at = m[1]; m[1] == m[0] {
			at++
		}
	}
}

// translate turns XPath's syntax into that of Go.
func translate(source, flags string) (*translation, error) {
	t := &translation{source: source}
	if len(source) > maxPattern {
		return t, fmt.Errorf("it is longer than %d bytes", maxPattern)
	}
	var prefix string
	for _, f := range flags {
		switch f {
		case 's', 'm', 'i':
			prefix += string(f)
		case 'x':
			t.extended = true
		case 'q':
			t.literal = true
		default:
			return t, fmt.Errorf("%q is no flag", f)
		}
	}
	if prefix != "" {
		t.out.WriteString("(?" + prefix + ")")
	}
	if t.literal {
		t.out.WriteString(regexp.QuoteMeta(source))
		return t, nil
	}
	if t.extended {
		t.source = withoutSpace(source)
	}
	t.dotAll = strings.Contains(flags, "s")
	return t, t.run()
}

type translation struct {
	source            string
	at                int
	out               strings.Builder
	extended, literal bool
	dotAll            bool
	groups            []bool // of each group from the first: whether it is closed
	open              []int  // the groups around, 0 for one that does not capture
	references        bool
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
		default:
			err = t.plain(c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var quantity = regexp.MustCompile(`^\{\d+(,\d*)?\}`)

// plain copies what stands outside of classes and escapes.
func (t *translation) plain(c byte) error {
	size := 1
	rest := t.source[t.at:]
	switch c {
	case '(':
		if err := t.begin(rest); err != nil {
			return err
		}
	case ')':
		if n := len(t.open); n > 0 {
			if group := t.open[n-1]; group > 0 {
				t.groups[group-1] = true
			}
			t.open = t.open[:n-1]
		}
	case '{':
		if size = len(quantity.FindString(rest)); size == 0 {
			return fmt.Errorf("{ begins no quantity")
		}
	case '}', ']':
		return fmt.Errorf("%c stands alone", c)
	}
	t.out.WriteString(rest[:size])
	t.at += size
	return nil
}

func (t *translation) begin(rest string) error {
	switch {
	case strings.HasPrefix(rest, "(?:"):
		t.open = append(t.open, 0)
	case strings.HasPrefix(rest, "(?"):
		return fmt.Errorf("(? is not part of it")
	default:
		t.groups = append(t.groups, false)
		t.open = append(t.open, len(t.groups))
	}
	return nil
}

// reference reads a back reference: as many digits as there are groups for (XPath 3.1 §5.6.1).
func (t *translation) reference() error {
	group := int(t.source[t.at+1] - '0')
	for t.at += 2; digit(t.source, t.at) >= 0 && group*10+digit(t.source, t.at) <= len(t.groups); t.at++ {
		group = group*10 + digit(t.source, t.at)
	}
	if group > len(t.groups) || !t.groups[group-1] {
		return fmt.Errorf("there is no group %d in front of its back reference", group)
	}
	if strings.ContainsFunc(t.source, func(c rune) bool { return c >= firstReference && c <= lastReference }) {
		return fmt.Errorf("it has characters that are reserved")
	}
	t.references = true
	fmt.Fprintf(&t.out, `(?:\x{%X}\x{%X})`, firstReference+group, firstReference+group)
	return nil
}

// escape copies what a backslash begins outside of a class.
func (t *translation) escape() error {
	if digit(t.source, t.at+1) > 0 {
		return t.reference()
	}
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
