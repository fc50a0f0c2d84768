package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Latest is the name of the newest backup that has everything it lists.
const Latest = "latest"

// Verify reads all of a backup, or of Latest: the signature of its manifest, the size and the checksum of each
// object, what decryption and decompression say, and whether the rows of each table are those that were
// read from the database. ErrNotFound, ErrPartial, ErrMissing, ErrDamaged, ErrWrongKey, ErrNoKey, ErrNewer and
// ErrUnencrypted say what is wrong with it, and where.
func (v *Vault) Verify(ctx context.Context, id string, tell Progress) (Manifest, error) {
	m, err := v.find(ctx, id)
	if err != nil {
		return m, err
	}
	_, err = v.verify(ctx, m, newMeter(tell, m.Bytes()))
	return m, err
}

// find reads the manifest of a backup by its name or as Latest.
func (v *Vault) find(ctx context.Context, id string) (Manifest, error) {
	if id != Latest {
		m, err := v.read(ctx, id)
		if err != nil {
			err = fmt.Errorf("backup %s: %w", id, err)
		} else if m.Increment != nil {
			err = fmt.Errorf("%s is an increment; name the full backup that it goes on from: %w", id, ErrNotFound)
		}
		return m, err
	}
	entries, err := v.List(ctx)
	if err != nil {
		return Manifest{}, err
	}
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.State == Whole })
	switch {
	case len(entries) == 0:
		return Manifest{}, ErrNotFound.Withf("There is no backup in %s.", v.place)
	case i < 0:
		newest := entries[0]
		return Manifest{}, ErrNotFound.Withf("There is no whole backup in %s. The newest, %s, is %s: %s", v.place, newest.ID, newest.State, newest.Problem)
	}
	return *entries[i].Manifest, nil
}

func (v *Vault) verify(ctx context.Context, m Manifest, meter *meter) (*schema, error) {
	text, err := v.readText(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("backup %s: %w", m.ID, err)
	}
	meter.add(m.Objects[0].Bytes)
	sums := tally{byTable: map[string]sum{}}
	err = spread(ctx, workers(), m.Objects[1:], func(ctx context.Context, _ int, o Object) error {
		got, err := v.rows(ctx, m, o, text, func([][]byte) error { return nil })
		if err != nil {
			return err
		}
		meter.add(o.Bytes)
		sums.add(o.Table, got)
		return nil
	})
	if err == nil && !v.planted.noChecksum {
		err = sums.check(m.Tables, ErrDamaged)
	}
	if err != nil {
		return nil, fmt.Errorf("backup %s: %w", m.ID, err)
	}
	return text, nil
}

// readText reads the object that holds the schema.
func (v *Vault) readText(ctx context.Context, m Manifest) (*schema, error) {
	r, err := v.openObject(ctx, m, m.Objects[0])
	if err != nil {
		return nil, err
	}
	var text schema
	if err := r.finish(json.NewDecoder(r).Decode(&text)); err != nil {
		return nil, err
	}
	same := slices.EqualFunc(text.Tables, m.Tables, func(a table, b Table) bool { return a.Name == b.Name })
	if !same && !v.planted.noChecksum {
		return nil, fmt.Errorf("the schema has other tables than the manifest: %w", ErrDamaged)
	}
	return &text, nil
}

// rows reads the rows of one object, and returns their sum once all of the object is known to be right.
func (v *Vault) rows(ctx context.Context, m Manifest, o Object, text *schema, each func([][]byte) error) (sum, error) {
	var got sum
	i := slices.IndexFunc(text.Tables, func(t table) bool { return t.Name == o.Table })
	if i < 0 {
		return got, fmt.Errorf("object %s: there is no table %q: %w", o.Name, o.Table, ErrDamaged)
	}
	r, err := v.openObject(ctx, m, o)
	if err != nil {
		return got, err
	}
	rows := newRowReader(r, len(text.Tables[i].Columns))
	for ctx.Err() == nil && err == nil {
		var values [][]byte
		if values, err = rows.next(); err == nil {
			got.addValues(values)
			err = each(values)
		}
	}
	if ctx.Err() != nil {
		return got, errors.Join(ctx.Err(), r.finish(ctx.Err()))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err = r.finish(err); err != nil {
		return got, err
	}
	if got.rows != o.Rows && !v.planted.noChecksum {
		return got, fmt.Errorf("object %s: %d rows of %d: %w", o.Name, got.rows, o.Rows, ErrDamaged)
	}
	return got, nil
}

// tally adds up the rows of tables.
type tally struct {
	mutex   sync.Mutex
	byTable map[string]sum
}

func (t *tally) add(table string, s sum) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	all := t.byTable[table]
	all.join(s)
	t.byTable[table] = all
}

// check holds the sums against what the tables should have.
func (t *tally) check(want []Table, otherwise error) error {
	for _, table := range want {
		got := t.byTable[table.Name]
		if got.rows != table.Rows {
			return fmt.Errorf("table %s: %d rows of %d: %w", table.Name, got.rows, table.Rows, otherwise)
		}
		if got.String() != table.Sum {
			return fmt.Errorf("table %s: its rows are others: %w", table.Name, otherwise)
		}
	}
	return nil
}
