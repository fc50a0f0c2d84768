package bpmn

import (
	"cmp"
	"strings"
)

// form reads how a user task or a start event is filled in.
func (r *reader) form(n *node, s subject) Form {
	f := Form{
		FormKey:        n.extension("formKey"),
		FormRef:        n.extension("formRef"),
		FormRefBinding: n.extension("formRefBinding"),
		FormRefVersion: n.extension("formRefVersion"),
	}
	if strings.Contains(f.FormRef, "${") || strings.Contains(f.FormRef, "#{") {
		f.RefExpression = r.expression(s, "formRef", f.FormRef)
	}
	if f.FormKey != "" && f.FormRef != "" {
		r.add(ruleFormKeyAndRef, s, "")
	}
	switch f.FormRefBinding {
	case "", "latest", "deployment":
	case "version":
		if f.FormRefVersion == "" {
			r.add(ruleFormRef, s, "the formRefBinding is version, but there is no formRefVersion")
		}
	default:
		r.add(ruleFormRef, s, "the formRefBinding %q is none of latest, deployment and version", clip(f.FormRefBinding))
	}
	f.FormFields = r.formFields(n, s)
	f.Rights = r.fieldRights(n, s)
	return f
}

func (r *reader) formFields(n *node, s subject) []FormField {
	var fields []FormField
	seen := map[string]bool{}
	for _, e := range fieldNodes(n) {
		at := s
		at.line = e.line
		read := r.formField
		if e.local == "formProperty" {
			read = r.formProperty
		}
		f := read(e, at)
		if f.ID == "" || seen[f.ID] {
			r.add(ruleFormField, at, "the form field %q has no id, or that of another field of the form", clip(f.ID))
		}
		seen[f.ID] = true
		fields = append(fields, f)
	}
	return fields
}

// businessKeyField is the id of the field whose value becomes the business key of a new instance.
func businessKeyField(n *node) string {
	key := ""
	for _, e := range n.extensions() {
		if e.local == "formData" && e.attr("businessKey") != "" {
			key = e.attr("businessKey")
		}
	}
	return key
}

// fieldNodes returns the elements of an event or a task that are fields, in document order.
func fieldNodes(n *node) []*node {
	var list []*node
	for _, e := range n.extensions() {
		switch e.local {
		case "formProperty":
			list = append(list, e)
		case "formData":
			for _, c := range e.children {
				if c.local == "formField" && extensionSpace(c.space) {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// formField reads one camunda:formField.
func (r *reader) formField(n *node, s subject) FormField {
	f := FormField{
		ID: n.attr("id"), Label: n.raw("label"), Type: n.attr("type"), DatePattern: n.raw("datePattern"),
		DefaultValue: r.expression(s, "defaultValue of form field "+clip(n.attr("id")), n.raw("defaultValue")),
		Values:       formValues(n),
	}
	for _, v := range n.children {
		if v.local != "validation" || !extensionSpace(v.space) {
			continue
		}
		for _, c := range v.children {
			if c.local == "constraint" && extensionSpace(c.space) {
				f.Constraints = append(f.Constraints, r.constraint(c, s))
			}
		}
	}
	return f
}

func (r *reader) constraint(n *node, s subject) FormConstraint {
	c := FormConstraint{Name: n.attr("name"), Config: n.raw("config")}
	if c.Name == "validator" {
		s.line = n.line
		r.addFix(ruleUnsupportedExtension, s, "Use required, readonly, min, max, minlength and maxlength.",
			"the form constraint validator calls code, which this version does not execute")
	}
	return c
}

// formProperty reads Activiti's older element as the field it stands for.
func (r *reader) formProperty(n *node, s subject) FormField {
	f := FormField{
		ID: n.attr("id"), Label: n.raw("name"), Type: cmp.Or(n.attr("type"), "string"), DatePattern: n.raw("datePattern"),
		DefaultValue: r.expression(s, "default of form property "+clip(n.attr("id")), cmp.Or(n.raw("default"), n.raw("value"), n.raw("expression"))),
		Variable:     n.attr("variable"),
		Values:       formValues(n),
	}
	if n.flag("required") {
		f.Constraints = append(f.Constraints, FormConstraint{Name: "required"})
	}
	if n.attr("writable") == "false" {
		f.Constraints = append(f.Constraints, FormConstraint{Name: "readonly"})
	}
	return f
}

func formValues(n *node) []FormValue {
	var values []FormValue
	for _, c := range n.children {
		if c.local == "value" && extensionSpace(c.space) {
			values = append(values, FormValue{ID: c.attr("id"), Name: c.raw("name")})
		}
	}
	return values
}
