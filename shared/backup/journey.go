package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// journey leads from a full backup to a point in time.
type journey struct {
	vault   *Vault
	full    Manifest
	links   []Manifest // increments, oldest first
	missing string     // the increment that the log goes on with after a gap, "" where there is none
	after   position
	end     position // of the last increment before a gap
	stop    position
	point   Point
	meter   *meter
	reached Reached
}

// RestoreAt restores the newest full backup from before a point in time, or the one of that name, into an empty
// database, and carries out what its increments hold up to the point. All of that is verified before the first write.
// Beside the rights for Restore it needs BINLOG REPLAY. Errors: also ErrNotReached, ErrUnsupported.
func (v *Vault) RestoreAt(ctx context.Context, id string, point Point, to Database, tell Progress) (Manifest, Reached, error) {
	j, err := v.plan(ctx, id, point)
	if err != nil {
		return Manifest{}, Reached{}, err
	}
	total := 2 * j.full.Bytes()
	for _, m := range j.links {
		total += 3 * m.Bytes() // verified, and carried out in two passes
	}
	j.meter = newMeter(tell, total)
	if err := j.verify(ctx); err != nil {
		return j.full, Reached{}, err
	}
	s, err := connect(ctx, to, loadMode)
	if err != nil {
		return j.full, Reached{}, err
	}
	err = errors.Join(v.restore(ctx, s, j.full, j, j.meter), s.Close())
	return j.full, j.reached, err
}

// VerifyLog reads all increments that go on from a full backup, or from Latest, and returns how far they reach. missing
// names the increment that comes after a gap, if there is one.
func (v *Vault) VerifyLog(ctx context.Context, id string, tell Progress) (reached Reached, missing string, err error) {
	j, err := v.plan(ctx, id, Point{})
	if err != nil {
		return reached, "", err
	}
	var total int64
	for _, m := range j.links {
		total += m.Bytes()
	}
	j.meter = newMeter(tell, total)
	missing, j.missing = j.missing, ""
	err = j.verify(ctx)
	return j.reached, missing, err
}

// plan finds the full backup to begin with and the increments that lead on from it.
func (v *Vault) plan(ctx context.Context, id string, point Point) (*journey, error) {
	stop, err := parsePosition(point.GTID)
	if err != nil {
		return nil, ErrNotReached.Withf("%s.", err)
	}
	if len(stop) > 1 {
		return nil, ErrNotReached.Withf("A point in time is one transaction, not %d.", len(stop))
	}
	full, err := v.startOf(ctx, id, point, stop)
	if err != nil {
		return nil, err
	}
	j := &journey{vault: v, full: full, point: point, stop: stop}
	if j.after, err = parsePosition(full.Snapshot.GTID); err != nil {
		return nil, err
	}
	if j.end = j.after; full.Snapshot.GTID == "" {
		return j, nil
	}
	log, err := v.log(ctx, full.Database)
	if err != nil {
		return nil, err
	}
	j.links, j.end, j.missing, err = chain(j.after, log)
	return j, err
}

// isBefore reports whether a full backup has nothing from after a point.
func isBefore(m Manifest, point Point, stop position) bool {
	held, err := parsePosition(m.Snapshot.GTID)
	if err != nil || !point.Time.IsZero() && m.Started.After(point.Time) {
		return false
	}
	for domain, t := range stop {
		if held[domain].sequence > t.sequence {
			return false
		}
	}
	return true
}

// startOf finds the full backup that a restore begins with.
func (v *Vault) startOf(ctx context.Context, id string, point Point, stop position) (Manifest, error) {
	before := func(m Manifest) bool { return isBefore(m, point, stop) }
	if id != Latest || point == (Point{}) {
		m, err := v.find(ctx, id)
		if err == nil && !before(m) {
			err = fmt.Errorf("backup %s is of a later time: %w", id, ErrNotReached)
		}
		return m, err
	}
	entries, err := v.List(ctx)
	if err != nil {
		return Manifest{}, err
	}
	i := slices.IndexFunc(entries, func(e Entry) bool {
		return e.State == Whole && e.Manifest.Environment == v.settings.Environment && before(*e.Manifest)
	})
	if i < 0 {
		return Manifest{}, fmt.Errorf("no full backup is from before that: %w", ErrNotReached)
	}
	return *entries[i].Manifest, nil
}

// verify reads what would be carried out, and whether it leads to the point.
func (j *journey) verify(ctx context.Context) error {
	done, err := j.travel(ctx, nil, nil)
	switch {
	case err != nil:
		return err
	case !done && len(j.stop) > 0 && j.end.covers(j.stop): // it was of another database
		return nil
	case !done && len(j.stop) > 0:
		return fmt.Errorf("the transaction %s is in no backup: %w", j.point.GTID, ErrNotReached)
	case !done && j.missing != "":
		return fmt.Errorf("a part of the binary log is missing before %s: %w", j.missing, ErrNotReached)
	}
	return nil
}

// carryOut carries out in a database what concerns some of its tables; those of the schema go with all that are
// called by no name.
func (j *journey) carryOut(ctx context.Context, s *server, which func(table string) bool) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := exec(ctx, c, "START TRANSACTION"); err != nil {
		return err
	}
	if _, err := j.travel(ctx, c, &replay{target: s.name, tables: which}); err != nil {
		return err
	}
	return exec(ctx, c, "COMMIT")
}

// travel reads the increments up to the point, and carries them out where there is a session; done says whether
// the point was seen.
func (j *journey) travel(ctx context.Context, c *sql.Conn, r *replay) (done bool, err error) {
	if r == nil {
		r = &replay{}
	}
	r.vault, r.conn, r.source, r.after, r.point, r.stop, r.meter = j.vault, c, j.full.Database, j.after, j.point, j.stop, j.meter
	if t := j.stop; len(t) > 0 && j.after.covers(t) { // the full backup ends there
		return true, nil
	}
	for _, m := range j.links {
		for _, o := range m.Objects {
			if r.done {
				break
			}
			if err := r.object(ctx, m, o); err != nil {
				return false, fmt.Errorf("increment %s: %w", m.ID, err)
			}
		}
		if r.current.open && !r.done {
			return false, fmt.Errorf("increment %s: it ends within a transaction: %w", m.ID, ErrDamaged)
		}
	}
	j.reached = r.last
	return r.done, nil
}
