package takeover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/store"
)

const (
	familyPage  = 200 // roots of one query
	historyPage = 200 // finished instances of one query

	fromCamunda = "camunda7"
	operator    = "diom" // who has taken over, in the history
)

// prepared is an instance that can be written.
type prepared struct {
	store.Takeover
	id    string
	notes []string
}

// instances takes over what runs, a family at a time.
func (r *run) instances(ctx context.Context) error {
	all, done := 0, 0
	for after := ""; ; {
		roots, err := r.source.Rows(ctx, foreign.Query{Table: "ACT_RU_EXECUTION", Null: "PARENT_ID_", Order: "ID_", After: after, Limit: familyPage})
		if err != nil || len(roots) == 0 {
			return err
		}
		all += len(roots)
		for _, root := range roots {
			after = root.Text("ID_")
			done++
			r.options.Progress(done, all)
			if root.Text("SUPER_EXEC_") != "" {
				continue // it comes with its caller
			}
			if err := r.takeFamily(ctx, after); err != nil {
				return err
			}
		}
	}
}

// takeFamily takes over an instance with all that it has called, or tells why not.
func (r *run) takeFamily(ctx context.Context, root string) error {
	f, err := r.family(ctx, root)
	if err != nil {
		return err
	}
	var ids []string
	for _, m := range f.members {
		ids = append(ids, m.id)
	}
	if err := r.starts(ctx, f.members, ids); err != nil {
		return err
	}
	history, err := r.history(ctx, ids)
	if err != nil {
		return err
	}
	b := &builder{run: r, family: f, history: history, made: map[string]*prepared{}, layouts: map[string]*layout{}}
	var problems []string
	for _, m := range f.members {
		if problem, err := b.build(ctx, m); err != nil {
			return err
		} else if problem != "" {
			problems = append(problems, prefix(m, f, problem))
		}
	}
	for _, m := range f.members {
		line := Line{Kind: "instance", ID: m.id, Name: b.name(m), Outcome: LeftOut, Problems: problems}
		if len(problems) == 0 {
			line.Notes = b.made[m.id].notes
			if err := r.write(ctx, b.made[m.id], &line); err != nil {
				return fmt.Errorf("instance %s: %w", m.id, err)
			}
			r.taken[m.id] = true
		}
		r.tell(line)
	}
	return nil
}

func prefix(m *member, f *family, problem string) string {
	if len(f.members) == 1 {
		return problem
	}
	return "instance " + m.id + ": " + problem
}

// starts adds when and by whom instances were started.
func (r *run) starts(ctx context.Context, members []*member, ids []string) error {
	rows, err := r.rows(ctx, foreign.Query{Table: "ACT_HI_PROCINST", Column: "PROC_INST_ID_", In: ids})
	if err != nil {
		return err
	}
	for _, row := range rows {
		for _, m := range members {
			if m.id == row.Text("PROC_INST_ID_") {
				row["BUSINESS_KEY_"] = cmp.Or(m.past.Text("BUSINESS_KEY_"), row.Text("BUSINESS_KEY_"))
				m.past = row
			}
		}
	}
	return nil
}

// builder makes the instances of a family.
type builder struct {
	*run
	family  *family
	history told
	made    map[string]*prepared
	layouts map[string]*layout
}

func (b *builder) name(m *member) string {
	return cmp.Or(b.definitions[m.definition].key, m.definition)
}

// build makes one instance, after those that called it. problem is why it cannot be.
func (b *builder) build(ctx context.Context, m *member) (problem string, err error) {
	d, known := b.definitions[m.definition]
	if !known || d.process == nil {
		return fmt.Sprintf("its definition %q was not taken over", m.definition), nil
	}
	byID, err := m.tree()
	if err != nil {
		return err.Error(), nil //nolint:nilerr // it is told, and the instance left out
	}
	begin, problem := b.begin(m, d)
	if problem != "" {
		return problem, nil
	}
	p, err := b.past(begin, b.history, m.id)
	if err != nil {
		return "its history does not fold: " + err.Error(), nil //nolint:nilerr // as above
	}
	l := &layout{process: d.process, member: m, byID: byID, tokens: p.state.LastToken, scopes: p.state.LastScope}
	b.layouts[m.id] = l
	content, err := b.bytes(ctx, m.rows["ACT_RU_VARIABLE"])
	if err != nil {
		return "", err
	}
	l.sort(m.rows["ACT_RU_VARIABLE"], content)
	l.continuations()
	l.set(0, l.variables[m.id])
	l.place()
	if l.problem != "" {
		return l.problem, nil
	}
	leases := l.waits()
	b.calls(l)
	if l.problem != "" {
		return l.problem, nil
	}
	if slices.ContainsFunc(m.executions, func(e *execution) bool { return e.id == m.id && e.suspended }) {
		l.add(engine.Change{Kind: engine.InstanceSuspended, Reason: "It was suspended.", At: b.now})
	}
	l.add(engine.Change{Kind: engine.InstanceTakenOver, Reason: fromCamunda, Message: m.id})
	made, problem := b.step(d, p, l.changes)
	if made != nil {
		made.Leases, made.notes, made.id = leases, l.notes, m.id
		b.made[m.id] = made
	}
	return problem, nil
}

// step lets the engine check what was laid out.
func (r *run) step(d definition, p *past, changes []engine.Change) (*prepared, string) {
	c := engine.Command{ID: newID(), Actor: operator, Action: engine.TakeOver{Changes: changes}}
	after, made, err := engine.Step(d.process, p.state, c, r.now, engine.World{Caller: &engine.Caller{}})
	if err != nil {
		return nil, sentence(err)
	}
	t := store.Takeover{Past: p.rows, Done: p.done, Step: store.Step{
		Before: p.state, After: after, Changes: made, Command: c, At: r.now, Searchable: d.process.CorrelatesMessages(), SearchNames: d.process.SearchVariables, Hides: d.process.Hides,
	}}
	if err := r.Store.FitsTakeOver(t); err != nil {
		return nil, sentence(err)
	}
	return &prepared{Takeover: t}, ""
}

// begin is what an instance was born with.
func (b *builder) begin(m *member, d definition) (engine.Started, string) {
	s := engine.Started{
		ID: ident("instance", m.id), DefinitionID: d.id, ProcessKey: d.key, ProcessVersion: d.version,
		BusinessKey: clip(m.past.Text("BUSINESS_KEY_")), Starter: m.past.Text("START_USER_ID_"), At: m.past.Time("START_TIME_"),
	}
	if s.At.IsZero() {
		s.At = b.now
	}
	if m.super == "" {
		return s, ""
	}
	for id, l := range b.layouts {
		e := l.byID[m.super]
		if e == nil {
			continue
		}
		caller := b.made[id]
		if caller == nil {
			return s, "its caller " + id + " cannot be taken over"
		}
		s.ParentID, s.ParentNode = caller.After.ID, l.nodeOf(e).ID
		s.RootID, s.Depth = caller.After.Root(), caller.After.Depth+1
		return s, ""
	}
	return s, "its caller " + m.super + " is not there"
}

// calls lays out the calls of an instance.
func (b *builder) calls(l *layout) {
	for _, called := range b.family.members {
		e := l.byID[called.super]
		if called.super == "" || e == nil {
			continue
		}
		node := l.nodeOf(e)
		d := b.definitions[called.definition]
		if node == nil || node.Call == nil || e.leaf == 0 {
			l.fail("the instance %s was called by %s, which is no call activity", called.id, e.activity)
			continue
		}
		l.add(engine.Change{Kind: engine.CallStarted, Call: &engine.Call{
			ID: ident("instance", called.id), Token: e.leaf, Node: node.ID, Key: d.key, Binding: node.Call.Binding, BusinessKey: clip(called.past.Text("BUSINESS_KEY_")),
		}})
	}
}

// write commits one instance, unless it is here or this is a try, and says so in its line.
func (r *run) write(ctx context.Context, p *prepared, l *Line) error {
	here, err := r.here(ctx, p)
	l.Outcome = Taken
	switch {
	case here:
		l.Outcome = Already
		return nil
	case err != nil || r.options.DryRun:
		return err
	}
	err = r.Store.TakeOver(ctx, p.Takeover)
	if !errors.Is(err, database.ErrDuplicate) {
		return err
	}
	if here, err = r.here(ctx, p); here { // somebody else was faster
		l.Outcome = Already
	} else {
		l.Outcome, l.Problems = LeftOut, []string{"rows of it are here without it: diom check finds them"}
	}
	return err
}

func (r *run) here(ctx context.Context, p *prepared) (bool, error) {
	_, err := r.Store.LoadInstance(ctx, p.After.ID)
	if errors.Is(err, store.ErrNoInstance) {
		return false, nil
	}
	return err == nil, err
}
