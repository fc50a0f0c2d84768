package feel

import (
	"strings"
	"unicode/utf8"
)

// descendants is base...name: the entries of that name at any depth below the base, in document order.
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
	found := List{}
	var walk func(v Value, depth int) bool
	walk = func(v Value, depth int) bool {
		if depth > maxWalk || !r.step(1) {
			return false
		}
		switch x := v.(type) {
		case List:
			for _, e := range x {
				if !walk(e, depth+1) {
					return false
				}
			}
		case *Context:
			for _, k := range x.keys {
				if k == n.name {
					found = append(found, x.values[k])
				}
				if !walk(x.values[k], depth+1) {
					return false
				}
			}
		}
		return true
	}
	base := n.base.evaluate(r, s)
	if base == nil {
		return r.Fail("null has no %s", n.name)
	}
	if !walk(base, 0) {
		return r.Fail("the value nests too deep")
	}
	return r.list(found)
}
