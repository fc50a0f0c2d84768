package bpmn

import (
	"strings"

	"diom.io/workflow/shared/expr"
)

// assign reads who performs a user task: the attributes, the humanPerformer (its assignee) and the
// potentialOwners (its candidates), BPMN 2.0.2 §10.3.4.
func (r *reader) assign(n *node, s subject, t *UserTask) {
	t.Assignee = r.expression(s, "attribute assignee", n.rawExtension("assignee"))
	assigned := n.extension("assignee") != ""
	users, groups := parts(n.extension("candidateUsers")), parts(n.extension("candidateGroups"))
	for _, c := range n.children {
		at := s
		at.line = c.line
		switch {
		case c.bpmn("humanPerformer"):
			if assigned {
				r.add(ruleTwoAssignees, at, "")
			}
			assigned = true
			if text, found := r.resource(c, at); found {
				t.Assignee = r.expression(at, "humanPerformer", text)
			}
		case c.bpmn("potentialOwner"):
			if text, found := r.resource(c, at); found {
				moreUsers, moreGroups := owners(text)
				users, groups = append(users, moreUsers...), append(groups, moreGroups...)
			}
		}
	}
	t.CandidateUsers = r.candidates(s, "candidate users", users)
	t.CandidateGroups = r.candidates(s, "candidate groups", groups)
}

// starters reads who may start a process: attributes and camunda:potentialStarter.
func (r *reader) starters(n *node, p *Process) {
	s := n.subject()
	users, groups := parts(n.extension("candidateStarterUsers")), parts(n.extension("candidateStarterGroups"))
	for _, e := range n.extensions() {
		if e.local != "potentialStarter" {
			continue
		}
		at := s
		at.line = e.line
		if text, found := r.resource(e, at); found {
			moreUsers, moreGroups := owners(text)
			users, groups = append(users, moreUsers...), append(groups, moreGroups...)
		}
	}
	p.CandidateStarterUsers = r.candidates(s, "candidate starter users", users)
	p.CandidateStarterGroups = r.candidates(s, "candidate starter groups", groups)
	for _, list := range [...]*expr.Expression{p.CandidateStarterUsers, p.CandidateStarterGroups} {
		if list != nil && !list.IsLiteral() {
			r.add(ruleStarterExpression, s, "the candidate starters %s are an expression, but nothing is known before the start", clip(list.Source()))
		}
	}
}

// resource returns the text of resourceAssignmentExpression/formalExpression. Without one nobody
// would be named, so it is reported.
func (r *reader) resource(n *node, s subject) (text string, found bool) {
	for _, c := range n.children {
		if !c.bpmn("resourceAssignmentExpression") {
			continue
		}
		for _, e := range c.children {
			if !e.bpmn("formalExpression") {
				continue
			}
			if !r.inJUEL(e, s) {
				return "", false
			}
			if text := strings.TrimSpace(e.text); text != "" {
				return text, true
			}
		}
	}
	r.add(ruleAssignment, s, "")
	return "", false
}

// owners sorts the entries of a potential owner: user(x), group(y); a bare entry is a group.
func owners(text string) (users, groups []string) {
	for _, entry := range parts(text) {
		if name, found := wrapped(entry, "user("); found {
			users = append(users, name)
			continue
		}
		name, found := wrapped(entry, "group(")
		if !found {
			name = entry
		}
		groups = append(groups, name)
	}
	return users, groups
}

func wrapped(entry, prefix string) (string, bool) {
	inner, found := strings.CutPrefix(entry, prefix)
	if !found {
		return "", false
	}
	inner, found = strings.CutSuffix(inner, ")")
	return strings.TrimSpace(inner), found
}

// candidates compiles a list. A lone entry keeps the type of its expression, so that it may give a
// list; several are one comma-separated template.
func (r *reader) candidates(s subject, where string, entries []string) *expr.Expression {
	var joined []string
	for _, entry := range entries {
		compiled := r.expression(s, "list of "+where, entry)
		if compiled == nil {
			return nil
		}
		if len(entries) == 1 {
			return compiled
		}
		joined = append(joined, compiled.Source())
	}
	return r.expression(s, "list of "+where, strings.Join(joined, ","))
}

// parts splits a list at the commas outside ${…} and #{…}, leaving out empty entries.
func parts(text string) []string {
	var list []string
	var quote byte
	begin, inside := 0, false
	take := func(end int) {
		if entry := strings.TrimSpace(text[begin:end]); entry != "" {
			list = append(list, entry)
		}
		begin = end + 1
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case inside && (c == '\'' || c == '"'):
			quote = c
		case inside && c == '}':
			inside = false
		case !inside && (strings.HasPrefix(text[i:], "${") || strings.HasPrefix(text[i:], "#{")):
			inside = true
		case !inside && c == ',':
			take(i)
		}
	}
	take(len(text))
	return list
}
