package feel

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A back reference to group n stands in a translated pattern as two characters firstReference+n.
const (
	firstReference = 0x10F000
	lastReference  = firstReference + maxPattern
	maxBacktrack   = 20_000 // calls within each other
)

// backtracker matches a pattern with back references by trying one way after the other. Each try is paid
// for, so that the budget ends a pattern that takes exponentially many.
type backtracker struct {
	run   *Run
	input string
	fold  bool
	ends  []int // where the match and its groups begin and end, -1 where a group is not part of it
	depth int
}

// find returns the first match at or behind an offset as regexp does it, nil when there is none.
func (p *pattern) find(r *Run, input string, from int) []int {
	for at := from; at <= len(input); {
		b := backtracker{run: r, input: input, fold: p.fold, ends: make([]int, 2*(p.tree.MaxCap()+1))}
		for i := range b.ends {
			b.ends[i] = -1
		}
		if b.match(p.tree, at, func(end int) bool { b.ends[0], b.ends[1] = at, end; return true }) {
			return b.ends
		}
		if r.err != nil {
			return nil
		}
		_, size := utf8.DecodeRuneInString(input[at:])
		at += max(size, 1)
	}
	return nil
}

// match calls next with each end that n can have from an offset, until it is satisfied.
func (b *backtracker) match(n *syntax.Regexp, at int, next func(end int) bool) bool {
	if b.depth++; b.depth > maxBacktrack {
		b.run.err = ErrBudget
	}
	defer func() { b.depth-- }()
	if !b.run.step(4) || b.run.err != nil {
		return false
	}
	switch n.Op {
	case syntax.OpLiteral:
		end, ok := b.literal(n.Rune, n.Flags&syntax.FoldCase != 0, at)
		return ok && next(end)
	case syntax.OpCapture:
		return b.capture(n, at, next)
	case syntax.OpConcat:
		return b.sequence(n.Sub, at, next)
	case syntax.OpAlternate:
		for _, sub := range n.Sub {
			if b.match(sub, at, next) {
				return true
			}
		}
		return false
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		low, high := bounds(n)
		return b.repeat(n, at, low, high, next)
	}
	if end, ok := b.one(n, at); ok {
		return next(end)
	}
	return false
}

// one matches a character or the place where a line or the text begins or ends.
func (b *backtracker) one(n *syntax.Regexp, at int) (end int, ok bool) {
	c, size := utf8.DecodeRuneInString(b.input[at:])
	switch n.Op {
	case syntax.OpEmptyMatch:
		return at, true
	case syntax.OpBeginText:
		return at, at == 0
	case syntax.OpEndText:
		return at, at == len(b.input)
	case syntax.OpBeginLine:
		return at, at == 0 || b.input[at-1] == '\n'
	case syntax.OpEndLine:
		return at, at == len(b.input) || b.input[at] == '\n'
	case syntax.OpAnyChar:
		return at + size, size > 0
	case syntax.OpAnyCharNotNL:
		return at + size, size > 0 && c != '\n'
	case syntax.OpCharClass:
		for i := 0; i+1 < len(n.Rune); i += 2 {
			if size > 0 && n.Rune[i] <= c && c <= n.Rune[i+1] {
				return at + size, true
			}
		}
	}
	return at, false
}

func bounds(n *syntax.Regexp) (low, high int) {
	switch n.Op {
	case syntax.OpStar:
		return 0, -1
	case syntax.OpPlus:
		return 1, -1
	case syntax.OpQuest:
		return 0, 1
	}
	return n.Min, n.Max
}

func (b *backtracker) sequence(list []*syntax.Regexp, at int, next func(int) bool) bool {
	if len(list) == 0 {
		return next(at)
	}
	return b.match(list[0], at, func(end int) bool { return b.sequence(list[1:], end, next) })
}

func (b *backtracker) capture(n *syntax.Regexp, at int, next func(int) bool) bool {
	return b.match(n.Sub[0], at, func(end int) bool {
		start, stop := b.ends[2*n.Cap], b.ends[2*n.Cap+1]
		b.ends[2*n.Cap], b.ends[2*n.Cap+1] = at, end
		if next(end) {
			return true
		}
		b.ends[2*n.Cap], b.ends[2*n.Cap+1] = start, stop
		return false
	})
}

// repeat matches low to high times, without a bound when high is negative.
func (b *backtracker) repeat(n *syntax.Regexp, at, low, high int, next func(int) bool) bool {
	again := func() bool {
		return high != 0 && b.match(n.Sub[0], at, func(end int) bool {
			if end == at && low <= 0 {
				return false // nothing is gained
			}
			return b.repeat(n, end, max(low-1, 0), max(high-1, -1), next)
		})
	}
	switch {
	case low > 0:
		return again()
	case n.Flags&syntax.NonGreedy != 0:
		return next(at) || again()
	}
	return again() || next(at)
}

// literal matches characters and back references.
func (b *backtracker) literal(runes []rune, fold bool, at int) (end int, ok bool) {
	for i := 0; i < len(runes); i++ {
		if c := runes[i]; c >= firstReference && c <= lastReference {
			if at, ok = b.reference(int(c-firstReference), at); !ok {
				return at, false
			}
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(b.input[at:])
		if size == 0 || c != runes[i] && !(fold && folded(c, runes[i])) {
			return at, false
		}
		at += size
	}
	return at, true
}

// reference matches what a group has matched, nothing when it is not part of the match.
func (b *backtracker) reference(group, at int) (end int, ok bool) {
	if b.ends[2*group] < 0 {
		return at, true
	}
	text := b.input[b.ends[2*group]:b.ends[2*group+1]]
	if !b.run.step(1 + len(text)/16) {
		return at, false
	}
	if !b.fold {
		return at + len(text), strings.HasPrefix(b.input[at:], text)
	}
	end = at
	for range text {
		_, size := utf8.DecodeRuneInString(b.input[end:])
		end += size
	}
	return end, strings.EqualFold(b.input[at:end], text)
}

func folded(a, b rune) bool {
	for c := unicode.SimpleFold(a); c != a; c = unicode.SimpleFold(c) {
		if c == b {
			return true
		}
	}
	return false
}
