package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cenkalti/backoff/v5"

	"diom.io/workflow/shared/database"
)

const (
	// A statement holds so many rows and about so many bytes, but for one larger row.
	batchRows  = 1000
	batchBytes = 1 << 20

	// So often an object is tried when it comes into conflict with others of its table.
	loadAttempts = 8
)

// load writes the rows of objects, a transaction each.
func (r *restoration) load(ctx context.Context, objects []Object) error {
	return spread(ctx, len(r.workers), objects, func(ctx context.Context, worker int, o Object) error {
		_, err := backoff.Retry(ctx, func() (struct{}, error) {
			err := r.loadObject(ctx, r.workers[worker], o)
			if err != nil && !errors.Is(err, database.ErrContention) {
				err = backoff.Permanent(err)
			}
			return struct{}{}, err
		}, backoff.WithMaxTries(loadAttempts))
		if err != nil {
			return fmt.Errorf("table %s: %w", o.Table, err)
		}
		r.meter.add(o.Bytes)
		return nil
	})
}

func (r *restoration) loadObject(ctx context.Context, c *sql.Conn, o Object) error {
	i := slices.IndexFunc(r.schema.Tables, func(t table) bool { return t.Name == o.Table })
	if i < 0 {
		return ErrDamaged
	}
	if err := exec(ctx, c, "START TRANSACTION"); err != nil {
		return err
	}
	b := &batch{conn: c, table: r.schema.Tables[i], insert: r.schema.Tables[i].insert(), place: r.schema.Tables[i].row()}
	_, err := r.vault.rows(ctx, r.manifest, o, r.schema, func(values [][]byte) error { return b.add(ctx, values) })
	if err == nil {
		err = b.flush(ctx)
	}
	if err != nil { // nothing of a damaged object stays
		return errors.Join(err, exec(context.WithoutCancel(ctx), c, "ROLLBACK"))
	}
	return exec(ctx, c, "COMMIT")
}

// batch collects rows for one INSERT.
type batch struct {
	conn          *sql.Conn
	table         table
	insert, place string
	rows          int
	bytes         []byte
	arguments     []any
}

func (b *batch) add(ctx context.Context, values [][]byte) error {
	size := 0
	for _, v := range values {
		size += len(v)
	}
	if b.rows == batchRows || (b.rows > 0 && len(b.bytes)+size > batchBytes) {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	for i, column := range b.table.Columns {
		raw := values[i]
		if raw != nil { // the reader uses its own again for the next row
			at := len(b.bytes)
			b.bytes = append(b.bytes, raw...)
			raw = b.bytes[at:len(b.bytes):len(b.bytes)]
		}
		argument, err := column.value(raw)
		if err != nil {
			return err
		}
		b.arguments = append(b.arguments, argument)
	}
	b.rows++
	return nil
}

// flush writes what has been collected. The driver puts the values into the text; a row for which that
// would be too long is prepared, and its values are sent piece by piece.
func (b *batch) flush(ctx context.Context) error {
	if b.rows == 0 {
		return nil
	}
	text := b.insert + strings.TrimSuffix(strings.Repeat(b.place+", ", b.rows), ", ") //nolint:gosec // quoted names
	_, err := b.conn.ExecContext(ctx, text, b.arguments...)
	b.rows, b.bytes, b.arguments = 0, b.bytes[:0], b.arguments[:0]
	return classify(err)
}

// routines makes everything that is a text, in a session like the one that it was made in.
func (r *restoration) routines(ctx context.Context) error {
	c, err := r.server.session(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, list := range [][]routine{r.schema.Routines, r.schema.Views, r.schema.Triggers, r.schema.Events} {
		if err := r.makeAll(ctx, c, list); err != nil {
			return err
		}
	}
	if err := r.collate(ctx, c, r.schema.Collation); err != nil {
		return err
	}
	made, err := r.server.readSchema(ctx, r.lead)
	if err != nil {
		return err
	}
	if got, want := made.names(), r.schema.names(); !slices.Equal(got, want) {
		return fmt.Errorf("the database has %q, the backup %q: %w", got, want, ErrDiffers)
	}
	return nil
}

// makeAll makes them in turn, and those that need one that is not there yet after it: a view may read
// another one.
func (r *restoration) makeAll(ctx context.Context, c *sql.Conn, list []routine) error {
	for len(list) > 0 {
		var later []routine
		var missing error
		for _, one := range list {
			err := r.make(ctx, c, one)
			if isError(err, errUnknownTable, errInvalidView, errUnknownFunction) {
				later, missing = append(later, one), err
				continue
			}
			if err != nil {
				return fmt.Errorf("%s %s: %w", strings.ToLower(one.Kind), one.Name, err)
			}
		}
		if len(later) == len(list) {
			return fmt.Errorf("%s %s: %w", strings.ToLower(later[0].Kind), later[0].Name, missing)
		}
		list = later
	}
	return nil
}

func (r *restoration) make(ctx context.Context, c *sql.Conn, one routine) error {
	if !word.MatchString(one.Client) || !word.MatchString(one.Collation) {
		return ErrDamaged
	}
	if one.Database != "" {
		if err := r.collate(ctx, c, one.Database); err != nil {
			return err
		}
	}
	zone := "+00:00"
	if one.TimeZone != "" {
		zone = one.TimeZone
	}
	if _, err := c.ExecContext(ctx, "SET SESSION sql_mode = ?, time_zone = ?", one.Mode, zone); err != nil {
		return classify(err)
	}
	if err := exec(ctx, c, "SET SESSION character_set_client = "+one.Client+", collation_connection = "+one.Collation); err != nil {
		return err
	}
	return exec(ctx, c, string(one.Create))
}
