package invariant

import (
	"context"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// repeated are the rules for rows that repeat what the state of an instance says.
var repeated = []string{"row_is_not_state", "row_missing", "row_differs", "row_left_over"}

// Rebuilds reports whether Rebuild can put a violation right.
func Rebuilds(v Violation) bool { return slices.Contains(repeated, v.Rule) }

// Rebuild writes the rows of an instance anew from its state, unless the state itself is in doubt: it is not
// what the history folds to, or its version is not that of its row. It returns what does not hold then. The
// errors are those of store.Rebuild.
func Rebuild(ctx context.Context, st *store.Store, id engine.ID) ([]Violation, error) {
	found, err := Instance(ctx, st, id)
	if err != nil || slices.ContainsFunc(found, func(v Violation) bool { return !Rebuilds(v) }) {
		return found, err
	}
	if err := st.Rebuild(ctx, id); err != nil {
		return found, err
	}
	return Instance(ctx, st, id)
}
