package store

import (
	"slices"
	"strings"

	"diom.io/workflow/shared/engine"
)

// turnover is what a step makes of an instance's rows of one kind: which are new, and which of the
// earlier ones are over. What was created and ended within the step is in neither list.
type turnover struct{ created, ended []engine.ID }

func (t *turnover) create(id engine.ID) { t.created = append(t.created, id) }

func (t *turnover) end(id engine.ID) {
	if n := slices.Index(t.created, id); n >= 0 {
		t.created = slices.Delete(t.created, n, n+1)
		return
	}
	t.ended = append(t.ended, id)
}

// insert adds one INSERT of rows, if there are any. text ends with VALUES, tail follows the rows. The
// first value of a row is one of a NOT NULL column: it carries the guard.
func (w *writer) insert(text string, rows [][]any, tail string) {
	if len(rows) == 0 {
		return
	}
	var values strings.Builder
	arguments := make([]any, 0, len(rows)*len(rows[0]))
	for i, row := range rows {
		if i > 0 {
			values.WriteString(", ")
		}
		values.WriteString("(" + w.guard() + strings.Repeat(", ?", len(row)-1) + ")")
		arguments = append(arguments, row...)
	}
	w.batch.Add(text+values.String()+tail, arguments...)
}

// change adds one UPDATE of the rows with the ids, if there are any; text ends before WHERE.
func (w *writer) change(text string, ids []engine.ID, arguments ...any) {
	if len(ids) > 0 {
		w.closeGuard()
		w.batch.Add(text+byIDs(len(ids)), append(arguments, arguments16(ids)...)...)
	}
}

// remove adds one DELETE of the rows with the ids, if there are any. Several are looked up one by one:
// for id IN (…) MariaDB reads a small table whole, and locks it.
func (w *writer) remove(table string, ids []engine.ID) {
	switch len(ids) {
	case 0:
		return
	case 1:
		w.closeGuard()
		w.batch.Add(`DELETE FROM `+table+` WHERE id = ?`, ids[0][:])
	default:
		w.closeGuard()
		w.batch.Add(removal(table, len(ids)), arguments16(ids)...)
	}
}

func removal(table string, n int) string {
	return `DELETE r FROM (SELECT ? AS id` + strings.Repeat(` UNION ALL SELECT ?`, n-1) + `) k STRAIGHT_JOIN ` + table + ` r ON r.id = k.id`
}

// suspension sets or clears the flag of every row that a poller or a sender of messages looks for, by
// the ids of the state: a condition on the instance would lock the gaps in which others insert.
func (w *writer) suspension() {
	if w.Before == nil {
		return // its rows are written as they are to be
	}
	for i := range w.Changes {
		kind := w.Changes[i].Kind
		if kind != engine.InstanceSuspended && kind != engine.InstanceResumed {
			continue
		}
		suspended := kind == engine.InstanceSuspended
		w.change(`UPDATE workflow_job`+byPrimary+` SET suspended = ?`, ids(w.Before.Jobs, func(j engine.Job) engine.ID { return j.ID }), suspended)
		w.change(`UPDATE workflow_timer`+byPrimary+` SET suspended = ?`, ids(w.Before.Timers, func(t engine.Timer) engine.ID { return t.ID }), suspended)
		w.change(`UPDATE workflow_subscription`+byPrimary+` SET suspended = ?`, ids(w.Before.Subscriptions, func(s engine.Subscription) engine.ID { return s.ID }), suspended)
	}
}

func (w *writer) suspended() bool { return w.After.State == engine.Suspended }

func ids[T any](items []T, id func(T) engine.ID) []engine.ID {
	list := make([]engine.ID, 0, len(items))
	for _, item := range items {
		list = append(list, id(item))
	}
	return list
}

// byIDs is a condition on n ids.
func byIDs(n int) string { return ` WHERE id IN (` + placeholders(n) + `)` }

// arguments16 turns ids into arguments: 16 bytes each.
func arguments16(ids []engine.ID) []any {
	list := make([]any, 0, len(ids))
	for i := range ids {
		list = append(list, ids[i][:])
	}
	return list
}
