package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
)

// erasing is a round of one erasure.
type erasing struct {
	Erasure
	terms
	store  *Store
	passed engine.ID
	end    time.Time
}

// ofInstance are the rows of an instance that hold texts, by their id.
var textsOfInstance = []texts{
	{"workflow_task", []string{"id"}, []string{"name"}}, {"workflow_comment", []string{"id"}, []string{"text"}},
	{"workflow_attachment", []string{"id"}, []string{"name", "description", "url"}}, {"workflow_file", []string{"id"}, []string{"name"}},
	{"workflow_copy", []string{"username", "task_id"}, []string{"comment"}}, {"workflow_instance_link", []string{"instance_id", "other_id"}, []string{"comment"}},
	{"workflow_incident", []string{"id"}, []string{"message"}}, {"workflow_search_variable", []string{"instance_id", "name"}, []string{"value"}},
	{"workflow_batch_item", []string{"batch_id", "instance_id"}, []string{"message"}},
}

// textsElsewhere belong to no instance, or to one that may be gone.
var textsElsewhere = []texts{
	{"workflow_notification", []string{"id"}, []string{"title", "content"}}, {"workflow_delivery", []string{"id"}, []string{"reason", "event"}},
	{"workflow_dead_letter", []string{"id"}, []string{"reason", "content"}}, {"workflow_idempotency", []string{"principal", "idempotency_key"}, []string{"body"}},
	{"workflow_draft", []string{"id"}, []string{"name", "content"}}, {"workflow_template", []string{"id"}, []string{"name", "description", "content"}},
	{"workflow_saved_filter", []string{"id"}, []string{"name", "content"}}, {"workflow_delegation", []string{"id"}, []string{"reason"}},
	{"workflow_hold", []string{"id"}, []string{"reason"}}, {"sys_directory_run", []string{"id"}, []string{"report"}}, {"sys_phrase", []string{"user_id"}, []string{"phrases"}},
}

// texts are columns of a table, plain texts or JSON, and the key by which a row is found.
type texts struct {
	table        string
	key, columns []string
}

// erasePage is how many instances are looked through at once.
const erasePage = 50

// instances looks through the instances behind passed, and reports whether that were all.
func (x *erasing) instances(ctx context.Context) (bool, error) {
	if len(x.list) == 0 {
		return true, nil
	}
	for time.Now().Before(x.end) {
		rows, err := x.store.DB.Query(ctx, `SELECT id, state, body, IFNULL(summary, ''), IFNULL(business_key, '') FROM workflow_instance WHERE id > ? ORDER BY id LIMIT ?`, x.passed[:], erasePage)
		page, err := collect(rows, err, into((*erasable).fields))
		if err != nil || len(page) == 0 {
			return err == nil, err
		}
		if err := x.page(ctx, page); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (x *erasing) page(ctx context.Context, page []erasable) error {
	if err := x.mark(ctx, page); err != nil {
		return err
	}
	for _, in := range page {
		if in.found {
			if err := x.instance(ctx, in); err != nil {
				return fmt.Errorf("instance %s: %w", in.id, err)
			}
		}
		x.passed = in.id
	}
	return nil
}

// erasable is an instance that is looked at.
type erasable struct {
	id                   engine.ID
	state                int
	body                 []byte
	summary, businessKey string
	found                bool
}

func (e *erasable) fields() []any {
	return []any{&e.id, &e.state, &e.body, &e.summary, &e.businessKey}
}

// mark finds out which instances of a page hold something.
func (x *erasing) mark(ctx context.Context, page []erasable) error {
	hit := map[engine.ID]bool{}
	ids := make([]engine.ID, len(page))
	for i, in := range page {
		ids[i] = in.id
		raw, err := x.store.codec.expand(in.body)
		if err != nil {
			return err
		}
		hit[in.id] = x.in(raw) || x.in([]byte(in.summary)) || x.in([]byte(in.businessKey))
	}
	if err := x.markHistory(ctx, ids, hit); err != nil {
		return err
	}
	for _, t := range textsOfInstance {
		where, arguments := t.holds(x.list)
		rows, err := x.store.DB.Query(ctx, `SELECT DISTINCT instance_id FROM `+t.table+byIDsOf("instance_id", len(ids))+` AND (`+where+`)`, append(arguments16(ids), arguments...)...)
		found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
		if err != nil {
			return err
		}
		for _, id := range found {
			hit[id] = true
		}
	}
	for i := range page {
		page[i].found = hit[page[i].id]
	}
	return nil
}

func (x *erasing) markHistory(ctx context.Context, ids []engine.ID, hit map[engine.ID]bool) error {
	rows, err := x.store.DB.Query(ctx, `SELECT instance_id, changes FROM workflow_history`+byIDsOf("instance_id", len(ids)), arguments16(ids)...)
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var id engine.ID
		var stored []byte
		if err := rows.Scan(&id, &stored); err != nil {
			return struct{}{}, err
		}
		raw, err := x.store.codec.expand(stored)
		hit[id] = hit[id] || x.in(raw)
		return struct{}{}, err
	})
	return err
}

// holds is the condition that a row holds one of the terms, as it is or as JSON has it.
func (t texts) holds(list []term) (string, []any) {
	var conditions []string
	var arguments []any
	for _, column := range t.columns {
		for _, x := range list {
			conditions = append(conditions, `INSTR(`+column+`, ?) > 0 OR INSTR(`+column+`, ?) > 0`)
			arguments = append(arguments, x.Text, string(x.quoted()))
		}
	}
	return strings.Join(conditions, " OR "), arguments
}

// instance erases in one instance that has ended, in one transaction; one that runs or is held waits.
func (x *erasing) instance(ctx context.Context, in erasable) error {
	if !instanceStates[in.state].Ended() {
		x.Waiting++
		return nil
	}
	err := x.store.DB.InTx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT id, state, body, IFNULL(summary, ''), IFNULL(business_key, '') FROM workflow_instance WHERE id = ? FOR UPDATE`, in.id[:]).Scan(in.fields()...)
		if err != nil {
			return err
		}
		if err := checkHold(ctx, tx, instanceHeld, in.id, ErrHeld); err != nil {
			return err
		}
		seen, err := x.state(ctx, tx, in)
		if err != nil {
			return err
		}
		for _, t := range textsOfInstance {
			if err := seen.rewrite(ctx, tx, t, ` WHERE instance_id = ?`, in.id[:]); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, sql.ErrNoRows): // it was deleted meanwhile
		return nil
	case errors.Is(err, ErrHeld):
		x.Waiting++
		return nil
	}
	x.Changed++
	return err
}

// past is a row of the history as it is rewritten.
type past struct {
	seq           int64
	changes       []byte // expanded
	before, after []engine.Change
}

// state rewrites the history of an instance and its state, and returns the terms that are looked for in its other rows.
func (x *erasing) state(ctx context.Context, tx *sql.Tx, in erasable) (terms, error) {
	body, err := x.store.codec.expand(in.body)
	if err != nil {
		return terms{}, err
	}
	steps, err := x.past(ctx, tx, in.id)
	if err != nil {
		return terms{}, err
	}
	documents := [][]byte{body}
	for _, p := range steps {
		documents = append(documents, p.changes)
	}
	seen := x.among(documents...)
	for i := range steps {
		if err := x.step(ctx, tx, in.id, seen, &steps[i]); err != nil {
			return seen, err
		}
	}
	stored, err := x.body(seen, body, steps)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE workflow_instance SET body = ?, summary = NULLIF(?, ''), business_key = NULLIF(?, '') WHERE id = ?`,
			stored, seen.replace(in.summary), seen.replace(in.businessKey), in.id[:])
	}
	return seen, err
}

// past reads the history of an instance.
func (x *erasing) past(ctx context.Context, tx *sql.Tx, id engine.ID) ([]past, error) {
	rows, err := tx.QueryContext(ctx, `SELECT seq, changes FROM workflow_history WHERE instance_id = ? ORDER BY seq`, id[:])
	return collect(rows, err, func(rows *sql.Rows) (past, error) {
		var p past
		var stored []byte
		if err := rows.Scan(&p.seq, &stored); err != nil {
			return p, err
		}
		raw, err := x.store.codec.expand(stored)
		p.changes = bytes.Clone(raw)
		return p, err
	})
}

// step rewrites one row of the history where it holds something.
func (x *erasing) step(ctx context.Context, tx *sql.Tx, id engine.ID, seen terms, p *past) error {
	raw, err := seen.document(p.changes, false)
	if err = errors.Join(err, json.Unmarshal(p.changes, &p.before), json.Unmarshal(raw, &p.after)); err != nil || !seen.in(p.changes) {
		return err
	}
	stored, err := x.store.codec.encode(p.after)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE workflow_history SET changes = ? WHERE instance_id = ? AND seq = ?`, stored, id[:], p.seq)
	}
	return err
}

// body returns the new state: that of the new history where the old state is that of the old one.
func (x *erasing) body(seen terms, body []byte, steps []past) ([]byte, error) {
	var before, after [][]engine.Change
	for _, p := range steps {
		before, after = append(before, p.before), append(after, p.after)
	}
	if replayed, err := engine.Replay(before); err == nil {
		if raw, err := json.Marshal(replayed); err == nil && bytes.Equal(raw, body) {
			in, err := engine.Replay(after)
			if err != nil {
				return nil, err
			}
			return x.store.codec.encode(in)
		}
	}
	raw, err := seen.document(body, false)
	in := &engine.Instance{}
	if err = errors.Join(err, json.Unmarshal(raw, in)); err != nil {
		return nil, err
	}
	return x.store.codec.encode(in)
}

// rewrite replaces the terms in the rows of a table that where finds. A row that somebody changes meanwhile stays as he
// has written it.
func (t terms) rewrite(ctx context.Context, tx *sql.Tx, of texts, where string, arguments ...any) error {
	if len(t.list) == 0 {
		return nil
	}
	condition, looked := of.holds(t.list)
	text := `SELECT ` + strings.Join(append(slices.Clone(of.key), of.columns...), ", ") + ` FROM ` + of.table + where + ` AND (` + condition + `)` //nolint:gosec // names of the product's own tables and columns
	rows, err := tx.QueryContext(ctx, text, append(arguments, looked...)...)
	found, err := collect(rows, err, func(rows *sql.Rows) ([][]byte, error) {
		values, into := make([][]byte, len(of.key)+len(of.columns)), make([]any, len(of.key)+len(of.columns))
		for i := range values {
			into[i] = &values[i]
		}
		return values, rows.Scan(into...)
	})
	if err != nil {
		return err
	}
	for _, row := range found {
		if err := t.rewriteRow(ctx, tx, of, row); err != nil {
			return fmt.Errorf("%s: %w", of.table, err)
		}
	}
	return nil
}

func (t terms) rewriteRow(ctx context.Context, tx *sql.Tx, of texts, row [][]byte) error {
	for i, column := range of.columns {
		old := row[len(of.key)+i]
		if old == nil || !t.in(old) {
			continue
		}
		changed, err := t.document(old, true)
		if err != nil {
			return err
		}
		arguments := []any{string(changed)}
		text := `UPDATE ` + of.table + ` SET ` + column + ` = ? WHERE ` //nolint:gosec // as above
		for n, key := range of.key {
			text += key + ` = ? AND `
			arguments = append(arguments, row[n])
		}
		text += column + ` = ?`
		if _, err := tx.ExecContext(ctx, text, append(arguments, string(old))...); err != nil {
			return err
		}
	}
	return nil
}

// elsewhere erases in what belongs to no instance. A term that a namesake has, too, is not looked for there.
func (x *erasing) elsewhere(ctx context.Context) error {
	alone := x.among()
	for _, t := range textsElsewhere {
		if err := x.store.DB.InTx(ctx, func(tx *sql.Tx) error { return alone.rewrite(ctx, tx, t, ` WHERE 1 = 1`) }); err != nil {
			return err
		}
	}
	for _, c := range []struct{ table, column string }{{"workflow_evaluation", "made"}, {"workflow_batch", "request"}} {
		if err := x.packed(ctx, alone, c.table, c.column); err != nil {
			return fmt.Errorf("%s: %w", c.table, err)
		}
	}
	return nil
}

// packed erases in a column of documents as the codec writes them.
func (x *erasing) packed(ctx context.Context, seen terms, table, column string) error {
	for after := (engine.ID{}); ; {
		values, err := x.store.SealedValues(ctx, SealedColumn{table, column}, after, 10*erasePage)
		if err != nil || len(values) == 0 {
			return err
		}
		after = values[len(values)-1].ID
		for _, v := range values {
			if err := x.unpack(ctx, seen, `UPDATE `+table+` SET `+column+` = ? WHERE id = ? AND `+column+` = ?`, v); err != nil {
				return err
			}
		}
	}
}

// unpack erases in one document, unless somebody changes it meanwhile.
func (x *erasing) unpack(ctx context.Context, seen terms, text string, v SealedValue) error {
	raw, err := x.store.codec.expand(v.Sealed)
	if err != nil || !seen.in(raw) {
		return err
	}
	changed, err := seen.document(raw, true)
	if err != nil {
		return err
	}
	stored, err := x.store.codec.encode(json.RawMessage(changed))
	if err != nil {
		return err
	}
	return x.store.DB.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, text, stored, v.ID[:], v.Sealed)
		return err
	})
}
