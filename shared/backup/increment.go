package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// logSuffix ends the names of increments.
const logSuffix = "-log"

// Increment says which part of the binary log an increment holds: the transactions of the database after From up
// to To. Its objects are binary logs as the server writes them, each with the description of the format first.
type Increment struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Until is when the last transaction began, by the clock of the database, in whole seconds.
	Until        time.Time `json:"until"`
	Transactions int64     `json:"transactions"`
}

// Increments returns the increments in the vault, newest first, also those that are none.
func (v *Vault) Increments(ctx context.Context) ([]Entry, error) { return v.entries(ctx, true) }

// own reports whether an entry is a whole one of this installation and that database.
func (v *Vault) own(e Entry, database string) bool {
	return e.State == Whole && e.Manifest.Environment == v.settings.Environment && e.Manifest.Database == database
}

// log returns the whole increments of a database, oldest first.
func (v *Vault) log(ctx context.Context, database string) ([]Manifest, error) {
	entries, err := v.Increments(ctx)
	if err != nil {
		return nil, err
	}
	var list []Manifest
	for _, e := range entries {
		if v.own(e, database) {
			list = append(list, *e.Manifest)
		}
	}
	slices.Reverse(list)
	return list, nil
}

// span is an increment's part of the log, read.
func (m Manifest) span() (from, to position, err error) {
	if m.Increment == nil {
		return nil, nil, fmt.Errorf("%s: it is no increment: %w", manifestName, ErrDamaged)
	}
	from, err = parsePosition(m.Increment.From)
	if err == nil {
		to, err = parsePosition(m.Increment.To)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %w", manifestName, ErrDamaged, err)
	}
	return from, to, err
}

// chain returns those of a log, oldest first, that lead on from a position without a gap, and where they end. broken is
// the first one that begins later than that.
func chain(at position, log []Manifest) (links []Manifest, end position, broken string, err error) {
	for _, m := range log {
		from, to, err := m.span()
		switch {
		case err != nil:
			return nil, nil, "", err
		case at.covers(to):
			continue
		case !at.covers(from):
			return links, at, m.ID, nil
		}
		links, at = append(links, m), merged(at, to)
	}
	return links, at, "", nil
}

// merged is the later one in each domain.
func merged(a, b position) position {
	for domain, t := range b {
		if !a.has(domain, t) {
			a = a.with(domain, t)
		}
	}
	return a
}

// archivedTo is where the archive of a database goes on: where its newest increment ends, or the newest full
// backup where there is none. The second position is that of the backup.
func (v *Vault) archivedTo(ctx context.Context, database string) (next, full position, err error) {
	entries, err := v.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(entries, func(e Entry) bool { return v.own(e, database) && e.Manifest.Snapshot.GTID != "" })
	if i < 0 {
		return nil, nil, ErrNoBase
	}
	if full, err = parsePosition(entries[i].Manifest.Snapshot.GTID); err != nil {
		return nil, nil, errors.Join(ErrNoBase, err)
	}
	log, err := v.log(ctx, database)
	if err != nil || len(log) == 0 {
		return full, full, err
	}
	_, next, err = log[len(log)-1].span()
	return next, full, err
}
