package backup

import (
	"context"
	"errors"
	"slices"
	"time"
)

// CopyRound is what was done when the second place was looked at.
type CopyRound struct {
	// Done says whether a copy was due and is whole now; one that the time was too short for goes on in the next round.
	Done bool `json:"done"`
	Copied
	Deleted []string `json:"deleted,omitempty"`
	// Last is when the newest backup was made that is whole in the second place, Next when the next copy is due.
	Last time.Time `json:"last"`
	Next time.Time `json:"next"`
}

// RunCopy copies the newest backup of a database to DIOM_BACKUP_COPY_TO where that is due by DIOM_BACKUP_COPY_SCHEDULE
// since what is there was copied, and then prunes there. A copy that was begun goes on first, and where a backup turns
// out to be damaged the next older one is taken. One runs at a time for a database. Errors: ErrCopyOff, ErrCopySame,
// ErrRunning, and those of CopyTo.
func (v *Vault) RunCopy(ctx context.Context, from Database, early time.Duration) (CopyRound, error) {
	to, err := v.OffSite("")
	if err != nil {
		return CopyRound{}, err
	}
	if r, err := to.copyRound(ctx, from, early); err != nil || r.Next.After(time.Now()) {
		return r, err
	}
	s, err := connect(ctx, from, dumpMode)
	if err != nil {
		return CopyRound{}, err
	}
	r, err := v.runCopy(ctx, s, from, to, early)
	return r, errors.Join(err, s.Close())
}

func (v *Vault) runCopy(ctx context.Context, s *server, from Database, to *Vault, early time.Duration) (CopyRound, error) {
	lead, err := s.session(ctx)
	if err != nil {
		return CopyRound{}, err
	}
	defer s.releaseLock(lead, s.copyLock())
	if err := s.claimLock(ctx, lead, s.copyLock()); err != nil {
		return CopyRound{}, err
	}
	r, err := to.copyRound(ctx, from, early) // another process may have made it meanwhile
	if err != nil || r.Next.After(time.Now()) {
		return r, err
	}
	candidates, err := v.candidates(ctx, to, s.name, r.Last)
	if err != nil {
		return r, err
	}
	var failed error
	for _, id := range candidates {
		copied, err := v.CopyTo(ctx, id, to, nil)
		r.Objects, r.Bytes = r.Objects+copied.Objects, r.Bytes+copied.Bytes
		failed = errors.Join(failed, err)
		if copied.ID != "" {
			return to.finishRound(ctx, r, copied, early, failed)
		}
		if !isDamage(err) {
			break
		}
	}
	return r, failed
}

// copyRound says how the copies in the second place stand.
func (v *Vault) copyRound(ctx context.Context, of Database, early time.Duration) (r CopyRound, err error) {
	m, err := v.newest(ctx, of)
	if err != nil || m.ID == "" {
		return r, err
	}
	r.Last = m.Started
	r.Next, err = v.due(v.marked(ctx, m.ID), early)
	return r, err
}

// finishRound prunes the second place after a copy.
func (v *Vault) finishRound(ctx context.Context, r CopyRound, copied Copied, early time.Duration, failed error) (CopyRound, error) {
	r.Done, r.ID, r.Made, r.Increments, r.Last = true, copied.ID, copied.Made, copied.Increments, copied.Made
	var err, failure error
	r.Next, err = v.due(time.Now(), early)
	r.Deleted, failure = v.Prune(ctx, time.Now())
	return r, errors.Join(failed, err, failure)
}

// candidates are the whole backups of a database that are newer than the newest copy, those first whose copy was begun,
// then the newest; or else that one itself, whose increments may be more by now.
func (v *Vault) candidates(ctx context.Context, to *Vault, database string, last time.Time) ([]string, error) {
	entries, err := v.List(ctx)
	if err != nil {
		return nil, err
	}
	there, err := to.ids(ctx, false)
	if err != nil {
		return nil, err
	}
	var begun, fresh, same []string
	for _, e := range entries {
		switch {
		case !v.own(e, database) || e.Manifest.Started.Before(last):
		case e.Manifest.Started.Equal(last):
			same = append(same, e.ID)
		case slices.Contains(there, e.ID):
			begun = append(begun, e.ID)
		default:
			fresh = append(fresh, e.ID)
		}
	}
	switch list := append(begun, fresh...); {
	case len(list) > 0:
		return list, nil
	case len(same) > 0:
		return same, nil
	}
	return nil, ErrNotFound.Withf("There is no whole backup in %s to copy.", v.place)
}
