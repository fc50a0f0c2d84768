package workflow

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/form"
	"diom.io/workflow/shared/store"
)

// HiddenFields lists the fields that the past of an instance does not show to a person: for the starter and for those who
// see all there are none, for everybody else they are those that are hidden at any of its tasks, as with its variables.
func (s *Service) HiddenFields(ctx context.Context, p access.Principal, in *engine.Instance) ([]string, error) {
	if in.Starter == p.Username || p.SeesAll() {
		return nil, nil
	}
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range d.process.Nodes {
		if n.UserTask == nil {
			continue
		}
		hidden, err := s.hiddenAt(ctx, d, n, in.Scopes[0].Variables)
		if err != nil {
			return nil, err
		}
		names = append(names, hidden...)
	}
	return names, nil
}

// ConcealRows takes the values of fields out of steps of a history.
func ConcealRows(rows []store.Row, names []string) {
	if len(names) == 0 {
		return
	}
	for _, row := range rows {
		for n := range row.Changes {
			concealChange(&row.Changes[n], names)
		}
	}
}

// concealChange takes the values of fields out of a change. What was worked out of such a value is taken with it.
func concealChange(c *engine.Change, names []string) {
	c.Variables = form.Conceal(c.Variables, names)
	if c.Return != nil {
		kept := *c.Return
		kept.Variables = form.Conceal(kept.Variables, names)
		c.Return = &kept
	}
	if c.Compensation != nil {
		kept := *c.Compensation
		kept.Variables = form.Conceal(kept.Variables, names)
		c.Compensation = &kept
	}
	if c.Decision != nil { // its columns may be anything
		kept := *c.Decision
		kept.Decisions = slices.Clone(kept.Decisions)
		for n := range kept.Decisions {
			kept.Decisions[n].Inputs, kept.Decisions[n].Outputs = nil, nil
		}
		c.Decision = &kept
	}
	c.Why = concealWhy(c.Why, names)
}

// concealWhy takes what reads a field out of recorded evaluations, with their results.
func concealWhy(list []engine.Why, names []string) []engine.Why {
	made := slices.Clone(list)
	for n := range made {
		w := &made[n]
		reads := func(input string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return strings.SplitN(name, ".", 2)[0] == input })
		}
		inputs := maps.Clone(w.Inputs)
		maps.DeleteFunc(inputs, func(name string, _ json.RawMessage) bool { return reads(name) })
		if len(inputs) < len(w.Inputs) {
			w.Inputs, w.Result = inputs, nil
		}
	}
	return made
}
