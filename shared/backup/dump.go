package backup

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// chunk is the size of an object before compression, but for one large row.
const chunk = 32 << 20

// dump writes the rows of all tables, each table by one worker, the largest first.
type dump struct {
	vault    *Vault
	schema   *schema
	meter    *meter
	number   atomic.Int64 // of the last object
	mutex    sync.Mutex
	manifest *Manifest
}

func (d *dump) run(ctx context.Context, workers []*sql.Conn) error {
	order := make([]int, len(d.schema.Tables))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d.schema.sizes[b], d.schema.sizes[a]) })
	err := spread(ctx, len(workers), order, func(ctx context.Context, worker, i int) error {
		t := d.schema.Tables[i]
		if err := d.table(ctx, workers[worker], t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		return nil
	})
	slices.SortFunc(d.manifest.Tables, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.manifest.Objects[1:], func(a, b Object) int { return cmp.Compare(a.Name, b.Name) })
	return err
}

// spread hands each item to the next of n workers that is free; the first error ends them all.
func spread[T any](ctx context.Context, n int, items []T, work func(ctx context.Context, worker int, item T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for worker := range n {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(items) {
					return
				}
				if err := work(ctx, worker, items[i]); err != nil {
					cancel(err) // the first one stays
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// table writes the rows of one table. The savepoint lets go of the table afterwards: a change of its
// schema, and all that would wait behind that, must not wait for the end of the backup.
func (d *dump) table(ctx context.Context, c *sql.Conn, t table) error {
	if _, err := c.ExecContext(ctx, "SAVEPOINT one_table"); err != nil {
		return classify(err)
	}
	o := &output{dump: d, table: t}
	err := scan(ctx, c, t, func(values []sql.RawBytes) error { return o.row(ctx, values) })
	if err = errors.Join(err, o.flush()); err != nil {
		return err
	}
	d.mutex.Lock()
	d.manifest.Tables = append(d.manifest.Tables, Table{Name: t.Name, Rows: o.sum.rows, Sum: o.sum.String()})
	d.manifest.LargestValue = max(d.manifest.LargestValue, o.largest)
	d.mutex.Unlock()
	_, err = c.ExecContext(ctx, "ROLLBACK TO SAVEPOINT one_table")
	return classify(err)
}

// scan reads the rows of a table as they come.
func scan(ctx context.Context, c *sql.Conn, t table, each func([]sql.RawBytes) error) error {
	rows, err := c.QueryContext(ctx, t.query())
	if err != nil {
		return classify(err)
	}
	defer rows.Close()
	values := make([]sql.RawBytes, len(t.Columns))
	targets := make([]any, len(values))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if err := each(values); err != nil {
			return err
		}
	}
	return classify(rows.Err())
}

// output are the objects of one table, one after the other.
type output struct {
	dump    *dump
	table   table
	sum     sum
	largest int64
	writer  *writer
	before  int64 // rows in earlier objects
	scratch []byte
}

func (o *output) row(ctx context.Context, values []sql.RawBytes) error {
	for _, v := range values {
		o.largest = max(o.largest, int64(len(v)))
	}
	o.scratch = appendRow(o.scratch[:0], values)
	o.sum.add(o.scratch)
	if o.writer == nil {
		var err error
		if o.writer, err = o.dump.vault.newObject(ctx, o.dump.manifest.ID, fmt.Sprintf("rows-%06d", o.dump.number.Add(1))); err != nil {
			return err
		}
	}
	if _, err := o.writer.Write(o.scratch); err != nil {
		return space(err)
	}
	o.dump.meter.add(int64(len(o.scratch)))
	if o.writer.raw.n >= chunk {
		return o.flush()
	}
	return nil
}

// flush ends the object under way, if there is one.
func (o *output) flush() error {
	if o.writer == nil {
		return nil
	}
	object, err := o.writer.finish()
	object.Table, object.Rows = o.table.Name, o.sum.rows-o.before
	o.writer, o.before = nil, o.sum.rows
	o.dump.mutex.Lock()
	defer o.dump.mutex.Unlock()
	o.dump.manifest.Objects = append(o.dump.manifest.Objects, object)
	return err
}
