package feel

// control reads if, for, some, every and function; nil when the word is a name after all.
func (p *parser) control(w string, after int) node {
	start := p.at
	p.at = after
	defer p.enter()()
	switch w {
	case "if":
		condition := p.expression()
		p.needKeyword("then")
		yes := p.expression()
		p.needKeyword("else")
		return choice{condition, yes, p.expression()}
	case "for":
		return p.loop()
	case "function":
		if p.take("(") {
			return p.function()
		}
	default:
		if p.space(); p.wordAt(p.at) != "" {
			return p.quantified(w == "every")
		}
	}
	p.at = start
	return nil
}

// iterator is one name of a loop with what it runs over: a list, or the whole numbers of from..to.
type iterator struct {
	name     string
	from, to node
}

// iterators reads them; each sees the ones before it.
func (p *parser) iterators(known index) []iterator {
	var list []iterator
	for n := 0; n == 0 || p.take(","); n++ {
		it := iterator{name: p.newName("", "in")}
		p.needKeyword("in")
		it.from = p.expression()
		if p.take("..") {
			it.to = p.expression()
		}
		known.add(it.name)
		list = append(list, it)
	}
	return list
}

func (p *parser) scoped(read func(known index)) {
	known := index{}
	p.local = append(p.local, known)
	read(known)
	p.local = p.local[:len(p.local)-1]
}

func (p *parser) loop() node {
	var l loop
	p.scoped(func(known index) {
		l.iterators = p.iterators(known)
		p.needKeyword("return")
		known.add("partial")
		l.result = p.expression()
	})
	return l
}

func (p *parser) quantified(every bool) node {
	q := quantified{every: every}
	p.scoped(func(known index) {
		q.iterators = p.iterators(known)
		p.needKeyword("satisfies")
		q.condition = p.expression()
	})
	return q
}

// function goes on behind function( (rule 55).
func (p *parser) function() node {
	f := lambda{}
	p.scoped(func(known index) {
		p.inner(func() {
			for n := 0; !p.is(")"); n++ {
				if n > 0 {
					p.need(",")
				}
				parameter := Parameter{Name: p.newName(":,)", "")}
				if p.take(":") {
					parameter.Type = p.typeName()
				}
				known.add(parameter.Name)
				f.parameters = append(f.parameters, parameter)
			}
		})
		p.need(")")
		if p.take("->") {
			f.result = p.typeName()
		}
		if p.keyword("external") {
			p.external = true
			p.expression()
			f.body = failed{"external functions, of Java or PMML, are not executed"}
			return
		}
		f.body = p.expression()
	})
	return f
}

// typeName reads a type (rule 54 and type in DMN 1.3).
func (p *parser) typeName() *Type {
	defer p.enter()()
	p.space()
	w := p.wordAt(p.at)
	start := p.at
	p.at += len(w)
	if (w == "list" || w == "range" || w == "context" || w == "function") && p.take("<") {
		return p.generic(w)
	}
	p.at = start
	names := index{}
	for name := range simple {
		names.add(name)
	}
	for s := p.symbols; s != nil; s = s.parent {
		for name := range s.types {
			names.add(name)
		}
	}
	best, end := p.match(names, nil, -1)
	if best == nil {
		p.bail("there is no type %s", clip(w))
	}
	p.at = end
	return p.symbols.Type(joined(best))
}

// generic goes on behind the < of a type.
func (p *parser) generic(w string) *Type {
	t := &Type{Kind: w}
	switch w {
	case "context":
		for n := 0; n == 0 || p.take(","); n++ {
			name := p.newName(":", "")
			p.need(":")
			t.Fields = append(t.Fields, Field{name, p.typeName()})
		}
	case "function":
		for n := 0; !p.is(">"); n++ {
			if n > 0 {
				p.need(",")
			}
			t.Parameters = append(t.Parameters, p.typeName())
		}
		p.need(">")
		p.need("->")
		t.Result = p.typeName()
		return t
	default:
		t.Element = p.typeName()
	}
	p.need(">")
	return t
}
