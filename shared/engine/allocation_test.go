//go:build !race

package engine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// A step may allocate so much more than the baseline before somebody has to look: the growth of maps is not the same in
// each process.
const drift, few = 1.05, 2

// TestAllocations holds what a step allocates against testdata/allocations.txt: one line for each step, with the number of
// allocations. Whoever makes a step dearer on purpose writes the new number there, and whoever makes it cheaper as well.
// It does not run beside other tests, whose allocations would be counted, nor under the race detector, which has its own.
func TestAllocations(t *testing.T) { //nolint:paralleltest // see above
	raw, err := os.ReadFile("testdata/allocations.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var model, command string
		var want float64
		if n, err := fmt.Sscanf(line, "%s %s %g", &model, &command, &want); n != 3 {
			t.Fatalf("%q: %v", line, err)
		}
		got := allocations(t, model, command)
		t.Logf("%s %s %g", model, command, got)
		if got > want*drift+few {
			t.Errorf("%s %s: %g allocations, the baseline is %g", model, command, got, want)
		}
		if got < want/drift-few {
			t.Logf("%s %s: %g allocations, less than the baseline, %g: write it down", model, command, got, want)
		}
	}
}

// allocations counts those of the start of a model, or of the completion of its first task.
func allocations(t *testing.T, model, command string) float64 {
	t.Helper()
	p := load(t, model, bpmn.Options{})
	begin := engine.Command{ID: seed(1), Actor: "zhangwei", Action: engine.Start{
		InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1,
		Variables: engine.Variables{"manager": "lina", "days": int64(3), "amount": int64(1200), "people": []any{"lina", "zhaolei", "chenjing"}},
	}}
	now := newRun(t).now
	in, _, err := engine.Step(p, nil, begin, now, engine.World{})
	if err != nil {
		t.Fatalf("%s: %v", model, err)
	}
	if command == "start" {
		return testing.AllocsPerRun(100, func() { _, _, _ = engine.Step(p, nil, begin, now, engine.World{}) })
	}
	if len(in.Tasks) == 0 {
		t.Fatalf("%s: no task is open", model)
	}
	complete := engine.Command{ID: seed(2), Actor: in.Tasks[0].Assignee, Action: engine.CompleteTask{Task: in.Tasks[0].ID, Outcome: "approved"}}
	if _, _, err := engine.Step(p, in, complete, now, engine.World{}); err != nil {
		t.Fatalf("%s: %v", model, err)
	}
	return testing.AllocsPerRun(100, func() { _, _, _ = engine.Step(p, in, complete, now, engine.World{}) })
}
