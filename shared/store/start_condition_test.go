package store

import (
	"testing"

	"diom.io/workflow/shared/engine"
)

// conditions lists the nodes of the start conditions that are looked at, page by page.
func (f *fixture) conditions() (nodes string) {
	f.t.Helper()
	var after engine.ID
	for {
		page, err := f.StartConditions(f.t.Context(), after, 1)
		if err != nil {
			f.t.Fatal(err)
		}
		if len(page) == 0 {
			return nodes
		}
		nodes, after = nodes+page[0].NodeID+" ", page[0].ID
	}
}

// Several processes may begin with conditions; a version takes the place of the one before it, a suspended one does not
// take part, and what instances wait for is nothing that starts.
func TestStartConditions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.deploy("a", StartEvent{NodeID: "old"}, StartEvent{NodeID: "older"})
	f.must(nil, opened(""))
	f.deploy("a", StartEvent{NodeID: "new"}, onMessage("m"))
	b := f.deploy("b", StartEvent{NodeID: "other"})[0]
	if got := f.conditions(); got != "new other " {
		t.Errorf("%q", got)
	}
	if err := f.SuspendDefinition(t.Context(), Suspension{ID: b.ID, Suspended: true}, nil, func(Definition) (Recorded, error) { return Recorded{}, nil }); err != nil {
		t.Fatal(err)
	}
	if got := f.conditions(); got != "new " {
		t.Errorf("suspended: %q", got)
	}
}
