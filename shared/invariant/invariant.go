// Package invariant checks what must always hold in the database of an installation: each history is
// gapless and folds to the stored state, the rows that repeat parts of a state agree with it, no row has
// lost what it belongs to, callers and called instances agree, outbox and inbox are in order. It only reads.
package invariant

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// Violation is one thing that does not hold. Rule is a stable code; InstanceID is zero where no instance
// is concerned.
type Violation struct {
	Rule       string    `json:"rule"`
	InstanceID engine.ID `json:"instanceId,omitzero"`
	Detail     string    `json:"detail"`
}

// Counts are what was looked at, and what was found.
type Counts struct {
	Instances  int `json:"instances"`
	Steps      int `json:"steps"`
	Rows       int `json:"rows"` // open tasks with their candidates, jobs, timers, subscriptions, incidents
	Rules      int `json:"rules"`
	Violations int `json:"violations"`
	store.Backlog
}

const (
	batch     = 100  // instances of one look at the database
	maxStrays = 1000 // rows that are told of one rule
)

// Checker checks one database. Found is called for each violation, Progress after each batch of instances,
// with their number in all; neither may be nil.
type Checker struct {
	Store    *store.Store
	Found    func(Violation)
	Progress func(done, all int)
	// Grace is how long what one instance has to tell another may be under way; zero: a minute.
	Grace time.Duration

	counts Counts
}

// Run checks everything, a batch of instances at a time, each batch as it is at one moment: people may go on
// working. The memory that it takes does not grow with the database.
func (c *Checker) Run(ctx context.Context) (Counts, error) {
	all := 0
	err := c.Store.Inspect(ctx, func(x *store.Inspection) (err error) {
		if all, err = x.Size(ctx); err == nil {
			c.counts.Backlog, err = x.Backlog(ctx)
		}
		return err
	})
	var after engine.ID
	for more := true; more && err == nil; {
		err = c.Store.Inspect(ctx, func(x *store.Inspection) error {
			rows, err := x.Instances(ctx, after, batch)
			if more = len(rows) > 0; err != nil || !more {
				return err
			}
			after = rows[len(rows)-1].ID
			return c.instances(ctx, x, rows)
		})
		c.Progress(c.counts.Instances, max(all, c.counts.Instances))
	}
	for n := 0; n < store.StrayRules() && err == nil; n++ {
		err = c.Store.Inspect(ctx, func(x *store.Inspection) error { return c.strays(ctx, x, n) })
	}
	return c.counts, err
}

// Instance returns what does not hold of one instance. It returns store.ErrNoInstance.
func Instance(ctx context.Context, st *store.Store, id engine.ID) ([]Violation, error) {
	var found []Violation
	c := &Checker{Store: st, Found: func(v Violation) { found = append(found, v) }}
	err := st.Inspect(ctx, func(x *store.Inspection) error {
		row, err := x.Instance(ctx, id)
		if err != nil {
			return err
		}
		return c.instances(ctx, x, []store.StoredInstance{row})
	})
	return found, err
}

func (c *Checker) violation(rule string, instance engine.ID, format string, arguments ...any) {
	c.counts.Violations++
	c.Found(Violation{rule, instance, fmt.Sprintf(format, arguments...)})
}

func (c *Checker) strays(ctx context.Context, x *store.Inspection, n int) error {
	list, err := x.Strays(ctx, n, maxStrays)
	for _, s := range list {
		detail := s.Detail
		if !s.ID.IsZero() {
			detail = s.ID.String() + " " + detail
		}
		c.violation(s.Rule, s.InstanceID, "%s", detail)
	}
	c.counts.Rules++
	return err
}

// instances checks a batch.
func (c *Checker) instances(ctx context.Context, x *store.Inspection, rows []store.StoredInstance) error {
	ids := make([]engine.ID, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	folded, err := c.fold(ctx, x, ids)
	if err != nil {
		return err
	}
	projections, err := x.Projections(ctx, ids)
	if err != nil {
		return err
	}
	actual := map[engine.ID]map[name]string{}
	for _, p := range projections {
		if actual[p.InstanceID] == nil {
			actual[p.InstanceID] = map[name]string{}
		}
		actual[p.InstanceID][name{p.Kind, p.ID}] = p.Text
	}
	c.counts.Rows += len(projections)
	c.counts.Instances += len(rows)
	states := make([]*engine.Instance, 0, len(rows))
	for _, row := range rows {
		in, err := x.State(row)
		if err != nil {
			c.violation("state_unreadable", row.ID, "%v", err)
			continue
		}
		c.state(row, in, folded[row.ID])
		c.projections(in, actual[row.ID])
		c.waits(in)
		states = append(states, in)
	}
	return c.calls(ctx, x, states)
}

// name is what a row is about.
type name struct {
	kind string
	id   engine.ID
}

// history is what the steps of an instance fold to, as far as they do.
type history struct {
	engine.Instance
	steps  int64
	broken bool
}

// fold folds the histories of instances.
func (c *Checker) fold(ctx context.Context, x *store.Inspection, ids []engine.ID) (map[engine.ID]*history, error) {
	all := make(map[engine.ID]*history, len(ids))
	for _, id := range ids {
		all[id] = &history{}
	}
	err := x.EachStep(ctx, ids, func(row store.Row, unreadable error) { c.step(all[row.InstanceID], row, unreadable) })
	return all, err
}

// step folds one step into a history.
func (c *Checker) step(h *history, row store.Row, unreadable error) {
	c.counts.Steps++
	if h.steps++; row.Seq != h.steps {
		c.violation("history_gap", row.InstanceID, "step %d of the history has seq %d", h.steps, row.Seq)
	}
	switch {
	case h.broken:
	case unreadable != nil:
		h.broken = true
		c.violation("step_unreadable", row.InstanceID, "step %d of the history cannot be read: %v", row.Seq, unreadable)
	default:
		if err := h.Fold(row.Changes); err != nil {
			h.broken = true
			c.violation("history_does_not_fold", row.InstanceID, "the history does not fold: %v", err)
		}
	}
}

// state compares the state with its history and with the columns beside it.
func (c *Checker) state(row store.StoredInstance, in *engine.Instance, h *history) {
	if want, got := text(in), text(&h.Instance); !h.broken && want != got {
		c.violation("history_is_not_state", row.ID, "the history folds to something else than the state: %s", difference(got, want))
	}
	if row.Version != in.Version {
		c.violation("row_version", row.ID, "the row of the instance has another version than its body: %d, not %d", row.Version, in.Version)
		return
	}
	if want, got := text(rounded(store.ShowInstance(in))), text(rounded(row.Instance)); want != got {
		c.violation("row_is_not_state", row.ID, "the row of the instance says something else than the state: %s", difference(got, want))
	}
}

// waits holds that an instance which has not ended waits for something that can move it.
func (c *Checker) waits(in *engine.Instance) {
	if !in.State.Ended() && len(in.Tasks)+len(in.Jobs)+len(in.Timers)+len(in.Subscriptions)+len(in.Calls)+len(in.Incidents) == 0 {
		c.violation("waits_for_nothing", in.ID, "%d tokens, and no open task, job, timer, subscription, call or incident", len(in.Tokens))
	}
}

// rounded is an instance with its times as the columns keep them.
func rounded(i store.Instance) store.Instance {
	i.StartedAt = i.StartedAt.UTC().Round(time.Millisecond)
	if i.EndedAt != nil {
		at := i.EndedAt.UTC().Round(time.Millisecond)
		i.EndedAt = &at
	}
	return i
}

// projections compares the open rows of an instance with its state.
func (c *Checker) projections(in *engine.Instance, actual map[name]string) {
	for _, want := range store.Projections(in) {
		of := name{want.Kind, want.ID}
		switch got, found := actual[of]; {
		case !found:
			c.violation("row_missing", in.ID, "%s %s of the state has no open row", want.Kind, want.ID)
		case got != want.Text:
			c.violation("row_differs", in.ID, "the row of %s %s says something else than the state: %s", want.Kind, want.ID, difference(got, want.Text))
		}
		delete(actual, of)
	}
	for _, of := range slices.SortedFunc(maps.Keys(actual), func(a, b name) int { return slices.Compare(a.id[:], b.id[:]) }) {
		c.violation("row_left_over", in.ID, "%s %s is open in its row alone", of.kind, of.id)
	}
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// difference shows two texts from a little before the place where they part.
func difference(got, want string) string {
	const before, after = 40, 120
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	window := func(text string) string {
		part := strings.ToValidUTF8(text[max(0, at-before):min(len(text), at+after)], "")
		return "…" + part + "…"
	}
	return window(got) + " instead of " + window(want)
}
