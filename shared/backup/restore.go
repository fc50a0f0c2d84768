package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Restore copies a backup, or Latest, into an empty database: everything is verified before the first write,
// and once more while it is read; then each table is compared, row by row, with what the backup says. Routines,
// views, triggers and events come after the rows, and the record of the migrations at the very end: a database
// whose restore was cut off is one that the product refuses (schema_outdated).
//
// It needs all rights on the database, and for what another account has defined SET USER (MySQL:
// SET_ANY_DEFINER). Errors: those of Verify, ErrNotEmpty, ErrRights, ErrPacket, ErrDiffers, ErrRunning.
func (v *Vault) Restore(ctx context.Context, id string, to Database, tell Progress) (Manifest, error) {
	m, err := v.find(ctx, id)
	if err != nil {
		return m, err
	}
	s, err := connect(ctx, to, loadMode)
	if err != nil {
		return m, err
	}
	return m, errors.Join(v.restore(ctx, s, m, nil, newMeter(tell, 2*m.Bytes())), s.Close())
}

// restore copies a full backup, and then carries out what later does, if that is not nil.
func (v *Vault) restore(ctx context.Context, s *server, m Manifest, later *journey, meter *meter) error {
	lead, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer s.release(lead)
	if err := s.claim(ctx, lead); err != nil {
		return err
	}
	if err := s.isEmpty(ctx, lead); err != nil {
		return err
	}
	if err := takes(ctx, lead, m.LargestValue); err != nil {
		return err
	}
	text, err := v.verify(ctx, m, meter)
	if err != nil {
		return err
	}
	workers, err := s.sessions(ctx, workers())
	if err != nil {
		return err
	}
	defer closeAll(workers)
	r := &restoration{vault: v, server: s, manifest: m, schema: text, lead: lead, workers: workers, meter: meter, later: later}
	if err := r.run(ctx); err != nil {
		return fmt.Errorf("the database %s is incomplete, make it anew before the next attempt: %w", s.name, err)
	}
	return nil
}

// isEmpty returns ErrNotEmpty with the name of something that is there.
func (s *server) isEmpty(ctx context.Context, c *sql.Conn) error {
	rows, err := texts(ctx, c, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "+
		"UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() "+
		"UNION ALL SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE() LIMIT 1")
	if err == nil && len(rows) > 0 {
		err = fmt.Errorf("database %s holds %s: %w", s.name, rows[0][0], ErrNotEmpty)
	}
	return err
}

// takes reports whether the server takes a value of so many bytes.
func takes(ctx context.Context, c *sql.Conn, largest int64) error {
	rows, err := texts(ctx, c, "SELECT @@max_allowed_packet")
	if err != nil {
		return err
	}
	if packet, err := strconv.ParseInt(rows[0][0], 10, 64); err != nil || packet < largest {
		return fmt.Errorf("max_allowed_packet is %s, the largest value has %d bytes: %w", rows[0][0], largest, ErrPacket)
	}
	return nil
}

// restoration is a restore under way.
type restoration struct {
	vault    *Vault
	server   *server
	manifest Manifest
	schema   *schema
	lead     *sql.Conn
	workers  []*sql.Conn
	meter    *meter
	later    *journey // nil where the backup is all
}

func (r *restoration) run(ctx context.Context) error {
	if err := r.tables(ctx); err != nil {
		return err
	}
	// Until the record of the migrations is there, the product takes the database for none of its own.
	isRecord := func(table string) bool { return table == migrationTable }
	if err := r.fill(ctx, func(table string) bool { return !isRecord(table) }); err != nil {
		return err
	}
	if err := r.routines(ctx); err != nil {
		return err
	}
	if r.later == nil {
		return r.fill(ctx, isRecord)
	}
	if err := r.later.carryOut(ctx, r.server, func(table string) bool { return !isRecord(table) }); err != nil {
		return err
	}
	if err := r.fill(ctx, isRecord); err != nil {
		return err
	}
	return r.later.carryOut(ctx, r.server, isRecord)
}

// tables makes the tables, empty.
func (r *restoration) tables(ctx context.Context) error {
	if r.server.isMariaDB() { // a row may be older than the CHECK that would refuse it
		for _, c := range r.workers {
			if err := exec(ctx, c, "SET SESSION check_constraint_checks = 0"); err != nil {
				return err
			}
		}
	}
	if err := r.collate(ctx, r.lead, r.schema.Collation); err != nil {
		return err
	}
	for _, t := range r.schema.Tables {
		if err := exec(ctx, r.lead, string(t.Create)); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

// fill writes the rows of some tables, and reads them back.
func (r *restoration) fill(ctx context.Context, which func(table string) bool) error {
	var objects []Object
	for _, o := range r.manifest.Objects[1:] {
		if which(o.Table) {
			objects = append(objects, o)
		}
	}
	if err := r.load(ctx, objects); err != nil {
		return err
	}
	return r.compare(ctx, which)
}

func exec(ctx context.Context, c *sql.Conn, statement string) error {
	_, err := c.ExecContext(ctx, statement)
	return classify(err)
}

var word = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// collate makes a collation that of the database, for the session also that of routines that it makes.
func (r *restoration) collate(ctx context.Context, c *sql.Conn, collation string) error {
	if !word.MatchString(collation) {
		return fmt.Errorf("collation %q: %w", collation, ErrDamaged)
	}
	return exec(ctx, c, "ALTER DATABASE "+name(r.server.name)+" COLLATE "+collation)
}

// compare holds the rows of some tables against the sums of the manifest.
func (r *restoration) compare(ctx context.Context, which func(table string) bool) error {
	var tables []table
	for _, t := range r.schema.Tables {
		if which(t.Name) {
			tables = append(tables, t)
		}
	}
	sums := tally{byTable: map[string]sum{}}
	err := spread(ctx, len(r.workers), tables, func(ctx context.Context, worker int, t table) error {
		var got sum
		var scratch []byte
		err := scan(ctx, r.workers[worker], t, func(values []sql.RawBytes) error {
			scratch = appendRow(scratch[:0], values)
			got.add(scratch)
			return nil
		})
		sums.add(t.Name, got)
		return err
	})
	if err != nil {
		return err
	}
	want := slices.DeleteFunc(slices.Clone(r.manifest.Tables), func(t Table) bool { return !which(t.Name) })
	return sums.check(want, ErrDiffers)
}
