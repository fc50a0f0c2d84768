package store

import (
	"maps"
	"slices"
	"unicode/utf8"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

const (
	insertSearchVariable = `INSERT INTO workflow_search_variable (value, instance_id, name, hidden) VALUES `
	orReplaceValue       = ` ON DUPLICATE KEY UPDATE value = VALUES(value), hidden = VALUES(hidden)`

	deleteSearchVariables = `DELETE v FROM workflow_search_variable v` + byPrimary + ` WHERE v.instance_id = ?`
)

// maxSearchable is how many characters the columns name and value hold.
const maxSearchable = 255

// searchVariables keeps the variables of the process scope that the step has set. A value that is too
// long is not kept, and neither is the one before it.
func (w *writer) searchVariables() {
	kept := w.Searchable || len(w.SearchNames) > 0
	switch {
	case !kept && !w.migrated():
		return
	case !kept || w.After.State.Ended():
		w.forgetVariables()
		return
	}
	var rows [][]any
	var gone []any
	for _, name := range w.written() {
		current, exists := w.After.Scopes[0].Variables[name]
		wanted := w.wanted(name)
		if value, ok := searchable(name, current); ok && exists && wanted {
			rows = append(rows, []any{value, w.After.ID[:], name, w.Hides != nil && w.Hides(name)})
		} else if (wanted || w.migrated()) && w.wasKept(name) {
			gone = append(gone, name)
		}
	}
	w.insert(insertSearchVariable, rows, orReplaceValue)
	if len(gone) > 0 {
		w.closeGuard()
		w.batch.Add(deleteSearchVariables+` AND v.name IN (`+placeholders(len(gone))+`)`, append([]any{w.After.ID[:]}, gone...)...)
	}
}

// forgetVariables removes what is kept of an instance's variables.
func (w *writer) forgetVariables() {
	if w.Before != nil {
		w.closeGuard()
		w.batch.Add(deleteSearchVariables, w.After.ID[:])
	}
}

// wanted reports whether a variable is kept: all are where messages look for them, and else those that are named.
func (w *writer) wanted(name string) bool {
	return w.Searchable || slices.Contains(w.SearchNames, name)
}

// wasKept reports whether a row holds the value of a variable before the step.
func (w *writer) wasKept(name string) bool {
	if w.Before == nil {
		return false
	}
	value, ok := w.Before.Scopes[0].Variables[name]
	if ok {
		_, ok = searchable(name, value)
	}
	return ok
}

// written returns the names of the variables of the process scope that the step has set or removed, sorted;
// of another definition's all.
func (w *writer) written() []string {
	names := map[string]bool{}
	for i := range w.Changes {
		c := &w.Changes[i]
		set := c.Variables
		switch {
		case c.Kind == engine.InstanceMigrated:
			set = w.After.Scopes[0].Variables
		case c.Kind != engine.VariablesSet && c.Kind != engine.VariablesRemoved || c.Scope != 0:
			continue
		}
		for name := range set {
			names[name] = true
		}
		for _, name := range c.Names {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// searchable returns a value as it is kept; false when it or its name is too long for that.
func searchable(name string, value expr.Value) (string, bool) {
	text, err := expr.Key(value)
	return text, err == nil && utf8.RuneCountInString(text) <= maxSearchable && utf8.RuneCountInString(name) <= maxSearchable
}
