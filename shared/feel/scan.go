package feel

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a text is not FEEL; Offset counts bytes from its beginning.
type SyntaxError struct {
	Offset  int
	Message string
}

// Error returns the message with its place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at offset %d", e.Message, e.Offset) }

// parser reads one text. It descends by precedence; bail leaves it by a panic that compile catches.
type parser struct {
	source  string
	at      int
	symbols *Symbols
	// builtins are the names of the functions. The tables of those reach here, so they cannot be looked up.
	builtins index
	local    []index // names of the expression itself: parameters, iterators, entries
	keys     index   // of the contexts read so far, as far as they are more than a word
	depth    int
	// endpoint is set while the end of a range is read: a [ closes it.
	endpoint bool
	// filters counts the filters around, whose items bring names of their own.
	filters int
	// asksInput is set when ? is used.
	asksInput bool
	// free are the names that nobody knows.
	free []string
	// external is set when a function of another language is defined.
	external bool
}

func newParser(source string, symbols *Symbols, builtins index) *parser {
	return &parser{source: source, symbols: symbols, builtins: builtins, keys: index{}}
}

// bailed carries a syntax error out of the descent.
type bailed struct{ err *SyntaxError }

func (p *parser) bail(format string, arguments ...any) {
	panic(bailed{&SyntaxError{p.at, fmt.Sprintf(format, arguments...)}})
}

// enter bounds how deep the descent goes; its result undoes it.
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxNesting {
		p.bail("the expression nests deeper than %d", maxNesting)
	}
	return func() { p.depth-- }
}

func (p *parser) peek() rune {
	c, _ := utf8.DecodeRuneInString(p.source[p.at:])
	if p.at >= len(p.source) {
		return -1
	}
	return c
}

// space skips white space and comments.
func (p *parser) space() {
	for p.at < len(p.source) {
		c, size := utf8.DecodeRuneInString(p.source[p.at:])
		rest := p.source[p.at:]
		switch {
		case isSpace(c):
			p.at += size
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			p.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				p.bail("a comment is not closed")
			}
			p.at += end + 4
		default:
			return
		}
	}
}

// is reports whether a sign comes next.
func (p *parser) is(sign string) bool {
	p.space()
	return strings.HasPrefix(p.source[p.at:], sign)
}

// take skips a sign when it comes next.
func (p *parser) take(sign string) bool {
	if !p.is(sign) {
		return false
	}
	p.at += len(sign)
	return true
}

func (p *parser) need(sign string) {
	if !p.take(sign) {
		p.bail("%s is missing", sign)
	}
}

// wordAt returns the word that begins at an offset, or "".
func (p *parser) wordAt(at int) string {
	c, size := utf8.DecodeRuneInString(p.source[at:])
	if at >= len(p.source) || !isStart(c) {
		return ""
	}
	end := at + size
	if c == '?' {
		return p.source[at:end]
	}
	for end < len(p.source) {
		c, size := utf8.DecodeRuneInString(p.source[end:])
		if !isPart(c) || c == '?' {
			break
		}
		end += size
	}
	return p.source[at:end]
}

// isKeyword reports whether a word comes next.
func (p *parser) isKeyword(word string) bool {
	p.space()
	return p.wordAt(p.at) == word
}

func (p *parser) keyword(word string) bool {
	if !p.isKeyword(word) {
		return false
	}
	p.at += len(word)
	return true
}

func (p *parser) needKeyword(word string) {
	if !p.keyword(word) {
		p.bail("%s is missing", word)
	}
}

// stops end a name that nobody knows.
var stops = map[string]bool{
	"and": true, "or": true, "in": true, "between": true, "instance": true, "then": true, "else": true,
	"return": true, "satisfies": true,
}

// match finds the longest of the known names at the place at hand, and its end.
func (p *parser) match(x index, best []string, end int) ([]string, int) {
	for _, candidate := range x[p.wordAt(p.at)] {
		if to, ok := p.follows(candidate); ok && to > end {
			best, end = candidate, to
		}
	}
	return best, end
}

// follows reports whether the parts of a name stand in the text from here.
func (p *parser) follows(parts []string) (end int, ok bool) {
	saved := p.at
	defer func() { p.at = saved }()
	for i, part := range parts {
		if i > 0 {
			p.blanks()
		}
		if isWord(part) {
			if !p.partAt(part) {
				return 0, false
			}
		} else if !strings.HasPrefix(p.source[p.at:], part) {
			return 0, false
		}
		p.at += len(part)
	}
	return p.at, true
}

// partAt reports whether a word of a name, which may begin with a digit, stands here.
func (p *parser) partAt(part string) bool {
	rest := p.source[p.at:]
	if !strings.HasPrefix(rest, part) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest[len(part):])
	return len(rest) == len(part) || !isPart(next) || part == "?" || next == '?'
}

// blanks skips white space, not comments.
func (p *parser) blanks() {
	for p.at < len(p.source) {
		c, size := utf8.DecodeRuneInString(p.source[p.at:])
		if !isSpace(c) {
			return
		}
		p.at += size
	}
}

// name reads a variable: the longest that is known, or words up to a keyword.
func (p *parser) name() string { return p.finishName(p.known()) }

// known finds the longest name of the scope that stands here.
func (p *parser) known() (name []string, end int) {
	best, end := p.match(p.builtins, nil, -1)
	for s := p.symbols; s != nil; s = s.parent {
		best, end = p.match(s.names, best, end)
		if p.filters > 0 {
			best, end = p.match(s.members, best, end)
		}
	}
	if p.filters > 0 {
		best, end = p.match(propertyNames, best, end)
		best, end = p.match(p.keys, best, end)
	}
	for _, x := range p.local {
		best, end = p.match(x, best, end)
	}
	return best, end
}

// member reads what follows a point.
func (p *parser) member() string {
	p.space()
	best, end := p.match(propertyNames, nil, -1)
	best, end = p.match(p.keys, best, end)
	for s := p.symbols; s != nil; s = s.parent {
		best, end = p.match(s.members, best, end)
		best, end = p.match(s.names, best, end)
	}
	for _, x := range p.local {
		best, end = p.match(x, best, end)
	}
	return p.finishName(best, end)
}

// finishName takes a known name unless another word follows it, which no grammar allows: then all the
// words are one name.
func (p *parser) finishName(best []string, end int) string {
	start := p.at
	if best != nil {
		p.at = end
		p.blanks()
		next := p.wordAt(p.at)
		p.at = end
		if next == "" || stops[next] {
			return joined(best)
		}
	}
	p.at = start
	var parts []string
	for {
		w := p.wordAt(p.at)
		if w == "" || stops[w] && len(parts) > 0 {
			break
		}
		parts = append(parts, w)
		p.at += len(w)
		end = p.at
		p.blanks()
	}
	if len(parts) == 0 {
		p.bail("a name is missing")
	}
	p.at = end
	return joined(parts)
}

// newName reads a name that the text introduces, up to a sign or a keyword that ends it.
func (p *parser) newName(ends string, keyword string) string {
	p.space()
	if p.wordAt(p.at) == "" {
		p.bail("a name is missing")
	}
	start, end := p.at, p.at
	for p.at < len(p.source) {
		p.blanks()
		w := p.wordAt(p.at)
		c, size := utf8.DecodeRuneInString(p.source[p.at:])
		switch {
		case w != "" && w == keyword && p.at > start, strings.ContainsRune(ends, c) && p.at < len(p.source):
			p.at = end
			return Name(p.source[start:end])
		case w != "":
			p.at += len(w)
		case isPart(c) || strings.ContainsRune("./-’'+*", c) && p.at < len(p.source):
			p.at += size
		default:
			p.bail("this is not part of a name")
		}
		end = p.at
	}
	return Name(p.source[start:end])
}
