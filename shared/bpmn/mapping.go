package bpmn

// mappings reads camunda:inputOutput where Camunda 7 has it: at activities and at intermediate and end
// events, the latter without outputs (BpmnParse.checkActivityInputOutputSupported).
func (r *reader) mappings(n *node, f *FlowNode) {
	for _, e := range n.extensions() {
		if e.local != "inputOutput" {
			continue
		}
		s := f.subject()
		s.line = e.line
		if !f.Element.isActivity() && f.Element != ElementIntermediateCatchEvent && !f.Element.throws() {
			r.add(ruleMappingPlace, s, "a %s cannot have input or output parameters", f.Element)
			continue
		}
		f.Inputs = append(f.Inputs, r.parameters(e, f.subject(), "inputParameter")...)
		outputs := r.parameters(e, f.subject(), "outputParameter")
		if len(outputs) > 0 && f.Element == ElementEndEvent {
			r.add(ruleMappingPlace, s, "an end event cannot have output parameters")
		}
		f.Outputs = append(f.Outputs, outputs...)
	}
}

// parameters reads the parameters of one direction.
func (r *reader) parameters(n *node, s subject, local string) []Parameter {
	var list []Parameter
	for _, c := range n.children {
		if c.local != local || !extensionSpace(c.space) {
			continue
		}
		s.line = c.line
		name := c.attr("name")
		if name == "" {
			r.add(ruleMapping, s, "the %s has no name", local)
		}
		list = append(list, r.nested(c, s, name))
	}
	return list
}

// nested reads the value of a parameter or of an entry: its text, or its one child.
func (r *reader) nested(n *node, s subject, name string) Parameter {
	var inner []*node
	for _, c := range n.children {
		if extensionSpace(c.space) {
			inner = append(inner, c)
		}
	}
	switch len(inner) {
	case 0:
		return r.parameter(n, s, name)
	case 1:
		s.line = inner[0].line
		return r.parameter(inner[0], s, name)
	}
	s.line = inner[1].line
	r.add(ruleMapping, s, "the parameter %s has more than one value", clip(name))
	return Parameter{Name: name}
}

// parameter reads a value. Only a value without text is null; an empty list or map is one.
func (r *reader) parameter(n *node, s subject, name string) Parameter {
	p := Parameter{Name: name}
	switch n.local {
	case "list":
		p.List = r.list(n, s)
	case "map":
		p.Entries = r.entries(n, s)
	case "script":
		if t := r.script(n, s, "script of the parameter "+clip(name)); t != nil && t.topic == "" {
			p.Value = t.expression
		} else if t != nil {
			r.add(ruleUnsupportedLanguage, s, "the script of the parameter %s is in %q; a worker runs no parameters", clip(name), clip(t.format))
		}
	default:
		p.Value = r.expression(s, "parameter "+clip(name), n.text)
	}
	return p
}

func (r *reader) list(n *node, s subject) []Parameter {
	list := []Parameter{}
	for _, c := range n.children {
		if extensionSpace(c.space) {
			s.line = c.line
			list = append(list, r.parameter(c, s, ""))
		}
	}
	return list
}

func (r *reader) entries(n *node, s subject) []Parameter {
	entries := []Parameter{}
	for _, c := range n.children {
		if c.local != "entry" || !extensionSpace(c.space) {
			continue
		}
		s.line = c.line
		key := c.attr("key")
		switch compiled := r.expression(s, "key of an entry", key); {
		case key == "":
			r.add(ruleMapping, s, "the entry has no key")
		case compiled != nil && !compiled.IsLiteral():
			r.add(ruleMapping, s, "the key %s of the entry is an expression", clip(key))
		}
		entries = append(entries, r.nested(c, s, key))
	}
	return entries
}
