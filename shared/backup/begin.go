package backup

import (
	"context"
	"errors"
)

// Begun is a backup under way.
type Begun struct {
	ID   string
	done chan made
}

// made is what became of one.
type made struct {
	manifest Manifest
	err      error
}

// Begin begins what Make does and returns as soon as the backup has its name, which is before the rows are read; it
// goes on until ctx ends. note is told the name first: where it fails there is no backup. The errors are those of note,
// and of Make those that can be seen until then: ErrRunning, ErrNoKey, ErrRights and ErrUnsupported among them.
func (v *Vault) Begin(ctx context.Context, from Database, note func(id string) error) (*Begun, error) {
	if err := v.canWrite(); err != nil {
		return nil, err
	}
	s, err := connect(ctx, from, dumpMode)
	if err != nil {
		return nil, err
	}
	named, done := make(chan string, 1), make(chan made, 1)
	go func() {
		m, err := v.make(ctx, s, nil, func(id string) error {
			if err := note(id); err != nil {
				return err
			}
			named <- id
			return nil
		})
		close(named)
		done <- made{m, errors.Join(err, s.Close())}
	}()
	if id, is := <-named; is {
		return &Begun{ID: id, done: done}, nil
	}
	return nil, (<-done).err
}

// Wait returns what Make would, once that has come to its end. It is called once.
func (b *Begun) Wait() (Manifest, error) {
	m := <-b.done
	return m.manifest, m.err
}
