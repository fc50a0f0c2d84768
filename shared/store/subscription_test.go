package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

// A message finds the instances that wait for its name, that are not suspended, and that have its
// business key and its correlation keys.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.must(nil, opened("m"), variablesSet(engine.Variables{"order": int64(1), "region": "EU"}))
	b := f.must(nil, opened("m"), opened("n"), variablesSet(engine.Variables{"order": int64(2), "region": "EU"}))
	execute(t, f.Store, `UPDATE workflow_subscription SET business_key = 'PO-2' WHERE instance_id = ?`, b.ID[:])
	c := f.must(nil, opened("m"), variablesSet(engine.Variables{"order": int64(1), "region": "EU"}))
	c = f.must(c, suspend)
	f.deploy("report", onMessage("m"))

	found := func(q MessageQuery) string {
		t.Helper()
		list, err := f.Subscriptions(t.Context(), q, 10)
		if err != nil {
			t.Fatal(err)
		}
		names := map[engine.ID]string{a.ID: "a", b.ID: "b", c.ID: "c"}
		text := map[string]bool{}
		for _, s := range list {
			text[names[s.InstanceID]] = true
		}
		return fmt.Sprint(text, len(list))
	}
	for name, x := range map[string]struct {
		query MessageQuery
		want  string
	}{
		"name":           {MessageQuery{Name: "m"}, "map[a:true b:true] 2"},
		"another name":   {MessageQuery{Name: "M"}, "map[] 0"},
		"business key":   {MessageQuery{Name: "m", BusinessKey: "PO-2"}, "map[b:true] 1"},
		"one key":        {MessageQuery{Name: "m", Keys: map[string]string{"order": "1"}}, "map[a:true] 1"},
		"a shared key":   {MessageQuery{Name: "m", Keys: map[string]string{"region": `"EU"`}}, "map[a:true b:true] 2"},
		"two keys":       {MessageQuery{Name: "m", Keys: map[string]string{"region": `"EU"`, "order": "2"}}, "map[b:true] 1"},
		"a wrong key":    {MessageQuery{Name: "m", Keys: map[string]string{"region": `"EU"`, "order": "3"}}, "map[] 0"},
		"another type":   {MessageQuery{Name: "m", Keys: map[string]string{"order": `"1"`}}, "map[] 0"},
		"another case":   {MessageQuery{Name: "m", Keys: map[string]string{"region": `"eu"`}}, "map[] 0"},
		"key and key":    {MessageQuery{Name: "m", BusinessKey: "PO-2", Keys: map[string]string{"order": "1"}}, "map[] 0"},
		"the other name": {MessageQuery{Name: "n", Keys: map[string]string{"order": "2"}}, "map[b:true] 1"},
	} {
		if got := found(x.query); got != x.want {
			t.Errorf("%s: %s, not %s", name, got, x.want)
		}
	}
	if list, err := f.Subscriptions(t.Context(), MessageQuery{Name: "m"}, 1); err != nil || len(list) != 1 {
		t.Errorf("%d with a limit of 1, %v", len(list), err)
	}
	key := "PO-2"
	list, err := f.Subscriptions(t.Context(), MessageQuery{Name: "n"}, 2)
	want := []Subscription{{ID: b.Subscriptions[1].ID, InstanceID: b.ID, DefinitionID: f.definition.ID, ProcessKey: "order", NodeID: "catch", Message: "n", BusinessKey: &key}}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	many := MessageQuery{Name: "m", Keys: map[string]string{}}
	for n := range 11 {
		many.Keys[fmt.Sprint(n)] = "1"
	}
	if _, err := f.Subscriptions(t.Context(), many, 2); !errors.Is(err, ErrTooManyKeys) {
		t.Error(err)
	}
}

// Search variables are those of the process scope as they are now, unless they are too long; they go
// with the instance.
func TestSearchVariables(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	kept := func(in *engine.Instance) string {
		t.Helper()
		var list []string
		for _, line := range f.stored(in.ID) {
			if rest, ok := strings.CutPrefix(line, "variable "); ok {
				list = append(list, strings.TrimSpace(rest))
			}
		}
		return strings.Join(list, ", ")
	}
	expect := func(in *engine.Instance, want string) {
		t.Helper()
		if got := kept(in); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	long, longest := strings.Repeat("年", 254), strings.Repeat("年", 253)
	in := f.must(nil, variablesSet(engine.Variables{"a": int64(1), "b": "x", "long": long, strings.Repeat("n", 256): true}))
	expect(in, `a 1, b "x"`)
	in = f.must(in, variablesSet(engine.Variables{"a": int64(2)}), variablesSet(engine.Variables{"a": int64(3), "c": nil}))
	expect(in, `a 3, b "x", c null`)
	in = f.must(in, variablesSet(engine.Variables{"b": long, "list": []expr.Value{true}}))
	expect(in, `a 3, c null, list [true]`)
	in = f.must(in, variablesSet(engine.Variables{"b": longest}))
	expect(in, `a 3, b "`+longest+`", c null, list [true]`)
	inner := []engine.Change{
		{Kind: engine.TokenCreated, Token: 1, Node: "sub"}, {Kind: engine.ScopeOpened, Scope: 1, Token: 1, Variables: engine.Variables{"a": int64(9)}},
		{Kind: engine.VariablesSet, Scope: 1, Variables: engine.Variables{"d": int64(9)}},
	}
	in = f.must(in, inner...)
	in, err := f.advance(in, []engine.Change{variablesSet(engine.Variables{"e": true})}, func(s *Step) { s.Searchable = false })
	if err != nil {
		t.Fatal(err)
	}
	expect(in, `a 3, b "`+longest+`", c null, list [true]`)
	other := f.must(nil, variablesSet(engine.Variables{"a": int64(1)}))
	in = f.must(in, variablesSet(engine.Variables{"f": true}), cancel)
	expect(in, "")
	expect(other, "a 1")
	expect(f.must(nil, variablesSet(engine.Variables{"a": int64(1)}), engine.Change{Kind: engine.InstanceCompleted, At: noon}), "")
}
