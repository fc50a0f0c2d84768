package workflow

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

const (
	suggestFrom = 50 // starts that are looked at
	suggestTop  = 3  // frequent values that are shown
)

// Suggestion is what a person gave a variable of a process before: the last time, and most often.
type Suggestion struct {
	Name     string          `json:"name"`
	Last     json.RawMessage `json:"last"`
	Frequent []Frequent      `json:"frequent"`
}

// Frequent is a value with how many of the last starts had it.
type Frequent struct {
	Value json.RawMessage `json:"value"`
	Count int             `json:"count"`
}

// Suggestions returns, by name, the values that the principal gave the scalar variables of a process
// in his last fifty starts of it.
func (s *Service) Suggestions(ctx context.Context, p access.Principal, key string) ([]Suggestion, error) {
	d, err := s.latestDefinition(ctx, key)
	if err != nil {
		return nil, err
	}
	starts, err := s.store.Starts(ctx, p.Username, key, suggestFrom)
	if err != nil {
		return nil, err
	}
	found := map[string]*Suggestion{}
	for _, changes := range starts { // the last one first
		variables := given(changes)
		if none := d.process.NoneStart(); none != nil {
			delete(variables, none.StartEvent.Initiator)
		}
		if err := tally(found, variables); err != nil {
			return nil, err
		}
	}
	list := make([]Suggestion, 0, len(found))
	for _, f := range found {
		slices.SortStableFunc(f.Frequent, func(a, b Frequent) int { return b.Count - a.Count })
		f.Frequent = f.Frequent[:min(len(f.Frequent), suggestTop)]
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Suggestion) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// tally counts the scalar variables of one start.
func tally(found map[string]*Suggestion, variables engine.Variables) error {
	for name, value := range variables {
		if !scalar(value) {
			continue
		}
		raw, err := expr.Marshal(value)
		if err != nil {
			return err
		}
		if found[name] == nil {
			found[name] = &Suggestion{Name: name, Last: raw}
		}
		found[name].count(raw)
	}
	return nil
}

// given returns the variables that a start set.
func given(changes []engine.Change) engine.Variables {
	for _, c := range changes {
		if c.Kind == engine.VariablesSet {
			return c.Variables
		}
	}
	return nil
}

func scalar(value expr.Value) bool {
	switch value.(type) {
	case nil, []expr.Value, map[string]expr.Value:
		return false
	}
	return true
}

func (f *Suggestion) count(raw json.RawMessage) {
	for i := range f.Frequent {
		if string(f.Frequent[i].Value) == string(raw) {
			f.Frequent[i].Count++
			return
		}
	}
	f.Frequent = append(f.Frequent, Frequent{Value: raw, Count: 1})
}
