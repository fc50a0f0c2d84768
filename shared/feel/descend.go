package feel

import (
	"strings"
	"unicode/utf8"
)

// descendants is base...name: the entries of that name at any depth below the base, in document order, but for null.
type descendants struct {
	base node
	name string
}

// descends skips three points in front of a name.
func (p *parser) descends() bool {
	const sign = "..."
	if !p.is(sign) {
		return false
	}
	c, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(p.source[p.at+len(sign):], isSpace))
	if !isStart(c) {
		return false
	}
	p.at += len(sign)
	return true
}

func (n descendants) evaluate(r *Run, s *Scope) Value {
	base := n.base.evaluate(r, s)
	found := n.below(r, List{}, base, 0)
	if found == nil {
		return r.Fail("the value nests too deep")
	}
	return r.list(found)
}

// below appends what it finds, and returns nil when the value is too deep or the budget is spent.
func (n descendants) below(r *Run, found List, v Value, depth int) List {
	if depth > maxWalk || !r.step(1) {
		return nil
	}
	switch x := v.(type) {
	case List:
		for _, e := range x {
			if found = n.below(r, found, e, depth+1); found == nil {
				return nil
			}
		}
	case *Context:
		return n.within(r, found, x, depth)
	}
	return found
}

func (n descendants) within(r *Run, found List, c *Context, depth int) List {
	for _, k := range c.keys {
		if k == n.name && c.values[k] != nil {
			found = append(found, c.values[k])
		}
		if found = n.below(r, found, c.values[k], depth+1); found == nil {
			return nil
		}
	}
	return found
}
