package workflow

import (
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// FormField is one field of a generated form, as the API shows it.
type FormField struct {
	ID          string           `json:"id"`
	Label       string           `json:"label"`
	Type        string           `json:"type"`
	Default     string           `json:"defaultValue,omitempty"`
	Values      []FormValue      `json:"values,omitempty"`
	Constraints []FormConstraint `json:"constraints,omitempty"`
}

// FormValue is one choice of an enum field.
type FormValue struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// FormConstraint is one rule for the value of a field.
type FormConstraint struct {
	Name   string `json:"name"`
	Config string `json:"config,omitempty"`
}

func formFields(fields []bpmn.FormField) []FormField {
	list := make([]FormField, 0, len(fields))
	for _, f := range fields {
		shown := FormField{ID: f.ID, Label: f.Label, Type: f.Type}
		if f.DefaultValue != nil {
			shown.Default = f.DefaultValue.Source()
		}
		for _, v := range f.Values {
			shown.Values = append(shown.Values, FormValue(v))
		}
		for _, c := range f.Constraints {
			shown.Constraints = append(shown.Constraints, FormConstraint(c))
		}
		list = append(list, shown)
	}
	return list
}

// mayStart holds the candidate starters of a process: absent means everybody who may start at all.
func mayStart(p access.Principal, process *bpmn.Process) error {
	if process.CandidateStarterUsers == nil && process.CandidateStarterGroups == nil {
		return nil
	}
	if slices.Contains(names(process.CandidateStarterUsers), p.Username) {
		return nil
	}
	for _, group := range names(process.CandidateStarterGroups) {
		if slices.Contains(p.Identities(), group) {
			return nil
		}
	}
	return ErrNotStarter
}

// names splits a literal comma list.
func names(e *expr.Expression) []string {
	if e == nil {
		return nil
	}
	list := strings.Split(e.Source(), ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}
