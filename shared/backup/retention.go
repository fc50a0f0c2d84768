package backup

import (
	"context"
	"errors"
	"slices"
	"time"
)

// abandoned is after how long a backup without a manifest is nobody's any more.
const abandoned = 24 * time.Hour

// Prune deletes this installation's backups that are older than Settings.Keep, and what was begun a day
// before now and never finished. Of each database the newest backup whose every byte is as its manifest says
// stays, however old it is; where there is none, nothing is deleted. A backup whose manifest cannot be believed
// may be another installation's: it stays. Of the increments those go from which no point in time within
// Settings.KeepLog needs anything, and nothing that leads from a good full backup to the present; the full backup
// that the others go on from stays with them. Prune returns the names of what it has deleted.
func (v *Vault) Prune(ctx context.Context, now time.Time) ([]string, error) {
	entries, err := v.List(ctx)
	if err != nil {
		return nil, err
	}
	var old []string
	byDatabase := map[string][]Manifest{} // newest first
	for _, e := range entries {
		switch {
		case e.State == Partial && now.Sub(e.Begun) > abandoned:
			old = append(old, e.ID)
		case e.Manifest != nil && e.Manifest.Environment == v.settings.Environment:
			byDatabase[e.Manifest.Database] = append(byDatabase[e.Manifest.Database], *e.Manifest)
		}
	}
	for database, list := range byDatabase {
		expired, err := v.expired(ctx, list, now.Add(-v.settings.Keep))
		if err != nil {
			return nil, err
		}
		log, base, err := v.expiredLog(ctx, database, list, now.Add(-v.settings.KeepLog))
		if err != nil {
			return nil, err
		}
		old = append(append(old, without(expired, base)...), log...)
	}
	partial, err := v.abandonedLog(ctx, now)
	if err != nil {
		return nil, err
	}
	old = append(old, partial...)
	var deleted []string
	for _, id := range old {
		if err := v.remove(ctx, id); err != nil {
			return deleted, err
		}
		deleted = append(deleted, id)
	}
	return deleted, nil
}

// expiredLog returns which increments of a database may go, and the name of the full backup, one of list, newest first,
// that those go on from which stay: the newest good one from before limit, or else the oldest good one.
func (v *Vault) expiredLog(ctx context.Context, database string, list []Manifest, limit time.Time) (old []string, base string, err error) {
	log, err := v.log(ctx, database)
	if err != nil {
		return nil, "", err
	}
	from, err := v.firstNeeded(ctx, list, limit)
	if err != nil || from.ID == "" {
		return nil, "", err
	}
	held, err := parsePosition(from.Snapshot.GTID)
	if err != nil {
		return nil, from.ID, nil //nolint:nilerr // what cannot be judged stays
	}
	for _, m := range log {
		_, to, err := m.span()
		if err == nil && m.Finished.Before(limit) && (held.covers(to) || v.planted.noLast) {
			old = append(old, m.ID)
		}
	}
	return old, from.ID, nil
}

// firstNeeded returns the full backup, one of list, newest first, that the increments which stay go on from: the newest
// good one from before limit, or else the oldest good one. Of none it is the zero one.
func (v *Vault) firstNeeded(ctx context.Context, list []Manifest, limit time.Time) (Manifest, error) {
	young := slices.IndexFunc(list, func(m Manifest) bool { return m.Started.Before(limit) })
	if young < 0 {
		young = len(list)
	}
	order := slices.Clone(list[:young])
	slices.Reverse(order)
	for _, m := range slices.Concat(list[young:], order) {
		if m.Snapshot.GTID == "" {
			continue
		}
		if err := v.intact(ctx, m); err == nil {
			return m, nil
		} else if ctx.Err() != nil {
			return Manifest{}, ctx.Err()
		}
	}
	return Manifest{}, nil
}

// abandonedLog returns the increments that were begun a day before now and never got a manifest.
func (v *Vault) abandonedLog(ctx context.Context, now time.Time) ([]string, error) {
	entries, err := v.Increments(ctx)
	var old []string
	for _, e := range entries {
		if e.State == Partial && now.Sub(e.Begun) > abandoned {
			old = append(old, e.ID)
		}
	}
	return old, err
}

// expired returns which backups of one database may go: those from before limit but the newest good one.
func (v *Vault) expired(ctx context.Context, list []Manifest, limit time.Time) ([]string, error) {
	var old []string
	for _, m := range list {
		if m.Started.Before(limit) {
			old = append(old, m.ID)
		}
	}
	if len(old) == 0 || v.planted.noLast {
		return old, nil
	}
	for _, m := range list {
		if err := v.intact(ctx, m); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue
		}
		return without(old, m.ID), nil
	}
	return nil, nil
}

func without(list []string, id string) []string {
	var rest []string
	for _, other := range list {
		if other != id {
			rest = append(rest, other)
		}
	}
	return rest
}

// Round is what was done when the schedule was looked at.
type Round struct {
	// Made says whether a backup was due; then ID is its name.
	Made bool   `json:"made"`
	ID   string `json:"id,omitempty"`
	Rows int64  `json:"rows,omitempty"`
	// Bytes is its size on the disk.
	Bytes   int64    `json:"bytes,omitempty"`
	Deleted []string `json:"deleted,omitempty"`
	// Last is when the newest one was made, Next when the next one is due.
	Last time.Time `json:"last"`
	Next time.Time `json:"next"`
	// Copy is what was copied to the second place, where there is one.
	Copy *CopyRound `json:"copy,omitempty"`
}

// RunDue makes a backup where one is due by the schedule since the newest whole one of this database, also
// when several were missed, and then prunes. early is how much too early a scheduler may call. The errors are those
// of Make.
func (v *Vault) RunDue(ctx context.Context, from Database, early time.Duration) (Round, error) {
	now := time.Now()
	last, err := v.last(ctx, from)
	if err != nil {
		return Round{}, err
	}
	next, err := v.due(last, early)
	if err != nil || next.After(now) {
		return Round{Last: last, Next: next}, err
	}
	m, err := v.Make(ctx, from, nil)
	if err != nil {
		return Round{Last: last, Next: next}, err
	}
	r := Round{Made: true, Last: m.Started, ID: m.ID, Rows: m.Rows(), Bytes: m.Bytes()}
	r.Next, err = v.due(m.Started, early)
	deleted, failure := v.Prune(ctx, time.Now())
	r.Deleted = deleted
	return r, errors.Join(err, failure)
}

// due looks at a clock that is fast by early, for what was and for what is.
func (v *Vault) due(last time.Time, early time.Duration) (time.Time, error) {
	if last.IsZero() {
		return last, nil
	}
	next, err := v.settings.Next(last.Add(early))
	return next.Add(-early), err
}

// last is when the newest whole backup of the database was made, or zero.
func (v *Vault) last(ctx context.Context, of Database) (time.Time, error) {
	m, err := v.newest(ctx, of)
	return m.Started, err
}

// newest is the newest whole backup of the database, or the zero one. One from tomorrow was made by a wrong clock, and
// must not keep the next ones from being made.
func (v *Vault) newest(ctx context.Context, of Database) (Manifest, error) {
	database, err := of.name()
	if err != nil {
		return Manifest{}, err
	}
	ids, err := v.ids(ctx, false)
	if err != nil {
		return Manifest{}, err
	}
	for _, id := range ids {
		e := v.entry(ctx, id)
		if err := ctx.Err(); err != nil {
			return Manifest{}, err
		}
		if v.own(e, database) && time.Until(e.Manifest.Started) < abandoned {
			return *e.Manifest, nil
		}
	}
	return Manifest{}, nil
}
