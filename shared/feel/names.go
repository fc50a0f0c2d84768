package feel

import (
	"strings"
	"unicode/utf8"
)

// A FEEL name may hold spaces and the signs . / - ' + * (DMN §10.3.1.2, rules 25 to 31), so that where
// it ends depends on which names are known. The form of a name is its words with one space between
// two of them, and no space beside a sign.

var nameStart = [][2]rune{
	{'?', '?'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D},
	{0x37F, 0x1FFF}, {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
	{0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
}

var nameMore = [][2]rune{{'0', '9'}, {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}

func within(ranges [][2]rune, c rune) bool {
	for _, r := range ranges {
		if r[0] <= c && c <= r[1] {
			return true
		}
	}
	return false
}

func isStart(c rune) bool { return within(nameStart, c) && !isSpace(c) && c != utf8.RuneError }
func isPart(c rune) bool  { return isStart(c) || within(nameMore, c) }

// isSpace is white space of FEEL (rule 61 and its vertical space).
func isSpace(c rune) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '\v', '\f', 0x85, 0xA0, 0x1680, 0x180E, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF, 0x200B:
		return true
	}
	return c >= 0x2000 && c <= 0x200A
}

// words splits a name into its words and signs.
func words(name string) []string {
	var parts []string
	start := -1
	flush := func(end int) {
		if start >= 0 {
			parts = append(parts, name[start:end])
		}
		start = -1
	}
	for at, c := range name {
		switch {
		case isSpace(c):
			flush(at)
		case isPart(c):
			if start < 0 {
				start = at
			}
		default:
			flush(at)
			parts = append(parts, string(c))
		}
	}
	flush(len(name))
	return parts
}

// Name returns the form of a name under which scopes and contexts keep it.
func Name(name string) string { return joined(words(name)) }

func joined(parts []string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 && isWord(p) && isWord(parts[i-1]) {
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}

func isWord(part string) bool {
	c, _ := utf8.DecodeRuneInString(part)
	return isPart(c)
}

// index finds names by their first word.
type index map[string][][]string

func (x index) add(name string) {
	parts := words(name)
	if len(parts) > 0 {
		x[parts[0]] = append(x[parts[0]], parts)
	}
}

// Symbols are the names that the text of an expression may use. It must not change once an expression
// is compiled with it.
type Symbols struct {
	parent  *Symbols
	names   index
	members index
	types   map[string]*Type
}

// NewSymbols returns symbols beside those of a parent, which may be nil.
func NewSymbols(parent *Symbols) *Symbols {
	return &Symbols{parent: parent, names: index{}, members: index{}, types: map[string]*Type{}}
}

// Define adds the name of a variable or function.
func (s *Symbols) Define(name string) { s.names.add(name) }

// Member adds the name of an entry that some context may have.
func (s *Symbols) Member(name string) { s.members.add(name) }

// DefineType adds a type that instance of and function definitions may name.
func (s *Symbols) DefineType(name string, t *Type) { s.types[Name(name)] = t }

// Type finds a type by its name: a defined one, or a built-in one; nil when there is none.
func (s *Symbols) Type(name string) *Type {
	name = Name(name)
	for ; s != nil; s = s.parent {
		if t, ok := s.types[name]; ok {
			return t
		}
	}
	return simple[name]
}
