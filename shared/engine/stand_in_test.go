package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
)

// A new task goes to who stands in for its assignee, who stays the owner, and is offered to who stands in for its
// candidates; who is there himself is asked himself.
func TestWhoIsAwayIsStoodInFor(t *testing.T) {
	t.Parallel()
	process := load(t, "approval_people", everything)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	w := engine.World{Substitutes: map[string]string{"lina": "chenhao", "wuqiang": "zhangwei"}}
	step := func(in *engine.Instance, n int, user string, action engine.Action) (*engine.Instance, []engine.Change) {
		t.Helper()
		after, changes, err := engine.Step(process, in, engine.Command{ID: seed(n), Actor: user, Action: action}, now, w)
		if err != nil {
			t.Fatal(err)
		}
		return after, changes
	}
	in, changes := step(nil, 1, "zhangwei", engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1, Variables: engine.Variables{"board": "x", "nobody": ""}})
	created := changes[len(changes)-1]
	if in.Tasks[0].Assignee != "chenhao" || in.Tasks[0].Owner != "lina" || created.Reason != engine.Substituted {
		t.Errorf("%+v, %q", in.Tasks[0], created.Reason)
	}
	in, changes = step(in, 2, "chenhao", engine.CompleteTask{Task: in.Tasks[0].ID})
	created = changes[len(changes)-1]
	if in.Tasks[0].Assignee != "zhaolei" || in.Tasks[0].Owner != "" || created.Reason != "" {
		t.Errorf("%+v, %q", in.Tasks[0], created.Reason)
	}
	in, _ = step(in, 3, "zhaolei", engine.CompleteTask{Task: in.Tasks[0].ID})
	if diff := cmp.Diff([]string{"lina", "sunqi", "chenhao"}, in.Tasks[0].CandidateUsers); diff != "" || in.Tasks[0].Owner != "" {
		t.Errorf("%+v\n%s", in.Tasks[0], diff)
	}
}

// At most 100 get a copy by the model, and nobody by a name that is none.
func TestCopiesThatCannotBe(t *testing.T) {
	t.Parallel()
	process := load(t, "approval_people", everything)
	many := ""
	for n := range engine.MaxCopies + 1 {
		many += seed(n).String() + ","
	}
	for name, people := range map[string]string{"too many": many, "too long": many[:70] + "0123456789012345678901234567890123456789012345678901234567890123456789"} {
		r := newRun(t)
		r.load(process)
		if _, err := r.step("zhangwei", engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1, Variables: engine.Variables{"board": people}}); err != nil {
			t.Fatal(err)
		}
		var changes []engine.Change
		for range 2 {
			var err error
			if changes, err = r.step("lina", engine.CompleteTask{Task: r.instance.Tasks[0].ID}); err != nil {
				t.Fatal(err)
			}
		}
		found := false
		for _, c := range changes {
			if c.Kind == engine.TaskCopied {
				found = c.Code == "bad_copies" && c.Names == nil
			}
		}
		if !found || len(r.instance.Tasks) != 1 {
			t.Errorf("%s: %+v", name, changes)
		}
	}
}
