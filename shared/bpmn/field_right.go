package bpmn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What somebody may do with a field of a form at an activity.
const (
	FieldWrite  = "write"
	FieldRead   = "read"
	FieldHidden = "hidden"
)

const maxFieldRights = 1000

// FieldRight is what diom:fields of a user task or a start event says of one field.
type FieldRight struct {
	// Access is FieldWrite, FieldRead or FieldHidden; empty: what is said of the group or list around it, or of all.
	Access string
	// Required makes a field required that the form does not require.
	Required bool
}

// FieldRights are those of one activity. Named has the fields by their keys, with those of groups and lists before,
// joined by dots.
type FieldRights struct {
	Default string // of fields that are not named; empty: FieldWrite
	Named   map[string]FieldRight
}

// Of returns what may be done with a field: what is said of it, of the nearest group or list around it, or of all. nil
// says nothing: what the form says holds.
func (r *FieldRights) Of(name string) FieldRight {
	if r == nil {
		return FieldRight{Access: FieldWrite}
	}
	right := FieldRight{Required: r.Named[name].Required}
	for at := name; right.Access == ""; {
		right.Access = r.Named[at].Access
		dot := strings.LastIndexByte(at, '.')
		if dot < 0 {
			break
		}
		at = at[:dot]
	}
	for _, otherwise := range []string{r.Default, FieldWrite} {
		if right.Access == "" {
			right.Access = otherwise
		}
	}
	return right
}

// Hidden lists the named fields that are hidden, sorted.
func (r *FieldRights) Hidden() []string {
	var list []string
	if r != nil {
		for name, right := range r.Named {
			if right.Access == FieldHidden {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
}

// hides reports whether a variable or something in it is hidden. One that is not named may be a field of a form that
// is not here: what holds for all fields holds for it.
func (r *FieldRights) hides(variable string) bool {
	return r.Of(variable).Access == FieldHidden || slices.ContainsFunc(r.Hidden(), func(name string) bool { return strings.HasPrefix(name, variable+".") })
}

// text is the rights as a text in which every difference shows.
func (r *FieldRights) text() string {
	if r == nil {
		return ""
	}
	parts := []string{r.Default}
	for _, name := range slices.Sorted(maps.Keys(r.Named)) {
		parts = append(parts, fmt.Sprintf("%s=%s/%t", name, r.Named[name].Access, r.Named[name].Required))
	}
	return strings.Join(parts, " ")
}

// fieldRights reads diom:fields; nil: the element has none.
func (r *reader) fieldRights(n *node, s subject) *FieldRights {
	var rights *FieldRights
	for _, e := range n.extensions() {
		if e.local != "fields" || e.space != spaceDIOM {
			continue
		}
		at := s
		at.line = e.line
		if rights != nil {
			r.add(ruleFieldRights, at, "there is a second element fields")
			continue
		}
		rights = &FieldRights{Default: r.fieldAccess(e, "default", at), Named: map[string]FieldRight{}}
		for _, c := range e.children {
			if c.local == "field" && c.space == spaceDIOM {
				at.line = c.line
				r.fieldRight(c, at, rights)
			}
		}
	}
	return rights
}

func (r *reader) fieldRight(n *node, s subject, rights *FieldRights) {
	name := n.attr("name")
	if _, twice := rights.Named[name]; name == "" || twice || len(rights.Named) >= maxFieldRights {
		r.add(ruleFieldRights, s, "the field %q has no name, or that of another one, or there are more than %d", clip(name), maxFieldRights)
		return
	}
	right := FieldRight{Access: r.fieldAccess(n, "access", s), Required: n.attr("required") == "true"}
	if right.Required && right.Access != "" && right.Access != FieldWrite {
		r.add(ruleFieldRights, s, "the field %q is required and cannot be written", clip(name))
	}
	rights.Named[name] = right
}

func (r *reader) fieldAccess(n *node, attribute string, s subject) string {
	access := n.attr(attribute)
	if !slices.Contains([]string{"", FieldWrite, FieldRead, FieldHidden}, access) {
		r.add(ruleFieldRights, s, "the access %q is none of write, read and hidden", clip(access))
		return ""
	}
	return access
}

// fieldRules are those about diom:fields.
var fieldRules = map[string]Rule{
	ruleFieldRights: {
		Reason: "it is not clear what may be done with the fields of the form",
		Fix:    "Give each field once in diom:fields, with the access write, read or hidden; docs/forms.md shows it.",
	},
}
